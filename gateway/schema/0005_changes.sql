-- The marks in the list of changes: where a process began to count, and what was let go.
CREATE INDEX changes_marks ON changes (tab, version) WHERE tab IN ('start', 'floor');
