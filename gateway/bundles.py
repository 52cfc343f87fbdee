"""Bundles at the centre: facts that came on a stick are taken in, and answered on the same stick."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from edge.wire.batch import Batch, Unreadable, decode_batch, mark
from edge.wire.bundle import ALLOWED, CURSOR, PART, BundleError, BundleReader, BundleWriter, Head
from edge.wire.errors import WireError
from edge.wire.messages import Allowed, encode
from edge.wire.seal import Certified, SealError, read_certificate
from gateway.enrol import centre_seal
from gateway.feed import Feed
from gateway.home import Home, whole, write_open
from gateway.ledger.marks import mark_at
from gateway.ledger.sqlite import SqliteLedger

FACTS, ANSWER = ".facts.bundle", ".answer.bundle"
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a bundle of facts. ``word`` is empty, or why its facts were not taken in."""

    head: Head
    fresh: int = 0
    repeated: int = 0
    word: str = ""
    cursor: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was written."""

    file: Path
    size: int
    expires: int


class Stick:
    """The centre's side of a stick: one home, one ledger."""

    def __init__(self, home: Home, ledger: SqliteLedger, feed: Feed) -> None:
        """Use the centre's own key of this home."""
        self._home, self._ledger, self._feed = home, ledger, feed
        self._seal = centre_seal(home)

    def take_in(self, file: Path, now: int) -> Taken:
        """Take in the facts of a bundle; BundleError when it cannot be used: nothing was changed.

        It may come again, and before, after or while its facts come over the network.
        """
        try:
            with file.open("rb") as stream:
                reader = self._checked(stream)
                cursor = self._ledger.cursor(reader.head.device, reader.head.epoch)
                word = self._trouble(reader, cursor)  # reads all of it, before anything is done
                if word:
                    return Taken(reader.head, word=word, cursor=cursor)
                return self._apply(reader, now)
        except OSError as error:
            raise BundleError("unreadable", file=str(file), why=error.strerror or error) from None
        except BundleError as error:
            raise BundleError(error.word, **{"file": str(file), **error.values}) from None

    def answer(self, device: str, folder: Path, now: int, taken: Taken | None = None) -> Answered:
        """Write what a device may know now, after its facts were ``taken`` or without any."""
        site = self._ledger.site_of(device)
        file = folder / f"{device}{ANSWER}"
        if site is None:
            raise BundleError("not_enrolled", file=str(file), found=device)
        epoch = taken.head.epoch if taken else self._epoch(device)
        _, policy = self._ledger.catalogue.policy()
        expires = now + policy.offline_stop_days * DAY_MS
        try:
            with whole(file) as out:
                writer = BundleWriter(
                    out, self._seal, self._key(device, file),
                    kind="answer", site=site, device=device, made=now, epoch=epoch,
                    expires=expires, behind=taken is not None and taken.word == "gap",
                )  # fmt: skip
                have = taken.head.have if taken else 0
                for frame in self._frames(site, device, epoch, have, now):
                    writer.add(frame)
                writer.end()
        except OSError as error:
            why = error.strerror or error
            raise BundleError("unwritable", file=str(file), why=why) from None
        return Answered(file, file.stat().st_size, expires)

    def _frames(self, site: str, device: str, epoch: str, have: int, now: int) -> Iterator[bytes]:
        if epoch:
            yield CURSOR + encode(self._ledger.place(device, epoch))
        yield ALLOWED + encode(Allowed(uids=self._ledger.effects.allowed(site, now)))
        for part in self._feed.whole(self._ledger, site, have, now):
            yield PART + part

    def _checked(self, stream: BinaryIO) -> BundleReader:
        """Return a bundle of a device that may speak, made with its present certificate, for us."""
        reader = BundleReader(stream)
        head = reader.head
        if head.kind != "facts":
            raise BundleError("wrong_kind", found=head.kind, wanted="facts")
        known = self._certified(head)
        reader.believe(known.public)
        site = self._ledger.site_of(head.device)
        if site is None:
            raise BundleError("not_enrolled", found=head.device)
        if site != head.site:
            raise BundleError("wrong_site", found=head.site, wanted=site)
        serials = {row["serial"] for row in self._ledger.devices() if row["device"] == head.device}
        if known.serial not in serials:
            raise BundleError("other_cert", found=head.device)
        reader.open(self._seal)
        if not self._home.device_cert(head.device).exists():
            cert = x509.load_der_x509_certificate(head.cert)
            write_open(self._home.device_cert(head.device), cert.public_bytes(Encoding.PEM))
        return reader

    def _certified(self, head: Head) -> Certified:
        try:
            known = read_certificate(head.cert, self._authority())
        except SealError:
            raise BundleError("foreign_cert") from None
        if known.name != head.device:
            raise BundleError("wrong_device", found=known.name, wanted=head.device)
        return known

    def _batches(self, reader: BundleReader) -> Iterator[Batch]:
        """Yield the batches; raise BundleError where they are not what the head says."""
        head, wanted = reader.head, reader.head.first
        for number, frame in enumerate(reader.frames(), 1):
            try:
                batch = decode_batch(frame)
            except WireError as error:
                raise BundleError(
                    "newer", field=f"frame {number}", found=error, known="batch 1"
                ) from None
            if (batch.device, batch.epoch, batch.first) != (head.device, head.epoch, wanted):
                raise BundleError("changed", field=f"frame {number}")
            wanted += len(batch.events)
            yield batch
        if wanted != head.last + 1:
            raise BundleError("changed", field="last")

    def _trouble(self, reader: BundleReader, cursor: int) -> str:
        """Return why the facts do not continue what is here: a gap, or another history; or ''."""
        head, same = reader.head, True
        number = min(cursor, head.last)
        there = mark_at(self._ledger.store, head.device, head.epoch, number)
        for batch in self._batches(reader):
            place = number - batch.first
            if 0 <= place < len(batch.events) and there:
                event = batch.events[place]
                same = isinstance(event, Unreadable) or mark(event.id) == there
        if head.first > cursor + 1:
            return "gap"
        return "" if same else "other_history"

    def _apply(self, reader: BundleReader, now: int) -> Taken:
        fresh = repeated = cursor = 0
        for batch in self._batches(reader):
            applied = self._ledger.apply(reader.head.site, batch, now)
            fresh, repeated = fresh + applied.fresh, repeated + applied.repeated
            cursor = applied.cursor
            if applied.gap:
                return Taken(reader.head, fresh, repeated, "other_history", cursor)
        return Taken(reader.head, fresh, repeated, cursor=cursor)

    def _key(self, device: str, file: Path) -> ec.EllipticCurvePublicKey:
        path = self._home.device_cert(device)
        try:
            cert = x509.load_pem_x509_certificate(path.read_bytes())
            return read_certificate(cert.public_bytes(Encoding.DER), self._authority()).public
        except (OSError, ValueError, SealError):
            raise BundleError("no_keys", file=str(file), field=path.name) from None

    def _authority(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self._home.pki("device-ca.crt").read_bytes())

    def _epoch(self, device: str) -> str:
        query = "SELECT epoch FROM streams WHERE device = ? ORDER BY touched DESC LIMIT 1"
        return str(self._ledger.store.value(query, device) or "")


def facts_in(place: Path) -> list[Path]:
    """Return the bundles of facts at a place: the file itself, or all of a folder."""
    if not place.is_dir():
        return [place]
    found = sorted(place.glob(f"*{FACTS}"))
    if not found:
        raise BundleError("nothing_here", file=str(place), wanted=f"*{FACTS}")
    return found


def values_of(taken: Taken) -> dict[str, Any]:
    """Return what the sentences on a bundle of facts are filled with."""
    head = taken.head
    return {
        "device": head.device, "fresh": taken.fresh, "repeated": taken.repeated,
        "first": head.first, "have": taken.cursor,
    }  # fmt: skip


def day(ms: int) -> str:
    """Return a day as people write it."""
    return f"{datetime.datetime.fromtimestamp(ms / 1000).astimezone():%d/%m/%Y}"
