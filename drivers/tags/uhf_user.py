"""The two banks of an ISO 28560-4 tag as one: the item in bank 01, what else is told of it in bank 11.

Bank 11 begins with 06; a 00 there means that nothing is told. It has no checksum, so what is written
last is its first word.
"""

from drivers.ports import Bank, BankKind
from drivers.tags.model import NewTag, TagError
from drivers.tags.uhf import decode_bank
from drivers.tags.uhf_write import NO_NUMBER, UII, encode_mb11, uhf_write_plan

_WORD = 2
_NOTHING = b"\0\0"
_USUAL = 0x10

Step = tuple[Bank, int, bytes]


def encode_user(tag: NewTag, old: bytes, kind: BankKind) -> bytes:
    """Return the user bank that goes with an item, as large as the ``old`` one.

    What is told of another item goes. An item of which there is nothing to tell leaves it empty; of
    an alliance tag it is left alone, and the answer is empty. TagError when there is no room, or no
    such bank.
    """
    if kind == "mb01-alliance" and not tag.elements:
        return b""
    if not tag.elements and tag.usage == _USUAL:
        return bytes(len(old))
    if kind == "mb01-alliance":
        raise TagError("an alliance tag is written with its item number only: leave out --element")
    if not old:
        raise TagError("this tag has no user bank for further elements: leave out --element")
    return encode_mb11(tag, len(old))


def is_known_user(memory: bytes, kind: BankKind) -> bool:
    """Whether a user bank is empty or tells of an item; anything else is not ours to wipe."""
    if not any(memory[:_WORD]):
        return not any(memory)
    try:
        decode_bank(memory, "mb11-alliance" if kind == "mb01-alliance" else "mb11")
    except TagError:
        return False
    return True


def user_write_plan(old: bytes, new: bytes) -> list[tuple[int, bytes]]:
    """Return ``(word, data)`` in the order to write a user bank over another of the same size.

    The first word is cleared, the words behind it are written as far as they differ, the first one
    last: a tag torn away in between tells nothing there rather than a mixture.
    """
    runs: list[tuple[int, bytes]] = []
    for at in range(_WORD, len(new), _WORD):
        word = new[at : at + _WORD]
        if word == old[at : at + _WORD]:
            continue
        if runs and runs[-1][0] * _WORD + len(runs[-1][1]) == at:
            runs[-1] = (runs[-1][0], runs[-1][1] + word)
        else:
            runs.append((at // _WORD, word))
    head, now = new[:_WORD], old[:_WORD]
    if not runs:
        return [] if head == now else [(0, head)]
    clear = [] if now == _NOTHING else [(0, _NOTHING)]
    return [*clear, *runs, *([] if head == _NOTHING else [(0, head)])]


def air_write_plan(old: bytes, new: bytes, old_user: bytes, new_user: bytes) -> list[Step]:
    """Return ``(bank, word, data)`` in the order to write both banks over what a tag holds.

    Where the number changes it is the first to go and the last to come: a torn tag never carries
    one item's number and tells of another.
    """
    first = [(Bank.EPC, *step) for step in uhf_write_plan(old, new)]
    rest = [(Bank.USER, *step) for step in user_write_plan(old_user, new_user)]
    if not rest or old[UII:] == new[UII:]:
        return [*rest, *first]
    wipe = (Bank.EPC, UII // _WORD, NO_NUMBER)
    begun = [] if old[UII : UII + _WORD] == NO_NUMBER else [wipe]
    return [*begun, *rest, *(step for step in first if step != wipe)]


def is_torn_user(memory: bytes, old: bytes, new: bytes) -> bool:
    """Whether a user bank is one that :func:`user_write_plan` leaves behind, wherever it was torn."""
    if len(memory) != len(new):
        return False
    return all(
        memory[at : at + _WORD] in (old[at : at + _WORD], new[at : at + _WORD])
        or (at == 0 and memory[:_WORD] == _NOTHING)
        for at in range(0, len(memory), _WORD)
    )
