"""Barcode scanners, on a serial line and as a keyboard: they only speak."""

from collections.abc import Callable

from drivers.barcode.keys import Layout, typed
from drivers.testing.simulator import Reply


class ScannerSimulator:
    """A scanner; :meth:`scan` holds a code in front of it."""

    def __init__(self, *, ending: bytes = b"\r", encoding: str = "utf-8") -> None:
        """End every scan with ``ending`` (may be empty)."""
        self._ending = ending
        self._encoding = encoding
        self._send: Callable[[bytes], None] | None = None

    def connected(self, send: Callable[[bytes], None]) -> None:
        """Remember where scans go."""
        self._send = send

    def feed(self, _data: bytes) -> list[Reply]:
        """Ignore what the host says."""
        return []

    def scan(self, text: str, symbology: str = "") -> None:
        """Send a scan; ``symbology`` is the whole AIM identifier, such as ``]C1``, or empty."""
        if self._send is not None:
            self._send((symbology + text).encode(self._encoding) + self._ending)


class HidSimulator:
    """A scanner that types; :meth:`scan` holds a code in front of it."""

    def __init__(self, layout: Layout = "us") -> None:
        """Be set up for a keyboard layout."""
        self._layout = layout
        self._send: Callable[[bytes], None] | None = None

    def connected(self, send: Callable[[bytes], None]) -> None:
        """Remember where keys go."""
        self._send = send

    def feed(self, _data: bytes) -> list[Reply]:
        """Ignore what the host says."""
        return []

    def scan(self, text: str) -> None:
        """Type a code and Enter; ValueError for a letter that the keyboard does not have."""
        keys = typed(text, self._layout)
        if self._send is not None:
            self._send(keys)
