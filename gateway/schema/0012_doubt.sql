-- An open loan that may be over: of a return nobody can tell whether it came before or after it.
ALTER TABLE loans ADD COLUMN doubt INTEGER NOT NULL DEFAULT 0;
