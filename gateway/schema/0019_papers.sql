-- Identity papers that readers may use as a card: since when they agree (YYYY-MM-DD). The number itself is
-- nowhere; the sites that take papers know a reference of it, as of any card (card_refs).
CREATE TABLE papers (
    reader  TEXT PRIMARY KEY REFERENCES readers (reader) ON DELETE CASCADE,
    consent TEXT NOT NULL
) STRICT, WITHOUT ROWID;
