"""What is known of ISO 15693 chips by the head of their UID."""

WITHOUT_INFO = {b"\xe0\x07\xc0": (4, 8), b"\xe0\x07\xc4": (4, 8)}
"""Tag-it Standard and Pro have no system information, AFI or DSFID: block size and count."""

_USUAL = {
    b"\xe0\x04\x01": (4, 28),
    b"\xe0\x07\x00": (4, 64),
    b"\xe0\x02": (4, 64),
    **WITHOUT_INFO,
}
_TWO_BLOCKS_AT_ONCE = b"\xe0\x08"  # Fujitsu


def usual_size(uid: bytes) -> tuple[int, int] | None:
    """Return block size and count that a chip of this kind has at least; None when not known."""
    for length in (3, 2):
        if uid[:length] in _USUAL:
            return _USUAL[uid[:length]]
    return None


def blocks_in_one_write(uid: bytes, most: int) -> int:
    """Return how many blocks the chip takes in one write, ``most`` when it sets no limit."""
    return min(most, 2) if uid.startswith(_TWO_BLOCKS_AT_ONCE) else most
