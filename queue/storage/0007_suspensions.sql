-- queue.db, version 7: what is stopped or slowed (queue/pace/suspensions.py), and what operators did (queue/operators/operations.py).

-- In force while ended_ms is NULL and until_ms is NULL or still to come. Ended ones are history, kept for a while.
-- rate_count 0: no rate; connections 0: as they are; rule '': an operator's. operation: the one that made it, or 0.
CREATE TABLE suspension (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    scope          TEXT    NOT NULL CHECK (scope IN ('provider', 'site', 'domain', 'account', 'stream')),
    subject        TEXT    NOT NULL,
    source         TEXT    NOT NULL,
    sender_domain  TEXT    NOT NULL,
    stop           INTEGER NOT NULL CHECK (stop IN (0, 1)),
    share          REAL    NOT NULL,
    rate_count     INTEGER NOT NULL,
    rate_seconds   REAL    NOT NULL,
    connections    INTEGER NOT NULL,
    since_ms       INTEGER NOT NULL,
    until_ms       INTEGER,
    rule           TEXT    NOT NULL,
    reply          TEXT    NOT NULL,
    reason         TEXT    NOT NULL,
    who            TEXT    NOT NULL,
    operation      INTEGER NOT NULL,
    ended_ms       INTEGER,
    ended_by       TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX suspension_in_force ON suspension (until_ms) WHERE ended_ms IS NULL;

-- selection: JSON (queue/operators/selections.py). first_seq, last_seq: the journal rows of what it changed lie between them.
-- suspensions: JSON, the numbers of those it made or ended. undone_by: the operation that undid it, or 0.
CREATE TABLE operation (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms        INTEGER NOT NULL,
    who          TEXT    NOT NULL,
    verb         TEXT    NOT NULL,
    selection    TEXT    NOT NULL CHECK (json_valid(selection)),
    reason       TEXT    NOT NULL,
    changed      INTEGER NOT NULL DEFAULT 0,
    busy         INTEGER NOT NULL DEFAULT 0,
    first_seq    INTEGER NOT NULL DEFAULT 0,
    last_seq     INTEGER NOT NULL DEFAULT 0,
    suspensions  TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(suspensions)),
    undoes       INTEGER NOT NULL DEFAULT 0,
    undone_by    INTEGER NOT NULL DEFAULT 0
);

ALTER TABLE wish ADD COLUMN operation INTEGER NOT NULL DEFAULT 0;
