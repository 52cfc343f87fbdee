"""What a frame of a PN532 says, in words."""

from collections.abc import Mapping
from typing import Any

from drivers.errors import FrameError
from drivers.explained import Checksum, Explained, fits, hexed, lay_out, shown
from drivers.pn532 import commands
from drivers.pn532.frames import ACK, CHIP, ERROR, HOST, NACK, START

_NAMES = {
    0x00: "Diagnose", 0x02: "GetFirmwareVersion", 0x04: "GetGeneralStatus", 0x06: "ReadRegister",
    0x08: "WriteRegister", 0x0C: "ReadGPIO", 0x0E: "WriteGPIO", 0x10: "SetSerialBaudRate",
    0x12: "SetParameters", 0x14: "SAMConfiguration", 0x16: "PowerDown", 0x32: "RFConfiguration",
    0x40: "InDataExchange", 0x42: "InCommunicateThru", 0x44: "InDeselect", 0x46: "InJumpForPSL",
    0x4A: "InListPassiveTarget", 0x4E: "InPSL", 0x50: "InATR", 0x52: "InRelease",
    0x54: "InSelect", 0x56: "InJumpForDEP", 0x58: "RFRegulationTest", 0x60: "InAutoPoll",
    0x86: "TgGetData", 0x88: "TgGetInitiatorCommand", 0x8A: "TgGetTargetStatus",
    0x8C: "TgInitAsTarget", 0x8E: "TgSetData", 0x90: "TgResponseToInitiator",
}  # fmt: skip
_STATUS = {
    0x00: "ok", 0x01: "no answer from the card", 0x02: "wrong checksum from the card",
    0x03: "wrong parity from the card", 0x04: "wrong number of bits", 0x05: "wrong frame",
    0x06: "collision", 0x07: "buffer too small", 0x09: "radio buffer overflow",
    0x0A: "field not on in time", 0x0B: "protocol error", 0x0D: "too hot", 0x0E: "overflow",
    0x10: "invalid parameter", 0x13: "wrong data format", 0x14: "wrong key", 0x23: "wrong UID",
    0x25: "invalid state", 0x26: "not allowed", 0x27: "wrong context", 0x29: "released",
    0x2A: "another card", 0x2B: "card is gone", 0x2D: "over-current",
}  # fmt: skip
_WITH_STATUS = {0x40, 0x42, 0x44, 0x52, 0x54, 0x46, 0x4E, 0x50, 0x56}
_REQUESTS = {
    0x00: "test:1 data:*", 0x02: "", 0x04: "", 0x0C: "", 0x0E: "p3:1 p7:1", 0x10: "baud:1",
    0x12: "flags:1", 0x14: "data:*", 0x16: "data:*", 0x32: "item:1 values:*",
    0x40: "card:1 data:*", 0x42: "data:*", 0x44: "card:1", 0x4A: "most_cards:1 kind:1 data:*",
    0x52: "card:1", 0x54: "card:1", 0x60: "polls:1 period_150_ms:1 kinds:*",
}  # fmt: skip
_BAUDS = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1288000)
_KINDS = ("ISO 14443 A", "FeliCa 212", "FeliCa 424", "ISO 14443 B", "Jewel")
_SAM_MODES = {1: "normal", 2: "virtual card", 3: "wired card", 4: "dual card"}
_SIGNALS = {
    ACK: ("ACK", "Understood; from the host: drop the command that runs."),
    NACK: ("NACK", "Send the last answer again."),
    ERROR: ("error", "The chip did not understand the command."),
}


def explain(frame: bytes, to_device: bool | None) -> Explained:
    """Explain one frame; what is wrong with it is in the notes."""
    start = frame.find(START)
    if start < 0 or len(frame) < start + 4:
        why = "A frame has the start code 00 FF, a length and its check."
        return Explained(to_device, "unknown", "none", notes=(why,))
    for signal, (name, meaning) in _SIGNALS.items():
        if frame[start:].rstrip(b"\x00") == signal[1:].rstrip(b"\x00"):
            chip = False if signal == ERROR else True if signal == NACK else to_device
            return Explained(chip, name, "ok", notes=(meaning,))
    notes = []
    if start > 1:
        notes.append(f"{start - 1} bytes in front wake the chip or are noise.")
    head, length, right = _length(frame[start:])
    body = frame[start + head : start + head + length]
    checksum, wrong = _verdict(frame[start + head :], length, right=right)
    notes += wrong
    return _body(body, {"length": length}, to_device, checksum, notes)


