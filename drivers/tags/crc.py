"""The checksums of library tags: part 3 blocks, Gen2 air identities, ISO 15693 frames."""

from binascii import crc_hqx
from functools import reduce
from operator import xor as _xor


def crc16(data: bytes, start: int = 0xFFFF) -> int:
    """Return the CRC of an ISO 28560-3 basic block (poly 1021, most significant bit first)."""
    return crc_hqx(data, start)


def crc_gen2(data: bytes) -> int:
    """Return the CRC word that a Gen2 chip keeps over its PC and UII words."""
    return crc16(data) ^ 0xFFFF


def crc_x25(data: bytes) -> int:
    """Return the CRC of an ISO 15693 air frame (sent low byte first)."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
    return crc ^ 0xFFFF


def xor(data: bytes) -> int:
    """Return all bytes XORed; 0 over a sound extension block."""
    return reduce(_xor, data, 0)
