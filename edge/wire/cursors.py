"""The bytes of ``down/cursor``: JSON, or 22 bytes for a device that speaks the compact code.

```
02 | epoch (8 bytes) | mark (4 bytes) | seq | version      the numbers as in edge.wire.columns
```
"""

import re

from edge.wire.columns import Stream, put_plain
from edge.wire.errors import WireError
from edge.wire.messages import Cursor, decode, encode

SHORT = 2
_EPOCH = re.compile(r"[0-9a-f]{16}\Z")
_MARK = re.compile(r"[0-9a-f]{8}\Z")


def encode_cursor(cursor: Cursor, *, small: bool = False) -> bytes:
    """Return the bytes of a cursor; ``small``: in the short form, if it says no more than that."""
    plain = Cursor(epoch=cursor.epoch, seq=cursor.seq, last=cursor.last, version=cursor.version)
    fits = _EPOCH.match(cursor.epoch) and _MARK.match(cursor.last) and cursor == plain
    if not small or not fits or cursor.seq < 0 or cursor.version < 0:
        return encode(cursor)
    data = bytearray((SHORT,))
    data += bytes.fromhex(cursor.epoch) + bytes.fromhex(cursor.last)
    put_plain(data, cursor.seq)
    put_plain(data, cursor.version)
    return bytes(data)


def decode_cursor(data: bytes) -> Cursor:
    """Return the cursor of either form; raise WireError."""
    if data[:1] != bytes((SHORT,)):
        return decode(data, Cursor)
    stream = Stream(data[1:])
    epoch, last = stream.take(8).hex(), stream.take(4).hex()
    try:
        seq, version = stream.plain(), stream.plain()
    except IndexError:
        raise WireError("Cursor: ends too early") from None
    if stream.left():
        raise WireError("Cursor: more bytes than it needs")
    return Cursor(epoch=epoch, seq=seq, last=last, version=version)
