-- Where the sites lie, as it is drawn (JSON); one map at most.
CREATE TABLE maps (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    body   BLOB NOT NULL
) STRICT;
CREATE INDEX items_uid ON items (uid) WHERE uid <> '';
