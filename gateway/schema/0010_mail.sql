-- Addresses of readers, for receipts only, and receipts that readers asked for by e-mail.
-- next: when to try (ms); sent: when it went; over: given up.
CREATE TABLE emails (
    reader TEXT PRIMARY KEY,
    email  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE mails (
    fact    TEXT PRIMARY KEY,
    reader  TEXT NOT NULL,
    device  TEXT NOT NULL,
    session TEXT NOT NULL,
    wanted  INTEGER NOT NULL,
    tries   INTEGER NOT NULL DEFAULT 0,
    next    INTEGER NOT NULL,
    sent    INTEGER,
    over    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX mails_waiting ON mails (next) WHERE sent IS NULL AND NOT over;
