"""Identity papers as cards: only with the reader's consent, and only as references, never as numbers."""

from collections.abc import Sequence
from datetime import date

from edge.wire.facts import PAPER, card_ref
from gateway.errors import RefusedError
from gateway.ledger.catalogue import Catalogue, KeyOf, reader_ref
from gateway.ledger.store import Store

WITHDRAWN = "withdrawn"
MARK = "paper "
"""Begins the text under which a paper's reference is kept; no card number has a space."""
EVERYWHERE = "*"


class Papers:
    """Papers, in one database."""

    def __init__(self, store: Store, catalogue: Catalogue, key_of: KeyOf) -> None:
        self._store, self._catalogue, self._key_of = store, catalogue, key_of

    def put(self, reader: str, numbers: Sequence[str], consent: str) -> bool:
        """Let a reader use papers at the sites that take them, or no more; raise RefusedError.

        ``numbers``: all of this reader's, twelve (or nine) digits. ``consent``: the day on which the
        reader agreed, or ``withdrawn``: then nothing of them is left.
        """
        if consent == WITHDRAWN:
            return self._forget(reader)
        if not numbers:
            return False
        if any(not (n.isascii() and n.isdigit() and len(n) in (9, 12)) for n in numbers):
            raise RefusedError(f"reader {reader}: a paper's number has 12 or 9 digits")
        try:
            date.fromisoformat(consent)
        except ValueError:
            raise RefusedError(
                f"reader {reader}: papers need paper_consent, the day on which the reader agreed"
            ) from None
        sites = self._sites()
        if not sites:
            raise RefusedError(f"reader {reader}: papers are taken nowhere (policy papers_at)")
        self._forget(reader)
        self._store.run("INSERT INTO papers VALUES (?, ?)", reader, consent)
        for site in sites:
            key = self._key_of(site)
            self._store.many(
                "INSERT OR REPLACE INTO card_refs VALUES (?, ?, ?, ?, ?)",
                [
                    (site, card_ref(key, PAPER + n), MARK + reader, reader, reader_ref(key, reader))
                    for n in numbers
                ],
            )
        self._catalogue.note("readers", reader)
        return True

    def _sites(self) -> list[str]:
        """Return the sites that take papers by the policy in force."""
        wanted = self._catalogue.policy()[1].papers_at
        known = [row["site"] for row in self._store.all("SELECT site FROM sites ORDER BY site")]
        return [site for site in known if site in wanted or EVERYWHERE in wanted]

    def _forget(self, reader: str) -> bool:
        gone = self._catalogue.forget_refs(MARK + reader)
        gone += self._store.run("DELETE FROM papers WHERE reader = ?", reader)
        if gone:
            self._catalogue.note("readers", reader)
        return bool(gone)
