"""Styles of Microsoft: Exchange 5.5 to 2019, Office 365, the SMTP service of Windows,
in the languages of their readers.

Owns   EXCHANGE, rows tried from top to bottom.
"""

from .style import LISTED, Style, matching

# "Delivery has failed to these recipients or groups:" as Exchange writes it.
_TO_THESE = (
    r"delivery (?:has )?failed to these recipients", r"fehler bei der nachrichtenzustellung an folgende empf",
    r"(?:[ée]chec de la remise|la remise a [ée]chou[ée]) (?:pour|[àa]) ces? destinataires", r"destinataires suivants",
    r"error (?:de|en la) entrega a (?:estos|los siguientes) destinatarios",
    r"no se pudo entregar a estos destinatarios",
    r"falha (?:na|de) entrega (?:a|para) est(?:es|as) destinat[áa]rios",
    r"recapito non riuscito (?:per|a) (?:i seguenti|questi) destinatari",
    r"impossibile recapitare a", r"не удалось выполнить доставку следующим получателям",
    r"сбой доставки (?:следующим|для следующих)",
    r"не удалось доставить (?:сообщение )?следующим получателям",
    r"niet (?:af)?geleverd (?:bij|aan) de volgende geadresseerden",
    r"bezorging (?:bij|aan) deze geadresseerden.{0,20} is mislukt",
    r"dostarczenie .{0,60}adresat.{0,40}(?:powiod|niemo)",
    r"(?:传递|傳遞|发送|傳送).{0,12}(?:以下|下列).{0,6}(?:收件人|收件者).{0,12}失[败敗]",
    r"无法将邮件传递给(?:以下|下列)",
    r"(?:無法|无法).{0,12}(?:以下|下列)(?:收件人|收件者)", r"次の受信者.{0,12}配信.{0,6}(?:失敗|でき)",
    r"(?:다음|이) (?:받는 사람|수신자).{0,20}배달",
    r"(?:bu|a[sş]a[gğ][ıi]daki) al[ıi]c[ıi]lar.{0,60}(?:teslim|ba[sş]ar)",
)  # fmt: skip
_DID_NOT_REACH = (
    r"did not reach the following recipient", r"could not be delivered to the following recipient",
    r"the following recipient\(s\) (?:could|can)",
    r"hat (?:die |den )?(?:folgenden|folgende) empf[äa]nger nicht erreicht",
    r"konnte .{0,40}folgende.{0,20} empf[äa]nger.{0,40}nicht",
    r"n'a pas pu [êe]tre (?:remis|distribu[ée]) (?:aux|au) destinataire", r"n'a pas atteint le.{0,4} destinataire",
    r"no ha llegado a los siguientes",
    r"no (?:se )?(?:pudo|ha podido) .{0,30}los siguientes destinatarios",
    r"n[aã]o (?:p[oô]de ser entregue|chegou) .{0,20}(?:destinat[áa]rios|ao)",
    r"non (?:ha raggiunto|[èe] stat[oa] recapitat[oa]) .{0,20}destinatari",
    r"не (?:доставлено|было доставлено) следующим получателям",
    r"未(?:能)?到达(?:以下|下列)收件人", r"次の受信者に(?:届きませんでした|配信できませんでした)",
    r"heeft de volgende geadresseerde.{0,20} niet bereikt",
)  # fmt: skip
_ADMINISTRATORS = (
    r"diagnostic information for administrators", r"diagnoseinformationen f[üu]r administratoren",
    r"informations? de diagnostic (?:pour|destin)",
    r"informaci[oó]n de diagn[oó]stico para", r"informa[cç][oõ]es de diagn[oó]stico para",
    r"informazioni di diagnostica per",
    r"диагностические сведения для", r"diagnostische informatie voor", r"informacje diagnostyczne dla",
    r"管理员的诊断信息",
    r"管理員的診斷資訊",
    r"管理者(?:用|向け)の?診断情報", r"관리자.{0,6}진단 정보", r"y[öo]neticiler i[çc]in tan[ıi]lama",
)  # fmt: skip

