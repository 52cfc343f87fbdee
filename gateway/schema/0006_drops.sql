-- Emptied bins ticked off, boxes of rotating stock, bins that the centre names for an item.

-- What a person said of an item of an emptied bin. emptied: the id of the fact that said so.
CREATE TABLE bin_checks (
    emptied TEXT NOT NULL,
    item    TEXT NOT NULL,
    state   TEXT NOT NULL,
    note    TEXT NOT NULL DEFAULT '',
    who     TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (emptied, item)
) STRICT, WITHOUT ROWID;

-- Emptyings that were ticked off to the end.
CREATE TABLE bin_closings (
    emptied TEXT PRIMARY KEY,
    who     TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE boxes (
    box         TEXT PRIMARY KEY,
    origin      TEXT NOT NULL,
    goal        TEXT NOT NULL,
    packed      INTEGER NOT NULL,
    packed_by   TEXT NOT NULL,
    received    INTEGER,
    received_by TEXT NOT NULL DEFAULT ''
) STRICT;

-- came: 1 seen in the box at the goal, 0 missing there, NULL not looked at.
CREATE TABLE box_items (
    box  TEXT NOT NULL REFERENCES boxes (box),
    item TEXT NOT NULL,
    came INTEGER,
    PRIMARY KEY (box, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX box_items_item ON box_items (item);

CREATE TABLE sort_bins (
    item TEXT PRIMARY KEY,
    bin  TEXT NOT NULL,
    who  TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
