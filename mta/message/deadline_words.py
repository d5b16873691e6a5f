"""What a deadline that the sender gave led to, in English and Chinese (RFC 2852 §4).

Owns   the words, and a length of time in both languages.
Knows  no other ending (dsn_words).
"""

from .explanation import Explanation, Words

_UNITS = ((86_400, "day", "天"), (3600, "hour", "小时"), (60, "minute", "分钟"), (1, "second", "秒"))


def deadline_over(seconds: int) -> Explanation:
    """The message was given up because its sender wanted it delivered within so long or not at all."""
    english, chinese = _span(seconds)
    return Explanation(
        Words(
            f"You asked that this message be delivered within {english} or not at all. That time is over, and we have "
            "stopped trying.",
            "If it is still of use, send it again with a later deadline or without one.",
        ),
        Words(
            f"您要求这封邮件在 {chinese}内送达，否则不再投递。时限已过，系统已停止投递。",
            "如果仍需送达，请放宽时限或取消时限后重新发送。",
        ),
    )


def _span(seconds: int) -> tuple[str, str]:
    """In the largest unit that it is a multiple of."""
    size, english, chinese = next(unit for unit in _UNITS if seconds % unit[0] == 0)
    count = seconds // size
    return f"{count} {english}{'s' if count != 1 else ''}", f"{count} {chinese}"
