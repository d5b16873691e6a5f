"""A queue.db with millions of recipients that wait: `python -m bench.filling FOLDER N` makes a data folder.

Owns   what such a queue is made of: nine in ten belong to ten streams of five accounts, the others to people's letters
       of a hundred sender domains; over a hundred thousand domains; all were deferred once and are due again in the
       next hours, so that nothing of it leaves while something else is measured.
Knows  nothing of measuring. Written with SQL alone, indexes last: ten million take minutes, not hours.
"""

import asyncio
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from youtong.admin.store import AppDatabase
from youtong.queue.ids import address_hash
from youtong.queue.states import RecipientState
from youtong.queue.storage.database import connect, migrate

DOMAINS = 100_000
_STREAMS, _ACCOUNTS, _SENDERS = 10, 5, 100
_HOUR_MS = 3_600_000
_HEAD = b"From: news@sender.test\r\nTo: somebody\r\nSubject: a letter that waits\r\n\r\n"

_NUMBERS = "WITH RECURSIVE n (i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)\n"
_DOMAIN = _NUMBERS + "INSERT INTO domain (id, name) SELECT i, 'd' || i || '.deep.test' FROM n"
_STREAM = """
INSERT INTO stream (id, account_id, name, run_state, message_id, created_ms, changed_ms)
VALUES (:id, :account, 'stream ' || :id, 'running', :id, :now, :now)
"""
_FLOW = """
INSERT INTO flow (id, account_id, mail_class, stream_id, sender_domain) VALUES (:id, :account, :class, :stream, :sender)
"""
_CONTENT = _NUMBERS + "INSERT INTO content (id, kind, head, body) SELECT i, :kind, :head, zeroblob(300) FROM n"
_MESSAGE = (
    _NUMBERS
    + """
INSERT INTO message (id, content_id, stream_id, account_id, credential_id, mail_class, reverse_path, body_type,
                     smtputf8, ret, envid, size_bytes, eight_bit, received_ms, expires_ms, source)
SELECT i, i, :streamed * i, i % :accounts + 1, 0, :class, 'a@' || 's' || (i % :senders) || '.test', '7BIT',
       0, '', '', 400, 0, :now - 3600000, :now + 432000000, ''
FROM n
"""
)
_RECIPIENT = (
    _NUMBERS
    + """
INSERT INTO recipient (id, message_id, domain_id, flow_id, address, address_hash, state, attempts, next_ms,
                       journal_seq, stream_key, fields)
SELECT i, message_id, domain_id, flow_id, address, address_hash(address), :state, 1,
       :now + 3600000 + (i * 7919) % 18000000, i, stream_key, fields
FROM (SELECT i, (i * 6151) % :domains + 1 AS domain_id,
             'somebody' || i || '@d' || ((i * 6151) % :domains + 1) || '.deep.test' AS address,
             CASE WHEN i <= :streamed THEN (i - 1) * :streams / :streamed + 1 ELSE i - :streamed + :streams END
                 AS message_id,
             CASE WHEN i <= :streamed THEN (i - 1) * :streams / :streamed + 1
                 ELSE :streams + (i - :streamed + :streams) % :senders + 1 END AS flow_id,
             CASE WHEN i <= :streamed THEN 'k' || i END AS stream_key,
             CASE WHEN i <= :streamed THEN '{"name":"somebody ' || i || '"}' END AS fields
      FROM n)
"""
)
_JOURNAL = """
INSERT INTO journal (seq, at_ms, kind, account_id, message_id, recipient_id, prev_seq, facts)
SELECT r.id, :now - 3000000, 'deferred', m.account_id, m.id, r.id, 0,
       '{"attempt":1,"source":"default","site":"mx.deep.test","stage":"rcpt","scope":"recipient","code":451,'
       || '"enhanced":"4.7.1","text":"greylisted, try again later","mailed":true,"next_ms":' || r.next_ms || '}'
FROM recipient AS r JOIN message AS m ON m.id = r.message_id
"""
_BACKLOG = """
INSERT INTO backlog (domain_id, flow_id, waiting, due_ms, look_ms)
SELECT domain_id, flow_id, count(*), min(next_ms), min(next_ms) FROM recipient WHERE state = :state
GROUP BY domain_id, flow_id
"""
_WAITING = """
INSERT INTO waiting (provider, flow_id, waiting) SELECT '', flow_id, sum(waiting) FROM backlog GROUP BY flow_id
"""


