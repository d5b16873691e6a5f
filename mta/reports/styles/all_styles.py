"""Every style in one order.

Owns   STYLES: the more certain before the less, since the first that knows a notice and finds a recipient reads it.
"""

from .exchange import EXCHANGE
from .gateways import GATEWAYS, GROUPWARE
from .lists import LISTS
from .style import Style
from .unix import UNIX
from .webmail import WEBMAIL

STYLES: tuple[Style, ...] = (*EXCHANGE[:4], *WEBMAIL, *LISTS, *UNIX, *EXCHANGE[4:], *GATEWAYS, *GROUPWARE)
