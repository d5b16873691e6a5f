-- Whom we do not write to (DECISIONS, "Suppression"). The words of reasons and sources are those of policy.suppression.

CREATE TABLE suppression (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,  -- journal rows name it: a number is never given twice
    account_id INTEGER NOT NULL,                   -- the master whose tree it holds for; 0: the whole installation
    address    TEXT    NOT NULL,                   -- as policy.suppression.same_mailbox gives it, or a pattern
    is_pattern INTEGER NOT NULL DEFAULT 0 CHECK (is_pattern BETWEEN 0 AND 1),
    reason     TEXT    NOT NULL CHECK (reason IN ('block', 'complaint', 'unsubscribe', 'hard-bounce', 'manual')),
    source     TEXT    NOT NULL,
    who        TEXT    NOT NULL DEFAULT '',        -- the person; '' when a machine did it
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    evidence   TEXT                                -- policy.suppression.Evidence as JSON
) STRICT;

-- Text, not a hash: nobody can make two addresses collide, and files in order are written at one place.
CREATE UNIQUE INDEX suppression_by_address ON suppression (address, account_id, reason, is_pattern);
CREATE INDEX suppression_by_account ON suppression (account_id, reason, id);
CREATE INDEX suppression_patterns ON suppression (id) WHERE is_pattern = 1;
CREATE INDEX suppression_expiring ON suppression (expires_ms) WHERE expires_ms IS NOT NULL;
-- Those to be judged again when the bounce rules change.
CREATE INDEX suppression_judged ON suppression (id) WHERE source IN ('reply', 'notice');

-- How many there are: who has none is never looked up.
CREATE TABLE suppression_count (
    account_id INTEGER NOT NULL,
    reason     TEXT    NOT NULL,
    is_pattern INTEGER NOT NULL,
    count      INTEGER NOT NULL,
    PRIMARY KEY (account_id, reason, is_pattern)
) STRICT, WITHOUT ROWID;

-- Rises with every change of a pattern: patterns are kept in memory by whoever asks.
CREATE TABLE suppression_pattern_generation (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL
) STRICT;

INSERT INTO suppression_pattern_generation VALUES (1, 0);

CREATE TRIGGER suppression_after_insert AFTER INSERT ON suppression
BEGIN
    INSERT INTO suppression_count VALUES (NEW.account_id, NEW.reason, NEW.is_pattern, 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
    UPDATE suppression_pattern_generation SET number = number + 1 WHERE NEW.is_pattern;
END;
CREATE TRIGGER suppression_after_delete AFTER DELETE ON suppression
BEGIN
    UPDATE suppression_count SET count = count - 1
        WHERE account_id = OLD.account_id AND reason = OLD.reason AND is_pattern = OLD.is_pattern;
    UPDATE suppression_pattern_generation SET number = number + 1 WHERE OLD.is_pattern;
END;
CREATE TRIGGER suppression_after_update AFTER UPDATE ON suppression WHEN NEW.is_pattern
BEGIN UPDATE suppression_pattern_generation SET number = number + 1; END;

-- What was lifted: when, by whom, and what it had been.
CREATE TABLE suppression_lifted (
    id         INTEGER PRIMARY KEY,  -- the entry's number
    account_id INTEGER NOT NULL,
    address    TEXT    NOT NULL,
    is_pattern INTEGER NOT NULL,
    reason     TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    who        TEXT    NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    evidence   TEXT,
    lifted_ms  INTEGER NOT NULL,
    lifted_how TEXT    NOT NULL,     -- policy.suppression.Lifter
    lifted_by  TEXT    NOT NULL,     -- who or what, in a word
    why        TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX suppression_lifted_by_address ON suppression_lifted (address);
CREATE INDEX suppression_lifted_by_how ON suppression_lifted (lifted_how, id);

-- Addresses of domains that were not there: marked when the domain is still missing a day later.
CREATE TABLE suppression_pending (
    domain     TEXT    NOT NULL,
    account_id INTEGER NOT NULL,
    address    TEXT    NOT NULL,
    since_ms   INTEGER NOT NULL,
    evidence   TEXT    NOT NULL,
    PRIMARY KEY (domain, account_id, address)
) STRICT, WITHOUT ROWID;

CREATE INDEX suppression_pending_by_time ON suppression_pending (since_ms);

-- With which bounce rules the automatic entries were judged last, and how far a new judging has come.
CREATE TABLE suppression_judging (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    fingerprint TEXT    NOT NULL,
    after_id    INTEGER              -- NULL: done
) STRICT;
