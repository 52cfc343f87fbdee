"""What a frame of a 3M pad says, in words."""

from collections.abc import Mapping
from typing import Any

from drivers.crc import genibus
from drivers.errors import FrameError
from drivers.explained import Checksum, Explained, fits, hexed, lay_out, shown
from drivers.threem import answers, commands
from drivers.threem.answers import UID_BYTES, Reply
from drivers.threem.commands import HELLO, Command
from drivers.threem.frames import GREETING, START
from drivers.threem.status import Status, words

_COMMANDS: dict[int, Command[Any]] = {command.code: command for command in commands.ALL}
_PASS_THROUGH = 0x14
_HEAD, _SHORTEST = 3, 6
_REQUESTS = {
    0xFE: "afi:1 options:1",
    0x11: "",
    0x13: "values:*",
    0x02: "first_block:1 blocks:1",
    0x04: "first_block:1 blocks:1 flags:1 data:*",
    0x05: "block:1 data:*",
    0x07: "block:1 data:*",
    0x08: "block:1",
    0x09: "afi:1",
    0x0B: "dsfid:1",
    0x0C: "eas:1",
    0x0D: "wanted:1",
}
_NUMBERS = {0x03: "eas", 0x0A: "afi", 0x0F: "dsfid"}


def explain(frame: bytes, to_device: bool | None) -> Explained:
    """Explain one frame; what is wrong with it is in the notes."""
    if len(frame) < _SHORTEST or frame[0] not in (START, GREETING):
        why = f"A frame begins with D6 or D5 and has at least {_SHORTEST} bytes."
        return Explained(to_device, "unknown", "none", notes=(why,))
    length, notes = int.from_bytes(frame[1:_HEAD], "big"), list[str]()
    whole, checksum = _HEAD + length, "none"
    if not _SHORTEST <= whole <= len(frame):
        notes.append(f"The length promises {whole} bytes, {len(frame)} are there.")
        whole = len(frame)
    else:
        right = genibus(frame[1 : whole - 2]).to_bytes(2, "big")
        checksum = "ok" if right == frame[whole - 2 : whole] else "bad"
        notes += [] if checksum == "ok" else [f"The checksum should be {hexed(right)}."]
    if whole < len(frame):
        notes.append(f"{len(frame) - whole} bytes behind the frame are not explained.")
    verdict: Checksum = "ok" if checksum == "ok" else "bad" if checksum == "bad" else "none"
    code, data = frame[_HEAD], frame[_HEAD + 1 : whole - 2]
    if frame[0] == GREETING:
        return _greeting(to_device, code, data, length, verdict, notes)
    if to_device is None:
        to_device = _direction(code, data)
    told = _request if to_device else _reply
    return told(code, data, {"length": length}, verdict, notes)


def _greeting(
    to_device: bool | None,
    code: int,
    data: bytes,
    length: int,
    checksum: Checksum,
    notes: list[str],
) -> Explained:
    head: dict[str, Any] = {"length": length}
    if code != HELLO.command or data[:2] != HELLO.data:
        head["data"] = hexed(bytes((code,)) + data)
        return Explained(to_device, "unknown", checksum, code, fields=head, notes=tuple(notes))
    name = "version (D5 form)"
    asked = len(data) == len(HELLO.data) if to_device is None else to_device
    if asked:
        return Explained(True, name, checksum, code, fields=head, notes=tuple(notes))
    found = fits(lambda: lay_out("family:1 major:1 minor:1 build:1", data[2:]))
    return Explained(
        False, name, checksum, code, fields={**head, **(found or {})}, notes=tuple(notes)
    )


def _direction(code: int, data: bytes) -> bool | None:
    request = fits(lambda: _asked(code, data)) is not None
    reply = bool(data) and fits(lambda: _answered(code, data)) is not None
    if request == reply:
        return not data or None
    return request


def _name(code: int) -> str:
    row = _COMMANDS.get(code)
    return row.name if row else "ISO pass-through" if code == _PASS_THROUGH else "unknown"


def _request(
    code: int, data: bytes, head: Mapping[str, Any], checksum: Checksum, notes: list[str]
) -> Explained:
    found = fits(lambda: _asked(code, data))
    if found is None:
        found = {"data": hexed(data)}
        notes.append("The data do not fit this command.")
    return Explained(
        True, _name(code), checksum, code, fields={**head, **found}, notes=tuple(notes)
    )


def _asked(code: int, data: bytes) -> Mapping[str, Any]:
    """Read a question; FrameError when it is none that we know."""
    row = _COMMANDS.get(code)
    if row is None:
        raise FrameError("no command that we know")
    uid = "uid:u " if row.to_tag else ""
    return lay_out(uid + _REQUESTS.get(code, ""), data)


def _reply(
    code: int, data: bytes, head: Mapping[str, Any], checksum: Checksum, notes: list[str]
) -> Explained:
    if not data:
        notes.append("A reply has a status, this frame has none.")
        return Explained(False, _name(code), checksum, code, fields=head, notes=tuple(notes))
    found = fits(lambda: _answered(code, data))
    if found is None:
        found = {"data": hexed(data[1:])}
        notes.append("The data do not fit a reply to this command.")
    return Explained(
        False, _name(code), checksum, code, words(data[0]), data[0], {**head, **found}, tuple(notes)
    )


def _answered(code: int, data: bytes) -> Mapping[str, Any]:
    """Read an answer; FrameError when it is none that we know."""
    status, rest = data[0], data[1:]
    if status not in set(Status):
        raise FrameError("no status that we know")
    row = _COMMANDS.get(code)
    found: dict[str, Any] = {}
    if status != Status.OK:
        if row and row.to_tag and len(rest) >= UID_BYTES:
            found["uid"], rest = rest[:UID_BYTES].hex(), rest[UID_BYTES:]
        return {**found, **({"data": hexed(rest)} if rest else {})}
    if row is None:
        return {"data": hexed(rest)}
    if row.to_tag:
        found = lay_out("uid:u rest:*", rest)
        del found["rest"]
        rest = rest[UID_BYTES:]
    return {**found, **_told(row, Reply(status, rest))}


def _told(row: Command[Any], reply: Reply) -> Mapping[str, Any]:
    value = row.parse(reply)
    if row is commands.INVENTORY:
        options = reply.data[1]
        return {"afi": reply.data[0], "options": options, "count": reply.data[2],
                "uids": shown(value)}  # fmt: skip
    if row is commands.READ_BLOCKS:
        return {"blocks": shown(value)}
    if row is commands.WRITE_BLOCKS:
        return lay_out("block:1" if reply.data else "", reply.data)
    if row.parse is answers.number:
        return {_NUMBERS[row.code]: value}
    if value is None:
        return lay_out("" if row.to_tag else "data:*", reply.data) if reply.data else {}
    found: Mapping[str, Any] = shown(value)
    return found
