"""How large the user bank of a Gen2 chip is: no reader tells, so it is tried."""

from drivers.errors import RefusedError, TagLostError
from drivers.ports import Bank, UhfReader

MOST_WORDS = 256
_STEP = 32
"""Words at a time; chips come with 0 to some hundreds of them, mostly a power of two."""


async def user_bank(reader: UhfReader, epc: bytes) -> bytes:
    """Return the whole user bank, empty when the chip has none; TagLostError if the tag left.

    Beyond its end a chip refuses, and some readers tell that as silence of the tag. So at the end
    the tag is asked for something that it has.
    """
    data, step = b"", _STEP
    ended = lost = False
    while step and len(data) // 2 < MOST_WORDS:
        try:
            data += await reader.read(epc, Bank.USER, len(data) // 2, step)
        except (RefusedError, TagLostError) as error:
            ended, lost = True, isinstance(error, TagLostError)
        step = step // 2 if ended else step
    if lost:
        await reader.read(epc, Bank.EPC, 1, 1)
    return data
