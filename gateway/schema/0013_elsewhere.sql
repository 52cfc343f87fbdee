-- Open loans, the newest first: what gates are told of the other branches.
CREATE INDEX loans_newest ON loans (since, item) WHERE ended IS NULL;
