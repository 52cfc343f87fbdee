-- What is told to people who are not at the page. entries, fine: numbers of worklist entries that
-- came up, and that are over (JSON); the words are made when it leaves. Times in ms.
-- state: waiting, sent, dropped (nothing left to tell), given_up.
CREATE TABLE notices (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    made     INTEGER NOT NULL,
    way      TEXT NOT NULL,
    goal     TEXT NOT NULL,
    language TEXT NOT NULL,
    entries  TEXT NOT NULL DEFAULT '[]',
    fine     TEXT NOT NULL DEFAULT '[]',
    state    TEXT NOT NULL DEFAULT 'waiting',
    tries    INTEGER NOT NULL DEFAULT 0,
    next     INTEGER NOT NULL,
    why      TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX notices_waiting ON notices (next) WHERE state = 'waiting';

-- How far the worklist and its resolutions were looked through.
CREATE TABLE noticed (
    key   TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;
