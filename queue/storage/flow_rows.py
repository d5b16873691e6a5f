"""Rows of the table `flow`: which number a flow has.

Owns   the SQL over it and a cache of the flows used lately.
Knows  nothing of what follows from a flow.

Each method is part of an operation of GroupCommit and is atomic with it.
"""

import sqlite3

from ..classes import MailClass
from ..flows import Flow, FlowKey

_MAX_CACHED = 20_000


class FlowRows:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._ids: dict[tuple[int, str, int, str], int] = {}
        self._flows: dict[int, Flow] = {}

    def forget(self) -> None:
        """Something was rolled back: a row may not exist."""
        self._ids.clear()
        self._flows.clear()

    def id_of(self, account_id: int, mail_class: str, stream_id: int, sender_domain: str) -> int:
        """The flow's number; a new flow gets one."""
        key = (account_id, str(mail_class), stream_id, sender_domain)
        return self._ids.get(key) or self._made(key)

    def flow_if_known(self, account_id: int, mail_class: MailClass, stream_id: int, sender_domain: str) -> Flow | None:
        """The flow if memory has it; no statement."""
        flow_id = self._ids.get((account_id, mail_class.value, stream_id, sender_domain))
        return self._flows.get(flow_id) if flow_id is not None else None

    def flow(self, flow_id: int) -> Flow:
        """Raises LookupError when there is none."""
        known = self._flows.get(flow_id)
        if known is not None:
            return known
        query = "SELECT account_id, mail_class, stream_id, sender_domain FROM flow WHERE id = ?"
        row = self._db.execute(query, (flow_id,)).fetchone()
        if row is None:
            raise LookupError(f"there is no flow {flow_id}")
        flow = Flow(flow_id, FlowKey(row[0], MailClass(row[1]), row[2], row[3]))
        if len(self._flows) >= _MAX_CACHED:
            self._ids.clear()
            self._flows.clear()
        self._flows[flow_id] = flow
        return flow

    def _made(self, key: tuple[int, str, int, str]) -> int:
        columns = "account_id = ? AND mail_class = ? AND stream_id = ? AND sender_domain = ?"
        row = self._db.execute(f"SELECT id FROM flow WHERE {columns}", key).fetchone()
        if row is None:
            row = self._db.execute(
                "INSERT INTO flow (account_id, mail_class, stream_id, sender_domain) VALUES (?, ?, ?, ?) RETURNING id",
                key,
            ).fetchone()
        self.flow(row[0])
        self._ids[key] = row[0]
        return row[0]
