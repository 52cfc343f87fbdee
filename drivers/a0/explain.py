"""What a frame of an A0 reader says, in words."""

from typing import Any

from drivers.a0 import commands
from drivers.a0.commands import RoundEnd
from drivers.a0.frames import HEAD, checksum
from drivers.a0.status import Status
from drivers.a0.status import words as status_words
from drivers.errors import FrameError
from drivers.explained import Checksum, Explained, hexed
from drivers.fields import Fields
from drivers.uhf.explain import Row, bank_name, numbers, pc_words, raw, read_all, tag_text, words

_SHORTEST = 5


def explain(frame: bytes, to_device: bool | None) -> Explained:
    """Explain one frame; what is wrong with it is in the notes."""
    if len(frame) < _SHORTEST or frame[0] != HEAD:
        why = "A frame of this protocol begins with A0 and has at least 5 bytes."
        return Explained(to_device, "unknown", "none", notes=(why,))
    whole, notes = frame[1] + 2, []
    if whole > len(frame):
        notes.append(f"The length byte promises {whole} bytes, {len(frame)} are there.")
    elif whole < len(frame):
        notes.append(f"{len(frame) - whole} bytes behind the frame are not explained.")
    body = frame[:whole] if _SHORTEST <= whole <= len(frame) else frame
    verdict: Checksum = "bad" if checksum(body) else "ok"
    if whole > len(frame):
        verdict = "none"
    elif verdict == "bad":
        notes.append(f"The checksum should be {checksum(body[:-1]):02x}.")
    code, data = frame[3], body[4:-1]
    row = ROWS.get(code, Row("unknown", raw("data"), raw("data")))
    if to_device is None:
        to_device, note = _direction(row, data)
        notes += [note] if note else []
    head = {"length": frame[1], "address": frame[2]}
    reading = row.request if to_device else row.reply
    status = data[0] if not to_device and _is_status(row, data) else None
    found = {} if status is not None else read_all(reading, data)
    if found is None:
        found = {"data": hexed(data)}
        notes.append(f"The data do not fit {'this command' if to_device else 'a reply to it'}.")
    said = None if status is None else status_words(status)
    return Explained(to_device, row.name, verdict, code, said, status, head | found, tuple(notes))


def _is_status(row: Row, data: bytes) -> bool:
    return len(data) == 1 and (read_all(row.reply, data) is None or row.reply is _NOTHING)


def _direction(row: Row, data: bytes) -> tuple[bool, str]:
    """Tell from the data who speaks; a reply of one byte is a status."""
    request = read_all(row.request, data) is not None
    status = _is_status(row, data) and data[0] in set(Status)
    reply = status or (row.reply is not _NOTHING and read_all(row.reply, data) is not None)
    if request != reply:
        return request, ""
    if not data:
        return True, ""
    return False, "Both a command and a reply may look like this."


def _NOTHING(fields: Fields) -> dict[str, Any]:  # noqa: ARG001, N802 - a reading without fields
    return {}


def _inventory(fields: Fields) -> dict[str, Any]:
    data = fields.rest()
    seen = commands.seen(data)
    if isinstance(seen, RoundEnd):
        return {"antenna": seen.antenna, "reads_per_second": seen.rate, "total_reads": seen.total}
    found: dict[str, Any] = {"frequency": data[0] >> 2, "antenna": seen.antenna}
    found |= pc_words(seen.pc or 0)
    found |= {"epc": seen.epc.hex()} | tag_text(seen.pc, seen.epc)
    return found | {"rssi": data[3 + len(seen.epc)], "rssi_dbm": int(seen.rssi or 0)}


def _fast_inventory(fields: Fields) -> dict[str, Any]:
    if len(fields) == 2:
        antenna, error = fields.number() + 1, fields.number()
        return {"antenna": antenna, "error": status_words(error)}
    if len(fields) == 7:
        return {"total_reads": fields.number(3), "milliseconds": fields.number(4)}
    return _inventory(fields)


def _read(fields: Fields) -> dict[str, Any]:
    count = int.from_bytes(fields.take(2), "big")
    rest = fields.rest()
    access = commands.read_words(count.to_bytes(2, "big") + rest)
    found: dict[str, Any] = {"tags": count} | pc_words(access.pc)
    return found | {
        "epc": access.epc.hex(),
        "words": hexed(access.words),
        "antenna": _antenna(rest),
    }


def _written(fields: Fields) -> dict[str, Any]:
    count = int.from_bytes(fields.take(2), "big")
    rest = fields.rest()
    access = commands.written(count.to_bytes(2, "big") + rest)
    found: dict[str, Any] = {"tags": count} | pc_words(access.pc)
    found |= {"epc": access.epc.hex(), "result": status_words(access.status)}
    return found | {"antenna": _antenna(rest)}


