import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.pn532 import commands
from drivers.pn532.cards import Classic1k, Ntag213, SmartCard, make_card
from drivers.pn532.frames import ACK, CHIP, ERROR, HOST, NACK, FrameReader, Message, encode
from drivers.pn532.simulator import Pn532Simulator, crc_a

FRAMES = {
    row["name"]: bytes.fromhex(row["hex"])
    for row in json.loads((Path(__file__).parent / "frames.json").read_text())
}
LIST = encode(HOST, 0x4A, b"\x01\x00")


def ask(chip: Pn532Simulator, code: int, data: bytes = b"") -> bytes:
    acknowledged, answer = chip.feed(encode(HOST, code, data))
    assert acknowledged.data == ACK
    (message,) = FrameReader().feed(answer.data)
    assert isinstance(message, Message)
    assert (message.tfi, message.code) == (CHIP, code + 1)
    return message.data


@pytest.mark.parametrize("command", commands.ALL, ids=lambda command: command.name)
def test_the_simulator_answers_every_command_of_the_table(
    command: commands.Command[object],
) -> None:
    chip = Pn532Simulator(SmartCard(bytes(4)))
    ask(chip, 0x4A, b"\x01\x00")
    data = {0x32: b"\x01\x00", 0x4A: b"\x01\x00", 0x40: b"\x01\x30\x04"}.get(command.code, b"")
    command.parse(ask(chip, command.code, data))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("wakeup + SAMConfiguration", "SAMConfiguration rsp"),
        ("InListPassiveTarget 106A", "InListPassiveTarget rsp MFC1K"),
    ],
)
def test_published_questions_get_the_published_answers(question: str, answer: str) -> None:
    chip = Pn532Simulator(Classic1k(bytes.fromhex("deadbeef")))
    replies = chip.feed(FRAMES[question])
    assert [reply.data for reply in replies] == [ACK, FRAMES[answer]]


def test_published_exchange_of_an_ntag() -> None:
    card = Ntag213(bytes.fromhex("04a1b2c3d4e580"))
    card.memory[16:32] = bytes.fromhex("030cd101085402766954e1baa869fe00")
    chip = Pn532Simulator(card)
    assert (
        chip.feed(FRAMES["InListPassiveTarget 106A"])[1].data
        == (FRAMES["InListPassiveTarget rsp NTAG213"])
    )
    assert (
        chip.feed(FRAMES["InDataExchange READ page 4"])[1].data
        == (FRAMES["InDataExchange rsp 16 bytes"])
    )


def test_the_line_test_is_an_echo_up_to_the_longest_frame() -> None:
    chip = Pn532Simulator()
    data = bytes(index & 0xFF for index in range(262))
    assert ask(chip, 0x00, b"\x00" + data) == b"\x00" + data


def test_the_last_answer_comes_again_on_request() -> None:
    chip = Pn532Simulator()
    answer = chip.feed(FRAMES["GetFirmwareVersion"])[1].data
    assert [reply.data for reply in chip.feed(NACK)] == [answer]


def test_an_unknown_or_cut_command_gives_the_error_frame() -> None:
    chip = Pn532Simulator()
    assert [reply.data for reply in chip.feed(encode(HOST, 0x99))] == [ACK, ERROR]
    assert [reply.data for reply in chip.feed(encode(HOST, 0x4A))] == [ACK, ERROR]


def test_a_bad_checksum_is_met_with_silence() -> None:
    broken = bytearray(LIST)
    broken[-2] ^= 1
    assert Pn532Simulator().feed(bytes(broken)) == []


def test_a_list_that_may_wait_is_answered_when_a_card_comes() -> None:
    chip = Pn532Simulator()
    heard: list[bytes] = []
    chip.connected(heard.append)
    assert [reply.data for reply in chip.feed(LIST)] == [ACK]
    chip.put(Classic1k(bytes.fromhex("deadbeef")))
    assert heard == [FRAMES["InListPassiveTarget rsp MFC1K"]]


def test_the_hosts_acknowledgement_drops_a_list_that_waits() -> None:
    chip = Pn532Simulator()
    heard: list[bytes] = []
    chip.connected(heard.append)
    chip.feed(LIST)
    assert chip.feed(ACK) == []
    chip.put(Classic1k(bytes.fromhex("deadbeef")))
    assert heard == []


