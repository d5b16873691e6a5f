-- queue.db, version 4: what limits on people are counted from (queue/people/usage.py, queue/people/acquaintances.py).

-- Messages of logins; trusted networks, notices and streams have credential 0 and cost nothing here.
CREATE INDEX message_credential ON message (credential_id, received_ms) WHERE credential_id > 0;

-- Whom an account has written to: the brake on new recipients. A row is written once, never touched again, and
-- forgotten a long time after first_ms.
CREATE TABLE acquaintance (
    account_id    INTEGER NOT NULL,
    address_hash  INTEGER NOT NULL,
    first_ms      INTEGER NOT NULL,
    PRIMARY KEY (account_id, address_hash)
) WITHOUT ROWID;
CREATE INDEX acquaintance_first ON acquaintance (account_id, first_ms);

-- Who was written to before this version is no stranger.
INSERT INTO acquaintance (account_id, address_hash, first_ms)
SELECT m.account_id, r.address_hash, min(m.received_ms)
FROM message AS m JOIN recipient AS r ON r.message_id = m.id
WHERE m.credential_id > 0 AND m.mail_class = 'people' AND r.state NOT IN (2, 13)
GROUP BY m.account_id, r.address_hash;
