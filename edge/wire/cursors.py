"""The bytes of ``down/cursor``: JSON, or 17 bytes for a device that speaks the compact code.

```
03 | epoch (its first 3 bytes) | mark (4 bytes) | seq | version    numbers as in edge.wire.columns
02 | epoch (8 bytes) | mark (4 bytes) | seq | version              for devices that know no 03
```
A device knows its own epoch; the mark tells whether the cursor is of its history at all.
"""

import re

from edge.wire.columns import Stream, put_plain
from edge.wire.errors import WireError
from edge.wire.messages import Cursor, decode, encode

SHORT, SHORTER = 2, 3
_SAID = 3
_EPOCH = re.compile(r"[0-9a-f]{16}\Z")
_MARK = re.compile(r"[0-9a-f]{8}\Z")


def encode_cursor(cursor: Cursor, *, small: bool = False, smaller: bool = False) -> bytes:
    """Return the bytes of a cursor; ``small``: in a short form, if it says no more than that.

    ``smaller``: in the shorter one of these.
    """
    plain = Cursor(epoch=cursor.epoch, seq=cursor.seq, last=cursor.last, version=cursor.version)
    fits = _EPOCH.match(cursor.epoch) and _MARK.match(cursor.last) and cursor == plain
    if not small or not fits or cursor.seq < 0 or cursor.version < 0:
        return encode(cursor)
    epoch = bytes.fromhex(cursor.epoch)
    data = bytearray((SHORTER, *epoch[:_SAID]) if smaller else (SHORT, *epoch))
    data += bytes.fromhex(cursor.last)
    put_plain(data, cursor.seq)
    put_plain(data, cursor.version)
    return bytes(data)


def decode_cursor(data: bytes, own: str = "") -> Cursor:
    """Return the cursor of any form; raise WireError.

    ``own``: the epoch here. Of another one in the shorter form only the beginning is known.
    """
    if data[:1] not in (bytes((SHORT,)), bytes((SHORTER,))):
        return decode(data, Cursor)
    stream, short = Stream(data[1:]), data[0] == SHORT
    epoch, last = stream.take(8 if short else _SAID).hex(), stream.take(4).hex()
    if not short and own.startswith(epoch):
        epoch = own
    try:
        seq, version = stream.plain(), stream.plain()
    except IndexError:
        raise WireError("Cursor: ends too early") from None
    if stream.left():
        raise WireError("Cursor: more bytes than it needs")
    return Cursor(epoch=epoch, seq=seq, last=last, version=version)
