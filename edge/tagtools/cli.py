"""``shelfwire tag read|write|convert|verify|heal``: the words of the tag bench."""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from drivers.errors import DriverError
from drivers.tags import FORMATS, TagError
from edge.arguments import add_json
from edge.tagtools import screen
from edge.tagtools.intents import Intents, IntentsError
from edge.tagtools.line import SCAN, Line, NextCode, Order
from edge.tagtools.log import GOOD, Log, Row
from edge.tagtools.opening import Devices, add_options, opened
from edge.tagtools.work import Found, Outcome, Rules, TagBench, faults

WRONG, TROUBLE = 2, 1
Task = Callable[[argparse.Namespace, Devices, TagBench], Awaitable[int]]

_READ = """\
Read every tag on a reader and print what it says. Stop the agent first: a reader has one master.

  shelfwire tag read --url serial:///dev/ttyUSB0
  shelfwire tag read --config /etc/shelfwire/agent.toml --json
"""
_WRITE = """\
Write an item's number on the one tag that lies on the reader, and read it back.

  shelfwire tag write VN000123 --url serial:///dev/ttyUSB0 --owner VN-HNLIB
"""
_CONVERT = """\
The conversion line: scan a code, lay the item down, wait for "written", take it away, scan the next.
Codes come from a scanner of the configuration, else from standard input (a scanner that types is
enough). A tag that is torn away in the middle is finished when it is put back, also on another day:
what is open is kept in a file. "skip" instead of a code gives up nothing and goes on.

  shelfwire tag convert --url tcp://192.0.2.7:10001 --owner VN-HNLIB --log today.csv
  shelfwire tag convert --config agent.toml --from-tag --format iso28560-3     rewrite as they are
"""
_VERIFY = """\
Say of every tag on the reader whether it is as it should be. Exit status 0: all are; 1: one is not.

  shelfwire tag verify --url serial:///dev/ttyUSB0 --owner VN-HNLIB --item VN000123
"""
_HEAL = """\
Finish what was begun on the tags that lie on the reader, and put DSFID and AFI right where the data
are good. Loans are no business of this tool: the AFI is only changed when it is none of the two that
the library uses.

  shelfwire tag heal --url serial:///dev/ttyUSB0
"""


