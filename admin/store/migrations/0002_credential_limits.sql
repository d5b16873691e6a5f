-- What a credential may send, where it differs from [people] in the configuration (queue.allowances).

CREATE TABLE credential_limit (
    credential_id INTEGER NOT NULL REFERENCES credential (id),
    name          TEXT    NOT NULL,  -- a field of Allowance
    value         INTEGER NOT NULL CHECK (value >= 0),  -- 0: no limit
    PRIMARY KEY (credential_id, name)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER credential_limit_after_insert AFTER INSERT ON credential_limit
BEGIN UPDATE account_generation SET number = number + 1; END;
CREATE TRIGGER credential_limit_after_update AFTER UPDATE ON credential_limit
BEGIN UPDATE account_generation SET number = number + 1; END;
CREATE TRIGGER credential_limit_after_delete AFTER DELETE ON credential_limit
BEGIN UPDATE account_generation SET number = number + 1; END;
