-- What is looked up in an event's JSON is reckoned when it is read, in a view; SQLite would reckon it at every append too.
-- The columns that go were never stored: the facts stay in place.
ALTER TABLE events RENAME TO facts;
ALTER TABLE facts DROP COLUMN id;
ALTER TABLE facts DROP COLUMN kind;
ALTER TABLE facts DROP COLUMN at_ms;
CREATE VIEW events AS
    SELECT
        seq,
        body,
        json_extract(body, '$.id') AS id,
        json_extract(body, '$.fact.k') AS kind,
        json_extract(body, '$.at.wall') AS at_ms
    FROM facts;
