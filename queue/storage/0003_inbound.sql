-- queue.db, version 3: mail that arrived over the inbound listener, until somebody has read it or it is too old.

-- A follower reads by seq and deletes. recipients: JSON, an array for each (queue/inbound/inbound_mail.py:Addressee).
CREATE TABLE inbound (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms         INTEGER NOT NULL,
    reverse_path  TEXT    NOT NULL,
    client        TEXT    NOT NULL,
    helo          TEXT    NOT NULL,
    tls           TEXT    NOT NULL,
    size_bytes    INTEGER NOT NULL,
    recipients    TEXT    NOT NULL CHECK (json_valid(recipients))
);
CREATE INDEX inbound_at ON inbound (at_ms);

-- Apart, so that lists and sums read no bodies.
CREATE TABLE inbound_content (
    seq    INTEGER PRIMARY KEY,
    head   BLOB NOT NULL,
    body   BLOB,
    spool  TEXT,
    CHECK ((body IS NULL) != (spool IS NULL))
);
CREATE INDEX inbound_content_spool ON inbound_content (spool) WHERE spool IS NOT NULL;
