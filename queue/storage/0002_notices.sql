-- queue.db, version 2: notices that are owed or were sent (RFC 3461 §4.1).
SELECT 1;
