"""The checksums of device protocols."""


def _mcrf4xx_row(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (0x8408 if byte & 1 else 0)
    return byte


def _genibus_row(byte: int) -> int:
    crc = byte << 8
    for _ in range(8):
        crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


_MCRF4XX = tuple(_mcrf4xx_row(byte) for byte in range(256))
_GENIBUS = tuple(_genibus_row(byte) for byte in range(256))


def mcrf4xx(data: bytes) -> int:
    """Return CRC-16/MCRF4XX: polynomial 0x8408 reflected, begins with 0xFFFF, nothing at the end."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _MCRF4XX[(crc ^ byte) & 0xFF]
    return crc


def genibus(data: bytes) -> int:
    """Return CRC-16/GENIBUS: polynomial 0x1021, begins with 0xFFFF, all bits turned at the end."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc << 8 & 0xFF00) ^ _GENIBUS[crc >> 8 ^ byte]
    return crc ^ 0xFFFF
