"""Words by which answers of persons' machines are known. Tables and nothing else.

Owns   the words of absence, departure, challenge and receipts, in twelve languages.
Knows  no rule that weighs them (answers).

Invariants
    As in notice_words: case aside, linear time.
"""

from .notice_words import any_of

# What an answer is called, whatever it tells.
ANSWER_SUBJECT = any_of(
    r"^\W{0,4}(?:re: ?)?(?:auto(?:matic|mated|mat(?:ed|ic)ally generated)?[- ]?(?:reply|response|answer|responder|"
    r"message)|auto-?reply|autoreply|auto(?:re)?:|auto ?response)",
    r"\bauto(?:matic|mated)?[- ]?(?:reply|response|responder)\b",
    r"automatische (?:antwort|r[üu]ckmeldung|e-?mail-?antwort)", r"autom\. antwort", r"r[ée]ponse automatique",
    r"respuesta autom[áa]tica", r"autorespuesta", r"resposta autom[áa]tica", r"risposta automatica",
    r"automatisch antwoord", r"odpowied[źz] automatyczna", r"autoodpowied", r"автоответ", r"автоматический ответ",
    r"自动(?:回复|答复|应答|回覆)", r"自動(?:回覆|回復|回答|応答|返信|答覆)", r"자동 ?(?:회신|응답|답장)",
    r"otomatik (?:yan[ıi]t|cevap)", r"autosvar", r"automaattinen vastaus", r"automatisk svar",
    r"^your message to .{1,100} awaits moderator approval$",
    r"^\W*message (?:held|pending) (?:for )?(?:moderation|approval)",
)  # fmt: skip

# What an answer is called that tells of absence.
ABSENCE_SUBJECT = any_of(
    r"out[- ]of[- ](?:the[- ])?office", r"\booo\b[: ]", r"^(?:re: ?)?vacation\b",
    r"\b(?:on|annual|maternity|parental) (?:vacation|holiday|leave)\b",
    r"away from (?:my|the) (?:mail|office|desk|computer)", r"i(?:'m| am) (?:away|out|on)",
    r"abwesen(?:d|heit)", r"nicht im (?:b[üu]ro|haus)", r"au[ßs]er haus", r"im urlaub",
    r"absence d[ue]", r"^absen(?:ce|t)\b", r"absent(?:e)? du bureau", r"message d'absence", r"en cong[ée]",
    r"hors du bureau", r"fuera de (?:la |mi )?oficina", r"de vacaciones", r"ausente", r"fora do escrit[óo]rio",
    r"aus[êe]ncia tempor",
    r"de f[ée]rias", r"fuori (?:sede|ufficio)", r"in ferie", r"assente", r"afwezig", r"met vakantie", r"nieobecn",
    r"na urlopie", r"отсутству", r"в отпуске", r"вне офиса", r"外出(?:中)?(?:自动)?",
    r"不在(?:通知|のお知らせ|連絡|办公室|辦公室)?(?:$|[:：の])", r"休假", r"休暇", r"假期", r"부재 ?중",
    r"ofis d[ıi][şs][ıi]nda", r"izinde(?:yim)?", r"fr[åa]nvaro", r"frav[æe]r", r"poissaolo", r"nepř[íi]tomnost",
    r"t[áa]voll[ée]t",
    r"απουσία|εκτός γραφείου", r"відсутн", r"vắng mặt", r"di luar kantor", r"ไม่อยู่", r"מחוץ למשרד", r"خارج المكتب",
)  # fmt: skip

# What receipts are called: shown to the reader, or thrown away unread.
READ_SUBJECT = any_of(
    r"^(?:read|not read|gelesen|ungelesen|nicht gelesen|lu|non lu|le[ií]do|no le[ií]do|lida|n[aã]o lida|letto|"
    r"non letto|gelezen|przeczytano|прочитано|прочтено|непрочитанно|已读|已讀|未读|未讀|開封済み|未開封)\s*[:：]",
    r"^return receipt", r"(?:read|return) receipt\b", r"lesebest[äa]tigung", r"accus[ée] de lecture",
    r"confirmaci[oó]n de lectura", r"acuse de lectura", r"confirma[cç][aã]o de leitura", r"conferma di lettura",
    r"已读回执|阅读回执|讀取回條|开封確認|開封確認", r"уведомление о прочтении",
)  # fmt: skip

