"""What a frame of a UHFReader18 / 288 says, in words."""

from typing import Any

from drivers.crc import mcrf4xx
from drivers.errors import FrameError
from drivers.explained import Checksum, Explained, hexed
from drivers.fields import Fields
from drivers.uhf.explain import Row, bank_name, numbers, raw, read_all, words
from drivers.uhf18 import commands
from drivers.uhf18.commands import Reply
from drivers.uhf18.status import INVENTORY_GOOD, Status, tag_words
from drivers.uhf18.status import words as status_words

_SHORTEST = 5
_BAUDS = {0: 9600, 1: 19200, 2: 38400, 5: 57600, 6: 115200}
_PUSH = 0xEE
_WITHOUT_MASK = 3


def explain(frame: bytes, to_device: bool | None) -> Explained:
    """Explain one frame; what is wrong with it is in the notes."""
    if len(frame) < _SHORTEST:
        return Explained(to_device, "unknown", "none", notes=("The frame ends too early.",))
    notes = _length_notes(frame)
    raw_frame = frame[: frame[0] + 1] if _SHORTEST <= frame[0] + 1 <= len(frame) else frame
    right = mcrf4xx(raw_frame[:-2])
    checksum: Checksum = "ok" if right == int.from_bytes(raw_frame[-2:], "little") else "bad"
    if frame[0] + 1 > len(frame):
        checksum = "none"
    elif checksum == "bad":
        notes.append(f"The checksum should be {hexed(right.to_bytes(2, 'little'))}.")
    code, data = frame[2], raw_frame[3:-2]
    row = ROWS.get(code, Row("unknown", raw("data"), raw("data")))
    head = {"length": frame[0], "address": frame[1]}
    if to_device is None:
        to_device, note = _direction(row, data)
        notes += [note] if note else []
    if to_device:
        return _request(row, code, data, head, checksum, notes)
    return _reply(row, code, data, head, checksum, notes)


def _length_notes(frame: bytes) -> list[str]:
    if frame[0] + 1 > len(frame):
        return [f"The length byte promises {frame[0] + 1} bytes, {len(frame)} are there."]
    if frame[0] + 1 < len(frame):
        return [f"{len(frame) - frame[0] - 1} bytes behind the frame are not explained."]
    return []


def _direction(row: Row, data: bytes) -> tuple[bool | None, str]:
    """Tell from the data who speaks: only replies have a status."""
    request = read_all(row.request, data) is not None
    reply = bool(data) and data[0] in set(Status) and _of_reply(row, data) is not None
    if request == reply:
        return not data, "" if not data else "Both a command and a reply may look like this."
    return request, ""


def _of_reply(row: Row, data: bytes) -> dict[str, Any] | None:
    status = data[0]
    good = INVENTORY_GOOD if row.reply in (_inventory, _single, _buffer) else {Status.OK}
    if status == Status.TAG_ERROR:
        return read_all(lambda fields: {"tag_says": tag_words(fields.number())}, data[1:])
    if status not in good:
        return None if len(data) > 1 else {}
    return read_all(row.reply, data[1:])


def _request(
    row: Row, code: int, data: bytes, head: dict[str, Any], checksum: Checksum, notes: list[str]
) -> Explained:
    found = read_all(row.request, data)
    if found is None:
        found = {"data": hexed(data)}
        notes.append("The data do not fit this command.")
    return Explained(True, row.name, checksum, code, fields=head | found, notes=tuple(notes))


def _reply(
    row: Row, code: int, data: bytes, head: dict[str, Any], checksum: Checksum, notes: list[str]
) -> Explained:
    if not data:
        notes.append("A reply has a status, this frame has none.")
        return Explained(False, row.name, checksum, code, fields=head, notes=tuple(notes))
    found = _of_reply(row, data)
    if found is None:
        found = {"data": hexed(data[1:])}
        notes.append("The data do not fit a reply to this command.")
    return Explained(
        False, row.name, checksum, code, status_words(data[0]), data[0], head | found, tuple(notes)
    )


