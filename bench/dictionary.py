"""Train the dictionary of the wire: ``bench/dictionary.py NUMBER`` writes ``edge/wire/NUMBER.dict``.

From invented facts of many libraries, of which none is measured by the other benches. A number is
used once: what was shipped never changes (see :mod:`edge.wire.dictionaries`).
"""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import zstandard

from edge.journal.ids import Ids
from edge.wire.batch import encode_event
from edge.wire.columns import Nothing
from edge.wire.compact import pack, pack_on
from edge.wire.dictionaries import LEVEL
from edge.wire.events import Event, Stamp, mark
from edge.wire.facts import (
    BinChanged,
    Booted,
    Evidence,
    Fact,
    GateAlarm,
    GateCount,
    GateLetPass,
    Loan,
    Return,
    Secured,
    StaffCalled,
    Trouble,
    Well,
)  # fmt: skip

SIZE = 16_384
LIBRARIES, FACTS = 400, 240
BATCHES = (1, 1, 1, 2, 3, 5, 10, 10, 30, 100)
FIRST_MS, YEAR_MS = 1_790_000_000_000, 31_557_600_000
SITES = ("tinh", "huyen", "xa", "phuong", "thcs", "thpt", "dai-hoc")


class Library(Nothing):
    """One device of an invented library; the centre knows its tags and readers, or does not."""

    def __init__(self, seed: int) -> None:
        """Invent it."""
        dice = self.dice = random.Random(seed)
        self.device = f"{dice.choice(SITES)}-{dice.randrange(1, 300)}-{dice.choice(('kiosk', 'gate', 'drop'))}"
        self.epoch, self.boot = dice.randbytes(8).hex(), _boot(dice)
        self.prefix = dice.choice(("TV", "TV", "LS", "KM", "", "B"))
        self.maker = dice.choice(("E00401", "E00401", "E00402", "E00403", "E00418"))
        self.wall = FIRST_MS + dice.randrange(5 * YEAR_MS)
        self.start = self.wall - dice.randrange(10**9)
        self.unc, self.policy = dice.choice((0, 20, 50, 50, 200)), dice.randrange(1, 9)
        self.replica, self.seq = self.wall - dice.randrange(10**7), dice.randrange(1, 20_000)
        self.ids, self.knows = Ids(), dice.random() < 0.5
        self.cards = [dice.randbytes(16).hex() for _ in range(300)]

    def uid(self, item: str) -> str:
        """Return the UID of an item's tag."""
        return self._tag(item) if self.knows else ""

    def shorten(self, card: str) -> bytes:
        """Return the first bytes of a card reference."""
        return bytes.fromhex(card[:6]) if self.knows else b""

    def facts(self) -> list[bytes]:
        """Return what happened there."""
        found: list[bytes] = []
        while len(found) < FACTS:
            for fact in self._visit() if self.dice.random() < 0.8 else self._other():
                found.append(self._event(fact))
        return found

    def _event(self, fact: Fact) -> bytes:
        self.wall += self.dice.choice((5, 40, 300, 1500, 60_000)) * self.dice.randrange(1, 10)
        self.seq += 1
        at = Stamp(wall=self.wall, mono=self.wall - self.start, boot=self.boot, unc=self.unc)
        self.last = Event(
            seq=self.seq, id=self.ids.uuid7(self.wall), at=at, fact=fact,
            policy=self.policy, replica=self.replica,
        )  # fmt: skip
        return encode_event(self.last)

    def _visit(self) -> Iterator[Fact]:
        dice, session, card = self.dice, self.dice.randbytes(6).hex(), self.dice.choice(self.cards)
        online = dice.random() < 0.5
        for _ in range(dice.choice((1, 1, 2, 3, 5))):
            item = f"{self.prefix}{dice.randrange(40_000, 90_000):06}"
            lent = dice.random() < 0.5
            seen = Evidence(
                uid=self._tag(item), format=dice.choice(("iso28560-3", "iso28560-2")),
                reads=dice.randint(1, 5), afi_before=7 if lent else 0xC2,
                afi_after=None if lent else 7,
            )  # fmt: skip
            due = (self.wall // 86_400_000 + dice.choice((14, 21))) * 86_400_000 + 61_199_000
            if lent:
                yield Loan(
                    item=item, card=card, due=due, online=online, session=session, evidence=seen
                )
            else:
                yield Return(item=item, session=session, evidence=seen)
            if dice.random() < 0.6:
                afi = 0xC2 if lent else 7
                yield Secured(item=item, uid=self._tag(item), afi=afi, about=self.last.id)

    def _other(self) -> Iterator[Fact]:
        dice, item = self.dice, f"{self.prefix}{self.dice.randrange(40_000, 90_000):06}"
        seen = {"gate": "gate", "uid": self._tag(item), "item": item, "part": "1", "afi": 7}
        yield dice.choice((
            GateCount(gate="gate", entered=dice.randrange(30), left=dice.randrange(30), since=self.wall),
            GateAlarm(**seen, reads=3, format="iso28560-3", direction="out"),  # type: ignore[arg-type]
            GateLetPass(**seen, reads=2, format="iso28560-3", reason="allowed"),  # type: ignore[arg-type]
            BinChanged(bin=dice.choice("ABC"), percent=dice.randrange(100)),
            Booted(version="0.1.0", stations=["kiosk"]),
            Trouble(part="printer", reason="paper_out", why="The printer has no paper."),
            Well(part="printer", reason="paper_out"),
            StaffCalled(station="kiosk"),
        ))  # fmt: skip

    def _tag(self, item: str) -> str:
        return f"{self.maker}{random.Random(f'{self.epoch}{item}').randrange(1 << 40):010X}"


def _boot(dice: random.Random) -> str:
    return f"{dice.randbytes(4).hex()}-{dice.randbytes(4).hex()}"


def samples() -> Iterator[bytes]:
    """Yield batches as they are before they are compressed: in the referring codes."""
    for seed in range(LIBRARIES):
        library = Library(seed)
        first, events = library.seq + 1, library.facts()
        at, checksum = 1, library.dice.randbytes
        while at < len(events):
            some = events[at : at + library.dice.choice(BATCHES)]
            before = events[at - 1]
            if len(some) < 5:
                yield checksum(4) + pack_on(before, first + at, some, library)
            else:
                prev = mark(library.last.id)
                packed = pack(library.device, library.epoch, first + at, some, prev, library)
                yield checksum(4) + packed
            at += len(some)


def main() -> None:
    """Train, and write the file that ships."""
    target = Path(__file__).parent.parent / "edge" / "wire" / f"{int(sys.argv[1])}.dict"
    if target.exists():
        sys.exit(f"{target.name} is there: a dictionary never changes; take the next number")
    found = list(samples())
    made = zstandard.train_dictionary(SIZE, found, level=LEVEL)
    target.write_bytes(made.as_bytes())
    print(f"{target.name}: {len(made)} bytes from {len(found)} batches")


if __name__ == "__main__":
    main()
