"""Your policy for mail that is handed in and mail that goes out, in Python.

Put a file like this one beside your youtong.toml, under the name policy.py; then it is used instead of this one.
    youtong policy check      says whether the file can be used, and which hooks it has
    youtong reload            takes it into use; open sessions stay, a broken file is refused and the old one goes on

There are five hooks. Each is a plain function (no async) with one argument, its facts; your editor completes them from
the types imported below. Each returns an answer, or None for "no opinion". A hook that you do not define costs nothing.

    connection(facts)   a client connected                     None, refuse(…), defer(…)
    mail_from(facts)    it gave MAIL                           None, refuse(…), defer(…)
    recipient(facts)    it gave one RCPT                       None, refuse(…), defer(…)
    message(facts)      the message is here, not yet answered  None, refuse(…), defer(…), change(…)
    outcome(facts)      a delivery attempt ended               None, retry(…), give_up(…)

    refuse(550, "5.7.1", "text")     the client reads this reply; 4yz codes with defer(451, "4.7.1", "text")
    change(add_headers={"X-Name": "value"}, hold="reason", source="name of a [[source]]", lifetime=timedelta(hours=1))
    retry(timedelta(minutes=20))     try this recipient again, even if the receiver's reply was final
    give_up("reason")                make a deferral final

A hook can refuse more than the built-in rules, never allow more: who may send as whom is checked before it.

A hook runs in the server itself and everybody waits for it. So it has a time budget, after which it is stopped. To be
stopped, to raise, or to answer nonsense is a fault: one line in the log, and ON_FAULT decides about the message at
hand. After FAULTS_UNTIL_OFF faults in a row the hook is switched off until the next reload, with a loud line in the
log, and mail goes on without it. Do not open files or connections here: one long call into C, such as a look-up of a
host name, cannot be stopped. Load your tables at the top of the file; a reload reads them anew.
"""

# What becomes of the one message at hand when a hook is faulty.
# "defer": the client reads 451 4.3.0 and tries again (connection and outcome: as if the hook had no opinion).
# "accept": as if the hook had no opinion.
# ON_FAULT = "defer"

# Time budgets in milliseconds: of connection, mail_from, recipient and outcome; and of message.
# BUDGET_MS = 50
# MESSAGE_BUDGET_MS = 200

# FAULTS_UNTIL_OFF = 5

# Below, each hook by example. Take away the "# " to use one.

# from datetime import timedelta
#
# from youtong.policy.hooks import (
#     Change,
#     ConnectionFacts,
#     Failed,
#     GiveUp,
#     MailFacts,
#     MessageFacts,
#     OutcomeFacts,
#     RecipientFacts,
#     Refusal,
#     Retry,
#     change,
#     defer,
#     give_up,
#     refuse,
#     retry,
# )
#
#
# def connection(facts: ConnectionFacts) -> Refusal | None:
#     """The printer in the hall must not send mail."""
#     if facts.client.address == "192.0.2.17":
#         return refuse(554, "5.7.1", "This device may not send mail")
#     return None
#
#
# def mail_from(facts: MailFacts) -> Refusal | None:
#     """The shop's programs must use the address that reads bounces."""
#     if facts.mail_class == "transactional" and facts.reverse_path != "bounces@shop.example":
#         return refuse(553, "5.7.1", "Programs use bounces@shop.example as the reverse-path")
#     return None
#
#
# COMPETITORS = {"rival.example", "other-rival.example"}
#
#
# def recipient(facts: RecipientFacts) -> Refusal | None:
#     if facts.domain in COMPETITORS:
#         return refuse(550, "5.7.1", "Mail to this company goes through the legal department")
#     return None
#
#
# def message(facts: MessageFacts) -> Refusal | Change | None:
#     """Codes are useless after ten minutes; large mail to many people waits for a person's word."""
#     if facts.header("X-Purpose") == "login-code":
#         return change(lifetime=timedelta(minutes=10))
#     if len(facts.recipients) > 100 and facts.size_bytes > 5_000_000:
#         return change(hold="large message to many recipients")
#     if not facts.header("Subject"):
#         return defer(451, "4.7.1", "Please give the message a subject")
#     return change(add_headers={"X-Handled-By": "Youtong"})
#
#
# def outcome(facts: OutcomeFacts) -> Retry | GiveUp | None:
#     """A partner whose gateway says 550 while it restarts at night."""
#     if facts.domain == "partner.example" and isinstance(facts.outcome, Failed):
#         return retry(timedelta(minutes=20))
#     return None
