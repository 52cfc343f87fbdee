"""``shelfwire bundle``: facts out and answers in on a USB stick, where there is no network."""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from edge.arguments import add_config, add_language, agent_works
from edge.config import Config, load
from edge.wire.bundle import BundleError
from edge.wire.bundlewords import say

BROKEN = 1
_EXPORT = """\
Write the facts that wait for the centre into a file on a stick. They stay here until the centre's
answer is back; writing them again, or sending them over the network too, does no harm. What
readers borrowed can be read by the centre only. The agent may be at work.

  shelfwire bundle export /media/usb
"""
_IMPORT = """\
Take in the centre's answer from a stick: what it has of this machine's facts, the lending policy,
the local copy of items and readers. It must be whole, signed by the centre, for this machine, and
not too old. The agent takes it in while it works; it may be taken in twice.

  shelfwire bundle import /media/usb
"""


def add_parser(subparsers: Any) -> None:
    """Add ``bundle`` and its words; the handler is called with the parsed arguments."""
    bundle = subparsers.add_parser("bundle", help="facts out and answers in on a stick")
    words = bundle.add_subparsers(dest="bundle_word", required=True, metavar="WORD")
    kind = argparse.RawDescriptionHelpFormatter
    out = words.add_parser(
        "export", help="write waiting facts for the centre", description=_EXPORT,
        formatter_class=kind,
    )  # fmt: skip
    out.add_argument("target", type=Path, metavar="PLACE", help="the stick's folder, or a file")
    out.add_argument(
        "--all", action="store_true", help="also what the centre has already and is still here"
    )
    out.set_defaults(handler=run_export)
    back = words.add_parser(
        "import", help="take in the centre's answer", description=_IMPORT, formatter_class=kind
    )
    back.add_argument("source", type=Path, metavar="PLACE", help="the stick's folder, or a file")
    back.add_argument(
        "--wait", type=float, default=60.0, metavar="S", help="wait so long for the agent (60)"
    )
    back.set_defaults(handler=run_import)
    for word in (out, back):
        add_config(word)
        add_language(word)


def run_export(args: argparse.Namespace) -> int:
    """Write the facts; 1 if it is not possible, and then nothing was changed."""
    from edge.bundles.export import export
    from edge.clock import Clock

    try:
        done = export(load(args.config), args.target, Clock().now_ms(), everything=args.all)
    except BundleError as error:
        return _fail(args.lang, error)
    word = "exported" if done.count else "exported_none"
    _print(say(args.lang, word, file=done.file, count=done.count, size=done.size))
    return 0


def run_import(args: argparse.Namespace) -> int:
    """Check an answer and hand it to the agent; 1 if it cannot be used."""
    from edge.bundles.answer import find

    config = load(args.config)
    try:
        file = find(args.source, config.agent.device)
        word, values = _hand_over(file, config, args.wait)
    except BundleError as error:
        return _fail(args.lang, error)
    if word in ("accepted", "known", "handed_over", "not_yet"):
        _print(say(args.lang, word, **{**values, "file": file}))
        return 0
    return _fail(args.lang, BundleError(word, **{**values, "file": str(file)}))


def _hand_over(file: Path, config: Config, seconds: float) -> tuple[str, dict[str, Any]]:
    """Give a good answer to the agent; return what came of it, as a sentence's key and values."""
    from edge.bundles.answer import Answer
    from edge.bundles.files import whole
    from edge.bundles.inbox import DONE, FILE
    from edge.clock import Clock

    clock, data = Clock(), config.agent.data
    try:
        source = file.open("rb")
    except OSError as error:
        raise BundleError("unreadable", file=str(file), why=error.strerror or error) from None
    with source:
        Answer(source, str(file), config).check(
            None if clock.state() == "unset" else clock.now_ms()
        )
        source.seek(0)
        done = data / DONE
        done.unlink(missing_ok=True)
        with whole(data / FILE) as copy:
            shutil.copyfileobj(source, copy)
    if not agent_works(data):
        return "handed_over", {}
    ends = time.monotonic() + seconds
    while not done.exists():
        if time.monotonic() > ends:
            return "not_yet", {}
        time.sleep(0.2)
    said = json.loads(done.read_text("utf-8"))
    return str(said["word"]), dict(said["values"])


def _fail(language: str, error: BundleError) -> int:
    values = {"file": "?", **error.values}
    _print(f"shelfwire bundle: {say(language, error.word, **values)}", sys.stderr)
    return BROKEN


def _print(text: str, to: Any = None) -> None:
    print(text, file=to or sys.stdout)
