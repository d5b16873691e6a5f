-- queue.db, version 4: what limits on people count.
SELECT 1;
