"""Dictionaries: what batches often say, known to both sides beforehand (zstd, trained).

```
number (1) | zstd frame without its magic number
```
A dictionary never changes: a new one (``bench/dictionary.py``) gets a new number, and the old ones
stay, for devices that were not updated yet. Whoever lacks a number asks for the batch in full.
"""

from functools import cache
from importlib.resources import files

import zstandard

from edge.wire.errors import UnresolvedError, WireError

NEWEST = 1
LEVEL = 12
_MAGIC = b"\x28\xb5\x2f\xfd"


def shorten(data: bytes) -> bytes:
    """Return bytes compressed with the newest dictionary."""
    known = dictionary(NEWEST)
    packer = zstandard.ZstdCompressor(level=LEVEL, dict_data=known, write_dict_id=False)
    return bytes((NEWEST,)) + packer.compress(data).removeprefix(_MAGIC)


def lengthen(data: bytes, most: int) -> bytes:
    """Return what was compressed, ``most`` bytes at most.

    Raises UnresolvedError for a dictionary that is not here, WireError for any other bytes.
    """
    if not 1 <= (data or b"\0")[0] <= NEWEST:
        raise UnresolvedError("batch: compressed with a dictionary that is not known here")
    frame = _MAGIC + data[1:]
    try:
        if zstandard.frame_content_size(frame) > most:
            raise WireError(f"batch: unpacks to more than {most} bytes")
        unpacker = zstandard.ZstdDecompressor(dict_data=dictionary(data[0]))
        return unpacker.decompress(frame, max_output_size=most)
    except zstandard.ZstdError as error:
        raise WireError(f"batch: not zstd: {error}") from None


@cache
def dictionary(number: int) -> zstandard.ZstdCompressionDict:
    """Return a dictionary; raise FileNotFoundError for a number that never was."""
    data = files("edge.wire").joinpath(f"{number}.dict").read_bytes()
    made = zstandard.ZstdCompressionDict(data)
    made.precompute_compress(level=LEVEL)  # a fiftieth of the time
    return made
