-- The other items of a set that is lent together (a kit, the volumes of a work, a class set), as JSON.
ALTER TABLE items ADD COLUMN together TEXT NOT NULL DEFAULT '[]';
