-- Items of a long history: the return after which nothing hangs on what was before it. Later facts are
-- reckoned from there; a fact that turns out to be earlier has the whole history reckoned again, and so
-- has a loan that may have been before one of those returns (reach: the latest time of any of them).
CREATE TABLE settled (
    item TEXT PRIMARY KEY,
    fact TEXT NOT NULL,
    at   INTEGER NOT NULL,
    reach INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The latest loans of an item, and a reader's loans that had not ended at some time, without those before.
DROP INDEX loans_item;
CREATE INDEX loans_item ON loans (item, since);
DROP INDEX loans_reader;
CREATE INDEX loans_reader ON loans (reader, coalesce(ended, 4611686018427387904));
