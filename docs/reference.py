"""Write the reference parts of the manual from the code; ``--check`` only says if they differ.

A part stands between ``<!-- begin: name -->`` and ``<!-- end: name -->``; everything else on the page
is written by hand.
"""

import argparse
import importlib
import re
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, get_args

import ladder as ladders

from edge.config import AgentOptions, UplinkOptions
from edge.wire.facts import Fact
from edge.wire.tables import options
from edge.wire.topics import ALL, ROOT, Who
from gateway.config import (
    BrokerOptions,
    ConsoleOptions,
    GatewayOptions,
    MailOptions,
    NoticeOptions,
    OidcOptions,
)
from gateway.sip2.options import Sip2Options

DOCS = Path(__file__).parent
_PART = re.compile(r"(<!-- begin: ([a-z-]+) -->\n)(.*?)(<!-- end: \2 -->)", re.DOTALL)


def _first(text: str | None) -> str:
    """Return the first sentence or line of a docstring."""
    return " ".join((text or "").strip().split("\n\n")[0].split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _options(cls: type[Any]) -> str:
    rows = ((f"`{o.name}`", o.kind, f"`{o.default}`" if o.default else "empty", o.help)
            for o in options(cls))  # fmt: skip
    return _table(("option", "takes", "default", "meaning"), rows)


def topics() -> str:
    """Return the topic table."""
    return _table(
        ("topic below `" + ROOT + "/{site}/`", "who speaks", "retained", "what"),
        (
            (
                f"`{'shared' if row.shared else '{device}'}/{row.path}`",
                "device" if row.publisher is Who.DEVICE else "centre",
                "yes" if row.retained else "no",
                row.help,
            )
            for row in ALL
        ),
    )


def facts() -> str:
    """Return the facts with their fields."""
    return _table(
        ("k", "fields", "meaning"),
        (
            (
                f"`{kind.__struct_config__.tag}`",
                ", ".join(f"`{name}`" for name in kind.__struct_fields__),
                _first(kind.__doc__),
            )
            for kind in get_args(Fact)
        ),
    )


def agent() -> str:
    """Return the options of the two fixed tables."""
    return "\n".join(
        f"### `[{name}]`\n\n{_options(cls)}"
        for name, cls in (("agent", AgentOptions), ("uplink", UplinkOptions))
    )


def _entries(group: str, word: str) -> str:
    parts = []
    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        made = entry.load()
        title = f'### `{word} = "{entry.name}"`' if word else f"### `[stations.{entry.name}]`"
        parts.append(f"{title}\n\n{made.help or _first(made.options.__doc__)}\n\n"
                     f"{_options(made.options)}")  # fmt: skip
    return "\n".join(parts)


def stations() -> str:
    """Return the options of every station."""
    return _entries("shelfwire.stations", "")


def ladder() -> str:
    """Return how far each driver has come, from tests, simulators and recorded peers."""
    return _table(ladders.HEAD, ladders.rows())


def devices() -> str:
    """Return the options of every driver."""
    return _entries("shelfwire.drivers", "driver")


def _diagram(module: str) -> Callable[[], str]:
    def draw() -> str:
        return f"```mermaid\n{importlib.import_module(module).diagram().strip()}\n```\n"

    return draw


def _commands(module: str, name: str) -> Callable[[], str]:
    def draw() -> str:
        parser = importlib.import_module(module).parser()
        return _table(("command", "what it does"), sorted(_walk(parser, name)))

    return draw


def _walk(parser: argparse.ArgumentParser, name: str) -> Iterable[tuple[str, str]]:
    """Yield every command below a parser with its help."""
    for action in parser._actions:  # noqa: SLF001 — argparse offers no other way to list them
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            helps = {row.dest: row.help or "" for row in action._choices_actions}  # noqa: SLF001
            for word, child in action.choices.items():
                yield f"`{name} {word}`", helps.get(word) or _first(child.description)
                yield from _walk(child, f"{name} {word}")


def make_words() -> str:
    """Return the words of the Makefile."""
    found = re.findall(
        r"^([a-z-]+):.*## (.*)$", (DOCS.parent / "Makefile").read_text(), re.MULTILINE
    )
    return _table(("command", "what it does"), ((f"`make {w}`", text) for w, text in found))


def example() -> str:
    """Return a whole configuration, the one of a commune library."""
    text = (DOCS.parent / "firmware_configs/agent.example.toml").read_text()
    return f"```toml\n{text.strip()}\n```\n"


def gateway() -> str:
    """Return the options of the gateway's tables."""
    return "\n".join(
        f"### `[{name}]`\n\n{_options(cls)}"
        for name, cls in (
            ("gateway", GatewayOptions),
            ("broker", BrokerOptions),
            ("console", ConsoleOptions),
            ("mail", MailOptions),
            ("oidc", OidcOptions),
            ("notices", NoticeOptions),
        )
    )


PARTS: dict[str, Callable[[], str]] = {
    "topics": topics,
    "facts": facts,
    "example": example,
    "agent": agent,
    "stations": stations,
    "ladder": ladder,
    "devices": devices,
    "gateway": gateway,
    "sip2": lambda: _options(Sip2Options),
    "kiosk": _diagram("kiosk.session"),
    "gate-beams": _diagram("edge.gate.beams"),
    "gate-tags": _diagram("edge.gate.tags"),
    "drop": _diagram("edge.drop.chute"),
    "shelfwire": _commands("edge.cli", "shelfwire"),
    "shelfwire-gateway": _commands("gateway.cli", "shelfwire-gateway"),
    "shelfwire-demo": _commands("demo.cli", "shelfwire-demo"),
    "make": make_words,
}


def renew(text: str) -> str:
    """Return a page with every part written anew."""
    return _PART.sub(lambda m: m[1] + "\n" + PARTS[m[2]]() + "\n" + m[4], text)


def main() -> int:
    """Write the pages, or with ``--check`` name those that would change."""
    stale = []
    for page in sorted(DOCS.rglob("*.md")):
        old = page.read_text(encoding="utf-8")
        new = renew(old)
        if new == old:
            continue
        stale.append(page.name)
        if "--check" not in sys.argv:
            page.write_text(new, encoding="utf-8")
    if stale and "--check" in sys.argv:
        print("Not as the code is now:", ", ".join(stale), "— run: make docs")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
