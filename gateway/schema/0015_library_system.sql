-- What the library system (SIP2) is told: a row for each loan, return and renewal, in times of ms.
-- state: waiting; sending (it was begun: whether it arrived is not known); done; past (there is
-- nothing to tell, or something later of this item was told); refused; unsure (a person looks).
CREATE TABLE ils_posts (
    fact    TEXT PRIMARY KEY,
    item    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    arrival INTEGER NOT NULL,
    state   TEXT NOT NULL DEFAULT 'waiting',
    tries   INTEGER NOT NULL DEFAULT 0,
    next    INTEGER NOT NULL DEFAULT 0,
    first   INTEGER NOT NULL DEFAULT 0,
    posted  INTEGER NOT NULL DEFAULT 0,
    why     TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX ils_posts_open ON ils_posts (at, arrival) WHERE state IN ('waiting', 'sending');
CREATE INDEX ils_posts_item ON ils_posts (item, at);

-- Up to which arrival the facts were looked through; one row.
CREATE TABLE ils_cursor (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    arrival INTEGER NOT NULL
) STRICT;

-- Check-ins that a drop's question caused before its return was recorded (sort = "checkin").
-- done: 1 the library system took it back, 2 it was not on loan there. used: the fact came. told: a person was asked to look.
CREATE TABLE ils_early (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    item   TEXT NOT NULL,
    device TEXT NOT NULL,
    site   TEXT NOT NULL,
    asked  INTEGER NOT NULL,
    done   INTEGER NOT NULL DEFAULT 0,
    used   INTEGER NOT NULL DEFAULT 0,
    told   INTEGER NOT NULL DEFAULT 0,
    bin    TEXT NOT NULL DEFAULT '',
    held   INTEGER NOT NULL DEFAULT 0,
    branch TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX ils_early_open ON ils_early (item, device) WHERE NOT used;