def add_words(words: Any) -> None:
    """Add the words to ``shelfwire tag``."""
    for name, text, help_, task in (
        ("read", _READ, "read the tags on a reader", _read),
        ("write", _WRITE, "write one tag and read it back", _write),
        ("convert", _CONVERT, "conversion line: codes in, written tags out", _convert),
        ("verify", _VERIFY, "say whether tags are as they should be", _verify),
        ("heal", _HEAL, "finish writes that were torn", _heal),
    ):
        word = words.add_parser(
            name,
            help=help_,
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add_options(word)
        _add_rules(word)
        if name in ("write", "convert"):
            _add_order(word)
        word.set_defaults(handler=partial(_run, task, name))
        if name == "write":
            word.add_argument("item", metavar="ITEM", help="the item's number")
        elif name == "convert":
            _add_line(word)
        else:
            add_json(word, "one JSON object a tag")
        if name == "verify":
            word.add_argument("--item", metavar="ITEM", help="the number that must be on it")


def _add_rules(word: argparse.ArgumentParser) -> None:
    word.add_argument("--owner", default="", metavar="ISIL", help="the library, such as VN-HNLIB")
    word.add_argument("--afi-in", type=_byte, default=0x07, metavar="XX", help="AFI in stock (07)")
    word.add_argument("--afi-out", type=_byte, default=0xC2, metavar="XX", help="AFI on loan (C2)")
    word.add_argument(
        "--intents",
        type=Path,
        metavar="FILE",
        help="where open writes are kept (default: with the agent)",
    )


def _add_order(word: argparse.ArgumentParser) -> None:
    word.add_argument(
        "--format", choices=FORMATS, help="data model (default: as it is, else part 3)"
    )
    word.add_argument("--usage", type=_byte, default=0x10, metavar="XX", help="type of usage (10)")
    word.add_argument("--part", type=int, default=1, metavar="N", help="number of this part")
    word.add_argument("--parts", type=int, default=1, metavar="N", help="parts of the item")
    word.add_argument(
        "--element", action="append", default=[], metavar="NAME=TEXT", help="a further data element"
    )
    word.add_argument(
        "--afi", choices=("auto", "in", "out", "keep"), default="auto",
        help="security byte afterwards; auto: kept if it is one of the library's, else in stock",
    )  # fmt: skip
    word.add_argument("--overwrite", action="store_true", help="also tags of other items")
    word.add_argument("--dry-run", action="store_true", help="do everything but write")


def _add_line(word: argparse.ArgumentParser) -> None:
    word.add_argument(
        "--scanner", nargs="?", const="", metavar="NAME", help="scanner of the configuration"
    )
    word.add_argument("--from-tag", action="store_true", help="no codes: each tag keeps its number")
    word.add_argument("--log", type=Path, metavar="FILE.csv", help="append a line for each tag")
    word.add_argument("--count", type=int, default=0, metavar="N", help="stop after N good tags")
    word.add_argument("--pattern", default="", metavar="REGEX", help="what a number must look like")
    word.add_argument("--again", action="store_true", help="allow a number twice in a run (parts)")


def _byte(text: str) -> int:
    value = int(text, 16)
    if not 0 <= value <= 0xFF:
        raise ValueError
    return value


def _run(task: Task, name: str, args: argparse.Namespace) -> int:
    """Open the reader and do it; 1 for a device or tag that does not, 2 for what cannot be asked."""
    try:
        devices = Devices(args)
        reader = devices.reader()
        with Intents(devices.intents(args.intents)) as intents:
            return asyncio.run(_with_reader(task, args, devices, reader, intents))
    except IntentsError as error:
        return _fail(name, str(error), WRONG)
    except (DriverError, TagError) as error:
        hint = getattr(error, "hint", "")
        return _fail(name, f"{error}. {hint}".removesuffix(". ") if hint else str(error), TROUBLE)
    except KeyboardInterrupt:
        return 130


async def _with_reader(
    task: Task, args: argparse.Namespace, devices: Devices, reader: Any, intents: Intents
) -> int:
    async with opened(reader) as port:
        return await task(args, devices, TagBench(port, intents, _rules(args)))


def _rules(args: argparse.Namespace) -> Rules:
    return Rules(
        owner=args.owner, format=getattr(args, "format", None), usage=getattr(args, "usage", 0x10),
        afi=getattr(args, "afi", "auto"), afi_in=args.afi_in, afi_out=args.afi_out,
        overwrite=getattr(args, "overwrite", False),
    )  # fmt: skip


def _order(args: argparse.Namespace) -> Order:
    elements: dict[str, Any] = {}
    for text in args.element:
        name, equals, value = text.partition("=")
        if not equals:
            raise TagError(f"--element {text}: write NAME=TEXT, such as shelf_location=A12")
        number = name in ("media_format_other", "supply_chain_stage") and value.isdecimal()
        elements[name] = int(value) if number else value
    return Order(
        owner=args.owner, part=args.part, parts=args.parts, usage=args.usage, elements=elements,
        pattern=getattr(args, "pattern", ""), dry_run=args.dry_run,
        again=getattr(args, "again", False), count=getattr(args, "count", 0),
    )  # fmt: skip


async def _found(bench: TagBench) -> list[Found]:
    return [await bench.read(uid) for uid in await bench.seen()]


async def _read(args: argparse.Namespace, _devices: Devices, bench: TagBench) -> int:
    found = await _found(bench)
    for one in found:
        screen.tag(one, bench.open_item(one.uid), as_json=args.json)
    return _nothing("read") if not found else 0


async def _verify(args: argparse.Namespace, _devices: Devices, bench: TagBench) -> int:
    found = await _found(bench)
    bad = 0
    for one in found:
        words = faults(one, bench.rules, args.item)
        if item := bench.open_item(one.uid):
            words.append(f"writing {item} was begun and not finished: shelfwire tag heal")
        bad += bool(words)
        screen.verdict(one, words, as_json=args.json)
    return _nothing("verify") if not found else TROUBLE if bad else 0


async def _heal(args: argparse.Namespace, _devices: Devices, bench: TagBench) -> int:
    bad = 0
    uids = await bench.seen()
    for uid in uids:
        outcome = await bench.resume(uid)
        found = await bench.read(uid)
        good = found.content.item_id is not None
        if good and await bench.set_labels(found):
            outcome = Outcome.RESUMED
            found = await bench.read(uid)
        bad += not good
        screen.healed(found, outcome, as_json=args.json)
    return _nothing("heal") if not uids else TROUBLE if bad else 0


async def _write(args: argparse.Namespace, _devices: Devices, bench: TagBench) -> int:
    uids = await bench.seen()
    if len(uids) != 1:
        return _fail(
            "write", f"there are {len(uids)} tags on the reader: lay down just one", TROUBLE
        )
    rows: list[Row] = []
    log = Log(told=rows.append)
    codes = iter([args.item])

    async def next_code() -> str | None:
        return next(codes, None)

    def say(text: str) -> None:
        if text != SCAN:  # the code is on the command line
            screen.quiet(text)

    await Line(bench, _order(args), next_code, log, say).run()
    [row] = rows
    print(screen.line(row))  # noqa: T201
    return 0 if row.result in GOOD else TROUBLE


async def _convert(args: argparse.Namespace, devices: Devices, bench: TagBench) -> int:
    async with contextlib.AsyncExitStack() as stack:
        codes: NextCode | None = None
        if args.scanner is not None:
            codes = _scanned(await stack.enter_async_context(opened(devices.scanner(args.scanner))))
        elif not args.from_tag:
            codes = screen.typed()
        shown = stack.enter_context(screen.shown(args.count))
        log = Log(args.log, shown.row)
        try:
            await Line(bench, _order(args), codes, log, shown.say).run()
        finally:
            shown.end(log.summary())
    return 0


def _scanned(scanner: Any) -> NextCode:
    async def next_code() -> str | None:
        return str((await scanner.next_scan()).text)

    return next_code


def _nothing(word: str) -> int:
    return _fail(word, "there is no tag on the reader", TROUBLE)


def _fail(word: str, text: str, status: int) -> int:
    print(f"shelfwire tag {word}: {text}", file=sys.stderr)  # noqa: T201
    return status
