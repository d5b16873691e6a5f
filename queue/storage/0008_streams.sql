-- queue.db, version 8: run states and revisions of streams, and indexes that a million recipients at once can afford.

-- reason, who: of the last change of run_state. is_swept: of a stopped stream, whether nobody of it waits any more.
-- enqueued: recipients ever taken; who waits is in backlog. enqueued is written with the rows it counts.
ALTER TABLE stream ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE stream ADD COLUMN who TEXT NOT NULL DEFAULT '';
ALTER TABLE stream ADD COLUMN changed_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stream ADD COLUMN is_swept INTEGER NOT NULL DEFAULT 0 CHECK (is_swept IN (0, 1));
ALTER TABLE stream ADD COLUMN enqueued INTEGER NOT NULL DEFAULT 0;
UPDATE stream SET changed_ms = created_ms,
    enqueued = (SELECT count(*) FROM recipient AS r WHERE r.message_id = stream.message_id);

-- Texts of a stream, never changed. The newest one is also in `message`, where leasing finds it.
CREATE TABLE revision (
    stream_id   INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    content_id  INTEGER NOT NULL,
    size_bytes  INTEGER NOT NULL,
    eight_bit   INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    who         TEXT    NOT NULL,
    PRIMARY KEY (stream_id, number)
) WITHOUT ROWID;
CREATE INDEX revision_content ON revision (content_id);
INSERT INTO revision (stream_id, number, content_id, size_bytes, eight_bit, at_ms, who)
SELECT s.id, 1, m.content_id, m.size_bytes, m.eight_bit, s.created_ms, '' FROM stream AS s JOIN message AS m ON m.id = s.message_id;

-- A hash is random: in one index over all rows each new recipient would write a page of its own (at a million rows,
-- 53,000 a second). In runs of 2^15 recipients only the pages of the newest run are written (120,000 a second); a
-- question asks every run that has rows (queue/storage/address_runs.py).
DROP INDEX recipient_address;
CREATE INDEX recipient_address ON recipient (id >> 15, address_hash);
