"""Which data model is on a tag, decided by proof and never by the first byte alone."""

from drivers.ports import BankKind
from drivers.tags.model import AFI_IN, AFI_OUT, DSFID, TagContent, TagError
from drivers.tags.part2 import decode_part2
from drivers.tags.part3 import decode_part3, looks_like_part3
from drivers.tags.threem import decode_3m, is_blank_3m
from drivers.tags.uhf import decode_bank, decode_uhf

SHORTEST_ITEM = 4
"""A number shorter than this is not believed when nothing but the objects speaks for part 2."""
_UHF_WORD = 2


def decode(
    memory: bytes,
    *,
    dsfid: int | None = None,
    afi: int | None = None,
    block_size: int = 4,
    bank: BankKind = "",
    partial: bool = False,
    shortest: int = SHORTEST_ITEM,
    afis: tuple[int, ...] = (AFI_IN, AFI_OUT),
) -> TagContent:
    """Return what a tag's user memory says; any bytes give an answer, never an exception.

    ``partial`` says that only the front of the memory was read (a gate's buffer): what lies behind
    is not missed. ``block_size`` 2 means a bank of a Gen2 (UHF) tag. With ``bank`` the caller says
    which bank it is and how the site writes it: then nothing else is tried, and an item number is
    given that bytes alone could not prove. ``afis`` are the values that the library uses; another
    one is worth a warning.
    """
    if bank:
        content = _known(bytes(memory), bank)
    else:
        content = _decide(bytes(memory), dsfid, max(1, block_size), partial, shortest)
    if afi is not None and afi not in afis and content.item_id is not None:
        content.warnings.append(f"AFI {afi:02X} is none that this library writes")
    return content


def _known(memory: bytes, bank: BankKind) -> TagContent:
    if not any(memory):
        return TagContent("blank" if memory else "unknown")
    try:
        return decode_bank(memory, bank)
    except TagError as error:
        return TagContent("unknown", warnings=[f"not bank {bank}: {error}"])


def _decide(
    memory: bytes, dsfid: int | None, block_size: int, partial: bool, shortest: int
) -> TagContent:
    if not memory:
        return TagContent("unknown", warnings=["there is no memory to read"])
    if not any(memory) or is_blank_3m(memory):
        return TagContent("blank")
    if block_size == _UHF_WORD:  # no ISO 15693 chip has such blocks
        return _bank(memory)
    declared = dsfid == DSFID["iso28560-2"]
    why: list[str] = []
    without_item: TagContent | None = None
    for model in ("part 2", "part 3") if declared else ("part 3", "part 2"):
        try:
            if model == "part 3":
                return decode_part3(memory, block_size, partial=partial)
            if not declared and looks_like_part3(memory):
                raise TagError("this is a part 3 block with damage")
            content = decode_part2(memory, declared=declared, partial=partial, shortest=shortest)
        except TagError as error:
            why.append(f"not ISO 28560 {model}: {error}")
            continue
        if content.item_id is not None:
            return content
        without_item = content
    return without_item or _others(memory, dsfid, why)


def _bank(memory: bytes) -> TagContent:
    try:
        return decode_uhf(memory)
    except TagError as error:
        return TagContent("unknown", warnings=[f"not a known Gen2 bank: {error}"])


def _others(memory: bytes, dsfid: int | None, why: list[str]) -> TagContent:
    try:
        return decode_3m(memory)
    except TagError as error:
        why.append(f"not 3M: {error}")
    damaged = dsfid == DSFID["iso28560-3"] or looks_like_part3(memory)
    return TagContent("unknown", checksum="bad" if damaged else "none", warnings=why)
