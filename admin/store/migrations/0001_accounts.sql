-- Accounts, logins and credentials (DESIGN §6), and what the journal's follower keeps (Q9).

CREATE TABLE account (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE COLLATE NOCASE,  -- an e-mail address and AUTH user name; or 'operator'
    kind        TEXT    NOT NULL CHECK (kind IN ('operator', 'master', 'sub')),
    parent_id   INTEGER REFERENCES account (id),
    created_ms  INTEGER NOT NULL,
    disabled_ms INTEGER,
    UNIQUE (id, kind),
    CHECK ((kind = 'sub') = (parent_id IS NOT NULL)),
    CHECK ((kind = 'operator') = (name = 'operator')),
    CHECK (parent_id <> id)
) STRICT;

CREATE INDEX account_by_parent ON account (parent_id) WHERE parent_id IS NOT NULL;

-- A sending domain belongs to one master; its sub-accounts inherit it (DECISIONS, "Who may send as whom").
CREATE TABLE account_domain (
    domain       TEXT    PRIMARY KEY CHECK (domain = lower(domain)),
    account_id   INTEGER NOT NULL,
    account_kind TEXT    NOT NULL DEFAULT 'master' CHECK (account_kind = 'master'),
    created_ms   INTEGER NOT NULL,
    FOREIGN KEY (account_id, account_kind) REFERENCES account (id, kind)
) STRICT;

CREATE INDEX account_domain_by_account ON account_domain (account_id);

-- A person, who signs in to the pages.
CREATE TABLE login (
    id            INTEGER PRIMARY KEY,
    account_id    INTEGER NOT NULL REFERENCES account (id),
    name          TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    password_hash TEXT    NOT NULL CHECK (password_hash LIKE '$argon2%'),
    created_ms    INTEGER NOT NULL,
    disabled_ms   INTEGER
) STRICT;

CREATE INDEX login_by_account ON login (account_id);

-- An SMTP or API secret. A chosen one is argon2, a random one (256 bits) needs no more than SHA-256.
CREATE TABLE credential (
    id         INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id),
    kind       TEXT    NOT NULL CHECK (kind IN ('chosen', 'random')),
    verifier   TEXT    NOT NULL CHECK ((kind = 'chosen') = (verifier LIKE '$argon2%')),
    mail_class TEXT    NOT NULL CHECK (mail_class IN ('people', 'transactional')),
    label      TEXT    NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL,
    revoked_ms INTEGER
) STRICT;

CREATE INDEX credential_by_account ON credential (account_id);
-- One argon2 computation at most for each attempt to log in.
CREATE UNIQUE INDEX credential_one_chosen ON credential (account_id) WHERE kind = 'chosen' AND revoked_ms IS NULL;

-- Rises with every change above, so that a server reads its accounts anew only then, and not for each counter below.
CREATE TABLE account_generation (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL
) STRICT;

INSERT INTO account_generation VALUES (1, 0);

CREATE TRIGGER account_after_insert AFTER INSERT ON account
BEGIN UPDATE account_generation SET number = number + 1; END;
CREATE TRIGGER account_after_update AFTER UPDATE ON account
BEGIN UPDATE account_generation SET number = number + 1; END;
CREATE TRIGGER account_after_delete AFTER DELETE ON account
BEGIN UPDATE account_generation SET number = number + 1; END;
CREATE TRIGGER account_domain_after_insert AFTER INSERT ON account_domain
BEGIN UPDATE account_generation SET number = number + 1; END;
CREATE TRIGGER account_domain_after_update AFTER UPDATE ON account_domain
BEGIN UPDATE account_generation SET number = number + 1; END;
CREATE TRIGGER account_domain_after_delete AFTER DELETE ON account_domain
BEGIN UPDATE account_generation SET number = number + 1; END;
CREATE TRIGGER credential_after_insert AFTER INSERT ON credential
BEGIN UPDATE account_generation SET number = number + 1; END;
CREATE TRIGGER credential_after_update AFTER UPDATE ON credential
BEGIN UPDATE account_generation SET number = number + 1; END;
CREATE TRIGGER credential_after_delete AFTER DELETE ON credential
BEGIN UPDATE account_generation SET number = number + 1; END;

-- How far a follower has read the journal of queue.db; moves in the transaction of its effects.
CREATE TABLE follower (
    name TEXT    PRIMARY KEY,
    seq  INTEGER NOT NULL CHECK (seq >= 0)
) STRICT;

-- What the follower counts, per account and day.
CREATE TABLE counter (
    account_id INTEGER NOT NULL,  -- no reference: a journal row may name an account that is gone
    day        TEXT    NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    kind       TEXT    NOT NULL,
    count      INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (account_id, day, kind)
) STRICT, WITHOUT ROWID;
