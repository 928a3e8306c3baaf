-- Version 3 of the store's schema: a short run touches few pages, since each costs its commit time.
-- `hashes` of older entries are filled in, and `hash` dropped, by `upgrade.rs`.

-- Whether the entry in front is of another run: one that directly follows its run's needs no line in
-- the index (`stretch.rs`). Nor does a run's opening, which `run` names.
ALTER TABLE entry ADD COLUMN apart INTEGER NOT NULL DEFAULT 1;
-- The hashes that the entry adds to the tree, its leaf's first: one for each level that it completes.
ALTER TABLE entry ADD COLUMN hashes BLOB;

DROP INDEX entry_run;
CREATE INDEX entry_run ON entry (run, idx) WHERE run IS NOT NULL AND apart = 1;
-- Every run has these three; nobody asks for all of them in the order of the journal.
DROP INDEX entry_kind;
CREATE INDEX entry_kind ON entry (kind, idx)
  WHERE kind NOT IN ('run_opened', 'step_ended', 'run_ended');

CREATE TABLE run_3 (
  run     TEXT PRIMARY KEY,
  idx     INTEGER NOT NULL REFERENCES entry (idx),
  id_key  TEXT,
  runbook TEXT NOT NULL,
  state   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO run_3 SELECT run, idx, id_key, runbook, state FROM run;
DROP TABLE run;
ALTER TABLE run_3 RENAME TO run;
CREATE UNIQUE INDEX run_id_key ON run (id_key) WHERE id_key IS NOT NULL;

-- Kept bytes that came last, one behind the other: they go to `blob`, and into its index, together.
CREATE TABLE fresh (
  id     INTEGER PRIMARY KEY,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  bytes  BLOB NOT NULL
) STRICT;
