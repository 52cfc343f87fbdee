"""The command line of the centre: ``shelfwire-gateway``."""

import argparse
import getpass
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

from edge.wire.commands import AnyDeed
from edge.wire.errors import WireError
from edge.wire.tables import ConfigError
from gateway import bundlecli, classcli, dropcli, homecli, imports, report, sip2cli, usercli
from gateway.config import load
from gateway.errors import GatewayError, RefusedError
from gateway.home import Home
from gateway.homecli import opened
from gateway.ledger import commands, forgetting, koc, places

_ABOUT = """\
The centre of Shelfwire: takes in every fact of every device once, keeps the ledger of loans,
answers the kiosks and shows staff what needs a hand.

A first gateway in six lines:
  shelfwire-gateway init centre
  shelfwire-gateway import-items --home centre items.jsonl
  shelfwire-gateway import-readers --home centre readers.jsonl
  shelfwire-gateway enrol --home centre tinh tinh-kiosk --out kiosk-keys
  shelfwire-gateway user add --home centre hoa --role province
  shelfwire-gateway run --config centre/gateway.toml
"""
DEEDS = tuple(str(one.__struct_config__.tag) for one in get_args(AnyDeed))
_HOME = "SHELFWIRE_GATEWAY_HOME"


def main(argv: list[str] | None = None) -> int:
    """Run one command; return the exit status: 0 done, 1 not possible, 2 not understood."""
    args = parser().parse_args(argv)
    try:
        status: int = args.do(args)
    except (GatewayError, ConfigError, WireError) as error:
        print(f"shelfwire-gateway: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except sqlite3.OperationalError as error:
        print(f"shelfwire-gateway: the ledger cannot be written: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 0
    return status


class AnyOrder(argparse.ArgumentParser):
    """Takes a command's options and its other words in any order: ``box pack --home X BOX ITEM``."""

    _inside = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return what was understood and what was not."""
        if self._inside or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        self._inside = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._inside = False


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; the manual is written from it."""
    parser: argparse.ArgumentParser = AnyOrder(
        prog="shelfwire-gateway",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('shelfwire')}")
    words = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    run = _word(words, "run", _run, "take facts in, answer, show the staff console")
    run.add_argument("--config", type=Path, required=True, help="gateway.toml that init made")

    homecli.add_words(partial(_word, words), now_ms)
    usercli.add_parser(words, Path(os.environ.get(_HOME, ".")), now_ms)

    deed = _word(words, "command", _command, "tell a device to do something", home=True)
    deed.add_argument("device", metavar="DEVICE")
    deed.add_argument("deed", metavar="DO", choices=DEEDS, help=", ".join(DEEDS))
    deed.add_argument(
        "arg", nargs="*", metavar="NAME=VALUE", help="such as minutes=10 (mute), bin=1, lines=100"
    )
    deed.add_argument("--who", default="", help="who asks (default: the account of this machine)")
    deed.add_argument("--minutes", type=int, default=15, help="give up after so long (15)")
    deed.add_argument("--wait", type=int, default=30, help="wait so many seconds for it (30)")

    files = (
        ("import-items", _items, "FILE.jsonl", "copies: item, title, author, kind, branch, flags"),
        ("import-readers", _readers, "FILE.jsonl", "readers: reader, name, group, expires, cards"),
        ("import-branches", _branches, "FILE.jsonl", "the branch tree: branch, name, parent"),
        ("import-holds", _holds, "FILE.jsonl", "holds: hold, reader, item or work, site, ready"),
        ("import-fees", _fees, "FILE.jsonl", "fees and payments: fee, reader, amount, why"),
        ("import-policy", _policy, "FILE.toml", "the lending policy"),
        ("import-map", _map, "FILE.geojson", "where the sites lie: outline, rivers, places"),
        ("import-board", _board, "FILE.toml", "what idle kiosks show: note, [[events]], books"),
    )
    for name, do, file, text in files:
        word = _word(words, name, do, text, home=True)
        word.add_argument("file", type=Path, metavar=file)

    gone = _word(words, "forget", _forget, "forget a reader who asks for it, for good", home=True)
    gone.add_argument("reader", metavar="READER", help="number of the reader, or of a card")
    gone.add_argument("--yes", action="store_true", help="do it; without, say what would go")
    gone.add_argument(
        "--who", default="", help="who does it (default: the account of this machine)"
    )

    koha = _word(words, "koc", _koc, "write loans and returns as a file for Koha", home=True)
    koha.add_argument("file", type=Path, metavar="FILE.koc", help="a new file; it names cards")
    koha.add_argument(
        "--after", type=int, default=0, help="what came in after this number (0: all)"
    )
    koha.add_argument("--site", default="", help="of one site only, for Koha's branch of it")

    classcli.add_parser(words, Path(os.environ.get(_HOME, ".")))
    dropcli.add_words(partial(_word, words))
    bundlecli.add_parser(words, _HOME)
    sip2cli.add_words(words, _HOME, Path(os.environ.get(_HOME, ".")))
    _word(words, "report", _report, "print loans, alarms and devices of the ledger", home=True)
    return parser


def _word(
    words: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    do: Callable[[argparse.Namespace], int],
    text: str,
    *,
    home: bool = False,
) -> argparse.ArgumentParser:
    parser = words.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(do=do)
    if home:
        parser.add_argument(
            "--home",
            type=Path,
            default=Path(os.environ.get(_HOME, ".")),
            help=f"the gateway's folder (default: ${_HOME}, else the current folder)",
        )
    return parser


def _run(args: argparse.Namespace) -> int:
    from gateway.service import run  # the other commands need no web server

    return run(load(args.config))


def _command(args: argparse.Namespace) -> int:
    words = dict(text.partition("=")[::2] for text in args.arg)
    deed = commands.read_deed(
        args.deed, {k: int(v) if v.isdigit() else v for k, v in words.items()}
    )
    who = args.who or getpass.getuser()
    with opened(Home(args.home)) as ledger:
        ident = commands.ask(ledger, args.device, deed, who, now_ms(), args.minutes * 60_000)
        found = commands.one(ledger, ident)
        until = time.monotonic() + args.wait
        while found["state"] in commands.OPEN and time.monotonic() < until:
            time.sleep(0.2)
            found = commands.one(ledger, ident)
    _say(report.command(found))
    return 1 if found["state"] in ("failed", "refused", "expired") else 0


def _items(args: argparse.Namespace) -> int:
    with opened(Home(args.home)) as ledger:
        _say(f"{imports.import_items(ledger, args.file, now_ms())} items new or changed")
    return 0


def _readers(args: argparse.Namespace) -> int:
    with opened(Home(args.home)) as ledger:
        count = imports.import_readers(ledger, args.file, now_ms())
        _say(f"{count} readers and cards new or changed")
    return 0


def _branches(args: argparse.Namespace) -> int:
    with opened(Home(args.home)) as ledger:
        _say(f"{imports.import_branches(ledger, args.file)} branches")
    return 0


def _holds(args: argparse.Namespace) -> int:
    with opened(Home(args.home)) as ledger:
        _say(f"{imports.import_holds(ledger, args.file, now_ms())} holds new or changed")
    return 0


def _fees(args: argparse.Namespace) -> int:
    with opened(Home(args.home)) as ledger:
        _say(f"{imports.import_fees(ledger, args.file, now_ms())} fees new")
    return 0


def _policy(args: argparse.Namespace) -> int:
    with opened(Home(args.home)) as ledger:
        _say(f"policy {imports.import_policy(ledger, args.file, now_ms())} is in force")
    return 0


def _board(args: argparse.Namespace) -> int:
    with opened(Home(args.home)) as ledger:
        board = imports.import_board(ledger, args.file, now_ms())
        _say(f"idle kiosks show {len(board.events)} events and {len(board.books)} new books")
    return 0


def _map(args: argparse.Namespace) -> int:
    with opened(Home(args.home)) as ledger:
        drawn = places.import_map(ledger, args.file)
        there = set(ledger.sites())
        _say(f"the map shows {len(there & drawn.places.keys())} of {len(there)} sites")
        if strange := sorted(drawn.places.keys() - there):
            _say(f"not known as sites: {', '.join(strange[:20])}")
    return 0


def _koc(args: argparse.Namespace) -> int:
    with opened(Home(args.home)) as ledger:
        if args.site and args.site not in ledger.sites():
            raise RefusedError(f"there is no site {args.site!r}")
        done = koc.export(ledger, args.file, args.after, args.site)
    _say(f"{done.lines} lines; begin with --after {done.next} next time")
    if done.past:
        _say(f"{done.past} are not in it: an earlier file says something later of the same item")
    if done.unknown:
        _say(f"{done.unknown} loans are not in it: nobody knows their card yet (see the worklist)")
    return 0


def _forget(args: argparse.Namespace) -> int:
    with opened(Home(args.home)) as ledger:
        known = forgetting.look(ledger, args.reader, now_ms())
        if args.yes:
            who = args.who or getpass.getuser()
            alias = forgetting.forget(ledger, args.reader, who, now_ms())
            _say(f"forgotten; past loans ({known.loans}) count under {alias} from now on")
            _say("Older backups still know this reader, and so does what import-readers reads")
            return 0
    _say(f"{known.person.name or '(no name)'}, reader {known.person.reader}")
    _say(
        f"  goes: name, cards ({known.cards}), PIN, address, papers, picture, holds ({known.holds})"
    )
    _say(f"  stays, under a made-up name: past loans ({known.loans})")
    _say("Nothing was changed. This cannot be taken back: to do it, say it again with --yes")
    return 0


def _report(args: argparse.Namespace) -> int:
    with opened(Home(args.home)) as ledger:
        report.show(ledger, now_ms())
    return 0


def now_ms() -> int:
    """Return the time now, in ms since 1970 UTC."""
    return time.time_ns() // 1_000_000


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
