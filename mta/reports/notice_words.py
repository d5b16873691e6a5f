"""Words by which notices of mail systems are known, in twelve languages and more. Tables and nothing else.

Owns   what a notice's sender and subject look like; the sentences that say failed, late or delivered; the lines below
       which our own letter begins.
Knows  no style of a certain system (styles/), and no meaning of a failure (policy.bounces).

Invariants
    Patterns ignore case, have no repetition inside a repetition and no unbounded gap: their time is linear.
"""

import re

FLAGS = re.IGNORECASE | re.MULTILINE


def any_of(*patterns: str) -> re.Pattern[str]:
    """One pattern that finds whichever of these comes first."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), FLAGS)


# Who writes notices. Looked for in From, where a display name counts too.
NOTICE_FROM = any_of(
    r"\bndrs?@", r"\bjetmail", r"email system",
    r"mailer[-_. ]?daemon", r"\bpost[-_]?master(?:\b|_)", r"mail[-_. ]?delivery",
    r"mail[-_. ]delivery[-_. ]?(?:sub)?system",
    r"mail(?:er)? administrator", r"mail[-_. ]?admin\b", r"smtp_mail_service", r"\bbounces?[-+@]", r"\bmailrobot",
    r"antivirus_for_smtp", r"mdaemon@", r"\bmdaemon\b", r"system administrator", r"systemadministrator",
    r"microsoftexchange[0-9a-f]{8,}@", r"\bmicrosoft outlook\b.{0,8}<", r"delivery (?:status )?notif", r"mail ?system",
    r"complaints?@email-abuse", r"internet[-_ ]?mail[-_ ]?(?:service|delivery)", r"\buucp@", r"\bmmdf\b",
    r"mailgate", r"mail[-_ ]?marshal", r"non-?deliver", r"undeliver", r"notifications?@.{0,60}bounce", r"系统退信",
    r"noreply-dmarc", r"lsmtp", r"listserv@", r"mail-?daemon", r"smtp[-_ ]?gateway", r"groupwise", r"\bvpop3\b",
    r"メール配信", r"mailsweeper", r"\bmajordomo@", r"почтовая система",
)  # fmt: skip

# What notices are called.
NOTICE_SUBJECT = any_of(
    r"undeliver", r"un-?deliverable", r"not deliver", r"non[- ]?deliver", r"returned (?:e-?)?mail",
    r"returned to sender",
    r"returning (?:message )?to sender", r"mail delivery (?:failed|failure|problem|error|status|report|delay|system)",
    r"delivery (?:has )?(?:failed|failure|failures|problem|error|report|warning|delay|notification|status)",
    r"failure (?:notice|delivery|notification)", r"message (?:delivery|status|rejected|bounced)", r"mail system error",
    r"delivery status notification", r"delivery failure", r"(?:could|can) ?not be delivered", r"couldn'?t be delivered",
    r"^bounced?\b", r"mail (?:failed|failure|rejected|rejection|bounced?)", r"unzustellbar", r"unable to deliver",
    r"nicht zugestellt", r"zustellung (?:der nachricht )?(?:fehlgeschlagen|nicht)", r"zustellungsfehler",
    r"fehler bei der (?:nachrichten)?zustellung", r"unzustellbare", r"non remis", r"non distribu", r"non d[ée]livr",
    r"[ée]chec (?:de|d'|dans) ?(?:la )?(?:remise|distribution|d[ée]livrance|livraison|envoi)", r"no (?:se )?entregad",
    r"avis de non-?remise", r"error (?:de|en la) entrega", r"entrega fallida",
    r"fallo (?:de|en la) (?:entrega|env[ií]o)",
    r"no se puede entregar", r"devuelto", r"devolvid", r"devoluci[oó]n", r"devolu[cç][aã]o", r"n[aã]o entregue",
    r"n[aã]o (?:foi|p[oô]de ser) entregue", r"falha (?:na|de) entrega", r"mancat[ao] (?:recapito|consegna)",
    r"non recapitat", r"non consegnat", r"impossibile (?:consegnare|recapitare)", r"recapito non riuscito",
    r"errore di consegna", r"onbestelbaar", r"niet (?:af)?geleverd", r"niet bezorgd", r"nie ?dostarczon", r"zwrot",
    r"niedostarczal", r"nie mo[zż]na dostarczy", r"не ?доставлен", r"недоставлен", r"не может быть доставлен",
    r"ошибка доставки", r"отч[её]т о (?:не)?доставке", r"退信", r"退回", r"投递失败", r"投递失敗", r"投遞失敗",
    r"无法投递",
    r"無法投遞", r"无法送达", r"無法傳遞", r"未送达", r"未送達", r"发送失败", r"传输失败", r"無法送達", r"系统退件",
    r"未传递",
    r"配信不能", r"配信できません", r"配信エラー", r"不達", r"送信できません", r"配達できません", r"配達不能", r"返送",
    r"エラーメール", r"送信エラー", r"届けられません", r"반송", r"배달(?:되지| ?불가| 실패|할 수 없)", r"전송 ?실패",
    r"발송 ?실패", r"teslim ed(?:ilemedi|ilemeyen)", r"iletilemedi", r"teslimat (?:ba[sş]ar[ıi]s[ıi]z|hatas)",
    r"gönderilemedi", r"nedoru[cč]", r"k[aä]nde ej levereras", r"kunne ikke leveres", r"nem k[ée]zbes[ií]thet",
    r"warning: (?:could not|message|mail)", r"e-?mail delivery", r"mail could not", r"^rejected\b",
    r"not member article", r"^fml system error", r"in mail from you$",
    r"apparently from you$",
    r"automatically rejected",
    r"permanent delivery", r"nameserver error", r"address (?:unknown|change|error)", r"user unknown", r"unknown user",
    r"^nondeliverable", r"message not sent", r"rejet", r"mailbox (?:is )?full", r"recipient .{0,20}rejected",
    r"^mail delivery$", r"wiadomo[sś][cć] nie", r"отказ", r"zustellung .{0,30}nicht m[oö]glich",
    r"virus (?:was )?(?:found|detected)", r"(?:message|mail) (?:contained|contains|with) an? (?:virus|infected)",
    r"(?:kunde|kan) (?:inte|ikke|ikkje) (?:levereras|leveres|sendes)", r"leverans(?:en)? misslyckades",
    r"levering mislyk",
    r"ei voitu toimittaa", r"toimitus ep[äa]onnistui", r"nem (?:lehetett )?k[ée]zbes[ií]t", r"k[ée]zbes[ií]thetetlen",
    r"nemohl[ao] b[ýy]t doru[cč]en", r"nedoru[cč]iteln", r"δεν (?:παραδόθηκε|ήταν δυνατ)", r"αποτυχία παράδοσης",
    r"не вдалося доставити", r"не доставлено", r"nu a putut fi livrat", r"nelivrat", r"nije (?:isporuč|dostavlj)",
    r"không (?:gửi được|thể gửi|thể chuyển)", r"gagal (?:terkirim|dikirim)",
    r"tidak (?:dapat|bisa) (?:dikirim|terkirim)",
    r"ไม่สามารถ(?:ส่ง|จัดส่ง)", r"לא (?:נמסר|ניתן למסור)", r"تعذر (?:تسليم|إرسال)", r"فشل (?:تسليم|إرسال)",
)  # fmt: skip

# Sentences that say that a message did not arrive.
FAILED = any_of(
    r"trouble (?:delivering|sending)", r"rejected (?:the )?recipient", r"pu (?:e|ê)tre d[ée]livr",
    r"(?:could|can|would|did|was|were|been|is|are|be) ?(?:not|n'?t|never) (?:be |been )?(?:successfully )?"
    r"(?:deliver|reach|sent|send|process|accept|receive)",
    r"(?:couldn|wasn|weren|isn|can|didn)['’]t (?:be |been )?(?:deliver|reach|sent|send|found|accept)",
    r"cannot be (?:deliver|sent|reach)", r"(?:un|not )(?:able|possible) to (?:deliver|send|reach|be deliver|relay)",
    r"undeliver", r"un-?deliverable", r"deliver(?:y|ies)\b.{0,80}\bfail",
    r"fail(?:ed|ure)? (?:to deliver|recipients?|addresses)",
    r"fail(?:ed|ure) (?:permanently|delivery)", r"permanent (?:fatal )?(?:error|failure)",
    r"message .{0,20}(?:was|been) (?:rejected|refused|bounced)",
    r"delivery of the e-?mail was stopped",
    r"(?:has|been|was|were) (?:automatically )?(?:rejected|returned|bounced|refused)\b",
    r"no such (?:user|address|mailbox|recipient|person|account)", r"user (?:is )?(?:unknown|not found)",
    r"unknown (?:user|recipient|address|mailbox)", r"does ?n[o']t (?:exist|have an? .{0,20}account)", r"does not exist",
    r"over (?:disk )?quota", r"(?:quota|mailbox|inbox|mailfolder)\b.{0,30}\b(?:exceed|full)", r"mailbox unavailable",
    r"invalid (?:recipient|address|mailbox|user|final delivery)", r"not a valid (?:mailbox|user|address|recipient)",
    r"address (?:could not be|was not|not) found", r"not (?:been )?delivered", r"never delivered",
    r"account .{0,40}(?:disabled|closed|inactive)",
    r"returned to (?:the )?sender", r"message (?:is )?being returned", r"\b5\d\d[ -]#?5\.\d\.\d", r"^\W{0,4}55\d[ -]",
    r"not listed in", r"gave up", r"given up", r"giving up", r"exceeded maximum delivery attempts",
    # German
    r"(?:konnte|kann|wurde)n? .{0,100}nicht .{0,30}(?:zugestellt|[uü]bermittelt|gesendet|ausgeliefert|erreicht)",
    r"nicht zustell", r"unzustellbar", r"fehler bei der (?:nachrichten)?zustellung",
    r"zustellung .{0,60}(?:fehlgeschlagen|nicht m[oö]glich)",
    # French
    r"n['’](?:a|ont) (?:pas )?(?:pu|[ée]t[ée]).{0,30}(?:[êe]tre )?(?:pas )?(?:remis|distribu|d[ée]livr|envoy|livr|"
    r"achemin)",
    r"n['’]a pas (?:pu|[ée]t[ée])", r"[ée]chec de (?:la )?(?:remise|distribution|livraison)",
    r"impossible de (?:remettre|d[ée]livrer|distribuer)",
    r"n['’]existe pas",
    # Spanish, Portuguese
    r"no (?:se )?(?:ha |han )?(?:pudo|puede|pudieron|podido|sido).{0,30}(?:entreg|enviad|enviar)",
    r"no se ha (?:entregado|encontrado)",
    r"no existe", r"error de entrega", r"no (?:fue|ha sido) entregad",
    r"n[aã]o (?:p[oô]de|foi|pode|puderam).{0,30}(?:entreg|enviad)",
    r"n[aã]o existe", r"falha na entrega", r"imposs[ií]vel (?:entregar|enviar)", r"no ha podido ser",
    # Italian
    r"non (?:[èe]|ha|pu[oò]|[eè]' )?.{0,30}(?:recapitat|consegnat|inviat)",
    r"impossibile (?:recapitare|consegnare|inviare)",
    r"recapito non riuscito", r"consegna .{0,40}(?:fallit|non riuscit)", r"non esiste",
    # Dutch, Polish
    r"(?:kon|kan|is|werd) .{0,60}niet .{0,20}(?:bezorgd|afgeleverd|verzonden)", r"niet afgeleverd", r"onbestelbaar",
    r"bestaat niet",
    r"nie (?:mog[lł]a|mo[zż]e|zosta[lł]a|uda[lł]o|powiod[lł]o).{0,40}(?:dostarcz|dor[eę]cz|si[eę])", r"nie istnieje",
    # Russian
    r"не (?:может быть|могло быть|было|удалось|доставлен).{0,30}", r"невозможно доставить", r"не существует",
    r"недоставлен",
    r"ошибка (?:при )?доставк",
    # Chinese
    r"无法(?:投递|送达|发送|传递|到达)", r"無法(?:投遞|送達|傳送|傳遞|寄達)", r"退信原因", r"退回", r"投递失败",
    r"投遞失敗", r"发送失败",
    r"不存在", r"未能?(?:成功)?(?:送达|投递|发送|送達|传递)", r"没(?:有|能)(?:成功)?(?:送达|投递|发送)",
    r"传递.{0,20}失败", r"被.{0,20}拒(?:收|绝)",
    r"拒绝接收", r"找不到(?:收件|该|此|地址|用户)", r"邮箱已满",
    # Japanese, Korean, Turkish
    r"配信(?:でき|され)ません", r"配信に失敗", r"配信不能", r"(?:お)?届け(?:でき|られ)ません",
    r"送信(?:でき|され)ません", r"届きません",
    r"配達(?:でき|され)ません", r"見つかりません", r"存在しません", r"送信に失敗", r"送れません",
    r"배달(?:하지 못|되지 않|할 수 없|에 실패)", r"전송(?:하지 못|되지 않|할 수 없|에 실패)", r"반송", r"존재하지 않",
    r"전달(?:하지 못|되지|할 수 없)",
    r"teslim edile(?:medi|mez)", r"iletilemedi", r"gönderilemedi", r"bulunamad[ıi]",
    # The Nordic countries, Czech, Hungarian, Greek, Ukrainian, Romanian, Vietnamese, Indonesian, Thai, Hebrew, Arabic
    r"(?:kunde|kan|kunne|blev|ble) (?:inte|ikke) (?:\w{2,12} )?(?:leverer|levereras|leveres|levert|sendes|skickas)",
    r"finns inte", r"findes ikke", r"finnes ikke", r"ei (?:voitu|voida) toimittaa",
    r"(?:vastaanottajaa|osoitetta) ei (?:ole|löyty)",
    r"(?:nemohl[ao]|nelze|nebyl[ao]?) .{0,30}doru[cč]", r"neexistuje",
    r"nem (?:lehetett|siker[üu]lt) .{0,20}k[ée]zbes[ií]t",
    r"nem l[ée]tezik", r"δεν (?:ήταν δυνατ|παραδόθηκε|υπάρχει)", r"не вдалося доставити", r"не існує",
    r"nu a putut fi (?:livrat|trimis)", r"nu exist[ăa]", r"không (?:thể gửi|gửi được|tồn tại)",
    r"tidak (?:dapat|bisa) (?:dikirim|disampaikan)", r"tidak ditemukan", r"ไม่สามารถ(?:ส่ง|จัดส่ง|นำส่ง)",
    r"ไม่พบที่อยู่",
    r"לא (?:נמסרה?|ניתן למסור|קיימת?)", r"تعذر (?:تسليم|إرسال)", r"غير موجود",
    r"no longer (?:in use|valid|active|available|exists?)", r"not been forwarded",
)  # fmt: skip

# How machines introduce themselves.
AUTOMATIC = any_of(
    r"(?:created|generated|sent|produced) automatically", r"automatically (?:generated|created|sent)",
    r"auto-?generated",
    r"(?:this is|that is) an? (?:automat|delivery|advisory)", r"(?:please )?do not reply",
    r"mail (?:delivery )?(?:software|system|agent)",
    r"automatisch (?:erstellt|erzeugt|generiert|versandt|gegenereerd)",
    r"message (?:est )?(?:automatique|g[ée]n[ée]r[ée])",
    r"(?:generado|gerad[oa]|generato|enviad[oa]) autom[aá]tic", r"autom[aá]tic(?:amente|o|a)\b", r"автоматическ",
    r"wygenerowan",
    r"(?:自动|自動)(?:发|發|生|送|返|的に)", r"自動", r"系统邮件|系統郵件", r"자동", r"otomatik olarak",
)  # fmt: skip

# A person has refused it, by means of a list's program.
MODERATED = any_of(
    r"rejected by the (?:list )?(?:moderator|owner)", r"the moderator gave the\s+following reason",
    r"(?:vom|durch den) (?:listen-?)?moderator.{0,30}\s.{0,30}abgelehnt", r"rejet[ée]e? par le mod[ée]rateur",
    r"rechazad[oa] por el moderador", r"rejeitad[oa] pelo moderador",
    r"(?:rifiutat|respint|rigettat)[oa] dal moderatore",
    r"отклонен[оа]? (?:модератором|ведущим)", r"(?:管理员|版主|管理者|モデレータ).{0,10}(?:拒绝|拒否|却下)",
)  # fmt: skip

# How mail systems begin: as the first words of a message nobody else's.
INTRODUCTION = any_of(
    r"^\W*(?:hi|hello)?\W*this is (?:the|a|an) "
    r"(?:(?:postfix|qmail|mail|e-?mail|delivery|automatic\w*|machine|smtp)\b.{0,60} )"
    r"(?:program|system|server|service|agent|notification|message)\b",
    r"^\W*this (?:message|report|e-?mail|mail) was (?:created|generated|sent) automatically by (?:the )?"
    r"(?:e-?mail|mail|delivery|smtp)", r"^\W*message from interscan", r"^\W*this report relates to a message you sent",
    r"^\W*non-?delivery report\W*$", r"^\W*delivery (?:status )?notification\W*$",
    r"^\W*the original message was received (?:at|on) ", r"^\W*transcript of session follows",
    r"^\W*message could not be delivered to (?:some|one|the following|mobile)",
)  # fmt: skip

# What is said to the reader before anything else.
GREETING = re.compile(
    r"\W{0,8}(?:(?:dear|hello|hi|good (?:morning|day)|sehr geehrte|guten tag|hallo|liebe|bonjour|madame|monsieur|cher|"
    r"hola|estimad[oa]s?|buenos|prezad[oa]s?|ol[áa]|car[oa]|gentile|buongiorno|geachte|beste|"
    r"szanown\w{1,3}|dzie[nń] dobry|vážen\w{1,3}|dobrý den|hej|tisztelt|уважаем\w{1,3}|здравствуйте|sayın|merhaba)\b|"
    r"尊敬的|您好|你好|親愛的|亲爱的|안녕|お世話)[^.。!?@\n]{0,50}[,，!！:：]?\s*",
    re.IGNORECASE,
)

# How a notice begins that bears no sign of one: it tells its reader about the reader's own message.
YOUR_MESSAGE = any_of(
    r"^\W*(?:sorry|hello|hi|hallo|bonjour|hola|unfortunately|leider)?\W*"
    r"(?:your|votre|ihre?|su|sua|il (?:suo|tuo)|uw|je|twoja|pa[nń]stwa|ваше?|vaše|ditt|din|deres|a levele?|az? (?:ön )?"
    r")"
    r"[ -]?(?:e-?mail |mail )?(?:message|e-?mail|mail|nachricht|courriel|mensaje|correo|mensagem|messaggio|bericht|"
    r"wiadomo\S{2}|сообщение|письмо|zpráva|e-?post|meddelande|melding|besked|levele?t?|üzenete?t?)\b",
    r"^\W*the (?:e-?mail |mail )?(?:address|mailbox|account|person|user|recipient) "
    r"(?:that )?(?:you|to (?:which|whom) you)",
    r"^\W*(?:[您你]好)?\W*[您你](?:的|发|寄|於|于|在).{0,60}(?:邮件|郵件)",
    r"^\W*お客様の(?:メール|メッセージ)",
    r"^.{0,120}\b(?:e-?mail|mail|message) (?:that )?you (?:have )?(?:just )?(?:sent|tried to send)\b",
)

# About the reader's own mailbox, not about mail that was sent.
OWN_MAILBOX = any_of(
    r"\byour (?:mailbox|inbox|account|mail ?box)\b(?! (?:has|was|is) (?:rejected|blocked)).{0,80}"
    r"(?:almost|nearly|about to|reached|exceed|over (?:its|the|your)|is full|running out|% )",
    r"\b(?:ihr|dein) postfach .{0,80}(?:voll|erreicht|[üu]berschritten)",
    r"votre (?:bo[iî]te|messagerie) .{0,80}(?:pleine|satur)",
    r"su buz[oó]n .{0,80}(?:lleno|l[ií]mite)", r"sua caixa .{0,80}(?:cheia|limite)",
    r"la (?:sua|tua) casella .{0,80}piena",
    r"[您你]的(?:邮箱|信箱|郵箱).{0,40}(?:将满|即将|已满|已滿|不足|超过)",
    r"ваш почтовый ящик .{0,80}(?:переполнен|заполнен)",
)  # fmt: skip

# Deliveries of another trade.
PARCEL = any_of(
    r"\b(?:parcels?|packages?|shipments?|courier|tracking (?:number|code)|"
    r"order (?:number|no\.?|id|#)|invoice(?!\.\w))\b",
    r"\b(?:paket|sendung(?:snummer)?|bestellnummer|colis|commande|paquete|pedido|encomenda|pacco|spedizione|"
    r"bestelling|przesy[lł]k)",
    r"посылк|заказ", r"包裹|快递|快遞|订单|訂單|運單|运单", r"荷物|ご注文|お届け物", r"택배|주문", r"kargo",
)  # fmt: skip

# Sentences that say that it is tried on.
DELAYED = any_of(
    r"not yet been delivered", r"not been delivered yet", r"has(?:n't| not) been delivered (?:to .{0,80})?yet",
    r"delivery .{0,90}(?:has been |is |was )?(?:delayed|deferred|postponed)", r"this is (?:just |only )?a warning",
    r"warning message only", r"(?:do|does) not need to resend", r"do not (?:need to )?resend",
    r"will (?:be retried|keep trying|retry)",
    r"(?:will|attempts) (?:will )?continue (?:to|for|trying)", r"we(?:'| wi)ll (?:keep|continue) (?:on )?trying",
    r"delivery attempts will continue", r"still (?:being )?(?:in the queue|trying|undelivered)",
    r"temporary problem delivering",
    r"delivery incomplete", r"^\W{0,6}warning: (?:message|mail|could not send)", r"message delayed", r"delayed mail",
    r"could not (?:yet )?be delivered for (?:the last|more than) ", r"advisory-only",
    r"noch nicht zugestellt", r"zustellung .{0,60}verz[oö]gert", r"verz[oö]gert", r"weitere(?:n)? zustellversuch",
    r"n['’]a pas encore (?:pu|[ée]t[ée])", r"remise .{0,40}(?:retard|diff[ée]r)", r"retard[ée]e?\b",
    r"nouvelles? tentatives?", r"va (?:essayer|tenter|r[ée]essayer|continuer)\b", r"delivery? warning",
    r"further attempts (?:will|may|are)", r"wird (?:es )?(?:weiterhin|erneut) versuch", r"volver[áa] a intentar",
    r"(?:continuar[áa]|vai) (?:a )?tenta", r"(?:ritenter|riprover|continuer)[àa]\b",
    r"todav[ií]a no (?:se ha|ha)", r"a[uú]n no (?:se ha|ha)", r"se ha retrasado", r"entrega .{0,40}retras",
    r"seguir[aá] intent",
    r"ainda n[aã]o foi", r"entrega .{0,40}atras", r"(?:foi|est[aá]) atrasad", r"non [èe] (?:stato )?ancora",
    r"consegna .{0,40}ritard",
    r"nog niet (?:afgeleverd|bezorgd)", r"vertraagd", r"nie zosta[lł]a jeszcze", r"op[oó][zź]nion",
    r"ещ[её] не (?:было )?доставлен", r"доставка .{0,60}задерж", r"задержан", r"尚未(?:送达|投递|传递|送達|傳遞)",
    r"延迟|延遲",
    r"(?:继续|繼續|仍会|仍會)(?:尝试|嘗試|重试|重試)", r"遅延|遅れてい", r"再(?:送|配信)を(?:試み|続け)", r"まだ配信",
    r"아직 (?:배달|전송|전달)", r"지연",
    r"hen[uü]z teslim", r"gecik(?:ti|me)",
)  # fmt: skip

# Sentences that end all hope, so that words of delay beside them tell only the story.
FINAL = any_of(
    r"permanent(?:ly)? (?:error|fail|fatal|rejected|undeliver)", r"(?:failed|error|rejected|refused) permanently",
    r"\b(?:has|have|i've|we've) given up", r"\bgiving up", r"not going to try again", r"was not delivered within",
    r"no (?:further|more) (?:delivery )?attempts", r"endg[uü]ltig", r"d[ée]finitivement", r"definitivamente",
    r"retry timeout exceeded", r"(?:will|shall) not (?:be )?retr(?:y|ied)\b", r"delayed and then failed",
)  # fmt: skip

DELIVERED = any_of(
    r"(?:was|been|were) (?:successfully )?(?:delivered|relayed) (?:to|successfully)",
    r"successfully (?:delivered|relayed)",
    r"delivery (?:to .{0,100} )?(?:was |is |has been )?(?:successful|complete)", r"erfolgreich zugestellt",
    r"a [ée]t[ée] remis",
    r"se ha entregado (?:correctamente )?a", r"foi entregue (?:com [eê]xito )?a", r"成功(?:送达|投递|发送)",
    r"доставлено (?:получател|успешно)",
    r"正常に配信", r"relayed to the following", r"was delivered to",
)  # fmt: skip

# Words of advice: the address after them is whom to ask.
_ADVICE = (
    r"contact", r"please (?:write|send|forward|e-?mail|refer|call|reply|visit)", r"\bhelp\b", r"support",
    r"assistance", r"questions?", r"\bask\b", r"problem report", r"report .{0,20}to", r"webmaster",
    r"feel (?:this|free)",
    r"(?:mail|message|write|complain|e-?mail) to (?:the |your |our )?postmaster", r"be directed to",
    r"administ", r"amministrat", r"админист", r"adminisztr", r"y[öo]netici", r"bestyrer", r"yll[äa]pit",
    r"wenden sie sich", r"kontakt", r"\bfragen\b", r"\bhilfe\b", r"r[üu]ckfragen", r"schreiben sie (?:bitte )?an",
    r"\baide\b", r"contacte[zr]?\b", r"[ée]crivez", r"veuillez (?:envoyer|transmettre|adresser|vous)",
    r"\bayuda\b", r"póngase", r"env[ií](?:e|ar|a) (?:un |una )?(?:mensaje|correo|mail)", r"escriba (?:a|un)",
    r"d[ií]r[ií]jase",
    r"\bajuda\b", r"\bdúvidas\b", r"entre em contato", r"envie (?:um|uma) (?:mensagem|e-?mail)", r"escreva para",
    r"contatt", r"\baiuto\b", r"\bassistenza\b", r"scriv(?:ere|ete|i) a", r"inviare un",
    r"neem .{0,20}op met", r"\bvragen\b", r"\bhulp\b", r"beheerder", r"skontaktuj", r"\bpytania\b", r"pomoc",
    r"вопрос", r"помощ", r"обратитесь", r"свяжитесь", r"напишите", r"обращайтесь",
    r"客服", r"咨询", r"諮詢", r"联系", r"聯絡", r"請洽|请洽", r"管理[员員]", r"疑[问問]", r"聯繫", r"反馈至",
    r"問い?合わ?せ", r"連絡", r"ご質問", r"管理者", r"문의", r"관리자", r"ba[sş]vur", r"ileti[sş]im", r"yard[ıi]m",
    r"dotaz", r"obra[tť]te", r"nápov[ěe]d", r"fr[åa]gor", r"kontakta", r"henvend", r"kysymy", r"k[ée]rd[ée]s",
    r"[üu]gyf[ée]l",
    r"επικοινων", r"зверніться", r"contacta[țt]i", r"liên hệ", r"hubungi", r"ติดต่อ", r"צור קשר", r"اتصل",
)  # fmt: skip

# Lines that name whom to ask, or the sender: no failed recipient.
WHOM_TO_ASK = any_of(
    *_ADVICE, r"^\W{0,6}(?:from|sender|von|de|da|od|van|reply-to|发件人|寄件者|寄件人|差出人|от|return-path|"
    r"message-?id|references|"
    r"in-reply-to|x-(?!original-to|failed-rec|actual-rec|envelope-to|rcpt-to)[a-z-]{1,40})\s*[:：]",
    r"try (?:e-?mailing|sending|\S{1,64}@)|if \S{1,64}@.{0,60} fails|finger ", r"from (?:the )?(?:address|sender|<)",
    r"\bsent by\b", r"message-id", r"https?://", r"mail from:?\s?<",
    r"^\W{0,3}mail from", r"received: ", r"\bhelo\b|\behlo\b",
)  # fmt: skip

# How a sentence ends below which an address stands that is whom to ask, or the sender's.
ASKED_BELOW = any_of(
    rf"(?:{'|'.join(_ADVICE)})[^\0]{{0,100}}\Z",
    r"\b(?:sender|absender|exp[ée]diteur|remitente|remetente|mittente|afzender|nadawca|отправитель)\b"
    r"(?: was| is| address| ist| est)?\W*\Z",
    r"(?:发件人|寄件者|寄件人|差出人|送信者)\W*\Z",
)  # fmt: skip

# The heading of a list of those who were reached, in a notice that has others.
DELIVERED_LIST = any_of(
    r"^\W*sent ok\b", r"^\W*(?:successfully )?(?:delivered|sent) (?:ok|to)?\W*[:：]\s*$",
    r"(?:was|were|has been|have been) (?:successfully )?(?:delivered|sent|relayed)[^.]{0,60}[:：]\s*$",
    r"had successful delivery", r"(?:erfolgreich|bereits) zugestellt[^.]{0,40}[:：]\s*$",
    r"(?:remis|distribu[ée]) (?:avec succ[èe]s )?(?:à|aux)[^.]{0,40}[:：]\s*$",
    r"成功(?:送达|投递|发送).{0,20}[:：]\s*$",
)  # fmt: skip

# Lines below which our own letter stands, or what is left of it.
LETTER_BELOW = any_of(
    r"^\W*(?:below (?:this|the next) line is|this is|here is|attachment is|enclosed is|following is) (?:an? |"
    r"the )?(?:copy|first part|headers?)",
    r"^[-=*# |>]*\s*(?:start of |begin(?:ning of)? )?(?:the )?"
    r"(?:returned|original|unsent|undelivered|rejected|forwarded|failed) "
    r"(?:message|mail|e-?mail|letter)s?(?: headers?| text| body)?\s*(?:follows?|below|attached|appended|begins|"
    r"returned|removed|starts here)?\s*[-=*#.:|<]*\s*$",
    r"^[-=*#| ]*\s*(?:message|mail) (?:header|text|headers|body|contents?)s? (?:follows?|suppressed)\b",
    r"^\W*(?:the )?(?:header|headers|first \d+ lines|first part|text|body|"
    r"contents?)(?: and .{0,20})?(?: lines)? (?:of|from) (?:the|your) (?:original |returned |rejected )?message",
    r"^\W*a copy of the original message", r"^\W*original message (?:attached|headers|follows|details|below)\b",
    r"^\W*unsent message below",
    r"^\W*old message:", r"^\W*copy of (?:the |your )?(?:original )?message", r"^\W*reporting-mta:",
    r"^\W*included is a copy of",
    r"^\W*(?:urspr[uü]ngliche|originale?) nachricht", r"^\W*original-?nachricht", r"^\W*message d['’]origine",
    r"^\W*message original",
    r"^\W*mensaje original", r"^\W*mensagem original", r"^\W*messaggio originale", r"^\W*oorspronkelijk bericht",
    r"^\W*(?:исходное|оригинальное) (?:сообщение|письмо)", r"^\W*oryginalna wiadomo",
    r"^[^\w\n]{0,12}(?:原(?:始)?邮件(?:内容|如下|头)|原始郵件|元のメッセージ|元メール)",
    r"^\W*(?:附件(?:中的内容)?(?:是|为)).{0,20}原", r"^\W*ниже этой линии", r"^\W*final-recipient:",
    r"^\W*the (?:original )?message (?:headers? )?(?:follows|was as follows|is attached)",
    r"^\W*begin returned message",
    r"^\W*(?:your|the) (?:original )?(?:message|mail|text)(?: that you sent)? "
    r"(?:was|read|reads|said|contained)\W{0,3}$",
    r"^\W*(?:(?:der )?(?:text|inhalt) ihrer (?:nachricht|e-?mail)|(?:texte|contenu) de votre message|"
    r"(?:texto|contenido) de su mensaje|(?:texto|conte[úu]do) da sua mensagem|testo del (?:suo )?messaggio|"
    r"текст (?:вашего )?(?:письма|сообщения)|(?:您的)?邮件(?:内容|正文)|原文如下|メール本文)\s*[:：]?\s*$",
    r"^\W*--- ?(?:forwarded|forward) message", r"^[- ]{6,}copy of .{0,40}message", r"^\W*the full headers? (?:of|for)",
    r"^\W*-- the header and top \d+ lines", r"^\W*return-path:",
)  # fmt: skip
