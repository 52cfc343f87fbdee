"""What a frame of a FEIG reader says, in words.

A reply to a host command (B0) does not say which one was asked: what its data fit is named.
"""

from collections.abc import Callable, Mapping
from typing import Any

from drivers.crc import mcrf4xx
from drivers.errors import FrameError
from drivers.explained import Checksum, Explained, fits, hexed, lay_out, shown
from drivers.feig import answers, commands
from drivers.feig.answers import Reply
from drivers.feig.commands import (
    ADDRESSED,
    CONFIG_BLOCK,
    CONFIG_EEPROM,
    TO_CHIPS,
    TO_TAGS,
    Command,
)
from drivers.feig.frames import ADVANCED, ANY_ADDRESS
from drivers.feig.status import IsoError, Status, words

_COMMANDS: dict[tuple[int, int | None], Command[Any]] = {
    (command.code, command.sub): command for command in commands.GATE
}
_MORE_NAMES = {
    0x55: "start flash loader",
    0x85: "set timer",
    0x86: "get timer",
    0x87: "set date",
    0x88: "get date",
    0x8A: "read configuration (new)",
    0x8B: "write configuration (new)",
    0x8C: "reset configuration (new)",
}
_REQUESTS = {
    0x21: "records:1",
    0x22: "records:2",
    0x2B: "mode:1 records:2",
    0x31: "", 0x32: "", 0x33: "", 0x34: "", 0x35: "",
    0x52: "value:1",
    0x63: "", 0x65: "", 0x69: "", 0x74: "", 0x77: "",
    0x64: "mode:1",
    0x66: "mode:1",
    0x6A: "antennas:1",
    0x71: "outputs:2 flash:2 flash_time:2 hold:2",
    0x72: "mode:1 records:1 data:*",
    0x78: "mode:1 in_1:4 out_1:4 in_2:4 out_2:4",
    0x80: "where:1", 0x82: "where:1", 0x83: "where:1",
    0x81: "where:1 data:*",
    0xA0: "password:-4",
}  # fmt: skip
_TO_NXP = {
    0xA2: ("set EAS", ""),
    0xA3: ("reset EAS", ""),
    0xA4: ("lock EAS", ""),
    0xA5: ("EAS alarm", "data:*"),
    0xA6: ("protect AFI or EAS with a password", ""),
    0xB2: ("get random number", ""),
    0xB3: ("set password", "password_of:1 password:-4"),
    0xB4: ("write password", "password_of:1 password:-4"),
    0xB5: ("lock password", "password_of:1"),
}
_TO_TAG = {
    0x22: "first_block:1 blocks:1",
    0x23: "first_block:1 blocks:1",
    0x24: "first_block:1 blocks:1 block_size:1 data:*",
    0x27: "afi:1",
    0x29: "dsfid:1",
    0x2C: "first_block:1 blocks:1",
}
_GUESSES = (commands.INVENTORY, commands.SYSTEM_INFO, commands.READ_BLOCKS)
_ADDRESS_BITS, _TO_UID = 0x07, ADDRESSED[0]
_MORE, _WAIT = 0x80, 0x40
_OUTPUT_BYTES = 4
_OUTPUT_TYPES = {0: "output", 1: "LED", 4: "relay"}
_SWITCH = ("keep", "on", "off", "flash")


def explain(frame: bytes, to_device: bool | None) -> Explained:
    """Explain one frame; what is wrong with it is in the notes."""
    advanced = frame[:1] == bytes((ADVANCED,))
    start = 3 if advanced else 1
    if len(frame) < start + 4:
        why = "A frame has at least a length, an address, a command and two bytes of checksum."
        return Explained(to_device, "unknown", "none", notes=(why,))
    length = int.from_bytes(frame[1:3], "big") if advanced else frame[0]
    whole, checksum, notes = _checked(frame, start, length)
    code, data = frame[start + 1], frame[start + 2 : whole - 2]
    form = "advanced" if advanced else "standard"
    head = {"form": form, "length": length, "address": frame[start]}
    if to_device is None:
        to_device = _direction(frame[start], code, data)
    told = _request if to_device else _reply
    return told(code, data, head, checksum, notes)


