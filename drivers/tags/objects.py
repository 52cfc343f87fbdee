"""The objects of ISO/IEC 15962 in a tag's memory, as ISO 28560-2 uses them.

    precursor  bit 7 padding follows | bits 6-4 compaction | bits 3-0 OID (1..14, 15 = see oidx)
    [oidx]     OID = 15 + oidx
    [pad]      number of pad bytes behind the data (only with bit 7)
    length     7 bits a byte, most significant first, bit 7 = more
    data       length bytes
    pad bytes  any value

A precursor of 00 ends the objects, 80 is a filler byte.
"""

from dataclasses import dataclass

from drivers.tags.model import TagError

MAX_OID = 31
_PADDED, _ESCAPE, _FILLER = 0x80, 15, 0x80


@dataclass(frozen=True, slots=True)
class TagObject:
    """One object: which element, how it is packed, its bytes."""

    oid: int
    compaction: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Objects:
    """All objects of a memory; ``stale`` is True when non-zero bytes follow the terminator.

    ``cut`` is True when the last object runs over the end (only possible with ``partial``).
    """

    found: list[TagObject]
    stale: bool = False
    cut: bool = False


class _EndOfMemoryError(TagError):
    """An object runs over the end of the memory."""


def parse(memory: bytes, *, partial: bool = False) -> Objects:
    """Cut memory into objects; TagError when one runs over the end or has no element number.

    ``partial`` says that ``memory`` is only the front of the tag: an object that runs over its end
    is left out instead.
    """
    found: list[TagObject] = []
    at = 0
    while at < len(memory):
        if memory[at] == 0:
            return Objects(found, stale=any(memory[at:]))
        if memory[at] == _FILLER:
            at += 1
            continue
        try:
            item, at = _take(memory, at)
        except _EndOfMemoryError:
            if not partial:
                raise
            return Objects(found, cut=True)
        found.append(item)
    return Objects(found, cut=partial)


def _take(memory: bytes, at: int) -> tuple[TagObject, int]:
    start, precursor = at, memory[at]
    oid, pad, at = precursor & 0x0F, 0, at + 1
    if oid == _ESCAPE:
        oid, at = oid + _byte(memory, at), at + 1
    if not 1 <= oid <= MAX_OID:
        raise TagError(f"byte {start}: object number {oid} does not exist")
    if precursor & _PADDED:
        pad, at = _byte(memory, at), at + 1
    length, at = take_length(memory, at)
    end = at + length
    if end + pad > len(memory):
        raise _EndOfMemoryError(
            f"byte {start}: object {oid} needs {end + pad} bytes, the tag has {len(memory)}"
        )
    return TagObject(oid, precursor >> 4 & 7, memory[at:end]), end + pad


def _byte(memory: bytes, at: int) -> int:
    if at >= len(memory):
        raise _EndOfMemoryError(f"the memory ends inside the object before byte {at}")
    return memory[at]


def take_length(memory: bytes, at: int) -> tuple[int, int]:
    """Read a length of 7 bits a byte; return it and where the data begin."""
    length = 0
    for index in range(at, at + 4):
        byte = _byte(memory, index)
        length = length << 7 | byte & 0x7F
        if not byte & 0x80:
            return length, index + 1
    raise TagError(f"byte {at}: a length of more than four bytes")


def put_length(length: int) -> bytes:
    """Write a length in 7 bits a byte."""
    result = bytes([length & 0x7F])
    while length := length >> 7:
        result = bytes([0x80 | length & 0x7F]) + result
    return result


def build(item: TagObject, *, at: int = 0, align: int = 0) -> bytes:
    """Return the bytes of one object that begins at ``at``.

    With ``align`` it is padded to end on a multiple of that many bytes, so that whole blocks can
    be locked.
    """
    low = min(item.oid, _ESCAPE)
    escape = bytes([item.oid - _ESCAPE]) if low == _ESCAPE else b""
    tail = put_length(len(item.data)) + item.data
    precursor = item.compaction << 4 | low
    fill = -(at + 1 + len(escape) + len(tail)) % align if align else 0
    if not fill:
        return bytes([precursor]) + escape + tail
    # The byte that holds the number of pad bytes fills one byte itself.
    return bytes([precursor | _PADDED]) + escape + bytes([fill - 1]) + tail + bytes(fill - 1)
