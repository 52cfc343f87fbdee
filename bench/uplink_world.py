"""What happened at a library's kiosk: facts as a journal keeps them."""

import random
import time
from pathlib import Path

from rig import item_id

from edge.circulation.model import GroupRule, ItemView, Policy, ReaderView
from edge.circulation.rules import due_date
from edge.clock import Clock
from edge.journal import Journal, rows
from edge.journal.ids import Ids
from edge.wire.batch import Event, Stamp
from edge.wire.columns import Nothing
from edge.wire.facts import Evidence, Fact, Loan, Return, Secured, card_ref
from edge.wire.messages import Part

ITEMS, READERS = 20_000, 1500
DAY_MS = 86_400_000
DUE = Policy(groups={"adult": GroupRule(limit=10_000)})


def uid_of(n: int) -> str:
    """Return the UID of the n-th item's tag."""
    return f"E00401{n * 2654435761 % (1 << 40):010X}"


def cards_of(key: bytes) -> list[str]:
    """Return the card references of all readers."""
    return [card_ref(key, f"9{n:06}") for n in range(1, READERS)]


def replica_part(key: bytes) -> Part:
    """Return the local copy of this library, whole."""
    numbers = range(1, ITEMS)
    items = [ItemView(item=item_id(n), title=f"Sách số {n}", uid=uid_of(n)) for n in numbers]
    readers = [ReaderView(card=card, reader=f"r{n}") for n, card in enumerate(cards_of(key))]
    return Part(version=1, made=1, items=items, readers=readers)


class World(Nothing):
    """What the centre of this library knows (see :class:`edge.wire.columns.Known`)."""

    def __init__(self, key: bytes) -> None:
        """Know all items and readers."""
        self._uids = {item_id(n): uid_of(n) for n in range(1, ITEMS)}
        self._cards = sorted(cards_of(key))

    def uid(self, item: str) -> str:
        """Return the UID of an item's tag."""
        return self._uids.get(item, "")

    def card(self, begins: bytes) -> str:
        """Return the only card reference that begins so."""
        found = [card for card in self._cards if card.startswith(begins.hex())]
        return found[0] if len(found) == 1 else ""


def history(count: int, key: bytes, *, secured: bool = True, seed: int = 1) -> list[Event]:
    """Return so many facts: visits of one to five books, each lent or brought back, and secured.

    Without ``secured`` they are loans and returns only, which share less.
    """
    dice, ids = random.Random(seed), Ids()
    cards = cards_of(key)
    start = int(time.time() * 1000) - 30 * DAY_MS
    wall, out, events = start, set[int](), list[Event]()

    def add(fact: Fact, pause: int) -> str:
        nonlocal wall
        wall += pause
        mono = wall - start + 5000 + dice.randint(0, 1)
        at = Stamp(wall=wall, mono=mono, boot="1a2b3c4d-5e6f7a8b", unc=50)
        ident = ids.uuid7(wall)
        events.append(Event(seq=len(events) + 1, id=ident, at=at, fact=fact, policy=1, replica=812))
        return ident

    while len(events) < count:
        session, card = dice.randbytes(6).hex(), dice.choice(cards)
        wall += dice.randint(2, 40)
        for _ in range(dice.choice((1, 2, 2, 3, 4, 5))):
            n = dice.randrange(1, ITEMS)
            uid = uid_of(n)
            pause = dice.randint(20, 60)
            about = _moved(n, out, card, session, uid, dice, due_date(DUE, "adult", wall + pause))
            ident = add(about, pause)
            if secured:
                afi = 0xC2 if isinstance(about, Loan) else 0x07
                add(Secured(item=item_id(n), uid=uid, afi=afi, about=ident), dice.randint(5, 15))
    return events[:count]


def _moved(
    n: int, out: set[int], card: str, session: str, uid: str, dice: random.Random, due: int
) -> Loan | Return:
    seen = {"uid": uid, "format": "iso28560-3", "reads": dice.randint(2, 4)}
    if n in out:
        out.discard(n)
        back = Evidence(**seen, afi_before=0xC2, afi_after=7)  # type: ignore[arg-type]
        return Return(item=item_id(n), session=session, evidence=back)
    out.add(n)
    gone = Evidence(**seen, afi_before=7)  # type: ignore[arg-type]
    return Loan(item=item_id(n), card=card, due=due, session=session, evidence=gone)


async def journal_of(path: Path, events: list[Event]) -> Journal:
    """Return a journal in which these events wait."""
    journal = Journal.open(path, "bench", Clock())
    for n in range(0, len(events), 5000):
        some = events[n : n + 5000]
        await journal._writer.do(lambda db, some=some: rows.insert_events(db, some))  # type: ignore[misc]  # noqa: SLF001
    await journal.close()
    return Journal.open(path, "bench", Clock())
