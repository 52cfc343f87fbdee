"""What the Pi's firmware says of its power and heat: one number, a bit for each.

    bit 0 under-voltage now   1 frequency capped   2 throttled   3 soft temperature limit
    bit 16 … 19               the same, at any time since power came

Told by ``vcgencmd get_throttled`` (``throttled=0x50005``) and by a file of the kernel (``50005``).
"""

from drivers.errors import FrameError

WORDS = ("under_voltage", "capped", "throttled", "hot")
_SINCE = 16


def parse(text: str) -> int:
    """Return the number in what the command or the file said."""
    digits = text.strip().partition("=")[2] or text.strip()
    try:
        return int(digits, 16)
    except ValueError:
        raise FrameError(f"{text.strip()[:40]!r} is not what get_throttled says") from None


def now(bits: int) -> frozenset[str]:
    """Return the words of what is so now."""
    return frozenset(word for bit, word in enumerate(WORDS) if bits >> bit & 1)


def before(bits: int) -> frozenset[str]:
    """Return the words of what was so at any time since power came."""
    return now(bits >> _SINCE)
