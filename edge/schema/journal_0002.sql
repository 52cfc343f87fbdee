-- The archive in the order in which it was settled: facts of earlier epochs are sent again in it when a ledger was put back.
ALTER TABLE archive RENAME TO archive_1;
CREATE TABLE archive (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    body TEXT NOT NULL,
    id TEXT GENERATED ALWAYS AS (json_extract(body, '$.id')) VIRTUAL,
    at_ms INTEGER GENERATED ALWAYS AS (json_extract(body, '$.at.wall')) VIRTUAL,
    UNIQUE (epoch, seq)
) STRICT;
INSERT INTO archive (epoch, seq, body)
    SELECT one.epoch, one.seq, one.body FROM archive_1 AS one
    JOIN (SELECT epoch, min(json_extract(body, '$.id')) AS born FROM archive_1 GROUP BY epoch) USING (epoch)
    ORDER BY born, one.seq;
DROP TABLE archive_1;
