"""What is said on the wires, in words: an ear for each protocol. Never raises, whatever it hears.

A word is a key of ``texts/*.json`` below ``wire.`` and the values that its sentence names.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

from drivers.feig import commands as feig
from drivers.feig.frames import Cutter
from drivers.feig.frames import Frame as FeigFrame
from drivers.gpio.wire import MessageReader, level_of
from drivers.pn532.frames import FrameReader, Message
from drivers.tags import AFI_IN, AFI_OUT


@dataclass(frozen=True, slots=True)
class Word:
    """One thing said. ``small`` is what repeats all day (polls): shown only to who asks for it."""

    key: str
    values: dict[str, str | int] = field(default_factory=dict)
    small: bool = False


class Ear(Protocol):
    """Turns the bytes of one wire into words; keeps what is not whole yet."""

    def host(self, data: bytes) -> list[Word]:
        """Return what the host said with these bytes, if anything is whole."""

    def device(self, data: bytes) -> list[Word]:
        """Return what the device said."""


class FeigEar:
    """FEIG pad and gate readers."""

    def __init__(self) -> None:
        """Begin with an empty line."""
        self._asked = Cutter(replies=False)
        self._answered = Cutter(replies=True)
        self._open: tuple[int, int] = (0, 0)

    def host(self, data: bytes) -> list[Word]:
        """Name the command, the tag and what shall be written."""
        return [self._ask(one) for one in self._asked.feed(data) if isinstance(one, FeigFrame)]

    def device(self, data: bytes) -> list[Word]:
        """Say how many tags, whether it worked."""
        return [self._say(one) for one in self._answered.feed(data) if isinstance(one, FeigFrame)]

    def _ask(self, frame: FeigFrame) -> Word:
        sub = frame.data[0] if frame.command == feig.TO_TAGS and frame.data else 0
        self._open = (frame.command, sub)
        if frame.command == feig.TO_TAGS and sub != 0x01 and len(frame.data) >= 10:
            return self._ask_tag(sub, frame.data[2:10].hex().upper(), frame.data[10:])
        if self._open == (feig.TO_TAGS, 0x01):
            return Word("feig.inventory", small=True)
        if frame.command == feig.READ_BUFFER.code:
            return Word("feig.buffer", small=True)
        name = next((c.name for c in feig.GATE if (c.code, c.sub or 0) == self._open), "?")
        return Word("feig.other", {"name": name}, small=True)

    def _ask_tag(self, sub: int, uid: str, rest: bytes) -> Word:
        tag: dict[str, str | int] = {"uid": uid}
        if sub == feig.READ_BLOCKS.sub and len(rest) >= 2:
            return Word("feig.read", tag | {"first": rest[0], "count": rest[1]})
        if sub == feig.WRITE_AFI.sub and rest:
            key = {AFI_IN: "feig.arm", AFI_OUT: "feig.disarm"}.get(rest[0], "feig.afi")
            return Word(key, tag | {"afi": f"{rest[0]:02X}"})
        if sub == feig.WRITE_BLOCKS.sub:
            return Word("feig.write", tag)
        return Word("feig.info", tag)

    def _say(self, frame: FeigFrame) -> Word:
        status = frame.data[0] if frame.data else 0xFF
        count = frame.data[1] if len(frame.data) > 1 else 0
        if frame.command == feig.TO_TAGS and self._open[1] == 0x01:
            seen = count if status in (0x00, 0x94) else 0
            return Word("feig.tags", {"count": seen}, small=True) if seen else _NO_TAGS
        if frame.command == feig.READ_BUFFER.code:
            if status in (0x00, 0x93, 0x94):
                return Word("feig.passed")
            return Word("feig.nobody", small=True)
        if status == 0x00:
            return Word("feig.done", small=frame.command != feig.TO_TAGS)
        return Word("feig.refused", {"status": f"{status:02X}"})


_NO_TAGS = Word("feig.no_tags", small=True)


class Pn532Ear:
    """The card reader."""

    def __init__(self) -> None:
        """Begin with an empty line."""
        self._asked, self._answered = FrameReader(), FrameReader()

    def host(self, data: bytes) -> list[Word]:
        """Name the command."""
        found = [one for one in self._asked.feed(data) if isinstance(one, Message)]
        return [_CARD_ASKS.get(one.code, Word("card.other", small=True)) for one in found]

    def device(self, data: bytes) -> list[Word]:
        """Say what card is there and what it answered."""
        words = []
        for one in self._answered.feed(data):
            if isinstance(one, Message):
                words.append(self._say(one))
        return words

    def _say(self, message: Message) -> Word:
        data = message.data
        if message.code == 0x4B and data[:1] not in (b"", b"\0") and len(data) > 5:
            return Word("card.found", {"uid": data[6 : 6 + data[5]].hex().upper()})
        if message.code == 0x4B:
            return Word("card.nobody", small=True)
        if message.code == 0x41:
            key = "card.answer" if data[:1] == b"\0" else "card.silent"
            return Word(key, {"count": max(0, len(data) - 1)})
        return Word("card.done", small=True)


_CARD_ASKS = {0x4A: Word("card.wait", small=True), 0x40: Word("card.ask")}


class ScannerEar:
    """The barcode scanner speaks in lines."""

    def host(self, data: bytes) -> list[Word]:
        """Nobody says anything to a scanner."""
        return [Word("scanner.told", {"count": len(data)})]

    def device(self, data: bytes) -> list[Word]:
        """Return the line it read."""
        text = data.decode("utf-8", "replace").strip()
        return [Word("scanner.read", {"text": text})] if text else []


class PrinterEar:
    """The receipt printer."""

    def host(self, data: bytes) -> list[Word]:
        """Tell a question for the state from something to print."""
        if data.startswith(b"\x10\x04"):
            return [Word("printer.how", small=True)]
        return [Word("printer.print", {"count": len(data)})] if len(data) > 8 else []

    def device(self, data: bytes) -> list[Word]:
        """Return its state as bits."""
        return [Word("printer.state", {"bits": data.hex(" ").upper()}, small=True)]


class BoardEar:
    """The I/O board speaks lines of JSON."""

    def __init__(self) -> None:
        """Begin with an empty line."""
        self._asked, self._told = MessageReader(), MessageReader()

    def host(self, data: bytes) -> list[Word]:
        """Say which output goes on or off."""
        return _levels("set", self._asked.feed(data))

    def device(self, data: bytes) -> list[Word]:
        """Say which input changed."""
        return _levels("seen", self._told.feed(data))


def _levels(verb: str, messages: list[dict[str, Any]]) -> list[Word]:
    levels = [level for one in messages if (level := level_of(one, "line"))]
    return [Word(_level_key(verb, name, on), {"line": name}) for name, on in levels]


def _level_key(verb: str, line: str, on: bool) -> str:
    if line.startswith("beam"):
        return "board.beam_on" if on else "board.beam_off"
    return f"board.{verb}_{'on' if on else 'off'}"
