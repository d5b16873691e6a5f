"""Styles of the large mailbox providers of the world: Gmail, Yahoo, AOL, those of China, Japan, Russia and Europe.

Owns   WEBMAIL, rows tried from top to bottom.
"""

from .style import BRACKETED, LISTED, Style, matching

# What stands right before or right after the address in Gmail's sentence "Your message wasn't delivered to … because".
_GMAIL_SENTENCE = (
    r"(?:wasn't|was not|hasn't been|couldn't be|delivering your message|blocked|delivered) .{0,40}?(?:to|"
    r"for) (?:<b>)?<?ADDRESS",
    r"(?:nicht an|an|bei der zustellung .{0,30}an) <?ADDRESS>? (?:wurde )?(?:nicht )?(?:zugestellt|gesendet|"
    r"blockiert|.{0,20}problem)",
    r"(?:remis|distribu[ée]|envoy[ée]|remise .{0,20}) (?:[àa]|au) <?ADDRESS",
    r"(?:entregado|entregar|enviado|entrega) .{0,24}?a <?ADDRESS",
    r"(?:entregue|enviada|entregar .{0,20}) (?:a|para|em) <?ADDRESS",
    r"(?:recapitat[oa]|consegnat[oa]|recapito .{0,30}) a <?ADDRESS",
    r"(?:доставлено|доставить|отправлено) .{0,40}?(?:адресу|получателю|на|для)?:? ?<?ADDRESS",
    r"(?:邮件|郵件).{0,24}(?:送达|送達|发送至|傳送給|传送给|递送给|投递到|給|给|至|到) ?<?ADDRESS",
    r"<?ADDRESS>? ?(?:に|へ|宛).{0,24}(?:配信|送信)",
    r"bezorgd (?:bij|aan|op) <?ADDRESS", r"dostarczon[aey] (?:do|na adres|pod adres) <?ADDRESS",
    r"<?ADDRESS>?(?:에게|으로|\(으\)로|로|에) .{0,24}(?:전송|전달|배달)",
    r"<?ADDRESS>? (?:adresine|adresli al[ıi]c[ıi]ya) .{0,30}(?:teslim|iletil|gönderil)",
    r"(?:problem|problème|problema|проблема).{0,90}? <?ADDRESS",
)  # fmt: skip

