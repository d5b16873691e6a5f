-- queue.db, version 3: mail that arrived over the inbound listener.
SELECT 1;
