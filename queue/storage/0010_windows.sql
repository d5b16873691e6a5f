-- queue.db, version 10: what left by minutes, for windows longer than the journal is read back (Q4).
-- Kept only for lanes that have such a window; site '' = all sites together.
CREATE TABLE sent_minute (
    provider   TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    site       TEXT    NOT NULL,
    minute_ms  INTEGER NOT NULL,
    mails      INTEGER NOT NULL,
    connects   INTEGER NOT NULL,
    PRIMARY KEY (provider, source, site, minute_ms)
) WITHOUT ROWID;
CREATE INDEX sent_minute_at ON sent_minute (minute_ms);

-- MAILs of leases that were recovered: on which lane they left is known when mail for their domain goes next.
CREATE TABLE recovered_mail (
    at_ms   INTEGER NOT NULL,
    domain  TEXT    NOT NULL,
    mails   INTEGER NOT NULL
);
CREATE INDEX recovered_mail_at ON recovered_mail (at_ms);
