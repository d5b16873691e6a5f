-- queue.db, version 2: notices of delay (RFC 3461 §4.1). Failures and successes that are owed are recipient.notice.

-- Messages to look at because a recipient was deferred; the row goes once it was looked at.
CREATE TABLE delay_watch (
    message_id  INTEGER PRIMARY KEY,
    look_ms     INTEGER NOT NULL
);
CREATE INDEX delay_watch_look ON delay_watch (look_ms);

-- Recipients whose sender was told of their delay: once each.
CREATE TABLE delay_told (
    recipient_id  INTEGER PRIMARY KEY,
    told_ms       INTEGER NOT NULL
);
CREATE INDEX delay_told_at ON delay_told (told_ms);
