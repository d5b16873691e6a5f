"""How one host is spoken to.

Owns   the value Manner, made for each session from what is required and what was learnt about the host.
Knows  nothing of how it was learnt (`mta.delivery.lessons`).
RFC 5321 §4.1.1.1 (HELO), RFC 2920, RFC 3207 §4.1.
"""

import msgspec


class Manner(msgspec.Struct, frozen=True):
    use_tls: bool = True  # STARTTLS when it is offered
    require_tls: bool = False  # no transaction in the clear
    pipeline: bool = True  # when it is offered
    say_helo: bool = False  # at once, without trying EHLO


AS_USUAL = Manner()
IN_THE_CLEAR = Manner(use_tls=False)
