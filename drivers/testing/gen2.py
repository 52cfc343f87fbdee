"""A Gen2 (UHF) tag as a thing, and the space in front of an antenna.

bank 00 kill and access password | bank 01 CRC, PC, EPC words | bank 02 TID | bank 03 user
"""

from dataclasses import dataclass, field

from drivers.ports import Bank
from drivers.tags.crc import crc_gen2

WORD = 2
_HEAD = 2 * WORD
_EPC_WORDS = 31
"""Most words that the length field of a PC word can name."""


@dataclass(slots=True, eq=False)
class Gen2Tag:
    """One tag. The chip keeps the CRC word itself; ``tid`` never changes."""

    tid: bytes
    epc: bytes
    pc: int | None = None
    user: bytearray = field(default_factory=lambda: bytearray(64))
    password: bytes = bytes(4)
    """Access password; while it is zero everybody may write."""
    locked: set[Bank] = field(default_factory=set)
    room: int = 16
    """Words that the chip has for an EPC."""
    antenna: int = 1
    rssi: int = 60
    """0 to 127, more is nearer."""
    _words: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.user = bytearray(self.user)
        if len(self.epc) % WORD or len(self.epc) > self.room * WORD or self.room > _EPC_WORDS:
            raise ValueError(f"an EPC of {len(self.epc)} bytes does not fit {self.room} words")
        pc = (len(self.epc) // WORD) << 11 if self.pc is None else self.pc
        self._words = bytearray(pc.to_bytes(WORD, "big") + self.epc.ljust(self.room * WORD, b"\0"))
        self._renew()

    def bank(self, number: Bank) -> bytes:
        """Return a whole bank as the air sees it."""
        if number == Bank.EPC:
            used = bytes(self._words[: WORD + len(self.epc)])
            return crc_gen2(used).to_bytes(WORD, "big") + bytes(self._words)
        if number == Bank.TID:
            return self.tid
        return bytes(self.user) if number == Bank.USER else bytes(4) + self.password

    def put_word(self, number: Bank, at: int, word: bytes) -> None:
        """Write one word; the caller has checked that :meth:`takes` it."""
        if number == Bank.EPC:
            self._words[(at - 1) * WORD : at * WORD] = word
            self._renew()
        elif number == Bank.USER:
            self.user[at * WORD : (at + 1) * WORD] = word
        elif at >= 2:
            start = (at - 2) * WORD
            self.password = self.password[:start] + word + self.password[start + WORD :]

    def takes(self, number: Bank, at: int) -> bool:
        """Say whether the chip lets this word be written: it is there and not the CRC or TID."""
        least = 1 if number == Bank.EPC else 0
        return number != Bank.TID and least <= at < len(self.bank(number)) // WORD

    def _renew(self) -> None:
        self.pc = int.from_bytes(self._words[:WORD], "big")
        self.epc = bytes(self._words[WORD : WORD + (self.pc >> 11) * WORD])


class AirField:
    """What the antennas of a UHF reader reach. Tags are told apart by their TID."""

    def __init__(self, *tags: Gen2Tag) -> None:
        """Begin with ``tags`` in the field."""
        self._tags: dict[bytes, Gen2Tag] = {}
        self._tears: dict[bytes, int] = {}
        for tag in tags:
            self.put(tag)

    @property
    def tags(self) -> list[Gen2Tag]:
        """The tags that are in the field now, in order of arrival."""
        return list(self._tags.values())

    def put(self, tag: Gen2Tag) -> None:
        """Bring a tag into the field; putting it twice changes nothing."""
        self._tags[tag.tid] = tag

    def take(self, tid: bytes) -> Gen2Tag | None:
        """Take a tag out of the field and return it; None when it is not there."""
        self._tears.pop(tid, None)
        return self._tags.pop(tid, None)

    def clear(self) -> None:
        """Take everything out."""
        self._tags.clear()
        self._tears.clear()

    def with_epc(self, epc: bytes) -> list[Gen2Tag]:
        """Return the tags that carry this EPC now."""
        return [tag for tag in self.tags if tag.epc == epc]

    def tear_after(self, tid: bytes, words: int) -> None:
        """Let the tag leave after so many more written words; 0 = at the next."""
        self._tears[tid] = words

    def write(self, tag: Gen2Tag, bank: Bank, first: int, data: bytes) -> bool:
        """Write word by word, as the air does; False when the tag left in between."""
        for number in range(len(data) // WORD):
            left = self._tears.get(tag.tid)
            if left == 0:
                self.take(tag.tid)
            elif left is not None:
                self._tears[tag.tid] = left - 1
            if tag.tid not in self._tags:
                return False
            tag.put_word(bank, first + number, data[number * WORD : (number + 1) * WORD])
        return True
