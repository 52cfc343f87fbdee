-- Append only: who shall look at an entry, and by when; the latest row counts. Times in ms.
CREATE TABLE plans (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    entry    INTEGER NOT NULL REFERENCES worklist (number),
    assignee TEXT NOT NULL DEFAULT '',
    due      INTEGER,
    who      TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX plans_entry ON plans (entry, number);
