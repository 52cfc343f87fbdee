"""PINs of readers: kept as slow salted hashes under a secret outside the ledger, tried a few times.

PINs are proven here and nowhere else: four digits are ten thousand tries, which no hash makes slow
enough on a card that was stolen, so that no device has anything to prove a PIN with.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable

from edge.wire.errors import WireError
from edge.wire.messages import Answer, Ask
from edge.wire.pins import LONGEST, unseal
from gateway.errors import RefusedError
from gateway.ledger.catalogue import Catalogue
from gateway.ledger.store import Store

PEPPER = "pins+"
"""The name under which the centre keeps the secret of all PINs; no site can be called so."""
SHORTEST = 4
_SCRYPT = {"n": 1 << 14, "r": 8, "p": 5, "maxmem": 1 << 25}
"""16 MiB and five rounds: the least that OWASP's password sheet names for scrypt at this size."""


class Pins:
    """PINs, in one database."""

    def __init__(self, store: Store, catalogue: Catalogue, key_of: Callable[[str], bytes]) -> None:
        self._store = store
        self._catalogue = catalogue
        self._key_of = key_of

    def put(self, reader: str, pin: str) -> bool:
        """Give a reader a PIN; False when it is the one there is. Raise RefusedError if unfit."""
        if not SHORTEST <= len(pin) <= LONGEST or not (pin.isascii() and pin.isdigit()):
            raise RefusedError(f"reader {reader}: a PIN has {SHORTEST} to {LONGEST} digits")
        row = self._store.one("SELECT * FROM pins WHERE reader = ?", reader)
        if row is not None and hmac.compare_digest(self._hash(pin, row["salt"]), row["hash"]):
            return False
        salt = secrets.token_bytes(16)
        self._store.run(
            "INSERT OR REPLACE INTO pins (reader, salt, hash) VALUES (?, ?, ?)",
            *(reader, salt, self._hash(pin, salt)),
        )
        return True

    def check(self, site: str, ask: Ask, now: int) -> Answer:
        """Answer the question ``pin``: right, wrong, locked or unset. A wrong try is counted."""
        person = self._catalogue.person(site, ask.card)
        if person is None:
            return Answer(id=ask.id, now=now, error="unknown_card")
        row = self._store.one("SELECT * FROM pins WHERE reader = ?", person.reader)
        if row is None:
            return Answer(id=ask.id, now=now, pin="unset")
        if row["locked"] > now:
            return Answer(id=ask.id, now=now, pin="locked", wait=_seconds(row["locked"] - now))
        try:
            pin = unseal(self._key_of(site), ask.id, ask.card, ask.sealed)
        except WireError:
            return Answer(id=ask.id, now=now, error="not_sealed")
        if hmac.compare_digest(self._hash(pin, row["salt"]), row["hash"]):
            self._count(person.reader, 0, 0)
            return Answer(id=ask.id, now=now, pin="right")
        return self._wrong(ask, person.reader, row["wrong"] + 1, now)

    def _wrong(self, ask: Ask, reader: str, tries: int, now: int) -> Answer:
        _, policy = self._catalogue.policy()
        if tries < policy.pin_tries:
            self._count(reader, tries, 0)
            return Answer(id=ask.id, now=now, pin="wrong")
        lock = policy.pin_lock_minutes * 60_000
        self._count(reader, 0, now + lock)
        return Answer(id=ask.id, now=now, pin="locked", wait=_seconds(lock))

    def _count(self, reader: str, wrong: int, locked: int) -> None:
        self._store.run(
            "UPDATE pins SET wrong = ?, locked = ? WHERE reader = ?", wrong, locked, reader
        )

    def _hash(self, pin: str, salt: bytes) -> bytes:
        keyed = hmac.new(self._key_of(PEPPER), pin.encode(), hashlib.sha256).digest()
        return hashlib.scrypt(keyed, salt=salt, dklen=32, **_SCRYPT)


def _seconds(ms: int) -> int:
    return -(-ms // 1000)
