-- Keys that devices sign receipts with (public, hex), and since when one is not believed any more (ms;
-- 0: it is). The centre's own keys that certified them: the one of today and those before it.
CREATE TABLE receipt_keys (
    key     TEXT PRIMARY KEY,
    device  TEXT NOT NULL,
    made    INTEGER NOT NULL,
    stopped INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_keys_device ON receipt_keys (device);

CREATE TABLE receipt_centres (
    key TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
