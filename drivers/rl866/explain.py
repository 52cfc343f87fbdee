"""What a frame of an RL866 reader says, in words."""

from collections.abc import Mapping
from typing import Any

from drivers.crc import mcrf4xx
from drivers.errors import FrameError
from drivers.explained import Checksum, Explained, fits, hexed, lay_out, shown
from drivers.rl866 import answers, commands
from drivers.rl866.answers import Reply
from drivers.rl866.commands import ACCESS, CONFIG_ROM, GO_ON, Command
from drivers.rl866.frames import ANY_ADDRESS, GOES_ON, MARK, MIN_LENGTH, NUMBER, RESYNC, RESYNCED
from drivers.rl866.status import OK, words

_COMMANDS = {(command.code, command.sub): command for command in commands.ALL}
_KINDS = {
    1: "NXP ICODE SLI", 2: "TI Tag-it HF-I Plus", 3: "ST M24LR", 4: "Fujitsu MB89R118C",
    7: "NXP ICODE SLIX", 8: "TI Tag-it HF-I Standard", 9: "TI Tag-it HF-I Pro",
    10: "NXP ICODE SLIX2", 11: "CIT83128", 12: "NXP ICODE SLIX-S",
}  # fmt: skip
_REQUESTS: dict[tuple[int, int | None], str] = {
    (0x01, None): "block:1 count:1",
    (0x31, None): "flags:1",
    (0x33, None): "handle:1",
    (ACCESS, 0x0001): "",
    (ACCESS, 0x0002): "",
    (ACCESS, 0x0003): "with_locks:1 first_block:2 blocks:2",
    (ACCESS, 0x0004): "first_block:2 blocks:2 data:*",
    (ACCESS, 0x0006): "afi:1",
    (ACCESS, 0x000A): "",
    (ACCESS, 0x000C): "",
    (ACCESS, 0x000D): "",
    (ACCESS, 0x000F): "",
    (ACCESS, 0x004F): "with_lock:1 block:2",
    (ACCESS, 0x0050): "block:2 data:*",
}


def explain(frame: bytes, to_device: bool | None) -> Explained:
    """Explain one frame; what is wrong with it is in the notes."""
    if len(frame) < MIN_LENGTH + 1 or frame[0] != MARK:
        why = f"A frame begins with FA and has at least {MIN_LENGTH + 1} bytes."
        return Explained(to_device, "unknown", "none", notes=(why,))
    whole, notes = frame[1] + 1, list[str]()
    checksum: Checksum = "none"
    if not MIN_LENGTH < whole <= len(frame):
        notes.append(f"The length byte promises {whole} bytes, {len(frame)} are there.")
        whole = len(frame)
    else:
        right = mcrf4xx(frame[1 : whole - 2]).to_bytes(2, "little")
        checksum = "ok" if right == frame[whole - 2 : whole] else "bad"
        notes += [] if checksum == "ok" else [f"The checksum should be {hexed(right)}."]
    if whole < len(frame):
        notes.append(f"{len(frame) - whole} bytes behind the frame are not explained.")
    pcb, inf = frame[3], frame[4 : whole - 2]
    head = {"length": frame[1], "address": frame[2], "control": f"{pcb:02x}"}
    if pcb in (RESYNC, RESYNCED):
        name = "resynchronise" if pcb == RESYNC else "resynchronised"
        return Explained(pcb == RESYNC, name, checksum, pcb, fields=head, notes=tuple(notes))
    head["number"] = int(bool(pcb & NUMBER))
    if pcb & ~NUMBER & ~GOES_ON or not inf:
        notes.append("This control byte is not known." if inf else "The message is empty.")
        return Explained(to_device, "unknown", checksum, fields=head, notes=tuple(notes))
    if pcb & GOES_ON:
        notes.append("The message goes on in the next frame.")
    if to_device is None:
        to_device = _direction(frame[2], inf)
    return (_request if to_device else _reply)(inf, head, checksum, notes)


def _direction(address: int, inf: bytes) -> bool | None:
    if address == ANY_ADDRESS:
        return True
    request = fits(lambda: _asked(inf)) is not None
    reply = fits(lambda: _answered(inf)[2]) is not None
    return None if request == reply else request


