"""Put an item on a tag: which model, which bytes, in which order."""

from collections.abc import Callable, Mapping
from typing import get_args

from drivers.tags.model import Format, NewTag, TagError
from drivers.tags.part2 import encode_part2
from drivers.tags.part3 import encode_part3
from drivers.tags.threem import encode_3m

FORMATS: tuple[Format, ...] = get_args(Format)
_ENCODERS: Mapping[Format, Callable[[NewTag, int, int], bytes]] = {
    "iso28560-2": encode_part2,
    "iso28560-3": lambda tag, size, _: encode_part3(tag, size),
    "3m-rfid501": lambda tag, size, _: encode_3m(tag, size),
}


def encode(
    content: NewTag,
    format: Format,  # noqa: A002
    size: int,
    block_size: int = 4,
    *,
    keep: bytes = b"",
) -> bytes:
    """Return the whole memory of ``size`` bytes that holds the item; TagError if it cannot.

    Blocks behind the item are zero, or stay as in ``keep`` (the memory as it was read): a vendor's
    mark in the last block survives.
    """
    if format not in _ENCODERS:
        raise TagError(f"format {format!r} cannot be written; use one of {', '.join(FORMATS)}")
    used = _ENCODERS[format](content, size, block_size)
    used += bytes(-len(used) % block_size)
    return (used + keep[len(used) : size]).ljust(size, b"\0")[:size]


def choose(
    content: NewTag,
    size: int,
    block_size: int = 4,
    *,
    found: str = "",
    preferred: Format = "iso28560-3",
) -> Format:
    """Return the model to write.

    A tag keeps the model it has (``found``), so that one library does not end up with a mixture it
    did not ask for; a blank one gets the preferred model. What does not fit goes to the next model
    that can hold it: first part 3 (it has a checksum), then part 2.
    """
    order: list[Format] = [f for f in FORMATS if f == found]
    order += [preferred, "iso28560-3", "iso28560-2"]
    why: dict[Format, str] = {}
    for candidate in order:
        if candidate in why:
            continue
        try:
            encode(content, candidate, size, block_size)
        except TagError as error:
            why[candidate] = str(error)
        else:
            return candidate
    raise TagError("; ".join(f"{name}: {reason}" for name, reason in why.items()))


def write_plan(old: bytes, new: bytes, block_size: int = 4) -> list[tuple[int, bytes]]:
    """Return ``(block, data)`` in the order to write: changed blocks only.

    The head is wiped first and written last, so that a tag torn away in between carries no number
    at all rather than a mixture of two (part 2 has no checksum that would tell).
    """
    changed = [
        (at // block_size, new[at : at + block_size])
        for at in range(0, len(new), block_size)
        if new[at : at + block_size] != old[at : at + block_size]
    ]
    if not changed:
        return []
    head = new[:block_size]
    tail = [step for step in reversed(changed) if step[0]]
    if not tail:
        return changed
    return [(0, bytes(len(head))), *tail, (0, head)]
