-- queue.db, version 15: complaints that name a stream and no recipient (queue/returns/stream_complaints.py).

-- day: since the epoch, in UTC. count: how many were written into the journal, which is bounded.
CREATE TABLE stream_complaint (
    stream_id  INTEGER NOT NULL,
    day        INTEGER NOT NULL,
    count      INTEGER NOT NULL,
    PRIMARY KEY (stream_id, day)
) WITHOUT ROWID;
