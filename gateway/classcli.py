"""``shelfwire-gateway class``: classes whose children borrow by touching a picture."""

import argparse
import csv
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from gateway.enrol import open_ledger
from gateway.errors import ImportLineError
from gateway.home import Home
from gateway.ledger.classes import Member
from gateway.ledger.sqlite import SqliteLedger

Do = Callable[[argparse.Namespace, SqliteLedger], None]
_ABOUT = """\
Say which classes use the kiosks of a site together. A teacher or staff opens the kiosk for a lesson;
the children then borrow and return by touching their picture.

  shelfwire-gateway class put 3A --site xa --title "Lớp 3A" --teacher R0001 --list lop3a.csv

The list is a CSV file with a head: reader, and if you like name, consent, picture. A child's name is
only shown with the day on which the family agreed (consent, YYYY-MM-DD).
"""
MOST_BYTES = 100_000


def add_parser(words: "argparse._SubParsersAction[argparse.ArgumentParser]", home: Path) -> None:
    """Add the word ``class`` with its own words."""
    about = "classes whose children borrow by touching a picture: put, list, show, remove"
    top = words.add_parser(
        "class", help=about, description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    own = top.add_subparsers(title="commands", metavar="WHAT", required=True)

    def word(name: str, do: Do, text: str, *, named: bool = True) -> argparse.ArgumentParser:
        made = own.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        made.add_argument("--home", type=Path, default=home, help="the gateway's folder")
        made.set_defaults(do=lambda args: _run(args, do))
        if named:
            made.add_argument("name", metavar="CLASS", help="a short name, such as 3A")
        return made

    put = word("put", _put, "make a class or change it")
    put.add_argument("--site", required=True, help="the building whose kiosks it uses")
    put.add_argument("--title", default="", help="what the screen calls it (default: CLASS)")
    put.add_argument("--minutes", type=int, default=45, help="how long a lesson is (45)")
    put.add_argument("--teacher", action="append", default=[], metavar="READER", help="may open it")
    put.add_argument("--list", type=Path, required=True, metavar="FILE.csv", help="the children")
    word("list", _list, "list the classes", named=False)
    word("show", _show, "list the children of a class with their pictures")
    word("remove", _remove, "take a class away")


def read_list(path: Path) -> list[Member]:
    """Return the lines of a class list; raise ImportLineError naming file, line and column.

    Comma, semicolon or tab; UTF-8 with or without a mark, as spreadsheets write it.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ImportLineError(f"{path}: more than {MOST_BYTES} bytes")
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ImportLineError(f"{path}: {error}") from None
    head = text.partition("\n")[0]
    mark = max(",;\t", key=head.count)
    members = []
    for number, row in enumerate(csv.DictReader(text.splitlines(), delimiter=mark), 2):
        plain = {str(k or "").strip().lower(): str(v or "").strip() for k, v in row.items()}
        if not any(plain.values()):
            continue
        try:
            members.append(msgspec.convert(plain, Member))
        except msgspec.ValidationError as error:
            raise ImportLineError(f"{path} line {number}: {error}") from None
    return members


def _run(args: argparse.Namespace, do: Do) -> int:
    ledger = open_ledger(Home(args.home))
    try:
        do(args, ledger)
    finally:
        ledger.close()
    return 0


def _put(args: argparse.Namespace, ledger: SqliteLedger) -> None:
    members = read_list(args.list)
    title = args.title or args.name
    ledger.classes.put(args.name, args.site, title, args.minutes, args.teacher, members)
    named = sum(bool(one.consent) for one in members)
    sys.stdout.write(f"{title}: {len(members)} children, {named} of them with their name\n")


def _list(_: argparse.Namespace, ledger: SqliteLedger) -> None:
    table = Table(title="Classes")
    for head in ("class", "title", "site", "minutes", "children", "with name", "teachers"):
        table.add_column(head)
    for row in ledger.classes.listed():
        numbers = (str(row[name]) for name in ("minutes", "pupils", "named"))
        table.add_row(row["class"], row["title"], row["site"], *numbers, row["teachers"] or "staff")
    Console().print(table)


def _show(args: argparse.Namespace, ledger: SqliteLedger) -> None:
    table = Table(title=args.name)
    for head in ("reader", "name", "picture", "consent"):
        table.add_column(head)
    for row in ledger.classes.members(args.name):
        table.add_row(row["reader"], row["whole"], row["picture"], row["consent"] or "-")
    Console().print(table)


def _remove(args: argparse.Namespace, ledger: SqliteLedger) -> None:
    ledger.classes.remove(args.name)
    sys.stdout.write(f"{args.name} is taken away\n")
