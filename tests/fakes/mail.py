"""Hypothesis strategies for mail: heads and bodies as submission lets them through (CRLF only, no NUL)."""

from hypothesis import strategies as st

NAMES = (
    b"From",
    b"To",
    b"Cc",
    b"Subject",
    b"Date",
    b"Message-ID",
    b"Reply-To",
    b"Sender",
    b"References",
    b"List-Id",
    b"X-Mailer",
    b"Received",
    b"subject",
    b"SUBJECT",
    b"MIME-Version",
    b"Content-Type",
    b"Feedback-ID",
    b"DKIM-Signature",
)

_visible = st.sampled_from(
    [b"a", b"Z", b"0", b";", b"=", b":", b"b=", b".", b",", b"<a@b.example>", "é".encode(), "中".encode()]
)
_white = st.sampled_from([b" ", b"\t", b"  ", b" \t", b"\r\n ", b"\r\n\t", b"\r\n \t"])
values = st.lists(st.one_of(_visible, _white), max_size=12).map(b"".join)
field_names = st.sampled_from(NAMES)


@st.composite
def raw_fields(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """(name as written, whole field with CRLF); folds never leave a line of white space only at the end."""
    name = draw(field_names)
    return name, name + b":" + draw(values) + b"\r\n"


_body_tokens = st.sampled_from(
    [
        b"\r\n",
        b"\r\n\r\n",
        b" ",
        b"\t",
        b"  ",
        b"\t ",
        b" \r\n",
        b"\t\r\n",
        b".",
        b"..",
        b"a",
        b"zz",
        b"\xff",
        b"\x80\xe4",
        "中".encode(),
    ]
)
bodies = st.lists(_body_tokens, max_size=40).map(b"".join)
