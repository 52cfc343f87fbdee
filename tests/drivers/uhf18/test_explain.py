"""Published frames are explained with their meaning; any bytes are explained somehow."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from drivers.ports import Bank
from drivers.uhf.line import Frame
from drivers.uhf18 import commands
from drivers.uhf18.explain import ROWS, explain
from drivers.uhf18.frames import encode

VECTORS = json.loads(Path(__file__).with_name("frames.json").read_text(encoding="utf-8"))
EPC = bytes.fromhex("e200301666130121155074ef")


def test_most_published_frames_tell_who_speaks() -> None:
    notes = [explain(bytes.fromhex(row["hex"]), None).notes for row in VECTORS]
    assert sum("Both" in str(one) for one in notes) * 3 < len(notes)


def of(name: str) -> bytes:
    return bytes.fromhex(next(row["hex"] for row in VECTORS if row["name"] == name))


def test_the_tags_of_both_dialects_are_told() -> None:
    told = explain(of("Inventory rsp 1 tag"), None)
    assert (told.command, told.status_code, told.status) == ("inventory", 3, "more")
    assert told.fields["tags"] == [{"epc": "000000000000000000000313"}]
    told = explain(of("288M, two tags"), None)
    assert told.fields["antenna"] == 1
    assert [tag["rssi"] for tag in told.fields["tags"]] == [0x6B, 0x6C]
    assert explain(of("288M, antenna 3"), None).fields["antenna"] == 3


def test_a_reader_tells_what_it_is() -> None:
    fields = explain(of("GetReaderInfo rsp"), None).fields
    assert (fields["firmware"], fields["type"], fields["model"]) == ("0.22", "0c", "UHFReader288M")
    assert (fields["power_dbm"], fields["scan_time_ms"]) == (30, 1000)


def test_a_write_shows_everything_but_the_password() -> None:
    data = commands.write_request(EPC, Bank.EPC, 1, b"\x31\x07", b"\1\2\3\4")
    told = explain(encode(Frame(0, 0x03, data)), None)
    assert told.to_device is True
    assert told.fields["bank"] == "EPC"
    assert (told.fields["epc"], told.fields["data"]) == (EPC.hex(), "31 07")
    assert "01 02 03 04" not in str(told)


def test_an_error_of_the_tag_is_in_words() -> None:
    told = explain(encode(Frame(0, 0x03, b"\xfc\x04")), False)
    assert (told.status, told.fields["tag_says"]) == ("tag error", "locked")


def test_a_wrong_checksum_is_said_with_the_right_one() -> None:
    told = explain(of("wrong checksum"), None)
    assert "b1 a5" in told.notes[0]


def test_a_cut_frame_and_one_with_more_behind_are_said_to_be_so() -> None:
    frame = of("GetReaderInfo rsp")
    assert "are there" in explain(frame[:-3], None).notes[0]
    assert explain(frame[:-3], None).checksum == "none"
    assert "behind the frame" in explain(frame + b"\0", None).notes[0]
    assert explain(b"\x04", None).command == "unknown"


def test_every_command_of_the_driver_is_named_as_the_driver_names_it() -> None:
    for command in commands.ALL:
        assert ROWS[command.code].name == command.name


@given(st.sampled_from(sorted(ROWS)), st.binary(max_size=40), st.sampled_from([None, True, False]))
def test_any_data_of_a_known_command_are_explained(
    code: int, data: bytes, to_device: bool | None
) -> None:
    told = explain(encode(Frame(0, code, data)), to_device)
    assert (told.checksum, told.command) == ("ok", ROWS[code].name)
    json.dumps(dict(told.fields))
