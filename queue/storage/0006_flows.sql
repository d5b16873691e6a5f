-- queue.db, version 6: flows and what waits of each (queue/flows.py, queue/storage/backlog.py).

-- Recipients of one account, class, stream and sender domain. stream_id 0: submitted mail.
CREATE TABLE flow (
    id             INTEGER PRIMARY KEY,
    account_id     INTEGER NOT NULL,
    mail_class     TEXT    NOT NULL CHECK (mail_class IN ('people', 'transactional', 'bulk')),
    stream_id      INTEGER NOT NULL,
    sender_domain  TEXT    NOT NULL,
    UNIQUE (account_id, mail_class, stream_id, sender_domain)
);
CREATE INDEX flow_stream ON flow (stream_id) WHERE stream_id > 0;

-- What follows the last @ of the reverse-path, in small letters: as queue/flows.py:sender_domain says it.
CREATE TEMP TABLE message_flow AS
SELECT id AS message_id, account_id, mail_class, stream_id,
       CASE WHEN instr(reverse_path, '@') THEN
           lower(substr(reverse_path, length(rtrim(reverse_path, replace(reverse_path, '@', ''))) + 1))
       ELSE '' END AS sender_domain
FROM message;
INSERT INTO flow (account_id, mail_class, stream_id, sender_domain)
SELECT DISTINCT account_id, mail_class, stream_id, sender_domain FROM message_flow;
CREATE UNIQUE INDEX temp.message_flow_id ON message_flow (message_id);

ALTER TABLE recipient ADD COLUMN flow_id INTEGER NOT NULL DEFAULT 0;
UPDATE recipient SET flow_id = (
    SELECT f.id FROM message_flow AS m JOIN flow AS f
        ON f.account_id = m.account_id AND f.mail_class = m.mail_class AND f.stream_id = m.stream_id
       AND f.sender_domain = m.sender_domain
    WHERE m.message_id = recipient.message_id
) WHERE message_id IN (SELECT message_id FROM message_flow);
DROP TABLE temp.message_flow;

DROP INDEX recipient_due;
CREATE INDEX recipient_due ON recipient (domain_id, flow_id, next_ms) WHERE state = 0;

-- For each domain and flow that has scheduled recipients: how many, when the first is due (or a little before), and
-- when the loader has to look at them: later than due_ms while they are in memory or cannot leave.
CREATE TABLE backlog (
    domain_id  INTEGER NOT NULL,
    flow_id    INTEGER NOT NULL,
    waiting    INTEGER NOT NULL,
    due_ms     INTEGER NOT NULL,
    look_ms    INTEGER NOT NULL,
    PRIMARY KEY (domain_id, flow_id)
) WITHOUT ROWID;
INSERT INTO backlog (domain_id, flow_id, waiting, due_ms, look_ms)
SELECT domain_id, flow_id, count(*), min(next_ms), min(next_ms) FROM recipient WHERE state = 0
GROUP BY domain_id, flow_id;
CREATE UNIQUE INDEX backlog_look ON backlog (look_ms, domain_id, flow_id);  -- so the order of a walk is known
CREATE INDEX backlog_flow ON backlog (flow_id);
CREATE INDEX backlog_parked ON backlog (domain_id, flow_id) WHERE look_ms > due_ms;

-- Where a domain's mail went when that was last learned; NULL: never.
ALTER TABLE domain ADD COLUMN site TEXT;
ALTER TABLE domain ADD COLUMN provider TEXT;
CREATE INDEX domain_provider ON domain (provider) WHERE provider IS NOT NULL;
CREATE INDEX domain_site ON domain (site) WHERE site IS NOT NULL;
DROP INDEX domain_due;
ALTER TABLE domain DROP COLUMN due_ms;

-- Expiry walks messages by their age (queue/expiry.py); how far it has come outlives the process.
CREATE INDEX message_expires ON message (expires_ms);
CREATE TABLE expiry (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    expires_ms  INTEGER NOT NULL,
    message_id  INTEGER NOT NULL
);
INSERT INTO expiry (id, expires_ms, message_id) VALUES (1, 0, 0);
