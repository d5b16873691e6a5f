"""The client session in transcripts: tests/dialogs/client/*.smtp.

A line `S:` is fed, `S!` feeds octets as they are, with escapes; `C:` is what the session must say next, `EVENT` what it
must tell next, `WIRE` what its content holds, `DO` what its driver does: `start N key=value…`, `dot`, `tls`, `quit`,
`lose`. A word at the top says how the host is spoken to: `PLAIN`, `REQUIRE-TLS`, `STEP-BY-STEP`, `HELO-FIRST`. Whatever
a session leaves open when it closes shows as `left N: outcomes`. Each dialog runs line by line and octet by octet.
"""

from pathlib import Path

import pytest
from fakes.dialog_file import octets
from fakes.lane_events import FakeJob
from youtong.mta.delivery.attempt import Ending, outcomes_after
from youtong.mta.delivery.job import JobRecipient
from youtong.mta.delivery.preparing import prepare
from youtong.mta.outcome import Deferred, Delivered, Failed, Outcome, Peer
from youtong.mta.smtp.client import ClientSession
from youtong.mta.smtp.client_events import BeginTls, Closing, Ended, Event, Faulted, Ready, Refused, SendContent
from youtong.mta.smtp.client_transaction import Transaction
from youtong.mta.smtp.errors import PeerDisconnected
from youtong.mta.smtp.manner import Manner

DIALOGS = sorted((Path(__file__).parents[2] / "dialogs" / "client").glob("*.smtp"))


@pytest.mark.parametrize("by_octet", [False, True], ids=["lines", "octets"])
@pytest.mark.parametrize("path", DIALOGS, ids=lambda path: path.stem)
def test_dialog(path: Path, by_octet: bool):
    lines = path.read_text().splitlines()
    stage = _Stage(_manner(lines), by_octet=by_octet)
    for line in lines:
        stage.play(line)
    assert stage.said == []
    assert stage.told == []


def test_there_are_dialogs_for_many_situations():
    assert len(DIALOGS) >= 75


def _manner(lines: list[str]) -> Manner:
    return Manner(
        use_tls="PLAIN" not in lines,
        require_tls="REQUIRE-TLS" in lines,
        pipeline="STEP-BY-STEP" not in lines,
        say_helo="HELO-FIRST" in lines,
    )


class _Stage:
    def __init__(self, manner: Manner, *, by_octet: bool) -> None:
        self.session = ClientSession("us.example", Peer("mx.example", "192.0.2.1"), manner)
        self.by_octet = by_octet
        self.said: list[str] = []
        self.told: list[str] = []

    def play(self, line: str) -> None:
        kind, _, rest = line.partition(" ")
        match kind:
            case "S:":
                self._feed(rest.encode() + b"\r\n")
            case "C:":
                assert self.said
                assert self.said.pop(0) == rest
            case "EVENT":
                assert self.told
                assert self.told.pop(0) == rest
            case "DO":
                self._do(*rest.split(" "))
            case "WIRE":
                current = self.session.current
                assert current is not None
                assert octets(rest) in current.wire
            case "S!":
                self._feed(octets(rest))
            case "#" | "PLAIN" | "REQUIRE-TLS" | "STEP-BY-STEP" | "HELO-FIRST" | "":
                pass
            case _:
                raise AssertionError(f"not understood: {line}")
        self.said += self.session.take().decode().splitlines()

    def _feed(self, octets: bytes) -> None:
        for piece in [octets[at : at + 1] for at in range(len(octets))] if self.by_octet else [octets]:
            for event in self.session.receive(piece):
                self._tell(event)

    def _tell(self, event: Event) -> None:
        match event:
            case Ready():
                self.told.append("ready")
            case BeginTls():
                self.told.append("tls")
            case SendContent(transaction):
                self.told.append(f"content {transaction.request.token}")
            case Ended(transaction):
                self.told.append(f"ended {transaction.request.token}: {_words(transaction.decided())}")
            case Refused(reply):
                self.told.append(f"refused {reply.code}")
            case Closing(reply):
                self.told.append(f"closing {reply.code}")
                self._abandon(reply)
            case Faulted(error):
                self.told.append("faulted")
                self._abandon(error)

    def _abandon(self, ending: Ending) -> None:
        for transaction in self.session.abandon():
            outcomes = outcomes_after(ending, transaction, self.session.peer)
            self.told.append(f"left {transaction.request.token}: {_words(outcomes)}")

    def _do(self, what: str, *details: str) -> None:
        match what:
            case "start":
                self._start(int(details[0]), dict(detail.partition("=")[::2] for detail in details[1:]))
            case "dot":
                self.session.dot_sent()
            case "tls":
                self.session.tls_started("TLSv1.3")
            case "quit":
                self.session.quit()
            case "lose":
                self._abandon(PeerDisconnected("connection lost"))
            case _:
                raise AssertionError(f"not understood: {what}")

    def _start(self, token: int, wanted: dict[str, str]) -> None:
        addresses = wanted.get("to", "b@example.com").split(",")
        job = FakeJob(
            token=token,
            reverse_path=wanted.get("from", "a@example.org"),
            recipients=tuple(
                JobRecipient(at, address, wanted.get("notify", ""), wanted.get("orcpt", ""))
                for at, address in enumerate(addresses)
            ),
            ret=wanted.get("ret", ""),
            envid=wanted.get("envid", ""),
            size_bytes=int(wanted.get("size", "100")),
            eight_bit="8bit" in wanted,
            content=octets(wanted.get("content", "Subject: x\\r\\n\\r\\nhello\\r\\n").replace("_", " ")),
            smtputf8="utf8" in wanted,
        )
        transaction = Transaction(job)
        prepared = prepare(self.session, transaction)
        if isinstance(prepared, Failed):
            self.told.append(f"objected {token}: {_words([prepared])} {prepared.why.split()[0]}")
            return
        self.session.start(transaction, prepared)


def _words(outcomes: list[Outcome]) -> str:
    return ", ".join(_word(outcome) for outcome in outcomes)


def _word(outcome: Outcome) -> str:
    match outcome:
        case Delivered(relayed_dsn=relayed):
            return "delivered relayed" if relayed else "delivered"
        case Failed(stage, scope):
            return f"failed {stage} {scope}"
        case Deferred(stage, scope, ambiguous=ambiguous, category=kind):
            return " ".join(filter(None, (f"deferred {stage} {scope}", "ambiguous" if ambiguous else "", kind)))
