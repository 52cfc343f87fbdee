"""``shelfwire drop``: which bin an item would fall into, and why."""

import argparse
import contextlib
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.arguments import add_config, add_json, add_language
from edge.config import Config, load
from edge.texts import Texts

if TYPE_CHECKING:
    from edge.circulation.model import ItemView, Policy

WRONG = 2
_ABOUT = """\
Say which bin of the book drop an item would fall into, and which rule says so. It looks into this
device's own copy of the catalogue and needs no network; when the centre answers in time at the real
drop, what it knows newer (a hold placed just now) and the bin it names come first.

  shelfwire drop which BT00000123
  shelfwire drop which BT00000123 --config /etc/shelfwire/agent.toml --json
"""


def add_parser(words: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    drop = words.add_parser("drop", help="ask about the book drop: which bin for what, and why")
    which = drop.add_subparsers(dest="drop_command", required=True, metavar="WHAT").add_parser(
        "which",
        help="which bin for an item, and why",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which.add_argument("item", metavar="ITEM", help="the item's number")
    add_config(which)
    which.add_argument("--station", default="", metavar="NAME", help="if there are several drops")
    which.add_argument("--owner", default="", metavar="ISIL", help="the library that its tag names")
    add_json(which)
    add_language(which)
    which.set_defaults(handler=run_which)


def run_which(args: argparse.Namespace) -> int:
    """Explain the choice; exit status 0 when a bin was found, 2 when none can be."""
    texts, config = Texts(args.lang), load(args.config)
    stations = {name: one for name, (entry, one) in config.stations.items() if entry.name == "drop"}
    if args.station:
        stations = {name: one for name, one in stations.items() if name == args.station}
    if len(stations) != 1:
        key = "drop.which_many" if stations else "drop.which_no_station"
        _say(texts.say(key, config=args.config, names=", ".join(stations)))
        return WRONG
    [options] = stations.values()
    found = _decide(config, options, args.item, args.owner or None)
    if args.json:
        _say(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        _show(texts, found)
    return 0 if found["bin"] else WRONG


def _decide(config: Config, options: Any, item: str, owner: str | None) -> dict[str, Any]:
    from edge.drop.sorter import returning, sort_by_rules

    view, policy = _known(config.agent.data / "replica.db", item)
    thing = returning(item, view, policy, owner=owner)
    goes = sort_by_rules(options.rules(), thing, options.branch or config.agent.site, view)
    only = next(iter(options.every_bin())) if not options.sort else ""
    return {
        "item": item,
        "known": view is not None,
        "title": view.title if view else "",
        "bin": goes.bin or only,
        "rules": [
            {
                "rule": str(s.rule),
                "fits": s.fits,
                "word": s.word,
                "value": s.value,
                "home": s.home,
                "why": s.why,
            }
            for s in goes.steps
        ],
    }


def _known(file: Path, item: str) -> "tuple[ItemView | None, Policy | None]":
    """Return what the local copy knows. A copy of it is read: the agent's own stays untouched."""
    from edge.replica import Replica

    if not file.exists():
        return None, None
    with tempfile.TemporaryDirectory() as folder:
        for part in (file, file.with_name(file.name + "-wal")):
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(part, folder)
        with contextlib.closing(Replica.open(Path(folder) / file.name, _now)) as replica:
            return replica.item(item), replica.policy


def _now() -> int:
    return time.time_ns() // 1_000_000


def _show(texts: Texts, found: dict[str, Any]) -> None:
    name = f"{found['item']} ({found['title']})" if found["title"] else found["item"]
    if not found["known"]:
        _say(texts.say("drop.which_unknown", item=found["item"]))
    for step in found["rules"]:
        key = "drop.which_yes" if step["fits"] else "drop.which_no"
        why = texts.say(f"drop.why_{step['word']}", value=step["value"], home=step["home"])
        _say(texts.say(key, rule=step["rule"], why=why))
    if not found["rules"]:
        _say(texts.say("drop.which_none", bin=found["bin"]))
    key = "drop.which_bin" if found["bin"] else "drop.which_nowhere"
    _say(texts.say(key, item=name, bin=found["bin"]))


def _say(text: str) -> None:
    print(text)  # noqa: T201
