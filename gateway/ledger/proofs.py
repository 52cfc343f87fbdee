"""Which keys of receipts are believed: those of the centre, and which devices' are stopped."""

from collections.abc import Iterable

from gateway.ledger.catalogue import Catalogue
from gateway.ledger.store import Store


class Proofs:
    """The list of trust, in one database; it travels with every site's policy."""

    def __init__(self, store: Store, catalogue: Catalogue) -> None:
        self._store, self._catalogue = store, catalogue

    def put_centres(self, keys: Iterable[str]) -> None:
        """Believe what these keys of the centre (hex) certify, from now on too."""
        added = sum(
            self._store.run("INSERT OR IGNORE INTO receipt_centres VALUES (?)", key) for key in keys
        )
        if added:
            self._catalogue.note("trust", "")

    def put_key(self, device: str, key: str, now: int) -> None:
        """Note the key (hex) that a device signs with from now on."""
        self._store.run(
            "INSERT OR IGNORE INTO receipt_keys (key, device, made) VALUES (?, ?, ?)",
            *(key, device, now),
        )

    def stop(self, device: str, since: int, *, but: str = "") -> int:
        """Believe nothing that a device's keys, but one, sign from ``since`` (ms) on; return how many."""
        count = self._store.run(
            "UPDATE receipt_keys SET stopped = ?1 WHERE device = ?2 AND key <> ?3 "
            "AND (stopped = 0 OR stopped > ?1)",
            *(since, device, but),
        )
        if count:
            self._catalogue.note("trust", device)
        return count

    def centres(self) -> list[str]:
        """Return the keys of the centre (hex)."""
        return [row["key"] for row in self._store.all("SELECT key FROM receipt_centres ORDER BY 1")]

    def stopped(self) -> dict[str, int]:
        """Return the devices' keys that are not believed any more: key -> since (ms)."""
        rows = self._store.all("SELECT key, stopped FROM receipt_keys WHERE stopped ORDER BY key")
        return {row["key"]: row["stopped"] for row in rows}
