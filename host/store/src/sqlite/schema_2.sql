-- Version 2 of the store's schema: incidents, derived from `entry` as the other tables are.

CREATE TABLE incident (
  incident TEXT PRIMARY KEY,
  idx      INTEGER NOT NULL REFERENCES entry (idx),
  grp      TEXT,             -- the group of alerts that opened it
  firing   INTEGER NOT NULL  -- whether that group still rings
) STRICT;
CREATE INDEX incident_newest ON incident (idx);
CREATE INDEX incident_group ON incident (grp, idx) WHERE grp IS NOT NULL;
CREATE UNIQUE INDEX incident_open ON incident (grp) WHERE firing = 1;

-- The incident of an entry: runs, alerts, notes and diagnoses have one.
CREATE TABLE about (
  idx      INTEGER PRIMARY KEY REFERENCES entry (idx),
  incident TEXT NOT NULL REFERENCES incident (incident)
) STRICT;
CREATE INDEX about_incident ON about (incident, idx);