def _checked(frame: bytes, start: int, length: int) -> tuple[int, Checksum, list[str]]:
    """Return where the frame ends, the verdict, and what is odd about it."""
    if not start + 4 <= length <= len(frame):
        why = f"The length promises {length} bytes, {len(frame)} are there."
        return len(frame), "none", [why]
    notes = []
    right = mcrf4xx(frame[: length - 2]).to_bytes(2, "little")
    good = right == frame[length - 2 : length]
    if not good:
        notes.append(f"The checksum should be {hexed(right)}.")
    if length < len(frame):
        notes.append(f"{len(frame) - length} bytes behind the frame are not explained.")
    return length, "ok" if good else "bad", notes


def _direction(address: int, code: int, data: bytes) -> bool | None:
    """Tell who speaks: replies carry the reader's own address and a status."""
    request = fits(lambda: _asked(code, data)) is not None
    if address == ANY_ADDRESS and request:
        return True
    if data and data[0] in set(Status) and fits(lambda: _answered(code, data)[1]) is not None:
        return False
    return True if request or address == ANY_ADDRESS else None


def _name(code: int, sub: int | None = None) -> str:
    row = _COMMANDS.get((code, sub))
    if row:
        return row.name
    if code == TO_TAGS:
        return "host command"
    return _MORE_NAMES.get(code, "unknown")


def _request(
    code: int, data: bytes, head: Mapping[str, Any], checksum: Checksum, notes: list[str]
) -> Explained:
    sub = data[0] if code == TO_TAGS and data else None
    found = fits(lambda: _asked(code, data))
    if found is None:
        found = {"data": hexed(data)}
        notes.append("The data do not fit this command.")
    return Explained(
        True, _name(code, sub), checksum, code, fields={**head, **found}, notes=tuple(notes)
    )


def _asked(code: int, data: bytes) -> Mapping[str, Any]:
    """Read a question; FrameError when it is none that we know."""
    if code == TO_TAGS:
        return _asked_tags(data)
    if code == TO_CHIPS:
        return _asked_chips(data)
    layout = _REQUESTS.get(code)
    if layout is None:
        raise FrameError("no command that we know")
    found = lay_out(layout, data)
    if code == commands.SET_OUTPUT.code:
        return {"mode": found["mode"], "outputs": _outputs(data[2:], found["records"])}
    if (where := found.pop("where", None)) is not None:
        memory = "EEPROM" if where & CONFIG_EEPROM else "RAM"
        return {"block": where & CONFIG_BLOCK, "memory": memory, **found}
    return found


def _outputs(data: bytes, count: int) -> list[Mapping[str, Any]]:
    """Read what shall become of outputs, LEDs and relays."""
    if len(data) != count * _OUTPUT_BYTES:
        raise FrameError(f"{len(data)} bytes are not {count} records")
    return [
        {
            "type": _OUTPUT_TYPES.get(data[at] >> 5, data[at] >> 5),
            "number": data[at] & 0x1F,
            "switch": _SWITCH[data[at + 1] & 3],
            "seconds": int.from_bytes(data[at + 2 : at + 4], "big") / 10,
        }
        for at in range(0, len(data), _OUTPUT_BYTES)
    ]


def _asked_tags(data: bytes) -> Mapping[str, Any]:
    head = lay_out("sub:1 mode:1 rest:*", data)
    sub, mode, rest = head["sub"], head["mode"], data[2:]
    if (TO_TAGS, sub) not in _COMMANDS:
        raise FrameError("no host command that we know")
    found: dict[str, Any] = {"sub": f"{sub:02x}", "mode": f"{mode:02x}"}
    if sub == commands.INVENTORY.sub:
        found["asks"] = "for more tags" if mode & _MORE else "anew"
        return {**found, **lay_out("wait_100_ms:1" if mode & _WAIT else "", rest)}
    uid = "uid:u " if mode & _ADDRESS_BITS == _TO_UID else ""
    return {**found, **lay_out(uid + _TO_TAG.get(sub, ""), rest)}


