"""The process that calls libnfc: its calls block, and nothing else waits for them."""

import ctypes
import os
import sys
from importlib import import_module
from typing import Any

from drivers.contactless.antenna import Found, TornAwayError, kind_of
from drivers.contactless.child import serve
from drivers.errors import OptionError, PortLostError

_READ, _AUTHENTICATE_A = 0x30, 0x60
_TIME_OUT, _ERFTRANS, _AUTH_FAILED = -6, -20, -30
_CARD_IS_GONE = (_TIME_OUT, -10, _ERFTRANS, _AUTH_FAILED)
"""Time-out, released, transmission, authentication: faults of the card, not of the reader."""
_MAX_TARGETS = 2
_ANSWER = 64
_TIMEOUT_MS = 500


class LibnfcFront:
    """Implements :class:`drivers.contactless.child.Front` with the functions that pynfc wraps."""

    def __init__(self, device: str, nfc: Any) -> None:
        """Open ``device``; PortLostError if libnfc cannot."""
        self._nfc = nfc
        os.environ["LIBNFC_DEFAULT_DEVICE"] = device
        # pynfc was generated with an array of length 0 here, which takes no other.
        nfc.nfc_initiator_list_passive_targets.argtypes = None
        self._context = ctypes.POINTER(nfc.struct_nfc_context)()
        nfc.nfc_init(self._context)
        nfc.nfc_open.argtypes = [ctypes.POINTER(nfc.struct_nfc_context), ctypes.c_char_p]
        self._device = nfc.nfc_open(self._context, None)
        if not self._device:
            raise PortLostError(f"libnfc cannot open {device}")
        self._good(nfc.nfc_initiator_init(self._device))
        self._set(nfc.NP_INFINITE_SELECT, value=False)
        self._type_a = nfc.nfc_modulation(nfc.NMT_ISO14443A, nfc.NBR_106)

    def targets(self) -> list[Found]:
        """Return the cards in the field, two at most; a single one is selected."""
        nfc = self._nfc
        self._set(nfc.NP_ACTIVATE_FIELD, value=True)
        room = (nfc.nfc_target * _MAX_TARGETS)()
        size = ctypes.c_size_t(_MAX_TARGETS)
        count = nfc.nfc_initiator_list_passive_targets(self._device, self._type_a, room, size)
        if count in _CARD_IS_GONE:
            count = 0
        found = [_found(one) for one in room[: self._good(count)]]
        if len(found) == 1 and not self._select(found[0].uid):
            return []
        return found

    def read(self, place: int) -> bytes:
        """Return four pages of a type 2 tag, or a block of a MIFARE Classic."""
        status, data = self._ask(bytes((_READ, place)))
        if status < 16:
            raise TornAwayError
        return data[:16]

    def unlock(self, block: int, key: bytes, uid: bytes) -> bool:
        """Open the sector of a block with key A; False for a wrong key."""
        status, _ = self._ask(bytes((_AUTHENTICATE_A, block)) + key + uid[-4:])
        if status < 0 and status != _AUTH_FAILED:
            raise TornAwayError
        return status >= 0

    def rest(self) -> None:
        """Switch the field off."""
        self._set(self._nfc.NP_ACTIVATE_FIELD, value=False)

    def close(self) -> None:
        """Let go of the reader."""
        self._nfc.nfc_close(self._device)

    def _select(self, uid: bytes) -> bool:
        target = self._nfc.nfc_target()
        number = (ctypes.c_ubyte * len(uid))(*uid)
        count = self._nfc.nfc_initiator_select_passive_target(
            self._device, self._type_a, number, len(uid), ctypes.byref(target)
        )
        return bool(count > 0)

    def _ask(self, data: bytes) -> tuple[int, bytes]:
        sent = (ctypes.c_ubyte * len(data))(*data)
        room = (ctypes.c_ubyte * _ANSWER)()
        status = self._nfc.nfc_initiator_transceive_bytes(
            self._device, sent, len(data), room, _ANSWER, _TIMEOUT_MS
        )
        if status < 0 and status not in _CARD_IS_GONE:
            self._good(status)
        return status, bytes(room[: max(0, status)])

    def _set(self, what: int, *, value: bool) -> None:
        status = self._nfc.nfc_device_set_property_bool(self._device, what, value)
        if status == _TIME_OUT:  # the chip answered late: it may be told the same again
            status = self._nfc.nfc_device_set_property_bool(self._device, what, value)
        self._good(status)

    def _good(self, status: int) -> int:
        if status < 0:
            raise PortLostError(f"libnfc error {status}")
        return status


def _found(target: Any) -> Found:
    info = target.nti.nai
    sens_res = info.abtAtqa[0] << 8 | info.abtAtqa[1]
    return Found(bytes(info.abtUid[: info.szUidLen]), kind_of(sens_res, info.btSak))


def main() -> int:
    """Serve the reader that the command line names."""

    def make() -> LibnfcFront:
        try:
            nfc = import_module("pynfc.nfc")
        except (ImportError, OSError) as error:
            raise OptionError(
                f"driver libnfc needs pynfc, libnfc-dev and libfreefare-dev: {error}"
            ) from error
        return LibnfcFront(sys.argv[1], nfc)

    return serve(make)


if __name__ == "__main__":
    sys.exit(main())
