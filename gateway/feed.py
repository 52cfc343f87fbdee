"""What goes down to the sites' copies: the smallest transfer, packed and signed."""

from dataclasses import dataclass
from pathlib import Path

from edge.wire.messages import PARTS_AT_ONCE, Have, Part
from edge.wire.parts import encode_part, with_certificate
from edge.wire.seal import Seal
from edge.wire.slices import cut, fits, name_of
from gateway import replica
from gateway.config import GatewayOptions
from gateway.elsewhere import Afar
from gateway.enrol import centre_seal
from gateway.home import Home, write_secret
from gateway.ledger.sqlite import SqliteLedger

KEEP_MS = 24 * 3_600_000
"""A whole copy is kept so long, for devices that were cut off while they fetched it."""
CUTS = 64
"""Messages in slices that can go on after a cut, though their changes would be told anew by now."""
SMALL = 32 * 1024
"""Changes below this many bytes are sent without asking what a whole copy would take."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole copy for a site as it travels."""

    version: int
    made: int
    parts: list[bytes]

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(map(len, self.parts))


def feed_of(home: Home, options: GatewayOptions) -> "Feed":
    """Return what makes the sites' copies: signed, and kept in the gateway's folder."""
    everything = options.scope == "all"
    return Feed(centre_seal(home), home.folder / "copies", everything=everything)


class Feed:
    """Makes what is sent. ``folder`` keeps whole copies across restarts; None: they are not kept."""

    def __init__(
        self, seal: Seal | None = None, folder: Path | None = None, *, everything: bool = False
    ) -> None:
        """``everything``: every site gets the whole catalogue."""
        self._seal, self._folder, self._everything = seal, folder, everything
        self._begun_changes: dict[tuple[str, int, str], list[bytes]] = {}
        self.afar = Afar(seal, everything=everything)

    def answer(self, ledger: SqliteLedger, site: str, have: Have, now: int) -> list[bytes]:
        """Return what a device needs next; of a whole copy a few parts, the rest is asked for.

        Over a narrow link long messages go in slices; one that was cut goes on where it stopped.
        """
        begun = self._begun_changes.get((site, have.version, have.cut))
        if begun is not None and have.slice:
            return self._sliced(site, have, begun, whole=False)
        messages, whole = self._needs(ledger, site, have, now)
        return self._sliced(site, have, messages, whole=whole) if have.slice else messages

    def _sliced(self, site: str, have: Have, messages: list[bytes], *, whole: bool) -> list[bytes]:
        slices = []
        for n, message in enumerate(messages):
            if fits(message, have.slice):
                slices.append(message)
                continue
            name = name_of(message)
            if not whole:  # told anew they would be signed anew: other bytes
                self._begun_changes[site, have.version, name] = messages[n:]
            got = have.got if name == have.cut and 0 < have.got < len(message) else 0
            slices += cut(message, have.slice, got)
        while len(self._begun_changes) > CUTS:
            del self._begun_changes[next(iter(self._begun_changes))]
        return slices

    def _needs(
        self, ledger: SqliteLedger, site: str, have: Have, now: int
    ) -> tuple[list[bytes], bool]:
        """Return what comes next, and whether that is of a whole copy."""
        found = self._whole(ledger, site, have, now) if self._begun(ledger, site, have) else None
        messages = self._changes(ledger, site, have.version, now) if found is None else []
        if found is None and not messages:
            found = self._whole(ledger, site, have, now)
        if found is not None:
            there = set(have.parts) if have.snapshot == found.version else set[int]()
            wanted = [part for n, part in enumerate(found.parts) if n not in there]
            messages = wanted[:PARTS_AT_ONCE]
        if self._seal is not None and have.key != self._seal.name.hex() and messages:
            messages[0] = with_certificate(messages[0], self._seal.cert)
        return messages, found is not None

    def whole(self, ledger: SqliteLedger, site: str, have: int, now: int) -> list[bytes]:
        """Return all that a device at a version needs at once, as for a bundle."""
        messages = self._changes(ledger, site, have, now)
        if not messages:
            found = self._whole(ledger, site, Have(version=have), now)
            messages = [*found.parts, *self._changes(ledger, site, found.version, now)]
        if self._seal is not None:
            messages[0] = with_certificate(messages[0], self._seal.cert)
        return messages

    def changes(
        self, ledger: SqliteLedger, site: str, since: int, now: int
    ) -> list[tuple[int, bytes]]:
        """Return what changed, as (version it leads to, message), for all devices of a site."""
        parts = replica.changes(ledger, site, since, now, everything=self._everything)
        return [(part.version, self._encode(part, site)) for part in parts]

    def still(self, site: str, version: int, now: int) -> bytes:
        """Return the message that a version is as good as new."""
        return self._encode(replica.still(version, now), site)

    def _begun(self, ledger: SqliteLedger, site: str, have: Have) -> bool:
        """Return whether the device has parts of a whole copy that is still to be had."""
        kept = self._load(site) if have.snapshot else None
        return kept is not None and kept.version == have.snapshot and self._fits(ledger, kept)

    def _changes(self, ledger: SqliteLedger, site: str, have: int, now: int) -> list[bytes]:
        """Return the changes since a version; none where a whole copy is the smaller transfer."""
        if not replica.follows(ledger, have) or replica.behind(ledger, have) > replica.FAR_BEHIND:
            return []
        messages = [message for _, message in self.changes(ledger, site, have, now)]
        if not messages:
            return [self.still(site, replica.newest(ledger), now)]
        size = sum(map(len, messages))
        if size > SMALL and self._whole(ledger, site, Have(version=0), now).size < size:
            return []
        return messages

    def _whole(self, ledger: SqliteLedger, site: str, have: Have, now: int) -> Kept:
        """Return a whole copy: the one that is kept while it is good, else a new one."""
        kept = self._load(site)
        begun = kept is not None and kept.version == have.snapshot
        if kept is not None and self._fits(ledger, kept) and (begun or now - kept.made < KEEP_MS):
            return kept
        parts = replica.snapshot(ledger, site, now, everything=self._everything)
        fresh = Kept(parts[0].version, now, [self._encode(part, site) for part in parts])
        self._save(site, fresh)
        return fresh

    def _fits(self, ledger: SqliteLedger, kept: Kept) -> bool:
        """Return whether what changed since is little beside the copy itself."""
        rows = replica.CHANGES_A_PART * len(kept.parts)
        return replica.follows(ledger, kept.version) and (
            replica.behind(ledger, kept.version, rows + 1) <= rows
        )

    def _encode(self, part: Part, site: str) -> bytes:
        return encode_part(part, site, self._seal)

    def _load(self, site: str) -> Kept | None:
        if self._folder is None:
            return None
        try:
            data = (self._folder / site).read_bytes()
        except OSError:
            return None
        signer = self._seal.name if self._seal is not None else b""
        return _unpack(data, signer.ljust(8, b"\0"))

    def _save(self, site: str, kept: Kept) -> None:
        if self._folder is None:
            return
        signer = self._seal.name if self._seal is not None else b""
        head = (
            signer.ljust(8, b"\0") + kept.version.to_bytes(8, "big") + kept.made.to_bytes(8, "big")
        )
        body = b"".join(len(part).to_bytes(4, "big") + part for part in kept.parts)
        write_secret(self._folder / site, head + body)


def _unpack(data: bytes, signer: bytes) -> Kept | None:
    """Return a kept copy; None of one that another key signed."""
    if data[:8] != signer:
        return None
    parts, at = [], 24
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        parts.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return Kept(int.from_bytes(data[8:16], "big"), int.from_bytes(data[16:24], "big"), parts)
