"""What an LLRP message says, in words."""

from typing import Any

from drivers.errors import FrameError
from drivers.explained import Explained, hexed
from drivers.llrp.messages import (
    CONNECTION,
    FROM_READER,
    HEAD_OF_MESSAGE,
    HEADER,
    MESSAGES,
    STATUS,
    WITH_SPEC_ID,
)
from drivers.llrp.parameters import Parameter, parse, walk
from drivers.uhf.explain import pc_words

_CUSTOM, _EITHER = 1023, (1023,)
_VERSIONS = {1: "1.0.1", 2: "1.1"}
_TAG, _STATUS, _CONNECTION = "TagReportData", "LLRPStatus", "ConnectionAttemptEvent"
_NUMBERS = ("AntennaID", "ChannelIndex", "TagSeenCount", "ROSpecID", "AccessSpecID", "OpSpecID")
_RESULTS = {
    "C1G2ReadOpSpecResult": ("success", "tag error", "no answer from the tag", "reader error"),
    "C1G2WriteOpSpecResult": (
        "success", "no such word", "locked", "too little power", "tag error",
        "no answer from the tag", "reader error",
    ),
}  # fmt: skip


def explain(frame: bytes, to_device: bool | None) -> Explained:
    """Explain one message; LLRP has no checksum."""
    if len(frame) < HEADER:
        return Explained(to_device, "unknown", "none", notes=("The message ends too early.",))
    first, length = int.from_bytes(frame[:2], "big"), int.from_bytes(frame[2:6], "big")
    code, version = first & 0x3FF, first >> 10 & 7
    notes = []
    if length != len(frame):
        notes.append(f"The length field says {length} bytes, {len(frame)} are there.")
    if version not in _VERSIONS:
        notes.append(f"Version {version} of LLRP does not exist.")
    fields: dict[str, Any] = {"version": _VERSIONS.get(version, version), "length": length}
    fields["id"] = int.from_bytes(frame[6:10], "big")
    speaker = None if code in _EITHER or code not in MESSAGES else code not in FROM_READER
    if None not in (to_device, speaker) and to_device != speaker:
        notes.append("Only the other side says this.")
    parameters: list[Parameter] = []
    try:
        body = frame[HEADER : max(length, HEADER)]
        fields |= _head(code, body)
        parameters = parse(body[HEAD_OF_MESSAGE.get(code, 0) :])
    except FrameError as error:
        notes.append(f"The parameters cannot be read: {error}.")
    status = next((_status(one) for one in walk(parameters) if one.name == _STATUS), None)
    if status:
        fields |= {"description": status[1]} if status[1] else {}
    fields |= _details(parameters)
    return Explained(
        speaker if to_device is None else to_device,
        MESSAGES.get(code, "unknown"),
        "none",
        code,
        None if status is None else STATUS.get(status[0], f"code {status[0]}"),
        None if status is None else status[0],
        fields,
        tuple(notes),
    )


def _head(code: int, body: bytes) -> dict[str, Any]:
    if len(body) < HEAD_OF_MESSAGE.get(code, 0):
        raise FrameError("the fields in front of the parameters are cut off")
    if code in WITH_SPEC_ID:
        return {"spec_id": int.from_bytes(body[:4], "big")}
    if code == _CUSTOM:
        return {"vendor": int.from_bytes(body[:4], "big"), "subtype": body[4]}
    return {}


def _status(one: Parameter) -> tuple[int, str]:
    size = int.from_bytes(one.data[2:4], "big")
    text = one.data[4 : 4 + size].decode("utf-8", "replace")
    return int.from_bytes(one.data[:2], "big"), text


def _details(parameters: list[Parameter]) -> dict[str, Any]:
    """Return tags, events, and the names of everything else."""
    found: dict[str, Any] = {}
    tags = [_tag(one) for one in parameters if one.name == _TAG]
    if tags:
        found["tags"] = tags
    for one in walk(parameters):
        if one.name == _CONNECTION:
            code = int.from_bytes(one.data[:2], "big")
            found["connection"] = CONNECTION.get(code, f"code {code}")
        elif one.name == "UTCTimestamp":
            found["microseconds_utc"] = int.from_bytes(one.data[:8], "big")
    names = [one.name for one in parameters if one.name not in (_TAG, _STATUS)]
    return found | ({"parameters": names} if names else {})


def _tag(report: Parameter) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in report.inside:
        match one.name:
            case "EPC_96":
                found["epc"] = one.data.hex()
            case "EPCData":
                bits = int.from_bytes(one.data[:2], "big")
                found["epc"] = one.data[2 : 2 + (bits + 7) // 8].hex()
            case "PeakRSSI":
                found["rssi_dbm"] = int.from_bytes(one.data, "big", signed=True)
            case "C1G2_PC":
                found |= pc_words(int.from_bytes(one.data, "big"))
            case name if name in _NUMBERS:
                found[_snake(name)] = int.from_bytes(one.data, "big")
            case name if name in _RESULTS:
                found |= _result(one)
            case _:
                pass
    return found


def _result(one: Parameter) -> dict[str, Any]:
    code, words = one.data[0] if one.data else 0xFF, _RESULTS[one.name]
    said = words[code] if code < len(words) else f"code {code}"
    found: dict[str, Any] = {"access": said}
    count = int.from_bytes(one.data[3:5], "big")
    if one.name == "C1G2ReadOpSpecResult":
        return found | {"words": hexed(one.data[5 : 5 + 2 * count])}
    return found | {"words_written": count}


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name.replace("ID", "Id")).strip(
        "_"
    )
