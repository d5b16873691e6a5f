-- queue.db, version 9: dialogues with receivers, and deadlines that clients gave.

-- A dialogue's number is where it ends in the endless record of all dialogues, counted in octets; so how much is kept is
-- a range of numbers, and what is too much is its beginning. The newest row always stays, and numbers never come again.
-- A journal row names its dialogue (Facts.dialogue). said: queue/dialogues.py.
CREATE TABLE dialogue (
    id    INTEGER PRIMARY KEY,
    said  BLOB NOT NULL
);

-- What a client asked for with BY= of MAIL (RFC 2852): only messages that have one. by_mode: 'R' return, 'N' notify.
CREATE TABLE deliver_by (
    message_id  INTEGER PRIMARY KEY,
    seconds     INTEGER NOT NULL,
    by_mode     TEXT    NOT NULL CHECK (by_mode IN ('R', 'N'))
);
