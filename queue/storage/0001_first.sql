-- queue.db, version 1. The only writer is the owner process (DESIGN §4, §5).
-- Numbers of states: queue/states.py. All times are UTC epoch milliseconds.

CREATE TABLE incarnation (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    role        TEXT    NOT NULL CHECK (role IN ('owner', 'worker')),
    boot_id     TEXT    NOT NULL,
    started_ms  INTEGER NOT NULL
);

-- One row per recipient domain that was ever written to. due_ms: when its first scheduled recipient is due, NULL for none.
CREATE TABLE domain (
    id      INTEGER PRIMARY KEY,
    name    TEXT    NOT NULL UNIQUE,
    due_ms  INTEGER
);
CREATE INDEX domain_due ON domain (due_ms) WHERE due_ms IS NOT NULL;

CREATE TABLE stream (
    id          INTEGER PRIMARY KEY,
    account_id  INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    run_state   TEXT    NOT NULL CHECK (run_state IN ('running', 'paused', 'stopped')),
    message_id  INTEGER NOT NULL,
    created_ms  INTEGER NOT NULL
);

-- What bytes are made of. kind: 'submitted' (head + body as they are) or 'template' (head + body with merge fields).
CREATE TABLE content (
    id     INTEGER PRIMARY KEY,
    kind   TEXT NOT NULL CHECK (kind IN ('submitted', 'template')),
    head   BLOB NOT NULL,
    body   BLOB,
    spool  TEXT,
    CHECK ((body IS NULL) != (spool IS NULL))
);
CREATE INDEX content_spool ON content (spool) WHERE spool IS NOT NULL;

-- An envelope without its recipients; for a stream, the envelope that all its recipients share.
CREATE TABLE message (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    content_id     INTEGER NOT NULL,
    stream_id      INTEGER NOT NULL DEFAULT 0,
    account_id     INTEGER NOT NULL,
    credential_id  INTEGER NOT NULL,
    mail_class     TEXT    NOT NULL CHECK (mail_class IN ('people', 'transactional', 'bulk')),
    reverse_path   TEXT    NOT NULL,
    body_type      TEXT    NOT NULL,
    smtputf8       INTEGER NOT NULL,
    ret            TEXT    NOT NULL,
    envid          TEXT    NOT NULL,
    size_bytes     INTEGER NOT NULL,
    eight_bit      INTEGER NOT NULL,
    received_ms    INTEGER NOT NULL,
    expires_ms     INTEGER NOT NULL,
    source         TEXT    NOT NULL,
    is_notice      INTEGER NOT NULL DEFAULT 0
);

-- notice: 0 nothing owed, 1 a failure notice is owed, 2 it was queued. journal_seq: newest journal row of this
-- recipient (its history is the chain of prev_seq). stream_key: makes enqueueing idempotent within a stream.
CREATE TABLE recipient (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id    INTEGER NOT NULL,
    domain_id     INTEGER NOT NULL,
    address       TEXT    NOT NULL,
    address_hash  INTEGER NOT NULL,
    state         INTEGER NOT NULL CHECK (state IN (0, 1, 2, 10, 11, 12, 13, 14, 15)),
    attempts      INTEGER NOT NULL DEFAULT 0,
    next_ms       INTEGER,
    lease         INTEGER,
    notice        INTEGER NOT NULL DEFAULT 0 CHECK (notice IN (0, 1, 2)),
    journal_seq   INTEGER NOT NULL DEFAULT 0,
    notify        TEXT,
    orcpt         TEXT,
    stream_key    TEXT,
    fields        TEXT,
    CHECK ((state = 1) = (lease IS NOT NULL)),
    CHECK ((state IN (0, 2)) = (next_ms IS NOT NULL))
);
CREATE INDEX recipient_due ON recipient (domain_id, next_ms) WHERE state = 0;
CREATE INDEX recipient_lease ON recipient (lease) WHERE state = 1;
CREATE INDEX recipient_held ON recipient (next_ms) WHERE state = 2;
CREATE INDEX recipient_notice ON recipient (message_id) WHERE notice = 1;
CREATE INDEX recipient_address ON recipient (address_hash);
CREATE INDEX recipient_message ON recipient (message_id);
CREATE UNIQUE INDEX recipient_stream_key ON recipient (message_id, stream_key) WHERE stream_key IS NOT NULL;

-- Connects of the last minutes, so that a new owner's windows start where the old one's were (Q4).
CREATE TABLE connect (
    at_ms     INTEGER NOT NULL,
    provider  TEXT    NOT NULL,
    source    TEXT    NOT NULL
);
CREATE INDEX connect_at ON connect (at_ms);

-- Append-only facts. kind: queue/journal.py. facts: a JSON object of keys and values, never sentences.
CREATE TABLE journal (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms         INTEGER NOT NULL,
    kind          TEXT    NOT NULL,
    account_id    INTEGER NOT NULL,
    message_id    INTEGER NOT NULL,
    recipient_id  INTEGER NOT NULL,
    prev_seq      INTEGER NOT NULL,
    facts         TEXT    NOT NULL
);
