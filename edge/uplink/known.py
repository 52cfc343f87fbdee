"""What a batch may refer to: the local copy, of which the centre has the original."""

import re

from edge.replica import Replica
from edge.wire.columns import Nothing

_REF = re.compile(r"[0-9a-f]{32}\Z")
SHORTEST, LONGEST = 3, 8
"""Bytes of a card reference that are enough to tell it from all others here."""


class InReplica(Nothing):
    """Tags and readers of the local copy (see :class:`edge.wire.columns.Known`)."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    def uid(self, item: str) -> str:
        """Return the UID of an item's tag; empty: not known."""
        view = self._replica.item(item)
        return view.uid if view is not None else ""

    def shorten(self, card: str) -> bytes:
        """Return the first bytes of a card reference that no other reader's has; empty: none."""
        for size in range(SHORTEST, LONGEST + 1) if _REF.match(card) else ():
            if self._replica.cards(card[: 2 * size]) == [card]:
                return bytes.fromhex(card[: 2 * size])
        return b""

    def card(self, begins: bytes) -> str:
        """Return the only card reference that begins so; empty: none does, or several."""
        found = self._replica.cards(begins.hex())
        return found[0] if len(found) == 1 else ""
