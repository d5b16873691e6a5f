"""Who is limited, and what a session hears in time: at MAIL and RCPT, before anything is sent for nothing."""

import msgspec
import pytest
from fakes.clock import FakeClock
from youtong.admin.config.sections import People
from youtong.mta.submission.ports import Client, Origin, Refuse
from youtong.policy.people import PeopleLimits, SessionLimits
from youtong.queue.people.allowances import Allowance
from youtong.queue.people.usage import Usage

CLIENT, OTHER = Client("192.0.2.1", 1000), Client("192.0.2.1", 1001)
ALICE = Origin("alice@a.example", 1, 7, "people")
SHOP = Origin("shop@a.example", 2, 8, "transactional")
TRUSTED = Origin("operator", 3, 0, "people")
CONFIGURED = Allowance(messages_per_day=500, new_recipients_per_day=200)


def limits(own: dict[int, dict[str, int]] | None = None) -> PeopleLimits:
    return PeopleLimits(CONFIGURED, lambda credential_id: (own or {}).get(credential_id, {}))


@pytest.mark.parametrize(
    ("origin", "own", "allowance"),
    [
        (ALICE, {}, CONFIGURED),
        (SHOP, {}, None),
        (TRUSTED, {0: {"messages_per_day": 1}}, None),
        (ALICE, {7: {"messages_per_day": 9}}, Allowance(messages_per_day=9, new_recipients_per_day=200)),
        (ALICE, {7: {"messages_per_day": 0, "new_recipients_per_day": 0}}, None),
        (SHOP, {8: {"recipients_per_hour": 50}}, Allowance(recipients_per_hour=50)),
    ],
)
def test_who_is_limited(origin: Origin, own: dict[int, dict[str, int]], allowance: Allowance | None) -> None:
    assert limits(own).allowance_for(origin) == allowance


def test_numbers_of_a_new_configuration_hold_at_once() -> None:
    some = limits()
    some.reload(Allowance(messages_per_day=1))
    assert some.allowance_for(ALICE) == Allowance(messages_per_day=1)


def test_the_configuration_has_a_key_for_every_number() -> None:
    assert {each.name for each in msgspec.structs.fields(Allowance)} == set(People.__dataclass_fields__)


class Sessions:
    """Session limits over one usage."""

    def __init__(self, allowance: Allowance) -> None:
        self.usage, self.clock = Usage(), FakeClock()
        limited = PeopleLimits(allowance, lambda _: {})
        self.limits = SessionLimits(limited, lambda credential_id: self.usage, self.clock)

    def mail(self, client: Client = CLIENT, origin: Origin = ALICE) -> str:
        return said(self.limits.check_mail(client, origin))

    def rcpt(self, client: Client = CLIENT, origin: Origin = ALICE) -> str:
        return said(self.limits.check_recipient(client, origin))

    def sent(self, recipients: int = 1) -> None:
        self.usage.add(self.clock.monotonic(), recipients)


def said(refusal: Refuse | None) -> str:
    return "ok" if refusal is None else f"{refusal.reply.code} {refusal.reply.enhanced}"


def test_at_mail_a_login_hears_that_it_has_sent_enough() -> None:
    sessions = Sessions(Allowance(messages_per_hour=1))
    assert (sessions.mail(), sessions.rcpt()) == ("ok", "ok")
    sessions.sent()
    assert sessions.mail() == "450 4.7.1"
    assert sessions.mail(origin=SHOP) == sessions.mail(origin=TRUSTED) == "ok"
    sessions.clock.advance(3700)
    assert sessions.mail() == "ok"


def test_at_mail_a_login_hears_that_no_recipient_is_left() -> None:
    sessions = Sessions(Allowance(recipients_per_hour=3))
    sessions.sent(3)
    assert sessions.mail() == "450 4.7.1"


def test_recipients_beyond_the_limit_are_left_for_another_transaction() -> None:
    sessions = Sessions(Allowance(recipients_per_hour=3))
    sessions.sent(1)
    assert [sessions.mail(), *(sessions.rcpt() for _ in range(4))] == ["ok", "ok", "ok", "452 4.5.3", "452 4.5.3"]
    assert [sessions.mail(OTHER), sessions.rcpt(OTHER)] == ["ok", "ok"]  # advice: the count is made after the dot


def test_a_new_transaction_starts_with_no_recipients() -> None:
    sessions = Sessions(Allowance(recipients_per_hour=2))
    for _ in range(3):  # given up, each time
        assert [sessions.mail(), sessions.rcpt(), sessions.rcpt(), sessions.rcpt()] == ["ok", "ok", "ok", "452 4.5.3"]


def test_sessions_beyond_memory_are_counted_after_the_dot_only() -> None:
    sessions = Sessions(Allowance(recipients_per_hour=1))
    sessions.mail()
    sessions.rcpt()
    for port in range(5000):
        sessions.mail(Client("192.0.2.2", port))
    assert len(sessions.limits._open) <= 4096
    assert sessions.rcpt() == "ok"
