"""What a device's batch may refer to: the catalogue, as the device's site knows it."""

from dataclasses import dataclass

from edge.wire.batch import Batch, decode_batch
from gateway.ledger.sqlite import SqliteLedger


@dataclass(frozen=True, slots=True)
class InCatalogue:
    """Tags and readers of a site (see :class:`edge.wire.columns.Known`)."""

    ledger: SqliteLedger
    site: str

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


def resolve(ledger: SqliteLedger, site: str, data: bytes) -> Batch:
    """Return a batch that refers to the catalogue; raise WireError as decode_batch does."""
    return decode_batch(data, InCatalogue(ledger, site))
