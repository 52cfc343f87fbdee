"""A disk whose power can be cut: what was done to its files, and every state that can be left.

A :class:`Disk` keeps a log of steps. A write is safe once its file was synced after it; until then
a power cut may take it, leave it, or leave some of its sectors. :meth:`Disk.images` walks the log
and gives the files as they may be found when the power went after each step.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SECTOR = 512


@dataclass(frozen=True, slots=True)
class Create:
    """A file came to be."""

    name: str


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes were written at a place of a file."""

    name: str
    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """A file was given a length."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """Everything written to a file so far is safe."""

    name: str


@dataclass(frozen=True, slots=True)
class Delete:
    """A file was removed; ``safe``: its folder was synced too."""

    name: str
    safe: bool


@dataclass(frozen=True, slots=True)
class Promise:
    """Somebody was told that this much is done (any value that tells the states apart)."""

    what: str


Step = Create | Write | Truncate | Sync | Delete | Promise
Change = Write | Truncate


class Left(StrEnum):
    """What a power cut leaves of the writes that were not synced."""

    NOTHING = "nothing"
    ALL = "all"
    SOME = "some sectors"


@dataclass(frozen=True, slots=True)
class Image:
    """The files after a power cut behind ``step``, when ``kept`` promises had been made."""

    step: int
    left: Left
    kept: int
    files: Mapping[str, bytes]


@dataclass(slots=True)
class Disk:
    """The log of one disk. ``lying``: syncs are acknowledged and not done, as some cards do.

    ``files`` is what was safely there before the first step.
    """

    lying: bool = False
    files: Mapping[str, bytes] = field(default_factory=dict)
    log: list[Step] = field(default_factory=list)

    def note(self, step: Step) -> None:
        """Remember a step; a sync of a lying disk is none."""
        if not (self.lying and isinstance(step, Sync)):
            self.log.append(step)

    @property
    def promises(self) -> list[str]:
        """What was promised, in order."""
        return [step.what for step in self.log if isinstance(step, Promise)]

    def images(self, seed: int = 0, *, share: float = 1.0, dice: int = 2) -> Iterator[Image]:
        """Yield what may be found after each step: nothing, all, and ``dice`` times some sectors.

        ``share`` of the steps are taken, chosen by ``seed``.
        """
        chance = random.Random(seed)  # noqa: S311  no secret
        platter = _Platter({name: bytearray(data) for name, data in self.files.items()})
        kept = 0
        for number, step in enumerate(self.log, 1):
            if isinstance(step, Promise):
                kept += 1
            else:
                platter.take(step)
            if chance.random() < share:
                for left in (Left.NOTHING, Left.ALL, *(Left.SOME,) * dice):
                    yield Image(number, left, kept, platter.found(left, chance))


@dataclass(slots=True)
class _Platter:
    """The files that are safe, and what is on its way to them."""

    safe: dict[str, bytearray]
    pending: dict[str, list[Change]] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    ghosts: dict[str, bytearray] = field(default_factory=dict)
    """Removed without a sync of the folder: they may come back."""

    def take(self, step: Step) -> None:
        """Do one step."""
        match step:
            case Create(name):
                self.ghosts.pop(name, None)
                self.safe.setdefault(name, bytearray())
                self.fresh.add(name)
            case Write() | Truncate():
                self.pending.setdefault(step.name, []).append(step)
            case Sync(name):
                self._sync(name)
            case Delete(name, safe):
                gone = self.safe.pop(name, None)
                self.pending.pop(name, None)
                if not safe and gone is not None:
                    self.ghosts[name] = gone
            case Promise():
                pass

    def _sync(self, name: str) -> None:
        content = self.safe.setdefault(name, bytearray())
        for change in self.pending.pop(name, []):
            _apply(content, change)
        if name in self.fresh:  # SQLite syncs the folder with a new file's first sync
            self.fresh.discard(name)
            self.ghosts.clear()

    def found(self, left: Left, chance: random.Random) -> dict[str, bytes]:
        """Return the files as they may be found now."""
        files = {name: bytes(content) for name, content in self.safe.items()}
        for name, changes in self.pending.items():
            if left is not Left.NOTHING:
                content = bytearray(files.get(name, b""))
                for change in changes:
                    for part in _parts(change, left, chance):
                        _apply(content, part)
                files[name] = bytes(content)
        for name, content in self.ghosts.items():
            if left is Left.NOTHING or (left is Left.SOME and chance.random() < 0.5):
                files.setdefault(name, bytes(content))
        return files


def _apply(content: bytearray, change: Change) -> None:
    size = change.size if isinstance(change, Truncate) else change.at + len(change.data)
    if isinstance(change, Truncate):
        del content[size:]
    if len(content) < size:
        content.extend(bytes(size - len(content)))
    if isinstance(change, Write):
        content[change.at : size] = change.data


def _parts(change: Change, left: Left, chance: random.Random) -> Iterator[Change]:
    """Yield what is left of a change: the whole, or half of its sectors by chance."""
    if left is Left.ALL:
        yield change
    elif isinstance(change, Truncate):
        if chance.random() < 0.5:
            yield change
    else:
        begin, end = change.at, change.at + len(change.data)
        while begin < end:
            stop = min(end, (begin // SECTOR + 1) * SECTOR)
            if chance.random() < 0.5:
                data = change.data[begin - change.at : stop - change.at]
                yield Write(change.name, begin, data)
            begin = stop
