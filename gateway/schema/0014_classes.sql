-- Classes that use the kiosks of one site together: a teacher opens, a child touches a picture.
-- consent: the day on which the child's family agreed to the name on the screen (YYYY-MM-DD), or ''.
CREATE TABLE classes (
    class   TEXT PRIMARY KEY,
    site    TEXT NOT NULL,
    title   TEXT NOT NULL,
    minutes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE class_members (
    class   TEXT NOT NULL REFERENCES classes (class) ON DELETE CASCADE,
    reader  TEXT NOT NULL REFERENCES readers (reader) ON DELETE CASCADE,
    picture TEXT NOT NULL,
    name    TEXT NOT NULL DEFAULT '',
    consent TEXT NOT NULL DEFAULT '',
    place   INTEGER NOT NULL,
    PRIMARY KEY (class, reader)
) STRICT, WITHOUT ROWID;
CREATE INDEX class_members_reader ON class_members (reader);

CREATE TABLE class_teachers (
    class  TEXT NOT NULL REFERENCES classes (class) ON DELETE CASCADE,
    reader TEXT NOT NULL REFERENCES readers (reader) ON DELETE CASCADE,
    PRIMARY KEY (class, reader)
) STRICT, WITHOUT ROWID;
