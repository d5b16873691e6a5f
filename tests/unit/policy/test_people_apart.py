"""Limits in a process that serves sessions: one question a transaction, and more only beyond its answer."""

from collections.abc import Awaitable

from youtong.mta.reply import reply
from youtong.mta.submission.ports import Client, Origin, Proceed, Refuse, Verdict
from youtong.policy.people_apart import AskedLimits

ALICE = Origin("alice", 7, 3, "people")
CLIENT, OTHER = Client("192.0.2.1", 1), Client("192.0.2.1", 2)
ENOUGH = Refuse(reply(452, "4.5.3", "enough"))


class Owner:
    """Says what a test told it to say, in turn."""

    def __init__(self, *says: int | Refuse) -> None:
        self.asked: list[tuple[int, int]] = []
        self._says = list(says)

    async def room(self, origin: Origin, named: int, taken: int) -> int | Refuse:
        self.asked.append((named, taken))
        return self._says.pop(0)


async def said(answer: Awaitable[Verdict] | None) -> Verdict:
    return Proceed() if answer is None else await answer


async def test_recipients_within_the_owners_word_are_answered_without_asking_again() -> None:
    owner = Owner(2, ENOUGH)
    limits = AskedLimits(owner.room)
    assert await said(limits.check_mail(CLIENT, ALICE)) == Proceed()
    assert limits.check_recipient(CLIENT, ALICE) is None
    assert limits.check_recipient(CLIENT, ALICE) is None
    assert owner.asked == [(0, 0)]
    assert await said(limits.check_recipient(CLIENT, ALICE)) == ENOUGH
    assert owner.asked == [(0, 0), (3, 2)]


async def test_room_that_came_back_is_used() -> None:
    owner = Owner(1, 5)
    limits = AskedLimits(owner.room)
    await said(limits.check_mail(CLIENT, ALICE))
    for _ in range(5):
        assert await said(limits.check_recipient(CLIENT, ALICE)) == Proceed()
    assert owner.asked == [(0, 0), (2, 1)]


async def test_a_refused_sender_has_no_transaction_and_another_session_one_of_its_own() -> None:
    owner = Owner(ENOUGH, 9, 1)
    limits = AskedLimits(owner.room)
    assert await said(limits.check_mail(CLIENT, ALICE)) == ENOUGH
    await said(limits.check_mail(OTHER, ALICE))
    assert limits.check_recipient(OTHER, ALICE) is None
    await said(limits.check_mail(OTHER, ALICE))
    assert limits.check_recipient(OTHER, ALICE) is None, "a new transaction starts with no recipients"


async def test_a_session_that_was_forgotten_is_asked_for_anew() -> None:
    owner = Owner(*[9] * 5002)
    limits = AskedLimits(owner.room)
    for port in range(5000):
        await said(limits.check_mail(Client("192.0.2.2", port), ALICE))
    assert await said(limits.check_recipient(Client("192.0.2.2", 0), ALICE)) == Proceed()
    assert owner.asked[-1] == (1, 0)