def fill_folder(folder: Path, recipients: int) -> None:
    """A whole data folder of a server that has run: the journal was followed to its end."""
    folder.mkdir(parents=True, exist_ok=True)
    fill(folder / "queue.db", recipients, int(time.time() * 1000))
    asyncio.run(_follow(folder / "app.db", recipients))


async def _follow(path: Path, last_seq: int) -> None:
    app = await AppDatabase.open(path)
    async with app.transaction() as transaction:
        await transaction.run("INSERT INTO follower (name, seq) VALUES ('counters', ?)", last_seq)
    await app.close()


def fill(path: Path, recipients: int, now_ms: int, domains: int = DOMAINS) -> None:
    """Make a queue.db of the newest version in which so many recipients wait."""
    with closing(connect(path)) as db:
        migrate(db)
        db.create_function("address_hash", 1, address_hash, deterministic=True)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -500000", "threads = 2"):
            db.execute(f"PRAGMA {pragma}").fetchall()
        with _without_indexes(db):
            _fill(db, recipients, now_ms, domains)
        db.execute("PRAGMA journal_mode = WAL").fetchall()


@contextmanager
def _without_indexes(db: sqlite3.Connection) -> Iterator[None]:
    """A sorted index is made in a fraction of the time that its entries take one by one."""
    made = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
    for name, _ in made:
        db.execute(f'DROP INDEX "{name}"')
    yield
    for _, sql in made:
        db.execute(sql)


def _fill(db: sqlite3.Connection, recipients: int, now_ms: int, domains: int) -> None:
    streamed = recipients * 9 // 10
    common = {
        "now": now_ms, "domains": domains, "streams": _STREAMS, "streamed": streamed, "accounts": _ACCOUNTS,
        "senders": _SENDERS, "state": int(RecipientState.SCHEDULED), "head": _HEAD,
    }  # fmt: skip
    db.execute("BEGIN")
    db.execute(_DOMAIN, {**common, "first": 1, "last": domains})
    _flows(db, now_ms)
    for first, last, kind, mail_class, is_stream in (
        (1, _STREAMS, "template", "bulk", 1),
        (_STREAMS + 1, _STREAMS + recipients - streamed, "submitted", "people", 0),
    ):
        span = {**common, "first": first, "last": last}
        db.execute(_CONTENT, {**span, "kind": kind})
        db.execute(_MESSAGE, {**span, "class": mail_class, "streamed": is_stream})
    db.execute(_RECIPIENT, {**common, "first": 1, "last": recipients})
    db.execute(_JOURNAL, common)
    db.execute(_BACKLOG, common)
    db.execute(_WAITING)
    db.execute("COMMIT")


def _flows(db: sqlite3.Connection, now_ms: int) -> None:
    for number in range(1, _STREAMS + 1):
        account = number % _ACCOUNTS + 1
        db.execute(_STREAM, {"id": number, "account": account, "now": now_ms})
        sender = f"s{number % _SENDERS}.test"
        db.execute(_FLOW, {"id": number, "account": account, "class": "bulk", "stream": number, "sender": sender})
    for number in range(_SENDERS):
        row = {"id": _STREAMS + number + 1, "account": number % _ACCOUNTS + 1, "class": "people", "stream": 0}
        db.execute(_FLOW, {**row, "sender": f"s{number}.test"})


if __name__ == "__main__":
    began = time.monotonic()
    fill_folder(Path(sys.argv[1]), int(sys.argv[2]))
    print(f"{time.monotonic() - began:.1f} s, {(Path(sys.argv[1]) / 'queue.db').stat().st_size / 2**20:.0f} MiB")
