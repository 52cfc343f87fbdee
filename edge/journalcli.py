"""``shelfwire journal``: look into a journal, also one that an agent is writing to."""

import argparse
import datetime
import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_SHOW = """\
Print what a journal holds: how much waits for the centre, what is not finished, and the last facts.
The file is only read; an agent may be at work on it.

  shelfwire journal show /var/lib/shelfwire/journal.db --last 20 --kind loan
"""
_EXPORT = """\
Print facts as JSON, one a line, oldest first, for people and other programs. For a centre that no
network leads to there is `shelfwire bundle export`.

  shelfwire journal export /var/lib/shelfwire/journal.db --waiting > facts.jsonl
"""
NOT_FOUND = 1


def add_parser(subparsers: Any) -> None:
    """Add ``journal`` and its words; the handler is called with the parsed arguments."""
    journal = subparsers.add_parser("journal", help="look into a journal")
    words = journal.add_subparsers(dest="journal_word", required=True, metavar="WORD")
    kind = argparse.RawDescriptionHelpFormatter
    show = words.add_parser(
        "show", help="print the last facts and what waits", description=_SHOW, formatter_class=kind
    )
    export = words.add_parser(
        "export", help="print facts as JSON lines", description=_EXPORT, formatter_class=kind
    )
    for word in (show, export):
        word.add_argument("file", type=Path, metavar="FILE", help="the journal (journal.db)")
        word.add_argument("--kind", metavar="KIND", help="only facts of this kind, such as loan")
    show.add_argument("--last", type=int, default=15, metavar="N", help="how many (default 15)")
    export.add_argument("--waiting", action="store_true", help="only what waits for the centre")
    export.add_argument("--after", type=int, default=0, metavar="SEQ", help="only later numbers")
    show.set_defaults(handler=run_show)
    export.set_defaults(handler=run_export)


def run_show(args: argparse.Namespace) -> int:
    """Print the state of a journal and its last facts; 1 if it cannot be read."""
    try:
        with _open(args.file) as db:
            _print_state(db)
            facts = list(_facts(db, args.kind, 0, newest=args.last))
            for fact in reversed(facts):
                print(_line(fact))  # noqa: T201
    except sqlite3.Error as error:
        return _cannot(args.file, error)
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Print facts as JSON lines; 1 if the journal cannot be read."""
    try:
        with _open(args.file) as db:
            after = max(args.after, int(_meta(db)["acked"]) if args.waiting else 0)
            for fact in _facts(db, args.kind, after):
                print(fact["body"])  # noqa: T201
    except sqlite3.Error as error:
        return _cannot(args.file, error)
    return 0


class _open:  # noqa: N801  used as a context manager only
    """A journal for reading, as a sqlite-utils database."""

    def __init__(self, path: Path) -> None:
        from sqlite_utils import Database

        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        self._db = Database(connection)

    def __enter__(self) -> Any:
        if not self._db["events"].exists():
            self._db.conn.close()
            raise sqlite3.DatabaseError("this is no journal")
        return self._db

    def __exit__(self, *_: object) -> None:
        self._db.conn.close()


def _meta(db: Any) -> dict[str, str]:
    return {row["key"]: row["value"] for row in db["meta"].rows}


def _facts(
    db: Any, kind: str | None, after: int, newest: int | None = None
) -> Iterator[dict[str, Any]]:
    where = "seq > :after" + (" and kind = :kind" if kind else "")
    return iter(
        db["events"].rows_where(
            where,
            {"after": after, "kind": kind},
            select="seq, id, kind, at_ms, body",
            order_by="seq desc" if newest is not None else "seq",
            limit=newest,
        )
    )


def _print_state(db: Any) -> None:
    meta, acked = _meta(db), int(_meta(db)["acked"])
    waiting = db["events"].count_where("seq > ?", [acked])
    print(f"device {meta['device']}, epoch {meta['epoch']}, {waiting} waiting")  # noqa: T201
    for row in db["tasks"].rows:
        print(f"open: tag {row['uid']} of {row['item']} shall get AFI {row['afi']:02X}")  # noqa: T201
    for row in db["troubles"].rows:
        print(f"trouble: {row['part']} {row['reason']}")  # noqa: T201


def _line(row: dict[str, Any]) -> str:
    at = datetime.datetime.fromtimestamp(row["at_ms"] / 1000).astimezone()
    fact = json.loads(row["body"])["fact"]
    words = [
        f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in fact.items()
        if name not in ("k", "evidence")
    ]
    return f"{row['seq']:>7}  {at:%Y-%m-%d %H:%M:%S}  {row['kind']:<16} {' '.join(words)}"


def _cannot(path: Path, error: Exception) -> int:
    print(f"shelfwire journal: {path}: {error}", file=sys.stderr)  # noqa: T201
    return NOT_FOUND
