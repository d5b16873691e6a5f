-- Whether an account's transactional mail and streams have reverse-paths of ours (DECISIONS, "Envelope and
-- transactions"); 0: those that were given.

ALTER TABLE account ADD COLUMN verp INTEGER NOT NULL DEFAULT 1 CHECK (verp IN (0, 1));
