"""What a device's batch may refer to: the catalogue, as the device's site knows it."""

from dataclasses import dataclass

import msgspec

from edge.wire.batch import Batch, decode_batch
from edge.wire.columns import Before
from edge.wire.messages import Cursor
from gateway.ledger.marks import body_at, newest_epoch
from gateway.ledger.sqlite import SqliteLedger


@dataclass(frozen=True, slots=True)
class InCatalogue:
    """Tags and readers of a site (see :class:`edge.wire.columns.Known`)."""

    ledger: SqliteLedger
    site: str
    device: str

    def uid(self, item: str) -> str:
        """Return the UID of an item's tag; empty: not known."""
        view = self.ledger.catalogue.item(item)
        return view.uid if view is not None else ""

    def shorten(self, card: str) -> bytes:  # noqa: ARG002
        """Say every card in full: the centre sends no batches."""
        return b""

    def card(self, begins: bytes) -> str:
        """Return the only card reference that begins so; empty: none does, or several."""
        found = self.ledger.catalogue.cards(self.site, begins.hex())
        return found[0] if len(found) == 1 else ""

    def before(self, seq: int) -> Before | None:
        """Return the device's event under this number in its newest stream; None: not here."""
        epoch = newest_epoch(self.ledger.store, self.device)
        body = body_at(self.ledger.store, self.device, epoch, seq)
        return Before(self.device, epoch, body) if body else None


def resolve(ledger: SqliteLedger, site: str, device: str, data: bytes) -> Batch:
    """Return a batch that refers to what is known here; raise WireError as decode_batch does."""
    return decode_batch(data, InCatalogue(ledger, site, device))


def place_in_full(ledger: SqliteLedger, device: str, epoch: str) -> Cursor:
    """Return the cursor that asks for a batch in full (``epoch``: empty, where it is not known)."""
    cursor = ledger.place(device, epoch or newest_epoch(ledger.store, device))
    return msgspec.structs.replace(cursor, plain=True)
