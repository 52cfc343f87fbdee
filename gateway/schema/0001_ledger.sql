-- The ledger, version 1. Times are ms since 1970 UTC.

CREATE TABLE sites (
    site   TEXT PRIMARY KEY,
    name   TEXT NOT NULL DEFAULT '',
    branch TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE devices (
    device   TEXT PRIMARY KEY,
    site     TEXT NOT NULL REFERENCES sites (site),
    name     TEXT NOT NULL DEFAULT '',
    serial   TEXT NOT NULL DEFAULT '',
    print    TEXT NOT NULL DEFAULT '',
    enrolled INTEGER NOT NULL,
    revoked  INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A journal of a device, and how far it was taken in. last_*: the last event's time.
CREATE TABLE streams (
    device    TEXT NOT NULL,
    epoch     TEXT NOT NULL,
    cursor    INTEGER NOT NULL DEFAULT 0,
    last_at   INTEGER NOT NULL DEFAULT 0,
    last_unc  INTEGER NOT NULL DEFAULT 0,
    last_mono INTEGER NOT NULL DEFAULT 0,
    last_boot TEXT NOT NULL DEFAULT '',
    touched   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (device, epoch)
) STRICT, WITHOUT ROWID;

-- Every fact, once. fork > 0: a different fact under a number that was taken (cloned card).
-- assessed: what was known of reader, item and policy when it came in (JSON); codes on arrival in
-- found, codes that follow from the item's other facts in chained.
CREATE TABLE facts (
    arrival  INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    site     TEXT NOT NULL,
    device   TEXT NOT NULL,
    epoch    TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    fork     INTEGER NOT NULL DEFAULT 0,
    kind     TEXT NOT NULL,
    item     TEXT,
    card     TEXT NOT NULL DEFAULT '',
    reader   TEXT,
    at       INTEGER NOT NULL,
    unc      INTEGER NOT NULL DEFAULT 0,
    received INTEGER NOT NULL,
    body     BLOB NOT NULL,
    assessed BLOB,
    found    TEXT NOT NULL DEFAULT '[]',
    chained  TEXT NOT NULL DEFAULT '[]',
    voided   INTEGER NOT NULL DEFAULT 0,
    assigned TEXT,
    UNIQUE (device, epoch, seq, fork)
) STRICT;
CREATE INDEX facts_chain ON facts (item, at) WHERE item IS NOT NULL;
CREATE INDEX facts_kind ON facts (kind, at);
CREATE INDEX facts_at ON facts (at);

-- Numbers of a stream that hold no new fact: not understood, or an id that is already there.
CREATE TABLE rejected (
    device   TEXT NOT NULL,
    epoch    TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    why      TEXT NOT NULL,
    id       TEXT NOT NULL DEFAULT '',
    raw      BLOB NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (device, epoch, seq, raw)
) STRICT;

-- Loans, open and past: wholly derived from facts, one row per loan fact that was posted.
CREATE TABLE loans (
    id       TEXT PRIMARY KEY,
    item     TEXT NOT NULL,
    reader   TEXT NOT NULL,
    since    INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    renewals INTEGER NOT NULL DEFAULT 0,
    ended    INTEGER,
    ended_by TEXT NOT NULL DEFAULT '',
    over     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX loans_open ON loans (item) WHERE ended IS NULL;
CREATE INDEX loans_item ON loans (item);
CREATE INDEX loans_reader ON loans (reader, since);

CREATE TABLE branches (
    branch TEXT PRIMARY KEY,
    name   TEXT NOT NULL,
    parent TEXT
) STRICT;

CREATE TABLE items (
    item   TEXT PRIMARY KEY,
    title  TEXT NOT NULL,
    author TEXT NOT NULL DEFAULT '',
    kind   TEXT NOT NULL DEFAULT 'book',
    branch TEXT NOT NULL DEFAULT '',
    flags  TEXT NOT NULL DEFAULT '[]',
    uid    TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE readers (
    reader     TEXT PRIMARY KEY,
    name       TEXT NOT NULL DEFAULT '',
    grp        TEXT NOT NULL DEFAULT 'adult',
    expires    INTEGER NOT NULL DEFAULT 0,
    branch     TEXT NOT NULL DEFAULT '',
    blocked    INTEGER NOT NULL DEFAULT 0,
    blocked_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE cards (
    card   TEXT PRIMARY KEY,
    reader TEXT NOT NULL REFERENCES readers (reader)
) STRICT;
CREATE INDEX cards_reader ON cards (reader);

-- What a site may know of cards and readers: keyed hashes, another key at every site.
CREATE TABLE card_refs (
    site   TEXT NOT NULL,
    ref    TEXT NOT NULL,
    card   TEXT NOT NULL,
    reader TEXT NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (site, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX card_refs_reader ON card_refs (reader, site);
CREATE INDEX card_refs_card ON card_refs (card, site);

CREATE TABLE policies (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    made   INTEGER NOT NULL,
    body   BLOB NOT NULL
) STRICT;

-- What changed, in order: the replicas of the sites follow it. Version = the highest number.
CREATE TABLE changes (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    tab     TEXT NOT NULL,
    key     TEXT NOT NULL
) STRICT;
INSERT INTO changes (tab, key) VALUES ('policy', '0');

-- What a person must look at. key: one entry per fact and code, or per machine part and reason.
CREATE TABLE worklist (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    key      TEXT NOT NULL,
    code     TEXT NOT NULL,
    severity TEXT NOT NULL,
    site     TEXT NOT NULL DEFAULT '',
    device   TEXT NOT NULL DEFAULT '',
    item     TEXT,
    reader   TEXT,
    fact     TEXT,
    detail   TEXT NOT NULL DEFAULT '{}',
    opened   INTEGER NOT NULL,
    closed   INTEGER
) STRICT;
CREATE UNIQUE INDEX worklist_open ON worklist (key) WHERE closed IS NULL;
CREATE INDEX worklist_key ON worklist (key);
CREATE INDEX worklist_fact ON worklist (fact) WHERE fact IS NOT NULL;

-- Append only: how an entry was settled, taken up again, by whom and why.
CREATE TABLE resolutions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id     TEXT NOT NULL UNIQUE,
    entry  INTEGER NOT NULL REFERENCES worklist (number),
    action TEXT NOT NULL,
    who    TEXT NOT NULL,
    note   TEXT NOT NULL DEFAULT '',
    at     INTEGER NOT NULL
) STRICT;
CREATE INDEX resolutions_entry ON resolutions (entry);

-- Tags that the gates of a site let pass though armed.
CREATE TABLE allowed (
    site  TEXT NOT NULL,
    uid   TEXT NOT NULL,
    until INTEGER NOT NULL,
    fact  TEXT NOT NULL,
    PRIMARY KEY (site, uid)
) STRICT, WITHOUT ROWID;

-- The last words of a device about itself (State, Health as JSON).
CREATE TABLE status (
    device  TEXT PRIMARY KEY,
    seen    INTEGER NOT NULL,
    online  INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,
    epoch   TEXT NOT NULL DEFAULT '',
    health  BLOB
) STRICT;
