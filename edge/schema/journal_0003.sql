-- A commit that appends one fact writes one page, no second one for a counter: what keeps a number from being used
-- twice is what is acknowledged, since only that may leave. The words change where they stand: the facts stay in place.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, ' AUTOINCREMENT', '') WHERE type = 'table' AND name = 'events';
PRAGMA writable_schema = RESET;
DELETE FROM sqlite_sequence WHERE name = 'events';