WEBMAIL: tuple[Style, ...] = (
    Style(
        "gmail",
        matching(
            r"^from: .{0,60}mailer-daemon@(?:google|gmail|"
            r"googlemail)[^\n]{0,40}\n[^\0]{0,400}?^\W{0,6}\*\* .{2,80} \*\*",
            r"^\W{0,4}\*\* (?:address not found|message (?:blocked|not delivered|too large|rejected)|"
            r"delivery incomplete|recipient inbox full|"
            r"adresse nicht gefunden|adresse introuvable|no se ha encontrado la direcci)",
        ),
        entry=matching(*_GMAIL_SENTENCE),
    ),
    Style(
        "gmail-old",
        matching(
            r"delivery to the following recipients? (?:failed permanently|has been delayed)",
            r"technical details of (?:permanent|temporary) failure",
            r"zustellung an (?:die folgenden empf[äa]nger|folgenden empf[äa]nger)",
            r"[ée]chec (?:d[ée]finitif )?de la (?:remise|distribution) aux? destinataires? suivants?",
            r"(?:向|发送到)以下收件人(?:投递|发送|传送).{0,12}(?:永久)?失败",
            r"次の(?:受信者|宛先).{0,20}配信.{0,12}(?:失敗|できません)",
            r"доставка .{0,30}следующим получателям", r"la entrega a los siguientes destinatarios",
            r"falha (?:permanente )?na entrega (?:ao|para o) (?:seguinte )?destinat",
        ),
        begins=matching(
            r"following recipients?", r"folgenden? empf[äa]nger", r"destinataires? suivants?", r"以下收件人",
            r"次の(?:受信者|宛先)", r"следующ.{1,4} получател",
            r"siguientes? destinatarios?", r"seguintes? destinat[áa]rios?|falha",
        ),
        entry=LISTED,
    ),
    Style(
        "yahoo",
        matching(
            r"message from\s+yahoo", r"sorry, we were unable to deliver your message to the following address",
            r"this message could not be delivered to the following", r"^from: .{0,30}mailer-daemon@yahoo",
        ),
        entry=matching(r"^\s*<?ADDRESS>?\s*:"),
    ),
    Style(
        "aol",
        matching(r"^from: .{0,60}mailer-daemon@aol\.com"),
        begins=matching(r"following recipients? could not be delivered", r"could not be delivered because",
        r"not accepting mail from"),
        entry=matching(r"^\s+<?ADDRESS", r"^\s+(?P<local>[A-Za-z][A-Za-z0-9]{2,31})\s*$"),
        domain="aol.com",
    ),
    Style(
        "qq",
        matching(r"^from: .{0,60}postmaster@(?:foxmail|qq|tencent)\.com",
        r"(?:退信原因|退信说明).{0,40}收件人(?:邮件)?地址"),
        entry=matching(
            r"收件人(?:邮件)?地址[（(]?\s*<?ADDRESS", r"收\s?件\s?人\s*[：:]?\s*<?ADDRESS",
            r"(?:无法|未能|没有).{0,8}(?:发送|投递|送达|被发送).{0,8}<?ADDRESS",
            r"could not be delivered to:?\s*<?ADDRESS", r"rcpt to:? ?<?ADDRESS", r"^\s*<?ADDRESS>?\s*[:：]?\s*$",
            r"<?ADDRESS>?[)）]?\s*(?:不存在|邮箱已满|拒收|拒绝)", r"(?:您|你)(?:发)?(?:送|给)(?:往|给)?\s?<?ADDRESS",
        ),
    ),
    Style(
        "netease",
        matching(
            r"^from: .{0,60}postmaster@(?:163|126|yeah|188|vip\.163|vip\.126|netease|corp\.netease)\.(?:com|net)",
            r"抱歉，?您的邮件被退回来了",
            r"^from: .{0,80}\n?subject: 系统退信",
        ),
        entry=matching(
            r"收\s?件\s?人\s*[：:]?\s*(?:.{0,40}<)?ADDRESS",
            r"(?:无法|未能|没有).{0,8}(?:发送|投递|送达|到达).{0,8}<?ADDRESS",
            r"rcpt to:? ?<?ADDRESS",
            r"^\s*<?ADDRESS>?\s*[:：]?\s*$", r"<?ADDRESS>?\s*(?:不存在|邮箱已满|拒收)",
        ),
    ),
    Style(
        "alibaba",
        matching(r"^from: .{0,60}(?:postmaster|mailer-daemon)@[^\s>]{0,60}(?:aliyun|alibaba|mxhichina|alimail)",
        r"aliyun\.com.{0,80}退信", r"阿里.{0,4}邮箱"),
        entry=matching(
            r"收件人(?:地址)?\s*[：:]?\s*<?ADDRESS",
            r"(?:以下收件人|无法投递(?:到|至)|failed recipient|to)\s*[：:]?\s*<?ADDRESS",
            r"^\W*<?ADDRESS>?\s*(?:[:：,，].{0,300})?$",
        ),
    ),
    Style(
        "china-qmail",
        matching(
            r"(?:邮件无法发送到您指定的地址|邮件传输失败|无法投递到下列地址|到下列地址的信件投递失败|"
            r"未能投递到(?:以下|下列))",
            r"^from: .{0,60}@(?:sina|vip\.sina|sohu|139|189|21cn|tom|wo)\.(?:com|cn)", r"deliver program at",
        ),
        entry=matching(r"^\W{0,8}ADDRESS>?\s*[:：]?\s*$", r"^\W{0,8}<ADDRESS>",
        r"收\s?件\s?人(?:地址)?\s*[：:]\s*<?ADDRESS",
        r"(?:发送|投递)(?:到|至|给)\s?<?ADDRESS"),
    ),
    Style(
        "coremail",
        matching(r"coremail", r"您的邮件(?:没能|未能|无法)(?:成功)?(?:送达|投递|发送)"),
        entry=matching(r"收\s?件\s?人(?:地址)?\s*[：:]?\s*(?:.{0,40}<)?ADDRESS", r"^\W{0,8}ADDRESS>?\s*[:：]?",
        r"(?:发送|投递|送达)(?:到|至|给)?\s?<?ADDRESS"),
    ),
    Style(
        "mail.ru",
        matching(r"автоматически сервером mail\.ru", r"@(?:mx\d+\.)?(?:mail|inbox|bk|list)\.ru",
        r"сообщение не может быть доставлено|не может быть доставлено одному"),
        entry=matching(r"local mailbox ADDRESS", r"^\s{0,8}<?ADDRESS>?\s*:?\s*$", r"^\s{0,8}<?ADDRESS>?\s*:"),
    ),
    Style(
        "yandex",
        matching(r"это почтовая (?:система|программа)", r"this is the yandex mail system",
        r"письмо не может быть доставлено", r"сообщение не (?:было|может быть) доставлено"),
        entry=matching(r"^\s{0,8}<?ADDRESS>?\s*:", r"^\s{0,8}<?ADDRESS>?\s*$"),
    ),
    Style(
        "1and1",
        matching(
            r"^from: .{0,80}@(?:[\w-]{1,30}\.)?(?:kundenserver\.de|gmx\.\w|web\.de|1and1\.|ionos\.|t-online\.de|"
            r"freenet\.de)",
            r"diese nachricht wurde automatisch (?:erzeugt|erstellt|generiert)",
            r"dies ist eine automatisch (?:erzeugte|generierte|erstellte)",
        ),
        entry=matching(r"^\s{0,8}<?ADDRESS>?\s*:?\s*$", r"^\s{0,8}<?ADDRESS>?\s*:",
        r"(?:an|for|to) (?:den empf[äa]nger )?<?ADDRESS>?"),
    ),
    Style(
        "french",
        matching(r"^from: .{0,80}@(?:orange|wanadoo|laposte|free|sfr|neuf|bbox)\.",
        r"ceci est un message (?:automatique|g[ée]n[ée]r[ée])"),
        entry=matching(r"^\s{0,8}<?ADDRESS>?\s*:?", r"(?:destinataire|adresse|à)\s*:?\s*<?ADDRESS"),
        signs=2,
    ),
    Style(
        "japan-mobile",
        matching(
            r"^from: .{0,60}@(?:[\w-]{1,20}\.)?(?:docomo|ezweb|au|softbank|i\.softbank|vodafone|disney|willcom-inc|"
            r"ymobile|nttpc|ocn|nifty|so-net|biglobe)\.(?:ne\.jp|com|jp|co\.jp)",
            r"each of the following recipients was rejected by a remote mail server",
            r"the user\(s\) account is (?:disabled|temporarily limited)",
            r"次の(?:あて先|宛先|メールアドレス)", r"下記(?:の)?(?:あて先|宛先|メールアドレス|アドレス)",
            r"user unknown.{0,40}(?:ezweb|docomo)",
        ),
        entry=matching(r"^\W{0,8}(?:recipient:|宛先[:：]|あて先[:：]|to:)?\W{0,6}ADDRESS>?"),
    ),
    Style(
        "compuserve",
        matching(r"your message could not be delivered (?:as addressed|for the following reason)",
        r"your message was not delivered for the following reason"),
        entry=matching(r"^\s*(?:to|recipient|e-?mail address|invalid receiver address)\s*:\s*<?ADDRESS",
        r"receiver (?:not found|address):?\s*<?ADDRESS", r"^\W{0,4}ADDRESS"),
    ),
    Style("amazon-ses", matching(r"an error occurred while trying to deliver the mail to the following recipients"),
    begins=matching(r"following recipients"), entry=LISTED),
    Style(
        "sendgrid",
        matching(r"hello, this is the mail server on",
        r"i am sending you this message to inform you on the delivery status of a\s+message you previously sent"),
        begins=matching(r"immediately below you will find|delivery status"),
        entry=BRACKETED,
    ),
)  # fmt: skip
