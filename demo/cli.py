"""The demo's command line: ``shelfwire-demo up | day | reset``."""

import argparse
import asyncio
import contextlib
import shutil
import signal
import sys
import time
from importlib.metadata import version
from pathlib import Path

from demo import school
from demo.accounts import sign_in_line
from demo.catalogue import library
from demo.places import Places, open_places
from demo.processes import ChildError
from demo.stack import Stack

_ABOUT = """\
A small province on this machine: two libraries with simulated devices on real wires, four agents,
a broker and the centre, each in its own process.

  shelfwire-demo up                 run it; Ctrl-C stops everything
  shelfwire-demo day --visits 20    a scripted library day with outages, then the sums
  shelfwire-demo reset              forget everything and start over
"""


def main(argv: list[str] | None = None) -> int:
    """Run one command; return the exit status."""
    args = parser().parse_args(argv)
    try:
        return int(args.do(args))
    except ChildError as error:
        return _failed(error)
    except ExceptionGroup as group:
        failed = group.subgroup(ChildError)
        if failed is None:
            raise
        return _failed(failed.exceptions[0])
    except KeyboardInterrupt:
        return 130


def _failed(error: Exception) -> int:
    print(f"shelfwire-demo: {error}", file=sys.stderr)
    return 1


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; the manual is written from it."""
    parser = argparse.ArgumentParser(
        prog="shelfwire-demo",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('shelfwire')}")
    parser.add_argument(
        "--folder", type=Path, default=Path(".demo"), help="where the demo keeps its things (.demo)"
    )
    parser.add_argument("--any-ports", action="store_true", help="take any free ports")
    parser.add_argument(
        "--broker", choices=("mosquitto", "embedded"), help="which broker (default: what is there)"
    )
    words = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    up = words.add_parser("up", help="run two libraries until Ctrl-C")
    up.set_defaults(do=_up)
    day = words.add_parser("day", help="a scripted library day, then the sums")
    day.add_argument("--visits", type=int, default=200, help="visits of readers (200)")
    day.add_argument("--seed", type=int, default=1, help="the same seed gives the same day (1)")
    day.set_defaults(do=_day)
    reset = words.add_parser("reset", help="forget the demo's data")
    reset.set_defaults(do=_reset)
    return parser


def _up(args: argparse.Namespace) -> int:
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    began = time.monotonic()
    places = open_places(args.folder, any_ports=args.any_ports)
    ended = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(one, ended.set)
    stack = Stack(places, _say, embedded=_embedded(args))
    running = asyncio.create_task(_until(stack, ended, began))
    stopper = asyncio.create_task(ended.wait())
    await asyncio.wait((running, stopper), return_when=asyncio.FIRST_COMPLETED)
    stopper.cancel()
    if not running.done() and not stack.up:
        running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    return 0


async def _until(stack: Stack, ended: asyncio.Event, began: float) -> None:
    _say("Shelfwire starts: broker, centre, two libraries, four Raspberry Pis …")
    async with stack.running():
        _say(f"ready after {time.monotonic() - began:.1f} s\n\n{_addresses(stack.places)}\n")
        await ended.wait()
        _say("stopping …")
    _say("stopped. Your library is kept: the next start continues with it.")


def _addresses(places: Places) -> str:
    rows = (
        ("Hall (the physical world)", places.url("hall")),
        ("Staff console", places.url("console")),
        ("Kiosk, provincial library", places.url("kiosk-tinh")),
        ("Kiosk, commune library", places.url("kiosk-xa")),
    )
    lines = "\n".join(f"  {name:<28}{url}" for name, url in rows)
    notes = f"  Console: {sign_in_line(places)}\n  Children: {school.line(library())}"
    notes += "\n  Staff at a kiosk: hold the library's name for 2.5 s, then show the librarian's card (in the hall)"
    return f"{lines}\n\n{notes}\n\n  Ctrl-C stops everything."


def _day(args: argparse.Namespace) -> int:
    from demo.day.run import live_a_day  # what it needs is not needed to run the demo

    folder = args.folder / "day"
    shutil.rmtree(folder, ignore_errors=True)
    places = open_places(folder, any_ports=args.any_ports)
    return asyncio.run(live_a_day(places, args.visits, args.seed, _say, _embedded(args)))


def _reset(args: argparse.Namespace) -> int:
    if args.folder.exists() and not (args.folder / "ports.json").exists():
        print(f"shelfwire-demo: {args.folder} is no folder of the demo", file=sys.stderr)
        return 1
    shutil.rmtree(args.folder, ignore_errors=True)
    _say("The demo starts over: its data is gone.")
    return 0


def _embedded(args: argparse.Namespace) -> bool | None:
    return None if args.broker is None else args.broker == "embedded"


def _say(text: str) -> None:
    print(text, flush=True)
