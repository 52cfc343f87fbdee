"""The tag in each book of the demo: memory as a real encoder would have left it."""

import json
from collections.abc import Sequence

from demo.catalogue import DATA, FOREIGN_OWNER, OWNER, Copy
from drivers.tags import AFI_IN, NewTag, encode
from drivers.tags.model import DSFID, Format
from drivers.testing.tag15693 import Tag

CHIP_BYTES, SMALL_CHIP_BYTES, BLOCK = 112, 32, 4


def broken_memories() -> Sequence[bytes]:
    """Return memories that went wrong, from published vectors, filled up to a whole chip."""
    rows = json.loads((DATA / "broken_tags.json").read_text("utf-8"))
    return [bytes.fromhex(row["memory"])[:CHIP_BYTES].ljust(CHIP_BYTES, b"\0") for row in rows]


_BROKEN = broken_memories()


def tag_of(copy: Copy) -> Tag:
    """Return the tag of a copy as it was on the day the library opened: in stock, armed."""
    if copy.tag == "blank":
        return Tag(uid=copy.uid, memory=bytearray(CHIP_BYTES), block_size=BLOCK)
    if copy.tag == "broken":
        memory = _BROKEN[sum(copy.uid) % len(_BROKEN)]
        return Tag(uid=copy.uid, memory=bytearray(memory), block_size=BLOCK, afi=AFI_IN)
    owner = FOREIGN_OWNER if copy.tag == "foreign" else OWNER
    size = SMALL_CHIP_BYTES if copy.tag == "iso28560-3-short" else CHIP_BYTES
    kind = _format(copy.tag)
    memory = encode(NewTag(item_id=copy.item, owner=owner), kind, size, BLOCK)
    return Tag(
        uid=copy.uid,
        memory=bytearray(memory.ljust(size, b"\0")),
        block_size=BLOCK,
        dsfid=DSFID[kind],
        afi=AFI_IN,
    )


def _format(word: str) -> Format:
    if word == "3m-rfid501":
        return "3m-rfid501"
    return "iso28560-3" if word.startswith("iso28560-3") else "iso28560-2"
