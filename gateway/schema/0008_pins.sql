-- What proves a PIN: scrypt with a salt, over the PIN keyed with a secret that is not in this file.
-- wrong: tries in a row that were wrong; locked: until when no try counts (ms).
CREATE TABLE pins (
    reader TEXT PRIMARY KEY,
    salt   BLOB NOT NULL,
    hash   BLOB NOT NULL,
    wrong  INTEGER NOT NULL DEFAULT 0,
    locked INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
