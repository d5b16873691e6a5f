-- queue.db, version 13: what came back about recipients.

-- read_as: what a message was read as ('' not yet); effect: what followed (queue/inbound/inbound_mail.py).
ALTER TABLE inbound ADD COLUMN read_as TEXT NOT NULL DEFAULT '';
ALTER TABLE inbound ADD COLUMN effect TEXT NOT NULL DEFAULT '';
CREATE INDEX inbound_unread ON inbound (seq) WHERE read_as = '';

-- One row for each recipient of whom something was heard, and for no other. fate: queue/returns/fates.py, '' while its
-- state tells it. ended_ms: when it had ended, 0 while it has not. heard: JSON, how often what was written down.
-- journal_seq: newest journal row written after the recipient had left for the archive, else 0. at_ms: newest news.
CREATE TABLE returned (
    recipient_id  INTEGER PRIMARY KEY,
    fate          TEXT    NOT NULL,
    ended_ms      INTEGER NOT NULL,
    heard         TEXT    NOT NULL CHECK (json_valid(heard)),
    journal_seq   INTEGER NOT NULL,
    at_ms         INTEGER NOT NULL
);
CREATE INDEX returned_at ON returned (at_ms);