def _inventory(fields: Fields) -> dict[str, Any]:
    """Read the tags of either dialect: the one that uses up every byte."""
    data = fields.rest()
    reply = Reply(Status.DONE, data)
    try:
        tags = commands.tags_288(reply)
        newer = bool(data)
    except FrameError:
        tags, newer = commands.tags_18(reply), False
    found: dict[str, Any] = {"antenna": commands.ANTENNAS.get(data[0], data[0])} if newer else {}
    rows = [
        {"epc": tag.epc.hex()} | ({} if tag.rssi is None else {"rssi": int(tag.rssi)})
        for tag in tags
    ]
    return found | {"count": len(rows), "tags": rows}


def _single(fields: Fields) -> dict[str, Any]:
    return _inventory(fields)


def _ask_inventory(fields: Fields) -> dict[str, Any]:
    if not len(fields):
        return {}
    if len(fields) == 2 and (data := fields.take(2)):
        if data[0] & 0x0F == data[0]:
            return {"q": data[0], "session": data[1]}
        raise FrameError("no Q value")
    q, session = fields.number(), fields.number()
    if len(fields) == _WITHOUT_MASK:
        return {"q": q & 0x0F, "session": session} | _where(fields)
    bank, at, bits = bank_name(fields.number()), fields.number(2), fields.number()
    mask = fields.take((bits + 7) // 8)
    found: dict[str, Any] = {"q": q & 0x0F, "session": session, "mask_bank": bank}
    found |= {"mask_at": at, "mask_bits": bits, "mask": hexed(mask)}
    if len(fields) == 5:
        found |= {"tid_first": fields.number(), "tid_words": fields.number()}
    if len(fields):
        found |= _where(fields)
    return found


def _where(fields: Fields) -> dict[str, Any]:
    return {
        "target": "B" if fields.number() else "A",
        "antenna": (fields.number() & 0x07) + 1,
        "scan_time_ms": fields.number() * 100,
    }


def _ask_read(fields: Fields) -> dict[str, Any]:
    epc = words(fields, fields.number())
    found: dict[str, Any] = {"epc": epc.hex(), "bank": bank_name(fields.number())}
    found |= {"first_word": fields.number(), "words": fields.number()}
    fields.take(4)
    return found | {"password": "not shown"} | _mask(fields)


def _ask_write(fields: Fields) -> dict[str, Any]:
    count = fields.number()
    epc = words(fields, fields.number())
    found: dict[str, Any] = {"epc": epc.hex(), "bank": bank_name(fields.number())}
    found |= {"first_word": fields.number(), "data": hexed(words(fields, count))}
    fields.take(4)
    return found | {"password": "not shown"} | _mask(fields)


def _ask_write_epc(fields: Fields) -> dict[str, Any]:
    count = fields.number()
    fields.take(4)
    return {"password": "not shown", "epc": words(fields, count).hex()}


def _ask_on_tag(*names: str) -> Any:
    def reading(fields: Fields) -> dict[str, Any]:
        epc = words(fields, fields.number())
        found = {"epc": epc.hex()} | {name: fields.number() for name in names}
        fields.take(4)
        return found | {"password": "not shown"} | _mask(fields)

    return reading


def _mask(fields: Fields) -> dict[str, Any]:
    return {"mask_at": fields.number(), "mask_bytes": fields.number()} if len(fields) == 2 else {}


def _info(fields: Fields) -> dict[str, Any]:
    info = commands.info(Reply(Status.OK, fields.rest()))
    return {
        "firmware": f"{info.version[0]}.{info.version[1]}",
        "type": f"{info.kind:02x}",
        "model": info.name,
        "protocols": info.protocols,
        "max_frequency": info.max_frequency & 0x3F,
        "min_frequency": info.min_frequency & 0x3F,
        "band": (info.max_frequency & 0xC0) >> 4 | info.min_frequency >> 6,
        "power_dbm": info.power,
        "scan_time_ms": info.scan_time * 100,
    }


def _baud(fields: Fields) -> dict[str, Any]:
    code = fields.number()
    return {"baud": _BAUDS.get(code, f"code {code:02x}")}


def _never(fields: Fields) -> dict[str, Any]:
    """Only readers say this."""
    raise FrameError(f"{len(fields)} bytes in a command that no host sends")


def _push(fields: Fields) -> dict[str, Any]:
    """Read what a scanning reader tells by itself: newer ones add antenna and strength."""
    data = fields.rest()
    return read_all(_pushed_tag, data) or {"epc": data.hex()}


def _buffer(fields: Fields) -> dict[str, Any]:
    rows = []
    for _ in range(fields.number()):
        antenna, length = fields.number(), fields.number()
        row: dict[str, Any] = {"antenna": commands.ANTENNAS.get(antenna, antenna)}
        row |= {"epc": fields.take(length).hex(), "rssi": fields.number()}
        rows.append(row | {"seen": fields.number()})
    return {"count": len(rows), "tags": rows}


def _pushed_tag(fields: Fields) -> dict[str, Any]:
    antenna, length = fields.number(), fields.number()
    return {"antenna": antenna, "epc": fields.take(length).hex(), "rssi": fields.number()}


def _in_buffer(fields: Fields) -> dict[str, Any]:
    return {"in_buffer": fields.number(2)}


def _buffered(fields: Fields) -> dict[str, Any]:
    return _in_buffer(fields) | {"read": fields.number(2)}


ROWS = {
    0x01: Row("inventory", _ask_inventory, _inventory),
    0x02: Row("read", _ask_read, raw("words")),
    0x03: Row("write", _ask_write),
    0x04: Row("write EPC", _ask_write_epc),
    0x05: Row("kill tag", _ask_on_tag()),
    0x06: Row("lock tag", _ask_on_tag("select", "protect")),
    0x07: Row("erase words", _ask_on_tag("bank", "first_word", "words")),
    0x08: Row("read-protect tag", _ask_on_tag()),
    0x09: Row("read-protect any tag", raw("data")),
    0x0A: Row("end read protection", raw("data")),
    0x0B: Row("check read protection", reply=numbers("protected")),
    0x0C: Row("set EAS", raw("data")),
    0x0D: Row("EAS alarm"),
    0x0F: Row("single inventory", reply=_single),
    0x10: Row("write blocks", _ask_write),
    0x15: Row("read extended", raw("data"), raw("words")),
    0x16: Row("write extended", raw("data")),
    0x18: Row("inventory into buffer", _ask_inventory, _buffered),
    0x19: Row("mixed inventory", raw("data"), raw("data")),
    0x1A: Row("inventory of EPCs", raw("data"), raw("data")),
    0x21: Row("reader information", reply=_info),
    0x22: Row("set frequency region", numbers("max_frequency", "min_frequency")),
    0x24: Row("set address", numbers("new_address")),
    0x25: Row("set scan time", numbers("units_of_100_ms")),
    0x28: Row("set baud rate", _baud),
    0x2F: Row("set power", numbers("power_dbm")),
    0x33: Row("beep and flash", numbers("on_50_ms", "off_50_ms", "times")),
    0x35: Row("set work mode", raw("mode")),
    0x36: Row("get work mode", reply=raw("mode")),
    0x3F: Row("set antenna", raw("antennas")),
    0x40: Row("switch buzzer", numbers("on")),
    0x46: Row("set outputs", numbers("outputs")),
    0x47: Row("get inputs", reply=numbers("inputs")),
    0x4C: Row("serial number", reply=raw("serial")),
    0x66: Row("check antennas", numbers("on")),
    0x6E: Row("antenna threshold", raw("data"), raw("data")),
    0x72: Row("read buffer", reply=_buffer),
    0x73: Row("clear buffer"),
    0x74: Row("count buffer", reply=_in_buffer),
    0x75: Row("set push mode", raw("data")),
    0x76: Row("set mode", numbers("mode")),
    0x77: Row("get mode", reply=raw("data")),
    0x78: Row("set heartbeat", raw("data"), raw("data")),
    0x91: Row("measure antenna", raw("data"), raw("data")),
    0x92: Row("temperature", reply=raw("data")),
    0x93: Row("stop inventory"),
    0x94: Row("power of each antenna", reply=raw("power_dbm")),
    _PUSH: Row("tag seen (pushed)", _never, _push),
}  # fmt: skip
