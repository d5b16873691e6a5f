"""What notices say in many languages: one line each, none of it an example of a rule."""

import re

import pytest
from youtong.policy.bounces.loading import load_rules
from youtong.policy.bounces.rule import Origin
from youtong.policy.bounces.said import Said

RULES = load_rules()
_CODES = re.compile(r"(\d{3})?[ -]?#?(\d\.\d{1,3}\.\d{1,3})?")

# category, text
TEXTS = """
# Gmail's notices in languages
no-such-user | Adresse nicht gefunden. Ihre Nachricht wurde nicht an user@example.com zugestellt, weil die Adresse nicht gefunden wurde oder keine E-Mails empfangen kann.
no-such-user | Adresse introuvable. Votre message n'a pas été remis à user@example.com, car l'adresse est introuvable ou ne peut pas recevoir d'e-mails.
no-such-user | No se ha encontrado la dirección. Tu mensaje no se ha entregado a user@example.com porque no se ha encontrado la dirección o esta no puede recibir correo.
no-such-user | No se encontró la dirección. Tu mensaje no se entregó a user@example.com porque no se encontró la dirección o esta no puede recibir correo.
no-such-user | Endereço não encontrado. Sua mensagem não foi entregue a user@example.com porque o endereço não foi encontrado ou não pode receber e-mails.
no-such-user | Indirizzo non trovato. Il messaggio non è stato consegnato a user@example.com perché l'indirizzo non è stato trovato o non può ricevere email.
no-such-user | Adres niet gevonden. Je bericht is niet bezorgd bij user@example.com, omdat het adres niet kan worden gevonden of geen e-mail kan ontvangen.
no-such-user | アドレスが見つかりません。メールアドレス user@example.com が見つからないか、メールを受信できないため、メールは配信されませんでした。
no-such-user | Nie znaleziono adresu. Twoja wiadomość nie została dostarczona do user@example.com, ponieważ nie znaleziono adresu lub nie może on odbierać poczty.
no-such-user | Adres bulunamadı. Adres bulunamadığı veya posta alamadığı için iletiniz user@example.com adresine teslim edilemedi.
no-such-user | Адрес не найден. Ваше сообщение не доставлено. Адрес user@example.com не найден или не принимает входящую почту.
no-such-user | 找不到地址。您的邮件未能送达 user@example.com,因为系统找不到该地址,或者该地址无法接收邮件。
no-such-user | 주소를 찾을 수 없음. user@example.com 주소를 찾을 수 없거나 해당 주소에서 메일을 받을 수 없으므로 메일이 전송되지 않았습니다.
no-such-user | Adressen hittades inte. Ditt meddelande levererades inte till user@example.com eftersom adressen inte kunde hittas eller inte kan ta emot e-post.
no-such-user | Adressen blev ikke fundet. Din besked blev ikke leveret til user@example.com, fordi adressen ikke kunne findes eller ikke kan modtage mails.
no-such-user | Adresa nebyla nalezena. Vaše zpráva nebyla doručena na adresu user@example.com, protože adresa nebyla nalezena nebo nemůže přijímat poštu.
no-such-user | Không tìm thấy địa chỉ. Thư của bạn không gửi được đến user@example.com vì không tìm thấy địa chỉ hoặc địa chỉ không thể nhận thư.
no-such-user | ไม่พบที่อยู่ ข้อความของคุณไม่ได้ส่งไปที่ user@example.com เนื่องจากไม่พบที่อยู่หรือที่อยู่ไม่สามารถรับอีเมลได้
no-such-user | لم يتم العثور على العنوان. لم يتم تسليم رسالتك إلى user@example.com لأنه تعذر العثور على العنوان
no-such-user | Alamat tidak ditemukan. Pesan Anda tidak terkirim ke user@example.com karena alamat tidak ditemukan atau tidak dapat menerima email.
no-such-user | A cím nem található. Üzenetét nem kézbesítettük a(z) user@example.com címre, mert a cím nem található, vagy nem fogadhat leveleket.
no-such-user | Osoitetta ei löydy. Viestiä ei toimitettu vastaanottajalle user@example.com, koska osoitetta ei löydy tai siihen ei voi vastaanottaa sähköpostia.
no-such-user | Адресу не знайдено. Ваш лист не доставлено на адресу user@example.com, оскільки її не знайдено або вона не може отримувати пошту.
no-such-user | Adresa nu a fost găsită. Mesajul dvs. nu a fost trimis la user@example.com, deoarece adresa nu a fost găsită sau nu poate primi e-mailuri.
no-such-user | Η διεύθυνση δεν βρέθηκε. Το μήνυμά σας δεν παραδόθηκε στη διεύθυνση user@example.com επειδή η διεύθυνση δεν βρέθηκε
# Exchange's notices in languages
no-such-user | Die eingegebene E-Mail-Adresse konnte nicht gefunden werden. Überprüfen Sie die E-Mail-Adresse des Empfängers, und versuchen Sie, die Nachricht erneut zu senden.
no-such-user | L'adresse de messagerie que vous avez entrée est introuvable. Vérifiez l'adresse de messagerie du destinataire et essayez de renvoyer le message.
no-such-user | No se encontró la dirección de correo electrónico que especificó. Compruebe la dirección de correo electrónico del destinatario e intente enviar el mensaje de nuevo.
no-such-user | No se ha encontrado a user en example.com.
no-such-user | O endereço de email inserido não foi encontrado. Verifique o endereço de email do destinatário e tente reenviar a mensagem.
no-such-user | L'indirizzo di posta elettronica immesso non è stato trovato. Controllare l'indirizzo di posta elettronica del destinatario e provare a inviare di nuovo il messaggio.
no-such-user | 入力した電子メール アドレスが見つかりませんでした。受信者の電子メール アドレスを確認して、メッセージを再送信してください。
no-such-user | 找不到您输入的电子邮件地址。请检查收件人的电子邮件地址,然后尝试重新发送邮件。
no-such-user | Введенный адрес электронной почты не найден. Проверьте адрес электронной почты получателя и попытайтесь отправить сообщение еще раз.
no-such-user | Het e-mailadres dat u hebt opgegeven, is niet gevonden. Controleer het e-mailadres van de geadresseerde en probeer het bericht opnieuw te verzenden.
no-such-user | Nie można odnaleźć wprowadzonego adresu e-mail. Sprawdź adres e-mail adresata i spróbuj ponownie wysłać wiadomość.
mailbox-full | Das Postfach des Empfängers ist voll und kann zurzeit keine Nachrichten empfangen.
mailbox-full | La boîte aux lettres du destinataire est pleine et ne peut pas accepter de messages pour le moment.
mailbox-full | El buzón de correo del destinatario está lleno y no puede aceptar mensajes ahora.
mailbox-full | A caixa de correio do destinatário está cheia e não pode aceitar mensagens agora.
mailbox-full | La cassetta postale del destinatario è piena e al momento non può accettare messaggi.
mailbox-full | 受信者のメールボックスがいっぱいで、現在メッセージを受け付けることができません。
mailbox-full | 收件人的邮箱已满,现在无法接收邮件。
mailbox-full | Почтовый ящик получателя переполнен и сейчас не может принимать сообщения.
mailbox-full | Het postvak van de geadresseerde is vol en kan momenteel geen berichten accepteren.
mailbox-full | Skrzynka pocztowa adresata jest pełna i nie może teraz przyjmować wiadomości.
too-large | Diese Nachricht ist zu groß, um zugestellt zu werden. Verkleinern Sie die Nachricht oder die Anlagen.
too-large | Ce message est trop volumineux pour être remis.
too-large | Este mensaje es demasiado grande para ser entregado.
no-such-domain | Die Domäne des Empfängers wurde nicht gefunden.
# German
no-such-user | 550 Benutzer nicht bekannt/User unknown
no-such-user | 550 5.1.1 Unbekannter Empfaenger
no-such-user | Der angegebene Empfänger existiert nicht.
no-such-user | Die Empfängeradresse user@example.com ist nicht bekannt
no-such-user | Diese E-Mail-Adresse existiert nicht (mehr).
mailbox-full | Die Mailbox des Empfängers ist überfüllt
mailbox-full | Das Postfach hat das Speicherlimit erreicht
no-such-domain | Die Domain example.com existiert nicht
no-such-domain | Der Rechner example.com ist unbekannt
no-answer | Der Zielserver antwortet nicht
no-answer | Verbindung abgelehnt
relaying-denied | Weiterleitung nicht erlaubt (Relaying denied)
content | Ihre E-Mail wurde als Spam eingestuft und abgelehnt
inactive | Das Postfach ist gesperrt
inactive | Der Account wurde deaktiviert
greylisted | 450 Bitte versuchen Sie es später noch einmal (Greylisting)
# French
no-such-user | 550 5.1.1 Adresse inconnue
no-such-user | Utilisateur inconnu
no-such-user | Le destinataire n'existe pas
no-such-user | Cette adresse email n'existe pas
no-such-user | Boîte aux lettres inexistante
mailbox-full | La boîte de réception du destinataire est pleine
mailbox-full | Quota dépassé
no-such-domain | Domaine inconnu
content | Votre message a été considéré comme du spam
inactive | Compte désactivé
relaying-denied | Relais refusé
relaying-denied | Relayage interdit
# Spanish, Portuguese
no-such-user | El usuario no existe
no-such-user | Cuenta de correo inexistente
no-such-user | Usuário desconhecido
no-such-user | Destinatário inexistente
no-such-user | 550 Conta inexistente
no-such-user | Endereço de email inválido
mailbox-full | Buzón lleno
mailbox-full | Caixa de correio cheia
mailbox-full | O destinatário excedeu a cota de armazenamento
no-such-domain | Domínio não encontrado
content | Mensagem bloqueada: classificada como spam
inactive | Cuenta suspendida
inactive | Conta bloqueada
relaying-denied | Relay não permitido
relaying-denied | No se permite el reenvío (relay)
# Italian
no-such-user | Utente sconosciuto
no-such-user | Casella inesistente
no-such-user | L'indirizzo del destinatario non è valido
mailbox-full | Casella piena
mailbox-full | Quota superata
mailbox-full | La casella del destinatario ha superato lo spazio disponibile
no-such-domain | Il dominio non esiste
inactive | Account sospeso
inactive | Utente disabilitato
too-large | Il messaggio supera la dimensione massima consentita
relaying-denied | Relay non consentito
our-ip | 554 Il suo indirizzo IP è in blacklist
# Dutch
no-such-user | Gebruiker onbekend
no-such-user | Onbekende ontvanger
mailbox-full | Mailbox vol
mailbox-full | Postvak is vol
too-large | Bericht is te groot
relaying-denied | Relay niet toegestaan
# Polish
no-such-user | Nieznany użytkownik
no-such-user | Adresat nie istnieje
no-such-user | Nie ma takiego użytkownika
no-such-user | Konto nie istnieje
mailbox-full | Skrzynka przepełniona
mailbox-full | Przekroczono limit pojemności skrzynki
inactive | Konto nieaktywne
# Swedish, Danish, Norwegian
no-such-user | Okänd användare
no-such-user | Mottagaren finns inte
no-such-user | Adressen finns inte
no-such-user | Ukendt bruger
no-such-user | Brukeren finnes ikke
mailbox-full | Postboksen er full
# Turkish
no-such-user | Kullanıcı bulunamadı
no-such-user | Böyle bir kullanıcı yok
mailbox-full | Alıcının posta kutusu dolu
# Czech
no-such-user | Neznámý uživatel
no-such-user | Adresát neexistuje
mailbox-full | Schránka je plná
mailbox-full | Překročena kvóta schránky
too-large | Zpráva je příliš velká
no-such-domain | Doména neexistuje
inactive | Schránka je zablokovaná
# Russian
no-such-user | Пользователь не найден
no-such-user | Такого почтового ящика не существует
no-such-user | Недействительный адрес получателя
mailbox-full | Превышен лимит почтового ящика
inactive | Ящик заблокирован
too-large | Сообщение слишком велико
no-such-domain | Домен не существует
content | Сообщение отклонено как спам
relaying-denied | Пересылка запрещена
# Japanese
no-such-user | 宛先のメールアドレスが存在しません
no-such-user | ユーザーが見つかりません
no-such-user | 該当するユーザは存在しません
mailbox-full | 受信者のメールボックスの容量が超過しています
mailbox-full | メールボックスが一杯です
no-such-domain | ドメインが存在しません
restricted | 受信者により受信拒否されました
content | 迷惑メールと判定されました
# Chinese
no-such-user | 收件人地址不存在
no-such-user | 用户不存在
no-such-user | 收件人邮箱账号不存在
no-such-user | 查無此人
no-such-user | 對方信箱不存在
mailbox-full | 邮箱已满
mailbox-full | 收件人邮箱空间不足
mailbox-full | 對方信箱已滿
too-large | 邮件太大
inactive | 帐号已被冻结
inactive | 用户由于长时间未登录处于休眠状态
content | 邮件被判定为垃圾邮件
restricted | 对方拒收您的邮件
no-such-domain | 域名不存在
expired | 多次尝试投递失败
rate | 发送频率过快
relaying-denied | 不允许转发
# Korean
no-such-user | 존재하지 않는 사용자입니다
no-such-user | 수신자의 메일 계정이 존재하지 않습니다
no-such-user | 없는 계정입니다
mailbox-full | 메일함 용량이 초과되었습니다
mailbox-full | 수신자의 메일함이 가득 찼습니다
inactive | 휴면 계정입니다
# Vietnamese, Thai, Arabic, Indonesian
no-such-user | Người dùng không tồn tại
no-such-user | Pengguna tidak dikenal
"""  # noqa: E501


def _case(line: str) -> tuple[str, str]:
    category, _, text = line.partition(" | ")
    return category, text


@pytest.mark.parametrize(("category", "text"), [_case(one) for one in TEXTS.strip().splitlines() if one[:1] != "#"])
def test_a_notice_in_another_language_means_what_its_reader_understands(category: str, text: str) -> None:
    codes = _CODES.match(text)
    assert codes is not None
    said = Said(int(codes[1] or 0), codes[2] or "", text, origin=Origin.NOTICE)
    assert RULES.meaning(said).category == category
