"""How long each step of the dialog may take.

Owns   the numbers: RFC 5321 §4.5.3.2, with the connect time-outs of DECISIONS ("Retry and expiry").
"""

import msgspec


class Timeouts(msgspec.Struct, frozen=True):
    """Seconds. Whoever times out before the final dot loses an attempt; after it, certainty (Q3)."""

    connect: float = 30.0
    connect_with_alternative: float = 5.0  # while another host or address is left
    greeting: float = 300.0  # RFC 5321 §4.5.3.2.1
    ehlo: float = 300.0
    tls: float = 60.0
    mail: float = 300.0  # RFC 5321 §4.5.3.2.2
    rcpt: float = 300.0  # RFC 5321 §4.5.3.2.3
    data: float = 120.0  # RFC 5321 §4.5.3.2.4
    block: float = 180.0  # RFC 5321 §4.5.3.2.5: without progress of the body
    final_dot: float = 600.0  # RFC 5321 §4.5.3.2.6
    quit: float = 5.0  # nothing depends on the answer
