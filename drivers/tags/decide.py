"""Which data model is on a tag, decided by proof and never by the first byte alone."""

from functools import partial as partial_

from drivers.ports import BankKind
from drivers.tags.model import AFI_IN, AFI_OUT, DSFID, TagContent, TagError
from drivers.tags.part2 import decode_part2
from drivers.tags.part3 import decode_part3, looks_like_part3
from drivers.tags.threem import decode_3m, is_blank_3m
from drivers.tags.uhf import decode_bank, decode_uhf, is_factory_new

SHORTEST_ITEM = 4
"""A number shorter than this is not believed when nothing but the objects speaks for part 2."""
_UHF_WORD = 2
_DECLARED = ("ISO 28560 part 2", "ISO 28560 part 3", "3M")
_UNDECLARED = ("3M", "ISO 28560 part 3", "ISO 28560 part 2")
"""3M first: no other model begins so, and a checksum of part 3 is right by chance now and then. For
the same reason a part 3 block without a number does not keep part 2 from being tried."""


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
        if bank.startswith("mb01") and is_factory_new(memory):
            return TagContent("blank")
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
    readers = {
        "ISO 28560 part 2": partial_(
            _part2, memory, declared=declared, partial=partial, shortest=shortest
        ),
        "ISO 28560 part 3": partial_(decode_part3, memory, block_size, partial=partial),
        "3M": partial_(decode_3m, memory),
    }
    why: list[str] = []
    without_item: TagContent | None = None
    for model in _DECLARED if declared else _UNDECLARED:
        try:
            content = readers[model]()
        except TagError as error:
            why.append(f"not {model}: {error}")
            continue
        if content.item_id is not None:
            return content
        without_item = without_item or content
    if without_item:
        return without_item
    damaged = dsfid == DSFID["iso28560-3"] or looks_like_part3(memory)
    return TagContent("unknown", checksum="bad" if damaged else "none", warnings=why)


def _part2(memory: bytes, *, declared: bool, partial: bool, shortest: int) -> TagContent:
    if not declared and looks_like_part3(memory):
        raise TagError("this is a part 3 block with damage")
    return decode_part2(memory, declared=declared, partial=partial, shortest=shortest)


def _bank(memory: bytes) -> TagContent:
    try:
        return decode_uhf(memory)
    except TagError as error:
        return TagContent("unknown", warnings=[f"not a known Gen2 bank: {error}"])
