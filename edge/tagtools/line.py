"""The conversion line: a code is scanned, a tag is laid down, written, read back; the next one.

Nothing is written while there is any doubt: no code, two tags, a tag that belongs to another item.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from drivers.errors import DriverError, RefusedError, TagLostError
from drivers.tags import NewTag, TagError
from edge.tagtools.intents import Intent
from edge.tagtools.log import Log, Row
from edge.tagtools.work import Found, NotTakenError, OtherItemError, Outcome, TagBench

NextCode = Callable[[], Awaitable[str | None]]
"""Wait for the next code; None when there are no more."""
SKIP = "skip"
SCAN = "scan a code"
_LOOKS = 2
"""So often the same single tag must be seen before it is believed to be the one."""
_Problem = (RefusedError, NotTakenError, OtherItemError, TagError)


@dataclass(frozen=True, slots=True)
class Order:
    """What to make of the tags. ``pattern``: what a code must look like, whole."""

    owner: str = ""
    part: int = 1
    parts: int = 1
    usage: int = 0x10
    elements: dict[str, Any] = field(default_factory=dict)
    pattern: str = ""
    dry_run: bool = False
    again: bool = False
    """Whether a code that was done in this run may be done once more."""
    count: int = 0
    """Stop after so many good tags; 0: when there are no more codes."""

    def tag(self, item: str) -> NewTag:
        """Return the tag for an item; TagError if the number cannot be on a tag."""
        return NewTag(item, self.owner, self.part, self.parts, self.usage, self.elements)


@dataclass(slots=True)
class _Job:
    """The code in hand. ``begun``: the tag that holds a part of it."""

    item: str
    started: float
    begun: bytes | None = None
    blocks: int = 0
    told: str = ""


class Line:
    """Runs until there are no more codes. ``say`` gets one short sentence whenever it changes."""

    def __init__(
        self,
        bench: TagBench,
        order: Order,
        codes: NextCode | None,
        log: Log,
        say: Callable[[str], None],
        pause: float = 0.1,
    ) -> None:
        """Work at ``bench``; without ``codes`` every tag keeps its number and is only rewritten."""
        self._bench = bench
        self._order = order
        self._codes = codes
        self._log = log
        self._say = say
        self._pause = pause
        self._finished: bytes | None = None
        self._done: set[str] = set()
        self._steady: tuple[bytes | None, int] = (None, 0)

    async def run(self) -> None:
        """Do every code; DriverErrors of the reader itself are the caller's."""
        while not (self._order.count and self._log.good >= self._order.count):
            if self._codes is None:
                await self._do(_Job("", time.monotonic()))
                continue
            self._say(SCAN)
            code = await self._codes()
            if code is None:
                return
            if self._accepts(code.strip()):
                await self._do(_Job(code.strip(), time.monotonic()))

    def _accepts(self, code: str) -> bool:
        if not code or code == SKIP:
            return False
        why = ""
        if self._order.pattern and not re.fullmatch(self._order.pattern, code):
            why = "the code does not look like an item number"
        elif code in self._done and not self._order.again:
            why = "this number was already written in this run"
        if why:
            self._log(Row(code, "", "refused", detail=why))
        return not why

    async def _do(self, job: _Job) -> None:
        """Bring one code onto one tag, however often the tag is torn away."""
        while True:
            uid = await self._one_tag(job)
            try:
                row = await self._bring(job, uid)
            except TagLostError:
                self._tell(job, "the tag left: put it back")
                continue
            except _Problem as error:
                row = Row(job.item, _name(uid), "refused", detail=_words(error))
            self._finished = uid
            if row.result in ("written", "unchanged", "resumed"):
                self._done.add(row.item)
            self._log(replace(row, seconds=round(time.monotonic() - job.started, 2)))
            return

    async def _one_tag(self, job: _Job) -> bytes:
        """Wait until exactly one new tag lies there, and lies still."""
        while True:
            seen = await self._bench.seen()
            if self._finished not in seen:
                self._finished = None
            new = [uid for uid in seen if uid != self._finished]
            if len(seen) == 1 and new and job.begun in (None, new[0]):
                last, looks = self._steady
                looks = looks + 1 if last == new[0] else 1
                self._steady = (new[0], looks)
                if looks >= _LOOKS:
                    return new[0]
            else:
                self._steady = (None, 0)
                self._tell(job, self._why_not(job, seen, new))
            await asyncio.sleep(self._pause)

    def _why_not(self, job: _Job, seen: list[bytes], new: list[bytes]) -> str:
        if len(seen) > 1:
            return f"there are {len(seen)} tags: leave only one"
        if job.begun is not None:
            return "the tag left: put it back"
        if seen and not new:
            return (
                "done: take the item away"
                if not job.item
                else f"{job.item}: take the last one away"
            )
        return f"{job.item}: lay the item down" if job.item else "lay an item down"

    async def _bring(self, job: _Job, uid: bytes) -> Row:
        if self._order.dry_run and self._bench.open_item(uid):
            return Row(job.item, _name(uid), "would_resume")
        resumed = await self._bench.resume(uid) is Outcome.RESUMED
        found = await self._bench.read(uid)
        item = job.item or found.content.item_id
        if item is None:
            return Row("", _name(uid), "refused", detail="there is no number on this tag to keep")
        intent = self._bench.plan(found, self._tag(item, found, keep=not job.item))
        steps = self._bench.steps(intent)
        model = intent.format
        if self._order.dry_run:
            result = "would_write" if steps else "unchanged"
            return Row(item, _name(uid), result, model, len(steps), detail=_told(intent))
        job.begun, job.blocks = uid, job.blocks + len(steps)
        outcome = await self._bench.write(intent)
        word = "resumed" if resumed and outcome is Outcome.UNCHANGED else str(outcome)
        remark = self._bench.remark(found, intent)
        return Row(item, _name(uid), word, model, job.blocks, detail=remark)

    def _tag(self, item: str, found: Found, *, keep: bool) -> NewTag:
        """Return what is to be on the tag; a tag that is only rewritten keeps all it says."""
        order, held = self._order, found.content
        if not keep:
            return order.tag(item)
        elements = held.elements | (found.told.elements if found.told else {})
        plain = {name: elements[name] for name in elements if name in _kept(elements)}
        owner = order.owner or held.owner or ""
        said = held.usage if found.told is None else found.told.usage
        usage = order.usage if said is None else said
        return NewTag(item, owner, held.part or 1, held.parts or 1, usage, plain | order.elements)

    def _tell(self, job: _Job, text: str) -> None:
        if text != job.told:
            job.told = text
            self._say(text)


def _told(intent: Intent) -> str:
    user = f" user bank {intent.user_image.hex()}" if intent.user_image else ""
    return intent.image.hex() + user


def _kept(elements: dict[str, Any]) -> set[str]:
    """Return which elements a new tag can take over as they are."""
    kept = set()
    for name, value in elements.items():
        with contextlib.suppress(TagError):
            NewTag("0", elements={name: value})
            kept.add(name)
    return kept


def _name(uid: bytes) -> str:
    return uid.hex().upper()


def _words(error: Exception) -> str:
    hint = error.hint if isinstance(error, DriverError) else ""
    return f"{error}. {hint}" if hint else str(error)
