"""Put an item on a Gen2 (UHF) tag: the words of bank 01 and of bank 11."""

from drivers.ports import BankKind
from drivers.tags import compaction
from drivers.tags.alliance import AllianceHead, alliance_head, encode_alliance
from drivers.tags.code40 import encode_code40
from drivers.tags.model import AFI_IN, NewTag, TagError
from drivers.tags.objects import TagObject, build
from drivers.tags.part2 import CONTENT, DSFID_HERE, OWNER, SET, element_objects, pack_bitmap
from drivers.tags.uhf import PC_EXTENDED, PC_ISO, PC_USER_BANK, bank_image, decode_bank

_MOST_WORDS = 31
_WORD = 2
UII = 2 * _WORD
"""Where the UII begins in a bank 01."""
NO_NUMBER = b"\xff\xff"
"""The head of a UII that is being written: no packing begins with it."""


def encode_uii(tag: NewTag) -> bytes:
    """Return the UII words of an item: ``OWNER.ITEM.SET`` in URN Code 40.

    TagError when the text would be read as something else, such as an item number with a dot.
    """
    text = f"{tag.owner}.{tag.item_id}" if tag.owner else tag.item_id
    if tag.parts > 1:
        if not tag.owner:
            raise TagError("a set needs an owner in front of the item number on a UHF tag")
        digits = len(str(tag.parts))
        text += f".{tag.parts:0{digits}d}{tag.part:0{digits}d}"
    uii = encode_code40(text)
    uii += bytes(len(uii) % _WORD)
    back = decode_bank(uii, "uii")
    parts = (back.part or 1, back.parts or 1)
    if (back.item_id, back.owner or "", *parts) != (tag.item_id, tag.owner, tag.part, tag.parts):
        raise TagError(f"item {tag.item_id!r} cannot be told from {text!r}: leave out dots")
    return uii


def encode_mb01(
    tag: NewTag, *, afi: int | None = AFI_IN, user_bank: bool = False, room: int = _MOST_WORDS
) -> bytes:
    """Return bank 01 as it will be, CRC word included (the chip makes that one itself).

    Without an ``afi`` the PC word does not say ISO (sites that keep plain URN Code 40). ``room`` is
    how many words the chip has for the UII.
    """
    return _bank(encode_uii(tag), afi, user_bank, room)


def encode_mb01_alliance(
    item_id: str,
    head: AllianceHead | None = None,
    *,
    user_bank: bool = False,
    room: int = _MOST_WORDS,
) -> bytes:
    """Return bank 01 of the Chinese university alliance; its PC word does not say ISO."""
    return _bank(encode_alliance(item_id, head), None, user_bank, room)


def encode_mb11(tag: NewTag, size: int, *, whole: bool = False) -> bytes:
    """Return the user bank of ``size`` bytes: the elements that the UII does not hold.

    ``whole`` repeats owner and set there. TagError when the bank is too small.
    """
    objects = [item for item in element_objects(tag) if whole or item.oid not in (OWNER, SET)]
    content = TagObject(CONTENT, compaction.APPLICATION, pack_bitmap([o.oid for o in objects]))
    used = bytes([DSFID_HERE]) + b"".join(build(item) for item in (content, *objects))
    if len(used) > size:
        raise TagError(f"the elements need {len(used)} bytes, the user bank has {size}")
    return used.ljust(size, b"\0")


def encode_over(
    tag: NewTag, old: bytes, kind: BankKind, afi: int = AFI_IN, *, user: bool | None = None
) -> bytes:
    """Return the bank 01 that holds the item on a tag whose bank 01 is ``old`` now.

    What belongs to the tag and not to the item stays: the head of an alliance tag and, unless
    ``user`` says it, whether the user bank is in use. TagError for what this ``kind`` of bank has no
    place for; the tag's further elements belong in the user bank.
    """
    pc = int.from_bytes(old[_WORD : 2 * _WORD], "big")
    if user is None:
        user = bool(pc & PC_USER_BANK)
    if kind != "mb01-alliance":
        return encode_mb01(tag, afi=afi if kind == "mb01" else None, user_bank=user)
    if tag.owner or tag.parts > 1:
        raise TagError("an alliance identity holds the item number only: leave out owner and parts")
    head = alliance_head(old[2 * _WORD :]) if not pc & PC_ISO else None
    return encode_mb01_alliance(tag.item_id, head, user_bank=user)


def uhf_write_plan(old: bytes, new: bytes) -> list[tuple[int, bytes]]:
    """Return ``(word, data)`` in the order to write a bank 01 over another.

    Both are whole banks with their CRC word, which the chip makes itself, as it does the bits for
    user bank and extended PC. First the head of the UII becomes FFFF, with which no packing begins,
    then the rest of it is written, the PC word, and the head last: a tag torn away in between
    carries no number at all rather than a mixture of two, whose CRC would be right.
    """
    head, tail = new[UII : UII + _WORD], new[UII + _WORD :]
    same_pc, same_tail = _pc(old) == _pc(new), old[UII + _WORD :] == tail
    steps = [] if same_tail else [(3, tail)] if tail else []
    steps += [] if same_pc else [(1, new[_WORD:UII])]
    now = old[UII : UII + _WORD]
    if not steps:
        return [] if now == head else [(2, head)]
    if now == head and same_tail:
        return steps
    return [*([] if now == NO_NUMBER else [(2, NO_NUMBER)]), *steps, (2, head)]


def is_torn(memory: bytes, old: bytes, new: bytes) -> bool:
    """Whether a bank 01 is one that :func:`uhf_write_plan` leaves behind, wherever it was torn."""
    if _pc(memory) not in (_pc(old), _pc(new)):
        return False
    return all(
        memory[at : at + _WORD] in (old[at : at + _WORD], new[at : at + _WORD])
        or (at == UII and memory[at : at + _WORD] == NO_NUMBER)
        for at in range(UII, len(memory), _WORD)
    )


def _pc(bank: bytes) -> int:
    """Return the PC word without the bits that are the chip's own."""
    return int.from_bytes(bank[_WORD:UII], "big") & ~(PC_USER_BANK | PC_EXTENDED)


def _bank(uii: bytes, afi: int | None, user_bank: bool, room: int) -> bytes:
    words = len(uii) // _WORD
    if words > min(room, _MOST_WORDS):
        raise TagError(f"the air identity needs {words} words, the tag has {room}")
    pc = words << 11 | (PC_USER_BANK if user_bank else 0)
    if afi is not None:
        pc |= PC_ISO | afi
    return bank_image(pc, uii)
