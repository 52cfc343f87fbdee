"""What an ISO 15693 tag answers to inventory and GET SYSTEM INFORMATION.

inventory    flags, DSFID, UID (least significant byte first), CRC (low byte first)
system info  what is there (1 DSFID, 2 AFI, 4 memory, 8 IC), UID, then those; sizes minus one
"""

from dataclasses import dataclass

from drivers.tags.crc import crc_x25
from drivers.tags.model import TagError


@dataclass(frozen=True, slots=True)
class SystemInfo:
    """A tag's own description; UID most significant byte first, sizes are real counts."""

    uid: bytes
    dsfid: int | None = None
    afi: int | None = None
    blocks: int | None = None
    block_size: int | None = None
    ic: int | None = None


def parse_system_info(data: bytes) -> SystemInfo:
    """Read a reply behind its flags byte; TagError when it is too short for what it promises."""
    if len(data) < 9:
        raise TagError("a system information has at least 9 bytes")
    flags, uid, rest = data[0], data[8:0:-1], list(data[9:])
    wanted = [1, 1, 2, 1]
    need = sum(size for bit, size in enumerate(wanted) if flags >> bit & 1)
    if len(rest) < need:
        raise TagError(f"the system information promises {need} more bytes, {len(rest)} are there")
    dsfid = rest.pop(0) if flags & 1 else None
    afi = rest.pop(0) if flags & 2 else None
    blocks = rest.pop(0) + 1 if flags & 4 else None
    size = (rest.pop(0) & 0x1F) + 1 if flags & 4 else None
    return SystemInfo(uid, dsfid, afi, blocks, size, rest.pop(0) if flags & 8 else None)


def parse_inventory(frame: bytes) -> SystemInfo:
    """Read an inventory reply with its CRC; TagError when a byte is wrong."""
    if len(frame) != 12 or crc_x25(frame[:10]) != int.from_bytes(frame[10:], "little"):
        raise TagError("the inventory reply is damaged")
    if frame[0] & 1:
        raise TagError(f"the tag answered error 0x{frame[1]:02X}")
    return SystemInfo(frame[9:1:-1], dsfid=frame[1])