def _length(frame: bytes) -> tuple[int, int, bool]:
    """Return where the body begins, its length, and whether the length's check is right."""
    if frame[2:4] == b"\xff\xff" and len(frame) >= 7:
        return 7, frame[4] << 8 | frame[5], not sum(frame[4:7]) & 0xFF
    return 4, frame[2], not sum(frame[2:4]) & 0xFF


def _verdict(rest: bytes, length: int, *, right: bool) -> tuple[Checksum, list[str]]:
    """Judge the length's check and the data's; ``rest`` begins with the body."""
    if not right:
        return "bad", ["The length does not match its check."]
    if len(rest) <= length:
        return "none", [f"The length promises {length} bytes and a check, {len(rest)} are there."]
    notes = []
    if len(rest) > length + 2:
        notes.append(f"{len(rest) - length - 2} bytes behind the frame are not explained.")
    if sum(rest[: length + 1]) & 0xFF:
        should = -sum(rest[:length]) & 0xFF
        return "bad", [*notes, f"The checksum should be {should:02x}."]
    return "ok", notes


def _body(
    body: bytes, head: dict[str, Any], to_device: bool | None, checksum: Checksum, notes: list[str]
) -> Explained:
    if len(body) < 2 or body[0] not in (HOST, CHIP):
        notes.append("The data do not begin with D4 (host) or D5 (chip).")
        found = {**head, "data": hexed(body)}
        return Explained(to_device, "unknown", checksum, fields=found, notes=tuple(notes))
    speaks = body[0] == HOST
    if to_device is not None and speaks != to_device:
        notes.append(f"The frame says itself that it goes {'to' if speaks else 'from'} the chip.")
    code, data = body[1], body[2:]
    if speaks:
        asked = fits(lambda: _asked(code, data))
        return _told(True, code, data, asked, None, head, checksum, notes)
    code = code - 1 & 0xFF
    status = data[0] & 0x3F if code in _WITH_STATUS and data else None
    answer = fits(lambda: _answered(code, data))
    return _told(False, code, data, answer, status, head, checksum, notes)


def _told(
    to_device: bool,
    code: int,
    data: bytes,
    found: Mapping[str, Any] | None,
    status: int | None,
    head: dict[str, Any],
    checksum: Checksum,
    notes: list[str],
) -> Explained:
    if found is None:
        found = {"data": hexed(data)}
        notes.append("The data do not fit this command.")
    words = None if status is None else _STATUS.get(status, "unknown status")
    name = _NAMES.get(code, "unknown")
    return Explained(
        to_device, name, checksum, code, words, status, {**head, **found}, tuple(notes)
    )


def _asked(code: int, data: bytes) -> Mapping[str, Any]:
    """Read a question; FrameError when its data are too few or too many."""
    if code == commands.SAM.code:
        found = lay_out("mode:1 rest:*", data)
        found["mode"] = _SAM_MODES.get(found["mode"], found["mode"])
        return {name: value for name, value in found.items() if value != ""}
    if code == 0x06:
        return {
            "registers": [f"{a:02x}{b:02x}" for a, b in zip(data[::2], data[1::2], strict=False)]
        }
    if code == commands.EXCHANGE.code and data[1:2] in (b"\x60", b"\x61"):
        keyed = lay_out("card:1 key:1 block:1 secret:-6 uid:*", data)
        return {**keyed, "key": "A" if data[1] == 0x60 else "B"}
    found = lay_out(_REQUESTS.get(code, "data:*"), data)
    if code == 0x10:
        found["baud"] = _BAUDS[found["baud"]] if found["baud"] < len(_BAUDS) else found["baud"]
    if code == commands.LIST_TARGETS.code:
        kind = found["kind"]
        found["kind"] = _KINDS[kind] if kind < len(_KINDS) else kind
    return {name: value for name, value in found.items() if value != ""}


def _answered(code: int, data: bytes) -> Mapping[str, Any]:
    """Read an answer; FrameError when it does not fit."""
    if code == commands.LIST_TARGETS.code:
        return {"cards": _cards(data)}
    if code == commands.FIRMWARE.code:
        found = lay_out("ic:1 version:1 revision:1 support:1", data)
        return {**found, "ic": f"{found['ic']:02x}"}
    rest = data[1:] if code in _WITH_STATUS else data
    return {"data": hexed(rest)} if rest else {}


def _cards(data: bytes) -> list[Any]:
    try:
        cards = commands.parse_targets(data)
    except FrameError:
        return [hexed(data[1:])] if data else []
    return [
        {**shown(card), "sens_res": f"{card.sens_res:04x}", "sel_res": f"{card.sel_res:02x}"}
        for card in cards
    ]