# What an answer is called by which an office says that a letter came in.
TAKEN_SUBJECT = any_of(
    r"empfangsbest[äa]tigung", r"accus[ée] de r[ée]ception", r"acuse de recibo",
    r"\[?ticket\b.{0,40}(?:received|created|opened|erstellt|ouvert)", r"we(?:'ve| have) received your",
    r"(?:request|message|e-?mail|enquiry|inquiry) received",
    r"thank(?:s| you) for (?:contacting|your (?:e-?mail|message|request|inquiry|enquiry|mail))",
    r"感谢您的来信|已收到您的|我们已收到", r"お問い合わせ(?:を|あり)", r"eingangsbest[äa]tigung", r"ihre anfrage",
)  # fmt: skip

# An office says the same in its first words.
TAKEN_WORDS = any_of(
    r"your (?:support )?(?:request|message|e-?mail|ticket|enquiry|inquiry) (?:has been|was) (?:received|submitted|"
    r"registered|logged|created)",
    r"ihre (?:anfrage|nachricht|e-?mail) (?:ist|wurde|haben wir) .{0,60}(?:eingegangen|erhalten|registriert)",
    r"votre (?:demande|message) a (?:bien )?[ée]t[ée] (?:re[çc]ue?|enregistr[ée]e?)",
    r"hemos recibido su (?:mensaje|solicitud|correo)", r"recebemos (?:a )?sua (?:mensagem|solicita)",
    r"(?:我们|本公司|系统)已(?:经)?(?:成功)?(?:收到|受理)(?:您|你)的",
    r"您的(?:来信|邮件|请求|咨询)(?:我们)?已(?:经)?(?:收到|受理)",
    r"お問い合わせを受け付けました",
)  # fmt: skip

# Words of absence within an answer, where its subject says nothing.
ABSENCE_WORDS = any_of(
    r"(?:out of|away from) (?:the|my) office",
    r"i(?:'m| am| will be)? ?(?:currently )?(?:on|away on) (?:vacation|holiday|leave|annual leave)",
    r"will be back (?:on|in)\b(?! touch)", r"upon my return",
    r"when i (?:return|get back|am back)", r"until i return",
    r"(?:i am|i'm|i will be|we are) (?:currently |presently )?(?:away|out (?:of|until|on|for|from)|"
    r"unavailable|travel|abroad|"
    r"on (?:a |my )?(?:business trip|honeymoon|sabbatical|sick leave|parental leave|maternity leave|pto))",
    r"not (?:in|at) (?:the|my) (?:office|desk)", r"not available (?:until|from|between)",
    r"(?:limited|no|little|intermittent) access to (?:my )?e-?mail", r"office (?:is|will be) closed",
    r"(?:back|return(?:ing)?) (?:in|to) the office", r"during my absence", r"in my absence",
    r"ich bin (?:bis|vom|derzeit|zur ?zeit|ab|am|momentan|im|nicht|aktuell).{0,80}", r"(?:im|in) urlaub",
    r"abwesenheit", r"wieder (?:im b[üu]ro|erreichbar|f[üu]r sie)",
    r"je (?:suis|serai) (?:actuellement )?(?:absent|en cong|indisponible)", r"de retour le", r"[àa] mon retour",
    r"estoy (?:fuera|ausente|de vacaciones)", r"estar[ée] (?:fuera|ausente|de vacaciones)", r"a mi regreso",
    r"estou (?:ausente|de f[ée]rias|fora)", r"estarei (?:ausente|de f[ée]rias|fora)",
    r"sono (?:assente|fuori|in ferie)", r"sar[òo] (?:assente|fuori|in ferie)", r"al mio rientro",
    r"ik ben (?:afwezig|met vakantie|niet)",
    r"jestem (?:nieobecn|na urlop)", r"(?:я|буду) (?:в отпуске|отсутств|вне)", r"нахожусь в отпуске",
    r"我(?:最近)?(?:正在|现在|目前|将)?(?:在)?(?:休假|外出|出差|度假|不在)", r"假期自动回复",
    r"出張中|休暇中|不在に(?:して|し)|休みをいただ",
    r"부재 ?중|휴가", r"izinliyim|ofis d[ıi][şs][ıi]nday[ıi]m|tatildeyim|izinde",
    r"fr[åa]nvarande", r"(?:har|på) semester", r"(?:på|pa|på) ferie", r"ikke (?:på|til stede på) kontoret",
    r"poissa toimistolta", r"lomalla",
    r"dovolen(?:á|é|ou|ej)", r"nejsem v kancel[áa][řr]i", r"mimo kancel[áa][řr]", r"szabads[áa]gon",
    r"h[áa]zon k[íi]v[üu]l",
    r"εκτός γραφείου|σε άδεια", r"відпустц|поза офісом", r"concediu", r"godišnj(?:em|i) odmor", r"nghỉ phép|vắng mặt",
    r"sedang cuti|cuti (?:tahunan|sampai)", r"ลาพักร้อน|ไม่อยู่ที่(?:ทำงาน|สำนักงาน)", r"בחופשה|מחוץ למשרד",
    r"خارج المكتب|في إجازة",
)  # fmt: skip

