"""The process that calls PC/SC.

Commands to a storage card go through the reader (PC/SC part 3):

::

    FF CA 00 00 00                      UID
    FF B0 00 page 10                    16 bytes of a type 2 tag or a MIFARE Classic
    FF 82 00 00 06 key                  keep a key in the reader
    FF 86 00 00 05 01 00 block 60 00    open the sector of a block with it
    ATR  3B 8F 80 01 80 4F 0C A0 00 00 03 06 03 NN NN ..   NN NN names the kind of card
"""

import sys
from importlib import import_module
from typing import Any

from drivers.contactless.antenna import CLASSIC, NTAG, OTHER, SMART, Found, TornAwayError
from drivers.contactless.child import serve
from drivers.errors import OptionError, PortLostError

_DONE = (0x90, 0x00)
_STORAGE = bytes.fromhex("A000000306")
_KINDS = {0x0001: CLASSIC, 0x0002: CLASSIC, 0x0003: NTAG}


class PcscFront:
    """Implements :class:`drivers.contactless.child.Front` over the interface of pyscard."""

    def __init__(self, name: str) -> None:
        """Find the reader; OptionError without pyscard, PortLostError without pcscd or reader."""
        try:
            self._system = import_module("smartcard.System")
            self._errors = import_module("smartcard.Exceptions")
        except ImportError as error:
            raise OptionError(f"driver pcsc needs pyscard: {error}") from error
        self._name = name
        self._connection: Any = None
        self._reader = self._find()

    def targets(self) -> list[Found]:
        """Return the card in the field; a PC/SC reader shows one."""
        self.rest()
        errors = self._errors
        connection = self._reader.createConnection()
        try:
            connection.connect()
        except (errors.NoCardException, errors.CardConnectionException):
            _let_go(connection)
            self._reader = self._find()  # a reader that was pulled out shows no cards, for ever
            return []
        self._connection = connection
        try:
            uid = self._ask(b"\xff\xca\x00\x00\x00")
        except TornAwayError:
            return []
        return [Found(uid, _kind(bytes(connection.getATR())))]

    def read(self, place: int) -> bytes:
        """Return four pages of a type 2 tag, or a block of a MIFARE Classic."""
        data = self._ask(bytes((0xFF, 0xB0, 0x00, place, 0x10)))
        if len(data) < 16:
            raise TornAwayError
        return data[:16]

    def unlock(self, block: int, key: bytes, uid: bytes) -> bool:  # noqa: ARG002 - the reader knows it
        """Open the sector of a block with key A; False for a wrong key."""
        self._ask(b"\xff\x82\x00\x00\x06" + key)
        try:
            self._ask(bytes((0xFF, 0x86, 0x00, 0x00, 0x05, 0x01, 0x00, block, 0x60, 0x00)))
        except TornAwayError:
            self._ask(b"\xff\xca\x00\x00\x00")  # still there: then it was the key
            return False
        return True

    def rest(self) -> None:
        """Let go of the card, so that the reader looks for the next."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.disconnect()
            _let_go(connection)

    def close(self) -> None:
        """Let go of the reader."""
        self.rest()

    def _find(self) -> Any:
        try:
            readers = self._system.readers()
        except Exception as error:  # pyscard has a class of its own for each call that fails
            raise PortLostError(f"PC/SC does not answer, is pcscd running? {error}") from error
        for reader in readers:
            if self._name.lower() in str(reader).lower() and (
                self._name or "SAM" not in str(reader)
            ):
                return reader
        there = ", ".join(str(reader) for reader in readers) or "none"
        raise PortLostError(f"no card reader {self._name!r} at PC/SC; there is {there}")

    def _ask(self, command: bytes) -> bytes:
        try:
            data, first, second = self._connection.transmit(list(command))
        except self._errors.CardConnectionException as error:
            raise TornAwayError from error
        if (first, second) != _DONE:
            raise TornAwayError
        return bytes(data)


def _let_go(connection: Any) -> None:
    """Free what pyscard holds; before 2.0.6 (Debian 12 has 2.0.5) it does so by itself."""
    release = getattr(connection, "release", None)
    if release is not None:
        release()


def _kind(atr: bytes) -> str:
    at = atr.find(_STORAGE)
    if at < 0:
        return SMART
    name = atr[at + len(_STORAGE) + 1 :][:2]
    return _KINDS.get(int.from_bytes(name, "big"), OTHER)


def main() -> int:
    """Serve the reader that the command line names."""
    return serve(lambda: PcscFront(sys.argv[1] if len(sys.argv) > 1 else ""))


if __name__ == "__main__":
    sys.exit(main())
