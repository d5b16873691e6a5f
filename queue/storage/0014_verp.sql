-- queue.db, version 14: where bounces of a message go (queue/return_paths.py), decided when it was accepted.

-- verp_domain: the domain of its recipients' VERP addresses; '': the reverse-path is used as it was given.
-- path_kept: why that, for mail whose class would have VERP.
ALTER TABLE message ADD COLUMN verp_domain TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN path_kept TEXT NOT NULL DEFAULT '';
