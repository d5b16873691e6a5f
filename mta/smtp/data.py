"""Content as it goes on the wire after DATA.

Owns   dot-stuffing and the end of data, without a loop over lines.
RFC 5321 §4.5.2 (transparency), §2.3.8 (CR and LF only together).
"""

from .errors import LocalProtocolError
from .line_ends import has_bare_cr, has_bare_lf

END_OF_DATA = b".\r\n"


def encode_data(content: bytes) -> bytes:
    """`content` dot-stuffed, followed by CRLF "." CRLF whatever its last octets are.

    A last line without CRLF gets one, and a lone CR or LF at the very end is completed to CRLF, so the recipient sees
    at most one line end more than was given; content that ends in CRLF is not changed. Empty content gives the bare
    dot. A lone CR or LF anywhere else raises LocalProtocolError: such content must not come this far.
    """
    whole = _with_line_end(content)
    if has_bare_cr(whole) or has_bare_lf(whole):
        raise LocalProtocolError("content with a bare CR or LF")
    stuffed = whole.replace(b"\r\n.", b"\r\n..")
    return b"".join((b"." if stuffed.startswith(b".") else b"", stuffed, END_OF_DATA))


def _with_line_end(content: bytes) -> bytes:
    if not content or content.endswith(b"\r\n"):
        return content
    if content.endswith(b"\r"):
        return content + b"\n"
    return content.removesuffix(b"\n") + b"\r\n"
