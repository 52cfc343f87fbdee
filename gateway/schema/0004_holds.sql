-- Holds and fees. Times are ms since 1970 UTC.

-- Copies of one work have one word here; empty: the copy is a work of its own.
ALTER TABLE items ADD COLUMN work TEXT NOT NULL DEFAULT '';
CREATE INDEX items_work ON items (work) WHERE work <> '';

-- A reader waits for one copy (item) or for any copy of a work. site: where it will be fetched.
-- caught: the copy set aside, since caught_at; ready: since when it can be fetched (0: on its way),
-- until: the last moment it is kept. how: lent, expired, cancelled; by: the fact of the loan.
CREATE TABLE holds (
    hold      TEXT PRIMARY KEY,
    reader    TEXT NOT NULL,
    item      TEXT NOT NULL DEFAULT '',
    work      TEXT NOT NULL DEFAULT '',
    site      TEXT NOT NULL DEFAULT '',
    placed    INTEGER NOT NULL,
    caught    TEXT NOT NULL DEFAULT '',
    caught_at INTEGER NOT NULL DEFAULT 0,
    ready     INTEGER NOT NULL DEFAULT 0,
    until     INTEGER NOT NULL DEFAULT 0,
    ended     INTEGER,
    how       TEXT NOT NULL DEFAULT '',
    by        TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX holds_caught ON holds (caught) WHERE ended IS NULL AND caught <> '';
CREATE INDEX holds_item ON holds (item) WHERE ended IS NULL AND item <> '';
CREATE INDEX holds_work ON holds (work) WHERE ended IS NULL AND work <> '';
CREATE INDEX holds_reader ON holds (reader) WHERE ended IS NULL;
CREATE INDEX holds_by ON holds (by) WHERE by <> '';

-- Whom a copy is kept for, as follows from holds and loans: what the lending rules look at.
CREATE TABLE held (
    item   TEXT PRIMARY KEY,
    reader TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What a reader owes (amount > 0) and paid (amount < 0), in dong; late returns follow from loans.
CREATE TABLE fees (
    fee    TEXT PRIMARY KEY,
    reader TEXT NOT NULL,
    amount INTEGER NOT NULL,
    why    TEXT NOT NULL DEFAULT '',
    made   INTEGER NOT NULL
) STRICT;
CREATE INDEX fees_reader ON fees (reader);
