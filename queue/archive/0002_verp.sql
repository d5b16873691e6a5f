-- archive.db, version 2: where bounces of a message went, as in queue.db.

ALTER TABLE message ADD COLUMN verp_domain TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN path_kept TEXT NOT NULL DEFAULT '';
