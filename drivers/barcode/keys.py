"""What a scanner types as a keyboard: Linux input events into text.

::

    struct input_event   sec (long)  usec (long)  type (u16)  code (u16)  value (s32)
                         24 bytes on 64-bit machines, 16 on 32-bit ones
    type 1 = key: value 1 pressed, 0 released, 2 repeated; type 0 code 3: the kernel dropped events
"""

import struct
from collections.abc import Mapping
from typing import Literal

Layout = Literal["us", "uk", "de", "fr"]

EVENT = struct.Struct("@llHHi")
KEY, SYNC, DROPPED, PRESSED, RELEASED = 1, 0, 3, 1, 0
END = "\r"
SPOILT = "\0"
"""Stands for keys that were lost: what is typed before and behind it is no code."""

_ENTER, _TAB, _KEYPAD_ENTER = 28, 15, 96
_SHIFTS, _CAPS, _RIGHT_ALT = frozenset((42, 54)), 58, 100
LAST_KEY = 126
"""The highest key code that is known here."""
_OTHERS = frozenset((29, 97, 56, 125, 126))
"""Control, left Alt and the logo keys: what is typed with them is a command, not a letter."""
_KEYPAD = {71: "7", 72: "8", 73: "9", 74: "-", 75: "4", 76: "5", 77: "6", 78: "+", 79: "1",
           80: "2", 81: "3", 82: "0", 83: ".", 55: "*", 98: "/"}  # fmt: skip
_ROWS = (2, 16, 30, 44)
"""Codes of the first keys of four rows: digits, and below them three of letters."""
_US = ("1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./")
_US_SHIFT = ("!@#$%^&*()_+", "QWERTYUIOP{}", 'ASDFGHJKL:"', "ZXCVBNM<>?")
_UK_SHIFT = ('!"£$%^&*()_+', "QWERTYUIOP{}", "ASDFGHJKL:@", "ZXCVBNM<>?")
_DE = ("1234567890ß´", "qwertzuiopü+", "asdfghjklöä", "yxcvbnm,.-")
_DE_SHIFT = ('!"§$%&/()=?`', "QWERTZUIOPÜ*", "ASDFGHJKLÖÄ", "YXCVBNM;:_")
_FR = ("&é\"'(-è_çà)=", "azertyuiop^$", "qsdfghjklmù", "wxcvbn,;:!")
_FR_SHIFT = ("1234567890°+", "AZERTYUIOP¨£", "QSDFGHJKLM%", "WXCVBN?./§")

Keys = Mapping[int, str]


def _keys(rows: tuple[str, ...], more: Keys) -> Keys:
    keys = {first + place: char for first, row in zip(_ROWS, rows, strict=True)
            for place, char in enumerate(row)}  # fmt: skip
    return keys | _KEYPAD | {57: " "} | dict(more)


LAYOUTS: Mapping[Layout, tuple[Keys, Keys, Keys]] = {
    "us": (_keys(_US, {41: "`", 43: "\\"}), _keys(_US_SHIFT, {41: "~", 43: "|"}), {}),
    "uk": (
        _keys(_US, {41: "`", 43: "#", 86: "\\"}),
        _keys(_UK_SHIFT, {41: "¬", 43: "~", 86: "|"}),
        {},
    ),
    "de": (
        _keys(_DE, {41: "^", 43: "#", 86: "<"}),
        _keys(_DE_SHIFT, {41: "°", 43: "'", 86: ">"}),
        {16: "@", 86: "|", 9: "[", 10: "]", 8: "{", 11: "}", 12: "\\", 27: "~"},
    ),
    "fr": (
        _keys(_FR, {41: "²", 43: "*", 86: "<"}),
        _keys(_FR_SHIFT, {41: "²", 43: "µ", 86: ">"}),
        {4: "#", 7: "|", 9: "\\", 11: "@", 6: "[", 12: "]", 5: "{", 13: "}", 3: "~"},
    ),
}
"""Characters by key code: plain, with Shift, with the right Alt key."""


class KeyReader:
    """Turn events into text; any bytes give text, never an exception. Enter and Tab are END."""

    def __init__(self, layout: Layout = "us") -> None:
        """Begin with no key held."""
        self._plain, self._shifted, self._third = LAYOUTS[layout]
        self._held: set[int] = set()
        self._caps = False
        self._rest = b""

    def feed(self, data: bytes) -> str:
        """Take any number of bytes; return what the events in them type."""
        data = self._rest + data
        whole = len(data) - len(data) % EVENT.size
        self._rest = data[whole:]
        return "".join(
            self._event(kind, code, value)
            for _, _, kind, code, value in EVENT.iter_unpack(data[:whole])
        )

    def _event(self, kind: int, code: int, value: int) -> str:
        if kind == SYNC and code == DROPPED:
            self._held.clear()
            return SPOILT
        if kind != KEY:
            return ""
        if value == RELEASED:
            self._held.discard(code)
            return ""
        if value != PRESSED:  # a scanner holds no key: a repeat is the machine being slow
            return ""
        self._caps ^= code == _CAPS
        if code in _SHIFTS or code in _OTHERS or code == _RIGHT_ALT:
            self._held.add(code)
            return ""
        return self._char(code)

    def _char(self, code: int) -> str:
        if self._held & _OTHERS:
            return ""
        if code in (_ENTER, _TAB, _KEYPAD_ENTER):
            return END
        if _RIGHT_ALT in self._held:
            return self._third.get(code, "")
        shift = bool(self._held & _SHIFTS)
        char = (self._shifted if shift else self._plain).get(code, "")
        return char.swapcase() if self._caps and char.isalpha() else char


def typed(text: str, layout: Layout = "us") -> bytes:
    """Return the events of a scanner that types ``text`` and Enter; ValueError for what it cannot."""
    keyboard = [_codes(keys) for keys in LAYOUTS[layout]]
    events = b""
    for char in text:
        for keys, held in zip(keyboard, (0, min(_SHIFTS), _RIGHT_ALT), strict=True):
            if char in keys:
                events += _stroke(keys[char], held)
                break
        else:
            raise ValueError(f"a keyboard of layout {layout} has no key for {char!r}")
    return events + _stroke(_ENTER)


def _codes(keys: Keys) -> dict[str, int]:
    """Return the key of each character: of two the one with the lower code, on the main block."""
    return {char: code for code, char in sorted(keys.items(), reverse=True)}


def _stroke(code: int, held: int = 0) -> bytes:
    steps = [(KEY, code, PRESSED), (SYNC, 0, 0), (KEY, code, RELEASED), (SYNC, 0, 0)]
    if held:
        steps = [(KEY, held, PRESSED), (SYNC, 0, 0), *steps, (KEY, held, RELEASED), (SYNC, 0, 0)]
    return b"".join(EVENT.pack(0, 0, *step) for step in steps)
