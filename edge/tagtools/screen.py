"""What the tag tools show: plain lines, and a moving line of counts where somebody is watching."""

# ruff: noqa: T201

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from edge.tagtools.line import NextCode
from edge.tagtools.log import GOOD, Row
from edge.tagtools.work import Found, Outcome

_OUTCOMES = {
    Outcome.RESUMED: "finished",
    Outcome.GIVEN_UP: "written by somebody else since: the old work is dropped",
    Outcome.NOTHING: "nothing to do",
}


class Shown(Protocol):
    """Where a conversion line is watched."""

    def say(self, text: str) -> None:
        """Show what to do next."""

    def row(self, row: Row) -> None:
        """Show what became of a tag."""

    def end(self, summary: str) -> None:
        """Show the counts."""


def tag(found: Found, open_item: str | None, *, as_json: bool) -> None:
    """Print a tag."""
    info, content = found.info, found.content
    if as_json:
        print(
            json.dumps(_about(found) | content.as_json() | {"open": open_item}, ensure_ascii=False)
        )
        return
    print(
        f"{_head(found)}  afi={_byte(info.afi)} dsfid={_byte(info.dsfid)} {len(found.memory)} bytes"
    )
    for name, value in content.elements.items():
        print(f"    {name}: {value}")
    if found.told:
        print(f"    user bank, {len(found.user)} bytes: {found.told.format}")
        for name, value in found.told.elements.items():
            print(f"      {name}: {value}")
    for text in [*content.warnings, *(found.told.warnings if found.told else ())]:
        print(f"  ! {text}")
    if open_item:
        print(f"  ! writing {open_item} was begun and not finished")


def verdict(found: Found, words: list[str], *, as_json: bool) -> None:
    """Print whether a tag is as it should be."""
    if as_json:
        about = _about(found) | {
            "item_id": found.content.item_id,
            "good": not words,
            "faults": words,
        }
        print(json.dumps(about, ensure_ascii=False))
        return
    print(f"{_head(found)}  {'good' if not words else 'NOT GOOD'}")
    for text in words:
        print(f"  ! {text}")


def healed(found: Found, outcome: Outcome, *, as_json: bool) -> None:
    """Print what became of a tag that was met again."""
    good = found.content.item_id is not None
    words = _OUTCOMES.get(outcome, str(outcome))
    if not good:
        words = "not readable, and nothing is known of it here: write it again with its number"
    if as_json:
        about = _about(found) | {"item_id": found.content.item_id, "outcome": outcome, "good": good}
        print(json.dumps(about, ensure_ascii=False))
        return
    print(f"{_head(found)}  {words}")


def line(row: Row) -> str:
    """Return a line about a tag."""
    detail = f"  {row.detail}" if row.detail else ""
    blocks = f" ({row.format}, {row.blocks} blocks)" if row.format else ""
    return f"{row.item or '-'}  {row.uid or '-'}  {row.result}{blocks}{detail}"


def quiet(text: str) -> None:
    """Show what to do on standard error: the result alone goes to standard output."""
    print(text, file=sys.stderr)


def typed() -> NextCode:
    """Return codes from standard input, one a line; a thread reads them."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        with suppress(RuntimeError, ValueError):  # the loop or the input has ended
            for line in sys.stdin:
                loop.call_soon_threadsafe(lines.put_nowait, line.strip())
            loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, name="codes", daemon=True).start()
    return lines.get


@contextmanager
def shown(count: int) -> Iterator[Shown]:
    """Give a progress line on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield _Plain()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True, highlight=False)) as progress:
        yield _Moving(progress, count)


class _Plain:
    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def row(self, row: Row) -> None:
        print(line(row), flush=True)

    def end(self, summary: str) -> None:
        print(summary, flush=True)


class _Moving:
    def __init__(self, progress: Any, count: int) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=count or None)

    def say(self, text: str) -> None:
        self._progress.update(self._task, description=text)

    def row(self, row: Row) -> None:
        good = row.result in GOOD
        style = "green" if good else "bold red"
        self._progress.print(line(row), style=style, markup=False)
        self._progress.update(self._task, advance=int(good))

    def end(self, summary: str) -> None:
        self._progress.print(summary, style="bold", markup=False)


def _head(found: Found) -> str:
    content = found.content
    part = f" part {content.part} of {content.parts}" if (content.parts or 1) > 1 else ""
    owner = f" of {content.owner}" if content.owner else ""
    return f"{found.uid.hex().upper()}  {content.item_id or '-'}{part}{owner}  {content.format}"


def _about(found: Found) -> dict[str, Any]:
    info = found.info
    about = {"uid": found.uid.hex().upper(), "afi": _byte(info.afi), "dsfid": _byte(info.dsfid),
             "block_size": info.block_size, "memory": found.memory.hex()}  # fmt: skip
    if info.bank:
        about |= {
            "user": found.user.hex(),
            "user_elements": found.told.elements if found.told else {},
        }
    return about


def _byte(value: int | None) -> str:
    return "--" if value is None else f"{value:02X}"
