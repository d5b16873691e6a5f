"""Letters to every expectation of a simulated internet, and the judge of what became of them.

A letter's kind is the beginning of its recipients' local part; tests/scenario/receivers.toml explains the kinds.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from fakes.posting import Letter
from fakes.running import Running
from youtong.mta.simulator.behaviours import Expectation
from youtong.mta.simulator.domains import expand
from youtong.mta.simulator.settings import ProviderSettings, Settings
from youtong.mta.simulator.simulator import Simulator
from youtong.queue.states import RecipientState

CROWD = 10
_EIGHT_BIT = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nMIME-Version: 1.0\r\n"
_SIGNATURE = "DKIM-Signature: v=1; a=rsa-sha256; d=elsewhere.test; s=x; h=from; bh=AAAA; b=AAAA\r\n"
_TEXT = "Grüße, 你好.\r\n".encode() * 3
_ENDS = {
    Expectation.DELIVERED: {RecipientState.DELIVERED},
    Expectation.DOUBLED: {RecipientState.DELIVERED},
    Expectation.BOUNCED: {RecipientState.BOUNCED},
    Expectation.WAITING: {RecipientState.SCHEDULED, RecipientState.LEASED},
    Expectation.LATE: {RecipientState.SCHEDULED, RecipientState.LEASED, RecipientState.DELIVERED},
}
_COPIES = {
    Expectation.DELIVERED: {1},
    Expectation.DOUBLED: {2},
    Expectation.BOUNCED: {0},
    Expectation.WAITING: {0},
    Expectation.LATE: {0, 1},
}


@dataclass(frozen=True)
class Case:
    """Recipients of one provider that have one expectation."""

    provider: ProviderSettings
    pattern: str
    expectation: Expectation

    def address(self, number: int) -> str:
        domains = [name for each in self.provider.domains for name in expand(each)]
        return f"{self.pattern.replace('*', str(number))}@{domains[number % len(domains)]}"


@dataclass
class Post:
    """What was sent, and what is expected of each address."""

    letters: list[Letter]
    expected: dict[str, Case]


def cases_of(settings: Settings) -> list[Case]:
    return [
        Case(provider, pattern, expectation)
        for provider in settings.provider
        for pattern, expectation in provider.expect.items()
    ]


def letters_to(cases: list[Case], count: int) -> Post:
    """At least `count` letters, equally many to each case."""
    post = Post([], {})
    for number in range(1, 1 + -(-count // len(cases))):
        for case in cases:
            if number == 1 or "*" in case.pattern:
                _add(post, case, number)
    return post


def _add(post: Post, case: Case, number: int) -> None:
    members = range(number * CROWD, number * CROWD + CROWD) if case.pattern.startswith("crowd") else [number]
    addresses = tuple(dict.fromkeys(case.address(each) for each in members))
    post.expected.update(dict.fromkeys(addresses, case))
    letter = Letter(f"l{len(post.letters)}", addresses, reverse_path=f"s{len(post.letters)}@load.test")
    _dress(letter, case.pattern)
    post.letters.append(letter)


def _dress(letter: Letter, pattern: str) -> None:
    if pattern.startswith(("octets", "signed")):
        letter.parameters, letter.text = " BODY=8BITMIME", _TEXT
        letter.head = _EIGHT_BIT + (_SIGNATURE if pattern.startswith("signed") else "")
    elif pattern.startswith("large"):
        letter.octets = 40_000
    elif not pattern.isascii():
        letter.parameters = " SMTPUTF8"
    elif pattern.startswith("notify"):
        letter.parameters = f" RET=HDRS ENVID=Case+2BKept{letter.name}"
        letter.rcpt_parameters = f" NOTIFY=FAILURE,DELAY ORCPT=rfc822;{letter.recipients[0]}"


def unfinished(post: Post, running: Running) -> list[str]:
    """The addresses that must end and have not."""
    states = _states(running)
    return [
        address
        for address, case in post.expected.items()
        if case.expectation not in (Expectation.WAITING, Expectation.LATE)
        and states.get(address) in (None, RecipientState.SCHEDULED, RecipientState.LEASED)
    ]


def faults(post: Post, simulator: Simulator, running: Running) -> dict[str, list[str]]:
    """What is not as the file declares, by provider."""
    found: dict[str, list[str]] = {}
    for provider, what in (*_outcomes(post, simulator, running), *_notices(post, simulator), *_violations(simulator)):
        found.setdefault(provider, []).append(what)
    return found


def _states(running: Running) -> dict[str, RecipientState]:
    rows = running.rows("SELECT address, state FROM recipient")
    return {str(address): RecipientState(int(str(state))) for address, state in rows}


def _outcomes(post: Post, simulator: Simulator, running: Running) -> Iterator[tuple[str, str]]:
    states = _states(running)
    for address, case in post.expected.items():
        state, copies = states.get(address), simulator.ledger.accepted.get(address, 0)
        if state not in _ENDS[case.expectation] or copies not in _COPIES[case.expectation]:
            told = f"{address} should be {case.expectation}, is {state.name if state is not None else 'unknown'}"
            yield case.provider.name, f"{told}, {copies} copies; {_history(running, address)}"


def _history(running: Running, address: str) -> str:
    """The last words about it in the journal."""
    rows = running.rows(
        "SELECT j.kind, j.facts FROM journal AS j JOIN recipient AS r ON r.id = j.recipient_id"
        " WHERE r.address = ? AND j.facts LIKE '%stage%' ORDER BY j.seq DESC LIMIT 2", address,
    )  # fmt: skip
    return " | ".join(str(facts) for _, facts in rows)


def _notices(post: Post, simulator: Simulator) -> Iterator[tuple[str, str]]:
    """Who sent what bounced hears of it, and nobody else."""
    for letter in post.letters:
        case = post.expected[letter.recipients[0]]
        notices = simulator.ledger.accepted.get(letter.reverse_path, 0)
        if notices != (case.expectation is Expectation.BOUNCED):
            yield case.provider.name, f"{notices} notices for {letter.recipients[0]}, which is {case.expectation}"


def _violations(simulator: Simulator) -> Iterator[tuple[str, str]]:
    for name, provider in simulator.providers.items():
        for violation, times in provider.violations.items():
            yield name, f"{times} times {violation}"


def summary(found: dict[str, list[str]]) -> str:
    """A line for each provider, with its first fault and how many more there are of its kind."""
    kinds = {
        name: Counter(what.split(",")[0].split("@")[0].rstrip("0123456789") for what in w) for name, w in found.items()
    }
    return "\n".join(f"{name} {dict(kinds[name])}: {found[name][0]}" for name in sorted(found))
