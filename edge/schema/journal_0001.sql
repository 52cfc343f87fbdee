-- The journal of a device: facts in their order, security work that is not finished, troubles.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- body is the event as it travels (JSON); AUTOINCREMENT: a number is never used twice.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    id TEXT GENERATED ALWAYS AS (json_extract(body, '$.id')) VIRTUAL,
    kind TEXT GENERATED ALWAYS AS (json_extract(body, '$.fact.k')) VIRTUAL,
    at_ms INTEGER GENERATED ALWAYS AS (json_extract(body, '$.at.wall')) VIRTUAL
) STRICT;

-- What an earlier epoch had settled; kept for people who look back.
CREATE TABLE archive (
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (epoch, seq)
) STRICT, WITHOUT ROWID;

-- Tags whose security bit shall become afi; about is the event it belongs to, empty before there is one.
CREATE TABLE tasks (
    uid TEXT PRIMARY KEY,
    item TEXT NOT NULL,
    afi INTEGER NOT NULL,
    about TEXT NOT NULL,
    made INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Troubles that were journaled and are not over.
CREATE TABLE troubles (
    part TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (part, reason)
) STRICT, WITHOUT ROWID;
