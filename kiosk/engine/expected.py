"""What should lie on the pad beside what is seen there: the rest of a set, holds, the reader's loans.

A tag that hides behind another is found sooner when its name is known. Nothing is said of another
reader: sets are the catalogue's, holds and loans those of the reader who showed a card.
"""

from collections.abc import Iterator

from kiosk.engine.room import Room
from kiosk.shelf import Deed
from kiosk.visit import RETURNING


def missing_of_sets(room: Room) -> list[str]:
    """Return titles of items that belong to a set of which a part lies here, and are not seen."""
    return _titles(room, _rest_of_sets(room))


def missing(room: Room) -> list[str]:
    """Return titles of what one may expect here and does not see, the likeliest first."""
    return _titles(room, _likely(room))


def _here(room: Room) -> set[str]:
    """Return the items that lie here or were dealt with in this visit."""
    shelf = room.visit.shelf
    return {key for key, row in shelf.rows.items() if row.on_pad or row.deed} | {
        done.item for done in shelf.done
    }


def _rest_of_sets(room: Room) -> Iterator[str]:
    shelf, returning = room.visit.shelf, room.visit.state in RETURNING
    back = [row for row in shelf.rows.values() if returning and row.deed is Deed.RETURNED]
    for row in [*shelf.waiting(returning=returning), *back]:
        view = room.services.replica.item(row.pad.item or "")
        yield from view.together if view else ()


def _likely(room: Room) -> Iterator[str]:
    yield from _rest_of_sets(room)
    visitor = room.visit.visitor
    if visitor is None or room.visit.tapped:
        return
    if room.visit.state in RETURNING:
        yield from (loan.item for loan in visitor.loans)
    else:
        here = ("", room.library)
        yield from (hold.item for hold in visitor.holds if hold.ready and hold.place in here)


def _titles(room: Room, items: Iterator[str]) -> list[str]:
    here = _here(room)
    views = (room.services.replica.item(item) for item in dict.fromkeys(items) if item not in here)
    return [view.title or view.item for view in views if view is not None]
