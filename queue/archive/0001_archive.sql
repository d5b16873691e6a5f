-- archive.db, version 1: recipients that ended long ago, their messages, and what happened to them.
-- Numbers and names are those of queue.db. All times are UTC epoch milliseconds.

CREATE TABLE message (
    id             INTEGER PRIMARY KEY,
    content_id     INTEGER NOT NULL,
    stream_id      INTEGER NOT NULL,
    account_id     INTEGER NOT NULL,
    credential_id  INTEGER NOT NULL,
    mail_class     TEXT    NOT NULL,
    reverse_path   TEXT    NOT NULL,
    body_type      TEXT    NOT NULL,
    smtputf8       INTEGER NOT NULL,
    envid          TEXT    NOT NULL,
    size_bytes     INTEGER NOT NULL,
    received_ms    INTEGER NOT NULL,
    expires_ms     INTEGER NOT NULL,
    source         TEXT    NOT NULL,
    is_notice      INTEGER NOT NULL
);
CREATE INDEX message_received ON message (received_ms);

-- history: its journal rows, oldest first (queue/archive/history_text.py). Nothing here ever changes.
CREATE TABLE recipient (
    id            INTEGER PRIMARY KEY,
    message_id    INTEGER NOT NULL,
    domain_id     INTEGER NOT NULL,
    domain        TEXT    NOT NULL,
    address       TEXT    NOT NULL,
    address_hash  INTEGER NOT NULL,
    state         INTEGER NOT NULL CHECK (state >= 10),
    attempts      INTEGER NOT NULL,
    notice        INTEGER NOT NULL CHECK (notice IN (0, 2)),
    journal_seq   INTEGER NOT NULL,
    notify        TEXT    NOT NULL,
    orcpt         TEXT    NOT NULL,
    stream_key    TEXT,
    ended_ms      INTEGER NOT NULL,
    history       BLOB    NOT NULL
);
CREATE INDEX recipient_message ON recipient (message_id);
CREATE INDEX recipient_address ON recipient (address_hash);
CREATE INDEX recipient_ended ON recipient (ended_ms);

-- Facts that are about no recipient: that a message was accepted, and the like.
CREATE TABLE fact (
    seq         INTEGER PRIMARY KEY,
    at_ms       INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    account_id  INTEGER NOT NULL,
    message_id  INTEGER NOT NULL,
    facts       TEXT    NOT NULL
);
CREATE INDEX fact_at ON fact (at_ms);

-- How far the walk over such facts has come, in its one row.
CREATE TABLE walked (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL
);
INSERT INTO walked (one, seq) VALUES (1, 0);
