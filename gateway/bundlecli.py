"""``shelfwire-gateway bundle``: facts that come on a stick, answers that go back on it."""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.wire.bundle import BundleError
from edge.wire.bundlewords import say
from edge.wire.languages import LANGUAGES, language_of
from gateway.bundles import Stick, Taken, day, facts_in, values_of
from gateway.config import load
from gateway.enrol import open_ledger
from gateway.feed import feed_of
from gateway.home import Home

_IMPORT = """\
Take in the facts that devices wrote on a stick (shelfwire bundle export), and write the answer for
each of them beside: what the ledger has now, the policy, the local copy. The gateway may be at work,
and the same facts may come over the network too: each counts once.

  shelfwire-gateway bundle import --home centre /media/usb
"""
_EXPORT = """\
Write an answer for a device without facts from it: for a new machine that has no network, so that
it knows the catalogue and the policy from the first day.

  shelfwire-gateway bundle export --home centre xa-kiosk /media/usb
"""


def add_parser(words: "argparse._SubParsersAction[argparse.ArgumentParser]", home: str) -> None:
    """Add ``bundle`` and its words; ``home`` names the variable of the gateway's folder."""
    bundle = words.add_parser("bundle", help="facts in and answers out on a USB stick")
    inner = bundle.add_subparsers(dest="bundle_word", required=True, metavar="WORD")
    kind = argparse.RawDescriptionHelpFormatter
    take = inner.add_parser(
        "import", help="take facts in, write answers", description=_IMPORT, formatter_class=kind
    )
    take.add_argument("place", type=Path, metavar="PLACE", help="the stick's folder, or a file")
    take.add_argument("--no-answer", action="store_true", help="write no answer")
    take.set_defaults(do=_import)
    give = inner.add_parser(
        "export", help="write an answer for a device", description=_EXPORT, formatter_class=kind
    )
    give.add_argument("device", metavar="DEVICE")
    give.add_argument("place", type=Path, metavar="FOLDER", help="the stick's folder")
    give.set_defaults(do=_export)
    for word in (take, give):
        word.add_argument(
            "--home",
            type=Path,
            default=Path(os.environ.get(home, ".")),
            help=f"the gateway's folder (default: ${home}, else the current folder)",
        )
        language = language_of(os.environ)
        word.add_argument("--lang", choices=LANGUAGES, default=language, help="language")


def _import(args: argparse.Namespace) -> int:
    failed = False

    def work(stick: Stick) -> None:
        nonlocal failed
        for file in facts_in(args.place):
            try:
                failed = not _take(args, stick, file) or failed
            except BundleError as error:
                _complain(args.lang, error)
                failed = True

    return _with_stick(args, work) or int(failed)


def _take(args: argparse.Namespace, stick: Stick, file: Path) -> bool:
    """Take one bundle in and answer it; return whether its facts are in the ledger."""
    taken = stick.take_in(file, _now())
    values = {"file": str(file), **values_of(taken)}
    if taken.word:
        _complain(args.lang, BundleError(taken.word, **values))
    else:
        _say(say(args.lang, "taken_in", **values))
    if not args.no_answer:
        _answer(args, stick, taken.head.device, file.parent, taken)
    return not taken.word


def _export(args: argparse.Namespace) -> int:
    return _with_stick(args, lambda stick: _answer(args, stick, args.device, args.place, None))


def _answer(
    args: argparse.Namespace, stick: Stick, device: str, folder: Path, taken: Taken | None
) -> None:
    done = stick.answer(device, folder, _now(), taken)
    values = {"file": done.file, "size": done.size, "device": device, "until": day(done.expires)}
    _say(say(args.lang, "answered", **values))


def _with_stick(args: argparse.Namespace, work: Callable[[Stick], object]) -> int:
    home = Home(args.home).check()
    ledger = open_ledger(home)
    try:
        work(Stick(home, ledger, feed_of(home, load(home.config).gateway)))
    except BundleError as error:
        _complain(args.lang, error)
        return 1
    finally:
        ledger.close()
    return 0


def _complain(language: str, error: BundleError) -> None:
    values: dict[str, Any] = {"file": "?", **error.values}
    print(f"shelfwire-gateway bundle: {say(language, error.word, **values)}", file=sys.stderr)  # noqa: T201


def _now() -> int:
    return time.time_ns() // 1_000_000


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