EXCHANGE: tuple[Style, ...] = (
    Style(
        "exchange-2007",
        matching(*_ADMINISTRATORS),
        begins=matching(*_ADMINISTRATORS),
        ends=matching(r"^\W*original message headers", r"^\W*urspr[üu]ngliche nachrichtenkopfzeilen", r"^received: "),
        entry=matching(r"^\s*<?(?:mailto:)?ADDRESS>?\s*$"),
    ),
    Style(
        "exchange-2007-list",
        matching(*_TO_THESE),
        begins=matching(*_TO_THESE),
        ends=matching(*_ADMINISTRATORS),
        entry=matching(r"^(?:.{0,120}[(<\[])?\s*(?:mailto:)?ADDRESS[)>\]]?(?:<mailto:.{3,300}>|"
        r"\s*\(mailto:.{3,300}\))?\s*(?:[)>]\s*)?$"),
    ),
    Style(
        "office365",
        matching(
            r"your message to .{1,300} couldn'?t be delivered",
            r"ihre nachricht an .{1,300} konnte nicht (?:zugestellt|[üu]bermittelt)",
            r"votre message (?:[àa]|adress[ée] [àa]|pour) .{1,300} n['’]a (?:pas )?pu [êe]tre remis",
            r"no se (?:ha podido|pudo) entregar (?:su|el|tu) mensaje a",
            r"n[aã]o foi poss[ií]vel entregar (?:a )?sua mensagem (?:a|para)",
            r"无法传递(?:您|你)?(?:发送|发)?给 ?.{1,300}的邮件",
            r"impossibile recapitare il messaggio (?:a|per)",
            r"(?:您|你)(?:发送|发)?给 ?.{1,300}的邮件(?:无法|未能)(?:传递|送达)",
            r".{1,300}へのメッセージを配信できませんでした",
            r"не удалось доставить ваше сообщение (?:для|получателю|на адрес)",
            r"uw bericht aan .{1,300} kan niet worden bezorgd",
        ),
        entry=matching(
            r"(?:message to|nachricht an|message (?:adress[ée] )?(?:[àa]|pour)|mensaje a|mensagem (?:a|para)|"
            r"messaggio (?:a|per)|给|bericht aan|адрес|получателю|для) ?<?ADDRESS",
            r"^\W*<?ADDRESS>?\s*へのメッセージ",
        ),
    ),
    Style(
        "exchange-2000",
        matching(*_DID_NOT_REACH),
        begins=matching(*_DID_NOT_REACH),
        entry=matching(
            r"^\s*['\"<]?ADDRESS['\">]?(?:\s+(?:on|am|le|el|em|il|op|в|dnia) .{4,100}|\s*)$",
            r"^\s*c=.{0,120}dda:ADDRESS",
            r"^\s*.{1,80}[<(\[']ADDRESS[>)\]'](?:\s+(?:on|am|le|el|em|il|op) .{4,100}|\s*)$",
        ),
    ),
    Style(
        "windows-smtp",
        matching(
            r"this is an automatically generated delivery status notification",
            r"delivery to the following recipients (?:failed|has been delayed)",
            r"dies ist eine automatisch erstellte benachrichtigung [üu]ber den zustellstatus",
            r"ceci est une notification automatique",
        ),
        begins=matching(r"following recipients? (?:failed|has been delayed|have been)",
        r"[üu]bermittlung an folgende empf[äa]nger", r"destinataires? suivants?", r"automatically generated"),
        entry=LISTED,
    ),
    Style(
        "windows-gateway",
        matching(r"non-delivery report", r"could not be delivered to the following (?:user|recipient)"),
        entry=matching(r"^\s*(?:\"[^\"]{0,120}\"|'[^']{0,120}')?\s*[<\"']ADDRESS"),
        signs=1,
    ),
)  # fmt: skip
