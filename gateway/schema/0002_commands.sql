-- Commands to devices, and what became of them: never deleted, they are the audit. Times in ms.
-- state: waiting, sent, received, done, failed, refused, expired. reply: log lines or a masked
-- screen (Reply as JSON), taken away again after some days.
CREATE TABLE commands (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT NOT NULL UNIQUE,
    site    TEXT NOT NULL,
    device  TEXT NOT NULL,
    deed    TEXT NOT NULL,
    who     TEXT NOT NULL,
    made    INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    state   TEXT NOT NULL DEFAULT 'waiting',
    changed INTEGER NOT NULL,
    why     TEXT NOT NULL DEFAULT '',
    said    INTEGER NOT NULL DEFAULT 0,
    reply   BLOB
) STRICT;
CREATE INDEX commands_device ON commands (device, number);
CREATE INDEX commands_open ON commands (number) WHERE state IN ('waiting', 'sent');
