-- Facts are kept for a while after their acknowledgement, however old they are: a ledger that is put back asks again.
-- settled: what was acknowledged when the device looked; since_ms: when it first looked at an archived fact (0: not yet).
CREATE TABLE settled (
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT;
ALTER TABLE archive ADD COLUMN since_ms INTEGER NOT NULL DEFAULT 0;
