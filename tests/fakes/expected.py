"""Letters to every expectation of a simulated internet, and the judge of what became of them.

A letter's kind is the beginning of its recipients' local part; tests/scenario/receivers.toml explains the kinds.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from itertools import chain

from fakes.posting import Letter
from fakes.running import Running
from youtong.mta.simulator.behaviours import Expectation
from youtong.mta.simulator.domains import expand
from youtong.mta.simulator.settings import ProviderSettings, Settings
from youtong.mta.simulator.simulator import Simulator
from youtong.queue.states import RecipientState

CROWD = 10
_DECIDED_AT_RCPT = ("u*", "unknown*", "full*")
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
    """At least `count` letters, equally many to each case, and some to several cases of a provider at once."""
    post = Post([], {})
    rounds = -(-count // len(cases))
    for number in range(1, 1 + rounds):
        _add_mixed(post, cases, 1 + rounds + number)
        for case in cases:
            if number == 1 or "*" in case.pattern:
                _add(post, case, number)
    return post


def _add_mixed(post: Post, cases: list[Case], number: int) -> None:
    """One letter to everybody of a provider whose fate is decided at RCPT."""
    by_provider: dict[str, list[Case]] = {}
    for case in cases:
        if case.pattern in _DECIDED_AT_RCPT:
            by_provider.setdefault(case.provider.name, []).append(case)
    for together in by_provider.values():
        if len(together) > 1:
            expected = {case.address(number): case for case in together}
            post.expected.update(expected)
            name = f"l{len(post.letters)}"
            post.letters.append(Letter(name, tuple(expected), reverse_path=f"{name}@load.test"))


def _add(post: Post, case: Case, number: int) -> None:
    members = range(number * CROWD, number * CROWD + CROWD) if case.pattern.startswith("crowd") else [number]
    addresses = tuple(dict.fromkeys(case.address(each) for each in members))
    post.expected.update(dict.fromkeys(addresses, case))
    letter = Letter(f"l{len(post.letters)}", addresses, reverse_path=f"l{len(post.letters)}@load.test")
    _dress(letter, case.pattern)
    post.letters.append(letter)


def _dress(letter: Letter, pattern: str) -> None:
    if pattern.startswith(("octets", "signed")):
        letter.parameters, letter.text = " BODY=8BITMIME", _TEXT
        letter.head = _EIGHT_BIT + (_SIGNATURE if pattern.startswith("signed") else "")
    elif pattern.startswith("large"):
        letter.octets = 150_000
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
    judges = (_outcomes(post, simulator, running), _notices(post, simulator), _violations(simulator))
    for provider, what in (*chain(*judges), *_contents(post, simulator)):
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
        fates = {post.expected[each].expectation for each in letter.recipients}
        notices = simulator.ledger.accepted.get(letter.reverse_path, 0)
        if notices != (Expectation.BOUNCED in fates):
            provider = post.expected[letter.recipients[0]].provider
            yield provider.name, f"{notices} notices for {letter.recipients[0]}, which is {sorted(fates)}"


def _contents(post: Post, simulator: Simulator) -> Iterator[tuple[str, str]]:
    """Whatever form it travelled in, the text is the same; and what DSN asks for arrives as it was given."""
    letters = {letter.recipients[0]: letter for letter in post.letters}
    for received in simulator.ledger.newest:
        letter = letters.get(received.recipients[0])
        if letter is None:
            continue
        if letter.text and message_from_bytes(received.content).get_payload(decode=True) != letter.text:
            yield received.provider, f"the text has changed: {received.content!r}"
        if letter.rcpt_parameters and simulator.providers[received.provider].settings.dialog.dsn:
            missing = set(f"{letter.parameters}{letter.rcpt_parameters}".split())
            missing -= {*received.mail_parameters.split(), *received.rcpt_parameters[0].split()}
            if missing:
                yield received.provider, f"not passed on: {missing}"


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
