-- Readers who were forgotten: what their past loans go by since then, when that was (ms), and by whom.
CREATE TABLE forgotten (
    reader TEXT PRIMARY KEY,
    at     INTEGER NOT NULL,
    who    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