def test_a_list_with_few_retries_says_that_nothing_is_there() -> None:
    chip = Pn532Simulator()
    ask(chip, 0x32, b"\x05\xff\x01\x02")
    assert ask(chip, 0x4A, b"\x01\x00") == b"\x00"
    assert ask(chip, 0x60, b"\x01\x01\x00") == b"\x00"


def test_the_speed_changes_after_the_hosts_acknowledgement() -> None:
    chip = Pn532Simulator()
    chip.feed(FRAMES["SetSerialBaudRate 921600"])
    assert chip.baudrate == 115200
    chip.feed(ACK)
    assert chip.baudrate == 921600


def test_a_card_taken_away_does_not_answer() -> None:
    card = Ntag213(bytes.fromhex("04a1b2c3d4e580"))
    chip = Pn532Simulator(card)
    ask(chip, 0x4A, b"\x01\x00")
    chip.take(card)
    assert ask(chip, 0x40, b"\x01\x30\x04") == b"\x01"


def test_raw_exchange_carries_the_checksum_of_the_card_when_asked() -> None:
    chip = Pn532Simulator(Ntag213(bytes.fromhex("04a1b2c3d4e580")))
    ask(chip, 0x4A, b"\x01\x00")
    plain = ask(chip, 0x42, b"\x30\x03")
    ask(chip, 0x08, b"\x63\x03\x00")
    assert ask(chip, 0x42, b"\x30\x03") == plain + crc_a(plain[1:])
    ask(chip, 0x08, b"\x63\x02\x00")
    assert ask(chip, 0x42, b"\x30\x03" + crc_a(b"\x30\x03")) == plain + crc_a(plain[1:])


def test_a_known_checksum_of_type_a_comes_out() -> None:
    assert crc_a(b"\x30\x04").hex() == "26ee"
    assert crc_a(b"\x50\x00").hex() == "57cd"


def test_an_ntag_can_be_written_and_read_in_one_go() -> None:
    card = make_card("ntag213", bytes.fromhex("04a1b2c3d4e580"))
    chip = Pn532Simulator(card)
    ask(chip, 0x4A, b"\x01\x00")
    assert ask(chip, 0x40, b"\x01\xa2\x05ABCD") == b"\x00"
    assert ask(chip, 0x40, b"\x01\xa2\x01ABCD") == b"\x01"
    assert ask(chip, 0x40, b"\x01\x3a\x05\x05") == b"\x00ABCD"


def test_a_mifare_sector_needs_its_key_after_every_field_reset() -> None:
    card = Classic1k(bytes.fromhex("deadbeef"))
    card.write_text("R0002")
    chip = Pn532Simulator(card)
    ask(chip, 0x4A, b"\x01\x00")
    assert ask(chip, 0x40, b"\x01\x30\x04") == b"\x01"
    assert ask(chip, 0x40, b"\x01\x60\x04" + bytes(6) + card.uid) == b"\x14"
    assert ask(chip, 0x40, b"\x01\x60\x04" + b"\xff" * 6 + card.uid) == b"\x00"
    assert ask(chip, 0x40, b"\x01\x30\x04").startswith(b"\x00R0002")
    assert ask(chip, 0x40, b"\x01\xa0\x05" + b"x" * 16) == b"\x00"
    assert ask(chip, 0x40, b"\x01\x30\x05") == b"\x00" + b"x" * 16
    ask(chip, 0x32, b"\x01\x00")
    ask(chip, 0x4A, b"\x01\x00")
    assert ask(chip, 0x40, b"\x01\x30\x04") == b"\x01"


@pytest.mark.parametrize(
    ("kind", "uid", "text"),
    [
        ("ntag213", "01", ""),
        ("classic1k", "01", ""),
        ("felica", "01", ""),
        ("ntag213", "04a1b2c3d4e580", "x" * 200),
        ("classic1k", "deadbeef", "x" * 17),
    ],
)
def test_a_card_that_cannot_be_is_not_made(kind: str, uid: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"UID|kind|fit"):
        make_card(kind, bytes.fromhex(uid), text)


@given(st.integers(0, 255), st.binary(max_size=30))
def test_any_command_gets_an_acknowledgement_and_at_most_one_answer(code: int, data: bytes) -> None:
    chip = Pn532Simulator(Ntag213(bytes(7)), Classic1k(bytes(4)))
    replies = chip.feed(LIST + encode(HOST, code, data))
    assert len(replies) in (3, 4)
