-- What came of recipients: each one counts once, by its fate (queue/returns/fates.py). day: when it ended; news that
-- changes a fate later takes one from the old and gives one to the new, on that same day.
CREATE TABLE fate_counter (
    account_id INTEGER NOT NULL,  -- no reference: a journal row may name an account that is gone
    stream_id  INTEGER NOT NULL,  -- 0: of no stream
    day        TEXT    NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    fate       TEXT    NOT NULL,
    count      INTEGER NOT NULL,
    PRIMARY KEY (account_id, stream_id, day, fate)
) STRICT, WITHOUT ROWID;