# A machine says in its first words that it answers.
AUTOMATIC_WORDS = any_of(
    r"this is an auto(?:matic|mated|-?generated)?[- ](?:reply|response|answer|acknowledge?ment|message to confirm)",
    r"dies(?:e|es)? (?:ist eine automatische|ist eine automatisch erstellte) (?:antwort|abwesenheit|r[üu]ckmeldung)",
    r"ceci est une r[ée]ponse automatique", r"(?:[ée]sta|este) es una? (?:respuesta|mensaje de respuesta) autom[áa]tic",
    r"esta [ée] uma resposta autom[áa]tica", r"questa [èe] una risposta automatica", r"dit is een automatisch antwoord",
    r"это автоматический ответ", r"这是一?封?(?:来自.{0,12}的)?(?:假期)?自动(?:回复|答复)",
    r"此(?:邮件)?为自动回复", r"自动回复邮件", r"(?:これは|本メールは|このメールは).{0,12}自動(?:返信|応答|送信)",
    r"자동 ?(?:회신|응답|답장).{0,8}(?:입니다|메일)",
)  # fmt: skip

# Has left, or has a new address. The new one is searched for in the same text.
MOVED = any_of(
    r"(?:no longer|not any ?more) (?:work|employ|with\b|at (?:this|the) compan|in (?:this|"
    r"the) (?:position|role)|us(?:e|ing) this|in use|monitor|active|valid|available at)",
    r"(?:has|have) left (?:the|our|this) (?:company|organi[sz]ation|firm|university|department|business)",
    r"(?:has|have|'s) (?:moved|changed) (?:to|my|his|her|their|our)? ?(?:a )?(?:new )?e?-?(?:mail)? ?address",
    r"(?:my|our|his|her|the|their) (?:new )?e-?mail address (?:has (?:been )?changed|is now|changed)",
    r"new e-?mail address(?: is)?:", r"(?:my|his|her|the) new (?:e-?mail )?address is",
    r"address has (?:changed|moved)", r"please update your (?:address ?book|contacts?|records)",
    r"(?:mailbox|address|account) (?:is )?no longer (?:in use|monitored|used|active|valid|checked)",
    r"i(?:'ve| have) (?:left|moved|changed jobs)", r"has been replaced by",
    r"this (?:e-?mail )?(?:address|account) is (?:now )?(?:closed|obsolete|being retired)",
    r"nicht mehr (?:f[üu]r|bei|in|im|t[äa]tig|unter|in unserem|besch[äa]ftigt)",
    r"(?:hat|habe) (?:das|unser) (?:unternehmen|haus|firma) verlassen", r"(?:unternehmen|firma) verlassen",
    r"neue (?:e-?mail-?|mail-?)?adresse", r"adresse hat sich ge[äa]ndert",
    r"(?:ne fait|fait) plus partie", r"n['’]est plus (?:employ|dans|utilis|valid|en service|consult)",
    r"ne travaille plus", r"(?:a|ai) quitt[ée] (?:la|le|l['’]|notre|son)",
    r"(?:nouvelle adresse|adresse a chang|changement d['’]adresse)",
    r"ya no (?:trabaj|labora|forma parte|se encuentra|est[áa])", r"nueva direcci[oó]n",
    r"ha dejado la (?:empresa|compa)", r"n[aã]o (?:trabalha|faz|pertence|est[áa]) mais", r"deixou a empresa",
    r"novo (?:endere[cç]o|e-?mail)", r"non (?:lavor[ao]|fa|[èe]) pi[ùu]", r"ha lasciato l['’]azienda",
    r"nuovo indirizzo",
    r"werkt niet (?:meer|langer)|niet meer werkzaam|nieuw e-?mail ?adres",
    r"nie pracuje(?: ju[żz])?|ju[żz] nie pracuj|nowy adres",
    r"(?:больше|уже) не работает|уволи(?:лся|лась)|новый адрес|адрес (?:изменился|сменился)",
    r"已(?:经)?(?:离职|離職|离开)|已不在(?:本|我)?(?:公司|司)|不再使用|新(?:的)?邮箱(?:地址)?|"
    r"邮箱(?:地址)?(?:已)?(?:变更|更换|更改)|新的?電?郵",
    r"退職(?:し|いた|致)|異動(?:し|いた|致|とな)|メールアドレス(?:が|を)?(?:変更|変わ)|新しい(?:メール)?アドレス",
    r"퇴사|더 이상 근무|새로운? (?:이메일|메일) ?주소",
    r"art[ıi]k .{0,40}çal[ıi][şs]m[ıi]yor|i[şs]ten ayr[ıi]l|yeni e-?posta adres",
)  # fmt: skip

