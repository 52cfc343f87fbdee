r"""A bundle: a file on a stick that carries facts to the centre, or its answer to a device.

```
"shelfwire bundle\n" | format (1) | n (4) | head (n, JSON) | signature of the head (64)
{ n (4) | frame (n, AES-256-GCM) } …          the last frame is marked as the last
```
The head is open to read, and tells nothing of readers: who made it when, for whom, what is inside.
It carries the point (:func:`edge.wire.seal.close_for`) from which only maker and addressee can make
the key of the frames; signed head and closed frames together are the maker's word. A frame is bound
to the head, its place, and whether it is the last: nothing can be taken out, put in, or cut off.

A frame of facts is a batch as on ``up/facts``. A frame of an answer is one byte (:data:`CURSOR`,
:data:`PART`, :data:`ALLOWED`) and the message as on its topic.
"""

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge.wire.errors import WireError
from edge.wire.messages import Message
from edge.wire.seal import SIGNATURE, Seal, SealError, check, close_for, key_id

MAGIC, FORMAT = b"shelfwire bundle\n", 1
CURSOR, PART, ALLOWED = b"c", b"p", b"a"
MAX_HEAD, MAX_FRAME = 16 * 1024, 8 * 1024 * 1024
_WHAT = b"shelfwire bundle head"


class BundleError(WireError):
    """A bundle that cannot be used: ``word`` is a key of the sentences, ``values`` fill it in."""

    def __init__(self, word: str, **values: Any) -> None:
        super().__init__(f"{word}: {', '.join(f'{k} {v}' for k, v in values.items())}")
        self.word, self.values = word, values


class Head(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What a bundle says of itself. ``cert`` (of the maker) is DER, ``point`` and ``to`` are bytes.

    Facts: those of ``epoch`` from ``first`` to ``last``; ``have``: the replica version there.
    An answer is not to be used after ``expires`` (ms); ``behind``: the centre had less of these
    facts than it once acknowledged.
    """

    kind: Literal["facts", "answer"]
    site: str
    device: str
    made: int
    program: str = ""
    epoch: str = ""
    first: int = 0
    last: int = 0
    have: int = 0
    expires: int = 0
    behind: bool = False
    cert: bytes
    point: bytes
    to: bytes


class BundleWriter:
    """Writes a bundle as a stream; :meth:`end` makes it whole."""

    def __init__(
        self, file: BinaryIO, seal: Seal, to: ec.EllipticCurvePublicKey, **head: Any
    ) -> None:
        """Write the head: fields of :class:`Head` but the keys, which are filled in."""
        point, self._cipher = close_for(to)
        made = Head(cert=seal.cert, point=point, to=key_id(to), **head)
        text = msgspec.json.encode(made)
        self._file, self._place, self._bound = file, 0, _digest(text)
        begin = MAGIC + bytes((FORMAT,))
        signature = seal.sign(_WHAT, begin, text)
        file.write(begin + len(text).to_bytes(4, "big") + text + signature)

    def add(self, frame: bytes) -> None:
        """Write a frame."""
        self._write(frame, last=False)

    def end(self) -> None:
        """Write the end."""
        self._write(b"", last=True)

    def _write(self, frame: bytes, *, last: bool) -> None:
        closed = self._cipher.encrypt(_nonce(self._place, last=last), frame, self._bound)
        self._file.write(len(closed).to_bytes(4, "big") + closed)
        self._place += 1


class BundleReader:
    """Reads a bundle as a stream. ``head`` is to be believed only after :meth:`believe`."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the head; raise BundleError when this is no bundle, or a newer program's."""
        self._file = file
        begin = file.read(len(MAGIC) + 1)
        if begin[: len(MAGIC)] != MAGIC:
            raise BundleError("no_bundle") if begin else BundleError("cut", field="head")
        if len(begin) == len(MAGIC):
            raise BundleError("cut", field="format")
        if begin[-1] != FORMAT:
            raise BundleError("newer", field="format", found=begin[-1], known=FORMAT)
        size = int.from_bytes(self._exactly(4, "head"), "big")
        if size > MAX_HEAD:
            raise BundleError("changed", field="head")
        self._text = self._exactly(size, "head")
        self._signature = self._exactly(SIGNATURE, "signature")
        self._signed = begin
        self._begins = file.tell()
        try:
            self.head = msgspec.json.decode(self._text, type=Head)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BundleError("changed", field=f"head ({error})") from None
        self._bound = _digest(self._text)
        self._cipher: AESGCM | None = None

    def believe(self, public: ec.EllipticCurvePublicKey) -> None:
        """Raise BundleError unless the head was signed with this key."""
        try:
            check(public, self._signature, _WHAT, self._signed, self._text)
        except SealError:
            raise BundleError("changed", field="signature") from None

    def open(self, seal: Seal) -> None:
        """Make ready to read frames; raise BundleError when it is closed for another key."""
        if self.head.to != seal.name:
            raise BundleError("not_for_us", field="to")
        try:
            self._cipher = seal.cipher(self.head.point)
        except SealError:
            raise BundleError("changed", field="point") from None

    def frames(self) -> Iterator[bytes]:
        """Yield the frames from the first; raise BundleError at what is damaged or missing."""
        assert self._cipher is not None  # noqa: S101  opened before
        self._file.seek(self._begins)
        place, last = 0, False
        while not last:
            frame, last = self._frame(place)
            place += 1
            if not last:
                yield frame
        if self._file.read(1):
            raise BundleError("changed", field=f"frame {place}")

    def verify(self, look: Callable[[bytes], object] | None = None) -> int:
        """Read everything, give each frame to ``look``; return how many frames there are."""
        count = 0
        for count, frame in enumerate(self.frames(), 1):
            if look is not None:
                look(frame)
        return count

    def _frame(self, place: int) -> tuple[bytes, bool]:
        name = f"frame {place + 1}"
        size = int.from_bytes(self._exactly(4, name), "big")
        if size > MAX_FRAME:
            raise BundleError("changed", field=name)
        closed = self._exactly(size, name)
        assert self._cipher is not None  # noqa: S101  opened before
        for last in (False, True):
            try:
                return self._cipher.decrypt(_nonce(place, last=last), closed, self._bound), last
            except (InvalidTag, ValueError):
                continue
        raise BundleError("changed", field=name)

    def _exactly(self, size: int, field: str) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise BundleError("cut", field=field)
        return data


def _nonce(place: int, *, last: bool) -> bytes:
    return bytes((last,)) + place.to_bytes(11, "big")


def _digest(text: bytes) -> bytes:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(text)
    return digest.finalize()
