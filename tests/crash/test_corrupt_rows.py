"""Rows of queue.db written wrong behind the server's back: the one recipient waits for a person, all other mail flows.

All the damages are done to one stopped queue at once, each to a letter of its own that has a neighbour in every domain.
"""

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes.internet import change, own_domain, simulated_internet
from fakes.posting import Fate, Letter, fates, post
from fakes.running import Running, until
from youtong.mta.simulator.simulator import Simulator
from youtong.queue.states import RecipientState

pytestmark = pytest.mark.crash
DOMAIN, OTHER = own_domain(0), own_domain(1)
_S = RecipientState
_LARGE = 150_000


@dataclass(frozen=True)
class Damage:
    """What is done to the letter `name`; `?` stands for the number of its message."""

    name: str
    statement: str
    ends: RecipientState | None  # None: the row itself is gone, or nothing can be promised but peace
    octets: int = 300


_OF_MESSAGE = "WHERE message_id = ?"
DAMAGES = (
    Damage("class", "UPDATE message SET mail_class = 'nonsense' WHERE id = ?", _S.HELD),
    Damage("path", "UPDATE message SET reverse_path = x'ff00fe' WHERE id = ?", _S.HELD),
    Damage("body-type", "UPDATE message SET body_type = 'nonsense' WHERE id = ?", _S.HELD),
    Damage("address", f"UPDATE recipient SET address = 'nobody' {_OF_MESSAGE}", _S.HELD),
    Damage("address-blob", f"UPDATE recipient SET address = x'ff00' {_OF_MESSAGE}", _S.HELD),
    Damage("message-gone", "DELETE FROM message WHERE id = ?", _S.SKIPPED),
    Damage("content-gone", "DELETE FROM content WHERE id = (SELECT content_id FROM message WHERE id = ?)", _S.SKIPPED),
    Damage("kind", "UPDATE content SET kind = 'nonsense' WHERE id = ?", _S.SKIPPED),
    Damage("head", "UPDATE content SET head = 'no octets' WHERE id = ?", _S.SKIPPED),
    Damage("spool-gone", "UPDATE content SET spool = 'nowhere' WHERE id = ?", _S.SKIPPED, _LARGE),
    Damage("spool-short", "SELECT ?", _S.SKIPPED, _LARGE),
    Damage("fields", f"UPDATE recipient SET fields = '{{no json' {_OF_MESSAGE}", _S.DELIVERED),
    Damage("facts", f"UPDATE journal SET facts = 'no json' {_OF_MESSAGE}", _S.DELIVERED),
    Damage("kind-of-fact", f"UPDATE journal SET kind = 'nonsense' {_OF_MESSAGE}", _S.DELIVERED),
    Damage(
        "wish",
        "INSERT INTO wish (recipient_id, verb, reason, who) SELECT id, 'nonsense', '', '' FROM recipient"
        f" {_OF_MESSAGE}",
        _S.DELIVERED,
    ),
    Damage("flow", f"UPDATE recipient SET flow_id = 4711 {_OF_MESSAGE}", None),
)
GENERAL = (
    "UPDATE recipient SET next_ms = 1 WHERE state = 0",
    "UPDATE backlog SET waiting = 1, due_ms = 1, look_ms = 1",
    "INSERT INTO backlog (domain_id, flow_id, waiting, due_ms, look_ms) VALUES (4712, 1, 1, 0, 0)",
    "INSERT INTO backlog (domain_id, flow_id, waiting, due_ms, look_ms)"
    " SELECT id, 4711, 1, 0, 0 FROM domain WHERE name = 'own0.test'",
    "INSERT INTO suspension (scope, subject, source, sender_domain, stop, share, rate_count, rate_seconds, connections,"
    " since_ms, until_ms, rule, reply, reason, who, operation) VALUES ('nonsense', '', '', '', 1, 0, 0, 0, 0, 0, NULL,"
    " '', '', '', '', 0)",
    "INSERT INTO stream (id, account_id, name, run_state, message_id, created_ms)"
    " VALUES (900, 1, 'x', 'nonsense', 1, 1)",
)


@pytest.fixture
async def internet() -> AsyncIterator[Simulator]:
    async with simulated_internet(own=4) as simulator:
        yield simulator