def _antenna(data: bytes) -> int:
    return (data[-2] & 0x03) + 1


def _ask_read(fields: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {"bank": bank_name(fields.number())}
    found |= {"first_word": fields.number(), "words": fields.number()}
    if len(fields):
        fields.take(4)
        found["password"] = "not shown"  # noqa: S105 - says that there is one
    return found


def _ask_write(fields: Fields) -> dict[str, Any]:
    fields.take(4)
    found: dict[str, Any] = {"password": "not shown", "bank": bank_name(fields.number())}
    first, count = fields.number(), fields.number()
    return found | {"first_word": first, "data": hexed(words(fields, count))}


def _ask_match(fields: Fields) -> dict[str, Any]:
    mode = fields.number()
    if mode == 1 and not len(fields):
        return {"mode": "everybody"}
    if mode:
        raise FrameError("no such mode")
    return {"mode": "this EPC", "epc": fields.take(fields.number()).hex()}


def _match(fields: Fields) -> dict[str, Any]:
    return _ask_match(fields)


def _version(fields: Fields) -> dict[str, Any]:
    return {"firmware": f"{fields.number()}.{fields.number()}"}


def _work_antenna(fields: Fields) -> dict[str, Any]:
    return {"antenna": fields.number() + 1}


def _temperature(fields: Fields) -> dict[str, Any]:
    minus, degrees = fields.number(), fields.number()
    return {"celsius": degrees if minus else -degrees}


def _powers(fields: Fields) -> dict[str, Any]:
    data = fields.rest()
    if len(data) not in (1, 4, 8):
        raise FrameError("power for one, four or eight antennas")
    return {"power_dbm": list(data) if len(data) > 1 else data[0]}


_REGION = raw("region")
ROWS = {
    0x60: Row("read inputs", reply=numbers("input_1", "input_2")),
    0x61: Row("set output", numbers("output", "level"), _NOTHING),
    0x62: Row("set antenna detector", numbers("sensitivity"), _NOTHING),
    0x63: Row("get antenna detector", reply=numbers("sensitivity")),
    0x66: Row("set power for now", _powers, _NOTHING),
    0x67: Row("set identifier", raw("identifier"), _NOTHING),
    0x68: Row("get identifier", reply=raw("identifier")),
    0x69: Row("set link profile", numbers("profile"), _NOTHING),
    0x6A: Row("get link profile", reply=numbers("profile")),
    0x6C: Row("set antenna group", numbers("group"), _NOTHING),
    0x6D: Row("get antenna group", reply=numbers("group")),
    0x70: Row("reset", reply=_NOTHING),
    0x71: Row("set baud rate", numbers("baud_code"), _NOTHING),
    0x72: Row("firmware version", reply=_version),
    0x73: Row("set address", numbers("new_address"), _NOTHING),
    0x74: Row("set antenna", _work_antenna, _NOTHING),
    0x75: Row("get antenna", reply=_work_antenna),
    0x76: Row("set power", _powers, _NOTHING),
    0x77: Row("get power", reply=_powers),
    0x78: Row("set frequency region", _REGION, _NOTHING),
    0x79: Row("get frequency region", reply=_REGION),
    0x7A: Row("set beeper", numbers("mode"), _NOTHING),
    0x7B: Row("temperature", reply=_temperature),
    0x7E: Row("return loss", numbers("frequency"), numbers("decibel")),
    0x80: Row("inventory into buffer", numbers("repeat"), raw("data")),
    0x81: Row("read", _ask_read, _read),
    0x82: Row("write", _ask_write, _written),
    0x83: Row("lock tag", raw("data"), raw("data")),
    0x84: Row("kill tag", raw("data"), raw("data")),
    0x85: Row("set match", _ask_match, _NOTHING),
    0x86: Row("get match", reply=_match),
    0x89: Row("inventory", numbers("repeat"), _inventory),
    0x8A: Row("fast switching inventory", raw("antennas"), _fast_inventory),
    0x8B: Row("session inventory", numbers("session", "target", "repeat"), _inventory),
    0x8C: Row("set fast TID", numbers("mode"), _NOTHING),
    0x8D: Row("set and save fast TID", numbers("mode"), _NOTHING),
    0x8E: Row("get fast TID", reply=numbers("mode")),
    0x90: Row("get buffer", reply=raw("data")),
    0x91: Row("get and clear buffer", reply=raw("data")),
    0x92: Row("count buffer", reply=lambda fields: {"tags": fields.number(2)}),
    0x93: Row("clear buffer", reply=_NOTHING),
    0x94: Row("write blocks", _ask_write, _written),
    0x98: Row("select", raw("mask"), raw("data")),
}  # fmt: skip