# Asks the sender to prove to be a person.
CHALLENGE = any_of(
    r"authori[sz]ation (?:required|key)",
    r"boxbe|spam ?arrest|\btmda\b|choicemail|mailblocks|spamblocker|vanquish|bluebottle|0spam|qurb|"
    r"spam-?interceptor|sendio|cleanmail|knowspam|block all spam|mailfrontier|uol\.com\.br .{0,30}anti-?spam|"
    r"anti-?spam uol|digiportal|zaep",
    r"(?:confirm|verify|prove|ensure|make sure|check|know)(?: that)? (?:you(?:'re| are)|(?:the )?sender is) (?:an? )?"
    r"(?:\w{2,12} )?(?:real|human|person|not a|robot|spammer)",
    r"(?:confirm|verify|authenticate) (?:yourself|your (?:identity|e-?mail address)|the sender|you as a)",
    r"(?:sender|e-?mail|message) (?:verification|authentication|confirmation) (?:required|needed|request)",
    r"(?:click|follow|visit|reply).{0,120}(?:so that|to (?:have|get|allow|release|deliver|ensure|let|"
    r"complete)) .{0,60}(?:your|this|the) (?:e-?mail|message|mail)", r"(?:your|this) (?:e-?mail|"
    r"message) (?:has been|is being|is|was) (?:held|quarantined|put|placed|kept).{0,80}(?:until|pending|waiting|"
    r"confirm|approv|verif)",
    r"(?:e-?mail|message|mail)\b.{0,120}\b(?:is|was) (?:waiting|awaiting|pending)(?: for)?(?: your| to be| my)? ?"
    r"(?:approv|verif|confirm)", r"(?:guest|approved|safe senders?) list .{0,100}(?:verify|click|confirm|approv)",
    r"one[- ]time (?:confirmation|verification)", r"first time you(?:'ve| have) (?:sent|written|e-?mailed)",
    r"challenge[-/ ]response", r"approved senders? list|whitelist(?:ed)? (?:yourself|by)",
    r"only (?:accept|receive)s? (?:e-?mail|messages?) from (?:approved|known|people)",
    r"(?:best[äa]tigen sie|um ihre (?:nachricht|e-?mail)).{0,100}(?:zuzustellen|zugestellt|kein spam|absender|mensch|"
    r"kein roboter)",
    r"(?:confirme[zr]?|prouve[zr]|v[ée]rifier) que vous [êe]tes (?:bien )?(?:une personne|un humain|un [êe]tre humain)",
    r"(?:conferm(?:i|are|a)|dimostr(?:i|are|a)) (?:di|che) .{0,20}(?:essere|è|sei) (?:una persona|un essere umano)",
    r"bevestig.{0,60}(?:een mens|geen robot)|potwierd[źz].{0,60}(?:cz[łl]owiek|robot)",
    r"(?:cliquez|confirmez).{0,80}(?:que votre (?:message|mail)|votre (?:message|envoi|adresse))",
    r"(?:haga clic|confirme).{0,80}(?:su mensaje|su correo|que es una persona)",
    r"(?:clique|confirme).{0,80}(?:sua mensagem|seu e-?mail|que voc[êe])",
    r"请(?:点击|點擊|访问).{0,60}(?:确认|验证|確認|驗證).{0,60}(?:邮件|发件人|郵件|身份)",
    r"подтвердите.{0,60}(?:что вы|отправк|письм)",
    r"認証.{0,40}(?:送信者|メール)",
)  # fmt: skip
