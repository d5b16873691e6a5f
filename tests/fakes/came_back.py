"""What comes back for letters, and what follows: cases of returns.toml, and what a server did."""

import base64
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
from fakes.running import Running, read, until
from fakes.taking_mail import OURS, account_number, leading_here
from youtong.mta.simulator.settings import Late, MxHost, ProviderSettings, Servers, Settings
from youtong.mta.simulator.simulator import Simulator

_NEWS = "('late-bounce', 'complaint', 'auto-reply', 'heard-delay', 'heard-success')"


class Followed(msgspec.Struct, frozen=True):
    """What is to be heard of a recipient, what it counts as, and why no mailing goes there any more."""

    heard: tuple[str, ...] = ()
    fate: str = "delivered"
    suppressed: str = ""


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    who: str
    late: tuple[Late, ...]
    heard: tuple[str, ...] = ()
    fate: str = "delivered"
    suppressed: str = ""
    refused: int = 0
    turn: int = 0

    @property
    def address(self) -> str:
        return f"{self.who}@p.test"

    @property
    def expected(self) -> Followed:
        return Followed(self.heard, self.fate, self.suppressed)


def cases_in(path: Path) -> list[Case]:
    return msgspec.convert(tomllib.loads(path.read_text("utf-8"))["case"], list[Case])


def sending_back(cases: list[Case], *domains: str, address: str) -> Settings:
    """An internet with one provider, p.test, that does it; mail for the domains leads to our server."""
    late = [msgspec.structs.replace(each, recipients=(case.who,)) for case in cases for each in case.late]
    provider = ProviderSettings("p", ("p.test",), (MxHost("mx.p.test", address),), late=tuple(late))
    servers = Servers(dns="127.0.0.1:0", port=0, control="")
    return Settings(servers, (provider,), leading_here(*domains))


async def send_stream(running: Running, *addresses: str, **more: object) -> int:
    """A mailing of ann's."""
    new: dict[str, Any] = {
        "account_id": account_number(running), "name": "news", "reverse_path": f"news@{OURS}",
        "lifetime_ms": 86_400_000, "head": _octets(f"From: <news@{OURS}>\r\nSubject: News\r\n\r\n"),
        "body": _octets("News.\r\n"), **more,
    }  # fmt: skip
    number = int(str((await running.ask("owner", verb="stream", do="create", stream=new))["stream_id"]))
    recipients = [(each, each, {}) for each in sorted(addresses)]
    await running.ask("owner", verb="stream", do="enqueue", stream_id=number, recipients=recipients)
    return number


def _octets(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def send_to(running: Running, cases: list[Case]) -> None:
    """A mailing for each that has a turn, when the one before it has arrived; then one for all others."""
    for case in sorted((each for each in cases if each.turn), key=lambda case: case.turn):
        await send_stream(running, case.address)
        await running.quiet()
    await send_stream(running, *(each.address for each in cases if not each.turn))


async def came_back(running: Running, internet: Simulator, sent: int, refused: int = 0) -> None:
    """Until so many messages were sent back, so many were refused, and all that came in is read and followed."""
    counted = internet.providers["p"].count

    async def have() -> bool:
        unread = running.count("SELECT count(*) FROM inbound WHERE read_as = ''")
        return counted["sent back"] >= sent and counted["not sent back"] >= refused and not unread

    try:
        await until(have, "")
    finally:
        assert (counted["sent back"], counted["not sent back"]) == (sent, refused), dict(counted)
    await running.counted()


def followed(running: Running) -> dict[str, Followed]:
    """What did follow, by address; of the first letter to each, if there were more."""
    heard: dict[str, list[str]] = {}
    for address, kind, category in running.rows(
        "SELECT r.address, j.kind, ifnull(json_extract(j.facts, '$.outcome_kind'), '') FROM journal AS j"
        f" JOIN recipient AS r ON r.id = j.recipient_id WHERE j.kind IN {_NEWS} ORDER BY j.seq"
    ):
        heard.setdefault(str(address), []).append(f"{kind} {category}".rstrip())
    reasons = suppressed(running)
    return {
        str(address): Followed(tuple(heard.get(str(address), ())), str(fate), reasons.get(str(address), ""))
        for address, fate in running.rows(
            "SELECT r.address, coalesce(nullif(b.fate, ''), j.kind) FROM recipient AS r"
            " JOIN journal AS j ON j.recipient_id = r.id AND j.kind IN ('delivered', 'bounced', 'skipped', 'expired')"
            " LEFT JOIN returned AS b ON b.recipient_id = r.id ORDER BY r.id DESC"
        )
    }


def suppressed(running: Running) -> dict[str, str]:
    rows = read(running.data_dir / "app.db", "SELECT address, reason FROM suppression")
    return {str(address): str(reason) for address, reason in rows}


def counters(running: Running) -> Counter[str]:
    """What reports count: recipients by fate."""
    rows = read(running.data_dir / "app.db", "SELECT fate, sum(count) FROM fate_counter GROUP BY fate")
    return Counter({str(fate): int(str(count)) for fate, count in rows if count})
