-- How many loans the reader might have at once when this one was decided without the centre
-- (0: no limit, or the centre agreed): limits are reckoned without reading the facts again.
ALTER TABLE loans ADD COLUMN cap INTEGER NOT NULL DEFAULT 0;
UPDATE loans SET cap = coalesce((
    SELECT json_extract(CAST(f.assessed AS TEXT), '$.limit') FROM facts f WHERE f.id = loans.id
    AND f.assessed IS NOT NULL AND json_extract(CAST(f.assessed AS TEXT), '$.offline')
), 0);