def _name(code: int, sub: int | None = None) -> str:
    row = _COMMANDS.get((code, sub))
    if row:
        return row.name
    return "unknown" if sub is None else "unknown access to a tag"


def _request(inf: bytes, head: dict[str, Any], checksum: Checksum, notes: list[str]) -> Explained:
    sub = None
    if inf[0] == ACCESS:
        found = fits(lambda: lay_out("handle:1 length:1 access:2 data:*", inf[1:], "little"))
        sub = found["access"] if found else None
    asked = fits(lambda: _asked(inf))
    if asked is None:
        asked = {"data": hexed(inf[1:])}
        notes.append("The data do not fit this command.")
    name = _name(inf[0], sub)
    return Explained(True, name, checksum, inf[0], fields={**head, **asked}, notes=tuple(notes))


def _asked(inf: bytes) -> Mapping[str, Any]:
    """Read a question; FrameError when it is none that we know."""
    code, data = inf[0], inf[1:]
    if code == commands.CONNECT.code:
        found = lay_out("antenna:1 protocol:1 kind:1 parameters:1 mode:1 uid:u", data, "little")
        return {**found, "kind": _KINDS.get(found["kind"], found["kind"])}
    if code == ACCESS:
        head = lay_out("handle:1 length:1 access:2 rest:*", data, "little")
        layout = _REQUESTS.get((code, head["access"]))
        if layout is None or head["length"] != len(data) - 2:
            raise FrameError("no access that we know")
        inner = lay_out(layout, data[4:], "little")
        return {"handle": head["handle"], "access": f"{head['access']:04x}", **inner}
    layout = _REQUESTS.get((code, None))
    if layout is None:
        raise FrameError("no command that we know")
    found = lay_out(layout, data, "little")
    if code == commands.READ_CONFIG.code:
        memory = "ROM" if found["block"] & CONFIG_ROM else "RAM"
        return {"memory": memory, "block": found["block"] & ~CONFIG_ROM, "count": found["count"]}
    if code == commands.INVENTORY.code:
        return {**found, "asks": "for more tags" if found["flags"] & GO_ON else "anew"}
    return found


def _reply(inf: bytes, head: dict[str, Any], checksum: Checksum, notes: list[str]) -> Explained:
    if len(inf) < 3:
        notes.append("A reply has a status of two bytes.")
        return Explained(False, _name(inf[0]), checksum, inf[0], fields=head, notes=tuple(notes))
    try:
        name, status, found = _answered(inf)
    except FrameError as error:
        name, status = _name(inf[0]), int.from_bytes(inf[1:3], "little")
        found = {"data": hexed(inf[3:])}
        notes.append(f"The data do not fit a reply to this command: {error}.")
    return Explained(
        False, name, checksum, inf[0], words(status), status, {**head, **found}, tuple(notes)
    )


def _answered(inf: bytes) -> tuple[str, int, Mapping[str, Any]]:
    """Read an answer: command, status, what it says; FrameError when it is none that we know."""
    if len(inf) < 3:
        raise FrameError("no status")
    code, reply = inf[0], Reply(int.from_bytes(inf[1:3], "little"), inf[3:])
    if reply.status != OK and not reply.data:
        return _name(code), reply.status, {}
    extra: dict[str, Any] = {}
    sub = None
    if code == ACCESS:
        sub, reply = answers.access(reply)
        extra["access"] = f"{sub:04x}"
    command: Command[Any] | None = _COMMANDS.get((code, sub))
    if command is None:
        raise FrameError("no command that we know")
    if reply.status != OK:
        return command.name, reply.status, extra
    return command.name, reply.status, {**extra, **_told(command, reply)}


def _told(command: Command[Any], reply: Reply) -> Mapping[str, Any]:
    value = command.parse(reply)
    if command is commands.READ_BLOCKS:
        return {"blocks": value[0], "data": hexed(value[1])}
    if command is commands.CONNECT:
        return {"handle": value}
    if command is commands.READ_CONFIG:
        return {"blocks": [hexed(block) for block in value]}
    if value is None:
        return {"data": hexed(reply.data)} if reply.data else {}
    found = shown(value)
    for tag in found.get("tags", ()) if isinstance(found, dict) else ():
        tag["kind"] = _KINDS.get(tag["kind"], tag["kind"])
    return found if isinstance(found, dict) else {"data": found}