@pytest.mark.timeout(120)
async def test_damaged_rows_wait_for_a_person_or_are_skipped_and_all_other_mail_flows(
    internet: Simulator, tmp_path: Path
) -> None:
    running = Running(tmp_path, internet)
    damaged = {each.name: Letter(each.name, (f"{each.name}@{DOMAIN}",), each.octets) for each in DAMAGES}
    sound = [Letter(f"sound{n}", (f"sound{n}@{DOMAIN}", f"sound{n}@{OTHER}"), 300) for n in range(20)]
    change(internet, "own0", rule=[{"at": "mail", "do": "reply", "reply": "451 4.3.0 Not now"}])
    change(internet, "own1", rule=[{"at": "mail", "do": "reply", "reply": "451 4.3.0 Not now"}])
    await running.start()
    await post(running, [*damaged.values(), *sound])
    assert fates([*damaged.values(), *sound]) == {Fate.ACCEPTED: len(damaged) + len(sound)}
    await until(lambda: _all_attempted(running), "somebody was never attempted")
    assert await running.terminate() == 0
    _do_damage(running)
    for name in ("own0", "own1"):
        change(internet, name, rule=[])
    await running.start()
    await until(lambda: _are_delivered(running, sound), f"sound mail does not flow:\n{_report(running)}", 30)
    await until(lambda: _have_ended(running), "damaged mail never comes to rest", 30)
    assert await _can_be_looked_at(running) == []
    assert (await running.ask("owner", verb="status"))["pid"]
    later = Letter("later", (f"later@{DOMAIN}",))
    await post(running, [later])
    await until(lambda: _are_delivered(running, [later]), "later mail does not flow")
    copies = internet.ledger.accepted
    assert {who: copies[who] for who in copies if copies[who] > 1} == {}
    assert await running.terminate() == 0
    await running.end()


async def _all_attempted(running: Running) -> bool:
    return not running.count("SELECT count(*) FROM recipient WHERE state = 1 OR (attempts = 0)")


def _do_damage(running: Running) -> None:
    db = sqlite3.connect(running.data_dir / "queue.db", isolation_level=None)
    db.execute("PRAGMA ignore_check_constraints = ON")
    ids = dict(db.execute("SELECT substr(address, 1, instr(address, '@') - 1), message_id FROM recipient"))
    (spool,) = db.execute("SELECT spool FROM content WHERE id = ?", (ids["spool-short"],)).fetchone()
    path = running.data_dir / "spool" / spool
    path.write_bytes(path.read_bytes()[:70_000])
    for damage in DAMAGES:
        db.execute(damage.statement, (ids[damage.name],))
        (running.folder / f"{damage.name}.id").write_text(str(ids[damage.name]))
    for statement in GENERAL:
        db.execute(statement)
    db.close()


def _states(running: Running) -> dict[str, int]:
    rows = dict(running.rows("SELECT message_id, state FROM recipient"))
    return {each.name: int(str(rows[int((running.folder / f"{each.name}.id").read_text())])) for each in DAMAGES}


async def _are_delivered(running: Running, letters: list[Letter]) -> bool:
    await running.flush()
    await asyncio.sleep(0.2)
    wanted = [who for letter in letters for who in letter.recipients]
    delivered = {who for (who,) in running.rows("SELECT address FROM recipient WHERE state = 10")}
    return delivered.issuperset(wanted)


async def _have_ended(running: Running) -> bool:
    await running.flush()
    await asyncio.sleep(0.2)
    states = _states(running)
    return all(each.ends is None or states[each.name] == each.ends for each in DAMAGES)


def _report(running: Running) -> str:
    states = {name: RecipientState(state).name for name, state in _states(running).items()}
    return f"{states}\n" + "\n".join(line for line in running.log().splitlines() if "ERROR" in line)[-3000:]


async def _can_be_looked_at(running: Running) -> list[str]:
    """What the commands say of it: those that fail."""
    faults: list[str] = []
    addresses = [f"{each.name}@{DOMAIN}" for each in DAMAGES if not each.name.startswith("address")]
    for command in (["queue", "list"], ["stream", "list"], ["queue", "suspensions"],
                    *(["explain", "recipient", each] for each in addresses)):  # fmt: skip
        code, said = await _run(running, *command)
        if code or not said:
            faults.append(f"{command} {code}: {said[-300:]}")
    return faults


async def _run(running: Running, *words: str) -> tuple[int | None, str]:
    child = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("youtong"), *words, "--config", running.config,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "LC_ALL": "C", "XDG_STATE_HOME": str(running.folder)},
    )  # fmt: skip
    said, _ = await child.communicate()
    return child.returncode, said.decode()
