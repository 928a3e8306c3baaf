-- Version 1 of the store's schema. `entry`, `hash`, `checkpoint` and `blob` are the record; every
-- other table is derived from `entry` and written in the same transaction (`rows.rs`).

-- The journal, from 0. Its bytes are canonical JSON; the other columns repeat what they say.
CREATE TABLE entry (
  idx   INTEGER PRIMARY KEY,
  at    INTEGER NOT NULL, -- microseconds since 1970
  kind  TEXT NOT NULL,
  run   TEXT,
  plan  BLOB,
  bytes BLOB NOT NULL
) STRICT;
CREATE INDEX entry_run ON entry (run, idx) WHERE run IS NOT NULL;
CREATE INDEX entry_plan ON entry (plan, idx) WHERE plan IS NOT NULL;
CREATE INDEX entry_kind ON entry (kind, idx);

-- The tree's hashes, in tlog's storage order.
CREATE TABLE hash (
  idx  INTEGER PRIMARY KEY,
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- The host's signed checkpoints.
CREATE TABLE checkpoint (
  size INTEGER PRIMARY KEY,
  note BLOB NOT NULL
) STRICT;

-- Cassettes, reports and evidence, by SHA-256.
CREATE TABLE blob (
  digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
  bytes  BLOB NOT NULL
) STRICT;

CREATE TABLE policy (
  idx    INTEGER PRIMARY KEY REFERENCES entry (idx),
  digest BLOB NOT NULL,
  path   TEXT NOT NULL
) STRICT;
CREATE INDEX policy_digest ON policy (digest);

CREATE TABLE run (
  run     TEXT PRIMARY KEY,
  idx     INTEGER NOT NULL REFERENCES entry (idx),
  id_key  TEXT UNIQUE,
  runbook TEXT NOT NULL,
  state   TEXT NOT NULL
) STRICT;

CREATE TABLE plan (
  plan   BLOB PRIMARY KEY,
  idx    INTEGER NOT NULL REFERENCES entry (idx),
  run    TEXT NOT NULL REFERENCES run (run),
  parent BLOB,
  acts   INTEGER NOT NULL,
  state  TEXT NOT NULL
) STRICT;
CREATE INDEX plan_run ON plan (run);

CREATE TABLE token (
  token    BLOB PRIMARY KEY,
  idx      INTEGER NOT NULL REFERENCES entry (idx),
  plan     BLOB NOT NULL REFERENCES plan (plan),
  decision TEXT NOT NULL,
  signer   BLOB NOT NULL,
  nonce    TEXT NOT NULL,
  UNIQUE (signer, nonce)
) STRICT;
CREATE INDEX token_plan ON token (plan, idx);

CREATE TABLE redemption (
  plan BLOB NOT NULL REFERENCES plan (plan),
  kind TEXT NOT NULL,
  idx  INTEGER NOT NULL REFERENCES entry (idx),
  PRIMARY KEY (plan, kind)
) STRICT;

CREATE TABLE intent (
  idx        INTEGER PRIMARY KEY REFERENCES entry (idx),
  plan       BLOB NOT NULL REFERENCES plan (plan),
  kind       TEXT NOT NULL,
  action     INTEGER NOT NULL,
  capability TEXT NOT NULL,
  rule       TEXT NOT NULL,
  at         INTEGER NOT NULL, -- microseconds since 1970
  outcome    TEXT,
  UNIQUE (plan, kind, action)
) STRICT;
CREATE INDEX intent_rule ON intent (rule, at);

-- Nothing in Interlock changes what was recorded; a mistake of ours must not either.
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
  BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entry_is_never_removed BEFORE DELETE ON entry
  BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER hash_is_never_changed BEFORE UPDATE ON hash
  BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER hash_is_never_removed BEFORE DELETE ON hash
  BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
