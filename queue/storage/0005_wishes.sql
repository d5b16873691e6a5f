-- queue.db, version 5: what operators ask for recipients that are leased at that moment (queue/wishes.py).

-- One a recipient, the last word counts. It is deleted in the transaction that ends the lease.
CREATE TABLE wish (
    recipient_id  INTEGER PRIMARY KEY,
    verb          TEXT NOT NULL CHECK (verb IN ('hold', 'cancel')),
    reason        TEXT NOT NULL,
    who           TEXT NOT NULL
);
