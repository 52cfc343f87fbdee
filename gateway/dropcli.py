"""``shelfwire-gateway bins``, ``box`` and ``sort-bin``: what book drops and boxes hold."""

import argparse
import contextlib
import getpass
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gateway.errors import RefusedError
from gateway.home import Home
from gateway.ledger import bins
from gateway.ledger.sqlite import SqliteLedger

Word = Callable[..., argparse.ArgumentParser]
"""Makes a command: ``word(name, do, text, home=True)``."""


def add_words(word: Word) -> None:
    """Add the commands."""
    one = word("bins", _bins, "bins that were emptied: list them, or tick one off", home=True)
    one.add_argument("emptied", nargs="?", default="", metavar="ID", help="as in the list")
    one.add_argument("--seen", nargs="+", metavar="ITEM", help="these were in the bin")
    one.add_argument("--explain", nargs=2, metavar=("ITEM", "WHY"), help="why one was not")
    one.add_argument("--close", action="store_true", help="done: what is left is missing")
    _who(one)

    box = word("box", _box, "boxes of rotating stock: list, pack, receive", home=True)
    box.add_argument("do_box", metavar="list|show|pack|receive", choices=_BOX, help="what to do")
    box.add_argument("box", nargs="?", default="", metavar="BOX", help="the number on its label")
    box.add_argument("items", nargs="*", metavar="ITEM", help="packed, or seen on arrival")
    box.add_argument("--file", type=Path, help="a text file with an item number a line")
    box.add_argument("--from", dest="origin", default="", metavar="BRANCH", help="packed here")
    box.add_argument("--to", dest="goal", default="", metavar="BRANCH", help="goes there")
    _who(box)

    sort = word("sort-bin", _sort, "have drops put an item into a bin of your choice", home=True)
    sort.add_argument("item", metavar="ITEM")
    sort.add_argument("bin", nargs="?", default="", metavar="BIN", help="leave out to end it")
    _who(sort)


def _who(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--who", default="", help="who does it (default: this machine's account)")


def _bins(args: argparse.Namespace) -> int:
    who = args.who or getpass.getuser()
    with _opened(args) as ledger:
        if not args.emptied:
            _list_bins(bins.emptyings(ledger))
            return 0
        if args.seen:
            bins.tick(ledger, args.emptied, args.seen, who, _now())
        if args.explain:
            item, why = args.explain
            bins.tick(ledger, args.emptied, [item], who, _now(), "explained", why)
        if args.close:
            bins.close(ledger, args.emptied, who, _now())
        _show_bin(bins.emptying(ledger, args.emptied))
    return 0


def _list_bins(found: list[dict[str, Any]]) -> None:
    table = Table(title="Emptied bins")
    for head in ("id", "device", "bin", "when", "counted", "recorded", "open"):
        table.add_column(head, no_wrap=head == "id", overflow="fold")
    for one in found:
        left = sum(not item["state"] for item in one["items"])
        table.add_row(
            one["emptied"][:18], one["device"], one["bin"], _when(one["at"]), str(one["counted"]),
            str(len(one["items"])), "-" if one["closed"] else str(left),
        )  # fmt: skip
    Console().print(table)


def _show_bin(found: dict[str, Any]) -> None:
    title = f"Bin {found['bin']} of {found['device']}, emptied {_when(found['at'])}"
    table = Table(title=title)
    for head in ("item", "title", "state", "note"):
        table.add_column(head)
    for item in found["items"]:
        state = item["state"] or ("missing" if found["closed"] else "?")
        note = item["note"] or item.get("hint", "")
        table.add_row(item["item"] or "(no tag)", item["title"], state, note)
    for item in found["extra"]:
        table.add_row(item, "", "not on the list", "")
    Console().print(table)


def _box(args: argparse.Namespace) -> int:
    with _opened(args) as ledger:
        return _BOX[args.do_box](args, ledger)


def _box_list(_: argparse.Namespace, ledger: SqliteLedger) -> int:
    table = Table(title="Boxes")
    for head in ("box", "from", "to", "items", "packed", "received"):
        table.add_column(head)
    for one in ledger.boxes.all():
        came = _when(one["received"]) if one["received"] else "on its way"
        table.add_row(
            one["box"], one["origin"], one["goal"], str(one["items"]), _when(one["packed"]), came
        )
    Console().print(table)
    return 0


def _box_show(args: argparse.Namespace, ledger: SqliteLedger) -> int:
    found = ledger.boxes.one(args.box)
    table = Table(title=f"Box {found['box']}: {found['origin']} to {found['goal']}")
    for head in ("item", "title", "came"):
        table.add_column(head)
    for one in found["items"]:
        lent = one["lent"] and one["came"] != 1
        came = "lent on its way" if lent else {None: "?", 1: "yes", 0: "no"}[one["came"]]
        table.add_row(one["item"], one["title"], came)
    Console().print(table)
    return 0


def _box_pack(args: argparse.Namespace, ledger: SqliteLedger) -> int:
    who = args.who or getpass.getuser()
    made = ledger.boxes.pack(args.box, args.origin, args.goal, _items(args), who, _now())
    Console().print(f"box {args.box}: {len(made['items'])} items from {args.origin} to {args.goal}")
    return 0


def _box_receive(args: argparse.Namespace, ledger: SqliteLedger) -> int:
    seen = _items(args) or None
    goal = ledger.boxes.one(args.box)["goal"]
    who = args.who or getpass.getuser()
    with ledger.store.transaction():
        ledger.boxes.receive(args.box, args.goal or goal, who, _now(), seen=seen)
    return _box_show(args, ledger)


_BOX = {"list": _box_list, "show": _box_show, "pack": _box_pack, "receive": _box_receive}


def _sort(args: argparse.Namespace) -> int:
    with _opened(args) as ledger:
        bins.name_bin(ledger, args.item, args.bin, args.who or getpass.getuser(), _now())
    goes = f"goes into bin {args.bin}" if args.bin else "is sorted by the rules again"
    Console().print(f"{args.item} {goes}")
    return 0


def _items(args: argparse.Namespace) -> list[str]:
    if args.file is None:
        return list(args.items)
    try:
        lines = args.file.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(f"{args.file}: cannot be read ({error})") from None
    return [*args.items, *lines]


@contextlib.contextmanager
def _opened(args: argparse.Namespace) -> Iterator[SqliteLedger]:
    from gateway.enrol import open_ledger

    with contextlib.closing(open_ledger(Home(args.home))) as ledger:
        yield ledger


def _now() -> int:
    return time.time_ns() // 1_000_000


def _when(ms: int) -> str:
    return time.strftime("%d/%m %H:%M", time.localtime(ms / 1000))