def _asked_chips(data: bytes) -> Mapping[str, Any]:
    head = lay_out("maker:1 sub:1 mode:1 rest:*", data)
    found = {name: f"{head[name]:02x}" for name in ("maker", "sub", "mode")}
    if data[:1] != commands.NXP or head["sub"] not in _TO_NXP:
        raise FrameError("no command of a maker that we know")
    name, layout = _TO_NXP[head["sub"]]
    uid = "uid:u " if head["mode"] & _ADDRESS_BITS == _TO_UID else ""
    return {**found, "asks": name, **lay_out(uid + layout, data[3:])}


def _reply(
    code: int, data: bytes, head: Mapping[str, Any], checksum: Checksum, notes: list[str]
) -> Explained:
    if not data:
        notes.append("A reply has a status, this frame has none.")
        return Explained(False, _name(code), checksum, code, fields=head, notes=tuple(notes))
    try:
        name, found = _answered(code, data)
    except FrameError as error:
        name, found = _name(code), {"data": hexed(data[1:])}
        notes.append(f"The data do not fit a reply to this command: {error}.")
    if code == TO_TAGS:
        notes.append("A reply to a host command (B0) does not say to which one.")
    return Explained(
        False, name, checksum, code, words(data[0]), data[0], {**head, **found}, tuple(notes)
    )


def _answered(code: int, data: bytes) -> tuple[str, Mapping[str, Any]]:
    """Read an answer: command, what it says; FrameError when it is none that we know."""
    status, rest = data[0], data[1:]
    if status == Status.ISO15693_ERROR and rest:
        return _name(code), {"tag_says": _iso_words(rest[0]), **_block(rest[1:])}
    if status == Status.WRITE_ERROR:
        return _name(code), _block(rest)
    if not rest:
        return _name(code), {}
    reply = Reply(status, rest)
    if code == TO_TAGS:
        return _guessed(reply)
    row = _COMMANDS.get((code, None))
    if row is None:
        return _name(code), {"data": hexed(rest)}
    return row.name, _told(row, reply)


def _guessed(reply: Reply) -> tuple[str, Mapping[str, Any]]:
    for row in _GUESSES:
        found = fits(_telling(row, reply))
        if found is not None:
            return row.name, found
    return "host command", {"data": hexed(reply.data)}


def _telling(row: Command[Any], reply: Reply) -> Callable[[], Mapping[str, Any]]:
    return lambda: _told(row, reply)


def _told(row: Command[Any], reply: Reply) -> Mapping[str, Any]:
    if row is commands.SYSTEM_INFO and reply.data[1:2] != b"\xe0":
        raise FrameError("no UID")
    value = row.parse(reply)
    if row is commands.READ_BLOCKS:
        return _blocks(value)
    if isinstance(value, answers.BufferPage):
        rows = [{**shown(row.sighting), "block_size": row.block_size} for row in value.passages]
        return {"records": rows, "skipped": value.skipped}
    found = shown(value)
    if isinstance(value, answers.Version):
        found["software"] = f"{value.software >> 8}.{value.software & 0xFF:02}"
        found["tag_types"] = f"{value.tag_types:04x}"
    return found if isinstance(found, dict) else {"data": hexed(reply.data)}


def _blocks(found: answers.Blocks) -> Mapping[str, Any]:
    """Show blocks as the wire has them, and turned around as most readers mean them."""
    return {
        "block_size": found.size,
        "blocks": [
            {"on_the_wire": hexed(block), "turned": hexed(block[::-1]), "locked": locked}
            for block, locked in zip(found.blocks, found.locked, strict=True)
        ],
    }


def _block(data: bytes) -> Mapping[str, Any]:
    return {"block": data[0]} if data else {}


def _iso_words(error: int) -> str:
    return (
        IsoError(error).name.lower().replace("_", " ")
        if error in set(IsoError)
        else f"error {error:02x}"
    )
