-- People (and programs) who may use the console. sites: JSON list, empty: all. password: scrypt,
-- empty: none. totp: base32, empty: none; counter: the last code that was used. subject: who the
-- account is at the OIDC provider. token: SHA-256 of a program's token. Times in ms.
CREATE TABLE accounts (
    account  TEXT PRIMARY KEY,
    name     TEXT NOT NULL DEFAULT '',
    role     TEXT NOT NULL,
    sites    TEXT NOT NULL DEFAULT '[]',
    password TEXT NOT NULL DEFAULT '',
    totp     TEXT NOT NULL DEFAULT '',
    counter  INTEGER NOT NULL DEFAULT 0,
    subject  TEXT NOT NULL DEFAULT '',
    token    TEXT NOT NULL DEFAULT '',
    disabled INTEGER NOT NULL DEFAULT 0,
    made     INTEGER NOT NULL,
    changed  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX accounts_subject ON accounts (subject) WHERE subject <> '';
CREATE UNIQUE INDEX accounts_token ON accounts (token) WHERE token <> '';

-- Who is signed in: mark is the SHA-256 of what the cookie holds.
CREATE TABLE signed_in (
    mark    TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (account),
    since   INTEGER NOT NULL,
    seen    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX signed_in_account ON signed_in (account);

-- Append only: signing in and out, wrong passwords, changed accounts.
CREATE TABLE entries (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    account TEXT NOT NULL,
    what    TEXT NOT NULL,
    detail  TEXT NOT NULL DEFAULT ''
) STRICT;

-- Append only: every look at a reader's record, and why.
CREATE TABLE looks (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    account TEXT NOT NULL,
    reader  TEXT NOT NULL,
    why     TEXT NOT NULL
) STRICT;
CREATE INDEX looks_reader ON looks (reader, number);
