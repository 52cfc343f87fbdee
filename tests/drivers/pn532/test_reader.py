import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.contactless.options import UidPolicy
from drivers.errors import DriverError, NoReplyError, OptionError, PortLostError, RefusedError
from drivers.pn532 import CARD, CardOptions
from drivers.pn532.cards import AnyCard, Ntag213, make_card
from drivers.pn532.frames import CHIP, encode
from drivers.pn532.reader import SEVERAL, Pn532CardReader
from drivers.pn532.simulator import Pn532Simulator
from drivers.ports import Card
from drivers.testing.serve import serve_pty, serve_tcp
from drivers.testing.simulator import Reply
from drivers.testing.wires import Cut, Dripping, Flipping, Late, Wire

NTAG = make_card("ntag213", bytes.fromhex("04a1b2c3d4e580"), "R0001")
CLASSIC = make_card("classic1k", bytes.fromhex("deadbeef"), "R0002")
SMART = make_card("iso14443-4", bytes.fromhex("04112233445566"))
PHONE = make_card("iso14443-4", bytes.fromhex("08112233"))
FAST = CardOptions(url="", poll_ms=10)


@asynccontextmanager
async def reading(wire: Wire, options: CardOptions = FAST) -> AsyncIterator[Pn532CardReader]:
    reader = Pn532CardReader(wire, options)
    await reader.start()
    try:
        yield reader
    finally:
        await wire.close()


async def soon(reader: Pn532CardReader) -> Card:
    return await asyncio.wait_for(reader.next_card(), 5)


async def looks(reader: Pn532CardReader, count: int) -> list[Card | None]:
    return [await reader._look() for _ in range(count)]


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (NTAG, Card(NTAG.uid, "ntag", "R0001")),
        (CLASSIC, Card(CLASSIC.uid, "mifare-classic")),
        (SMART, Card(SMART.uid, "iso14443-4")),
        (PHONE, Card(PHONE.uid, "iso14443-4", uid_is_random=True)),
    ],
    ids=["ntag", "classic", "smart", "phone"],
)
@pytest.mark.parametrize("wire", [Wire, Dripping])
async def test_each_kind_of_card_is_told(wire: type[Wire], card: AnyCard, expected: Card) -> None:
    async with reading(wire(Pn532Simulator(card))) as reader:
        assert await soon(reader) == expected


async def test_a_card_left_lying_comes_once_and_again_after_it_was_taken() -> None:
    chip = Pn532Simulator(NTAG)
    async with reading(Wire(chip)) as reader:
        assert await looks(reader, 3) == [Card(NTAG.uid, "ntag", "R0001"), None, None]
        chip.take()
        assert await looks(reader, 2) == [None, None]
        chip.put(NTAG)
        assert await reader._look() == Card(NTAG.uid, "ntag", "R0001")


async def test_a_card_that_is_missed_once_does_not_come_twice() -> None:
    chip = Pn532Simulator(NTAG)
    async with reading(Wire(chip)) as reader:
        assert await reader._look()
        chip.take()
        assert await reader._look() is None
        chip.put(NTAG)
        assert await looks(reader, 2) == [None, None]


async def test_another_card_is_told_at_once() -> None:
    chip = Pn532Simulator(NTAG)
    async with reading(Wire(chip)) as reader:
        assert (await soon(reader)).uid == NTAG.uid
        chip.take()
        chip.put(SMART)
        assert (await soon(reader)).uid == SMART.uid


async def test_two_cards_identify_nobody_until_one_is_taken_away() -> None:
    chip = Pn532Simulator(NTAG, CLASSIC)
    async with reading(Wire(chip)) as reader:
        several = await reader._look()
        assert several == Card(b"", SEVERAL, uid_is_random=True)
        assert await looks(reader, 2) == [None, None]
        chip.take(CLASSIC)
        assert await reader._look() == Card(NTAG.uid, "ntag", "R0001")


async def test_a_phone_that_changes_its_number_is_one_phone() -> None:
    chip = Pn532Simulator(PHONE)
    async with reading(Wire(chip)) as reader:
        assert await reader._look()
        chip.take()
        chip.put(make_card("iso14443-4", bytes.fromhex("08445566")))
        assert await reader._look() is None


async def test_a_card_torn_away_while_it_is_read_is_told_when_it_is_back() -> None:
    class Hasty(Pn532Simulator):
        hasty = True

        def feed(self, data: bytes) -> list[Reply]:
            if self.hasty and self.commands[-1:] == [0x4A]:
                self.take()
            return super().feed(data)

    chip = Hasty(NTAG)
    async with reading(Wire(chip)) as reader:
        assert await reader._look() is None
        chip.hasty = False
        chip.put(NTAG)
        assert await reader._look() == Card(NTAG.uid, "ntag", "R0001")


async def test_a_card_that_cannot_be_read_is_told_by_its_uid_in_the_end() -> None:
    class Mute(Ntag213):
        def answer(self, _command: bytes) -> bytes | None:
            return None

    mute = Mute(NTAG.uid)
    async with reading(Wire(Pn532Simulator(mute))) as reader:
        assert await looks(reader, 3) == [None, None, Card(NTAG.uid, "ntag")]


@pytest.mark.parametrize(
    ("options", "number"),
    [
        (CardOptions("", poll_ms=10, mifare_block=4), "R0002"),
        (CardOptions("", poll_ms=10, mifare_block=4, mifare_key="A0A1A2A3A4A5"), None),
        (CardOptions("", poll_ms=10, mifare_block=8), None),
    ],
    ids=["right key", "wrong key", "empty block"],
)
async def test_a_mifare_block_can_hold_the_number(options: CardOptions, number: str | None) -> None:
    async with reading(Wire(Pn532Simulator(CLASSIC)), options) as reader:
        assert await soon(reader) == Card(CLASSIC.uid, "mifare-classic", number)


async def test_the_text_of_a_card_can_be_left_alone() -> None:
    options = CardOptions("", poll_ms=10, read_text=False)
    async with reading(Wire(Pn532Simulator(NTAG)), options) as reader:
        assert await soon(reader) == Card(NTAG.uid, "ntag")


@pytest.mark.parametrize(
    ("policy", "refused"),
    [
        ("fixed", [False, False, True]),
        ("long", [False, True, True]),
        ("never", [True, True, True]),
    ],
)
async def test_the_library_says_which_numbers_of_chips_may_identify(
    policy: UidPolicy, refused: list[bool]
) -> None:
    options = CardOptions("", poll_ms=10, uid=policy, read_text=False)
    for card, random in zip((NTAG, CLASSIC, PHONE), refused, strict=True):
        async with reading(Wire(Pn532Simulator(card)), options) as reader:
            assert (await soon(reader)).uid_is_random is random


async def test_a_number_in_a_link_is_cut_out() -> None:
    card = Ntag213(NTAG.uid)
    link = b"\x04thuvien.example/the/R0001"
    card.memory[16 : 16 + len(link) + 7] = (
        bytes((0x03, len(link) + 4, 0xD1, 0x01, len(link))) + b"U" + link + b"\xfe"
    )
    options = CardOptions("", poll_ms=10, uri_prefix="https://thuvien.example/the/")
    async with reading(Wire(Pn532Simulator(card)), options) as reader:
        assert (await soon(reader)).number == "R0001"


async def test_a_noisy_line_gives_the_right_card_or_a_driver_error() -> None:
    told = 0
    for seed in range(12):
        chip = Pn532Simulator(NTAG)
        try:
            async with reading(Flipping(chip, every=150, seed=seed)) as reader:
                card = await soon(reader)
        except DriverError:
            continue
        assert card == Card(NTAG.uid, "ntag", "R0001")
        told += 1
    assert told >= 6


@given(st.integers(0, 300))
@settings(max_examples=25)
async def test_a_cable_pulled_at_any_byte_is_a_lost_port(after: int) -> None:
    chip = Pn532Simulator(NTAG)
    wire = Cut(chip, after=after)
    with pytest.raises(PortLostError):
        async with reading(wire) as reader:
            while True:
                await reader._look()


async def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    chip = Pn532Simulator(NTAG)
    # Answer 4 is the firmware version (each command gives an acknowledgement and an answer).
    wire = Late(chip, lambda number: number == 3)
    async with reading(wire) as reader:
        assert await soon(reader) == Card(NTAG.uid, "ntag", "R0001")


class Twice(Wire):
    """Every answer comes twice."""

    def to_host(self, data: bytes) -> list[bytes]:
        return [data, data]


async def test_answers_that_come_twice_change_nothing() -> None:
    chip = Pn532Simulator(NTAG)
    async with reading(Twice(chip)) as reader:
        assert await soon(reader) == Card(NTAG.uid, "ntag", "R0001")
        chip.take()
        chip.put(CLASSIC)
        assert (await soon(reader)).uid == CLASSIC.uid


async def test_a_cancelled_wait_loses_no_card() -> None:
    chip = Pn532Simulator()
    async with reading(Wire(chip)) as reader:
        for _ in range(5):
            task = asyncio.create_task(reader.next_card())
            await asyncio.sleep(0.003)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        chip.put(NTAG)
        assert await soon(reader) == Card(NTAG.uid, "ntag", "R0001")


class Silent(Pn532Simulator):
    def feed(self, _data: bytes) -> list[Reply]:
        return []


class OtherChip(Pn532Simulator):
    def feed(self, data: bytes) -> list[Reply]:
        fake = encode(CHIP, 0x03, bytes.fromhex("07010607"))
        return [
            Reply(fake if reply.data[5:7] == b"\xd5\x03" else reply.data)
            for reply in super().feed(data)
        ]


class Deaf(Pn532Simulator):
    def feed(self, data: bytes) -> list[Reply]:
        self._handlers.pop(0x32, None)
        return super().feed(data)


async def test_silence_is_no_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.pn532.chip.FIRST_ACK_SECONDS", 0.02)
    with pytest.raises(NoReplyError, match="SAMConfiguration"):
        async with reading(Wire(Silent())):
            pass


async def test_another_chip_is_refused() -> None:
    with pytest.raises(RefusedError, match="another chip"):
        async with reading(Wire(OtherChip())):
            pass


async def test_a_command_the_chip_does_not_know_is_refused_by_name() -> None:
    with pytest.raises(RefusedError, match="RFConfiguration is not understood"):
        async with reading(Wire(Deaf())):
            pass


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (CardOptions("", mifare_key="no key"), "mifare_key"),
        (CardOptions("", mifare_key="FFFF"), "mifare_key"),
        (CardOptions("", mifare_block=300), "mifare_block"),
        (CardOptions("", mifare_block=7), "keys of its sector"),
        (CardOptions("", poll_ms=0), "poll_ms"),
    ],
)
def test_an_option_that_cannot_be_is_named(options: CardOptions, word: str) -> None:
    with pytest.raises(OptionError, match=word):
        Pn532CardReader(Wire(Pn532Simulator()), options)


@pytest.mark.parametrize("serve", [serve_pty, serve_tcp])
async def test_the_driver_works_on_a_real_wire_and_notices_the_cable(serve: object) -> None:
    chip = Pn532Simulator(speed=0)
    served = await serve(chip)  # type: ignore[operator]
    try:
        async with CARD.open(CardOptions(served.address, poll_ms=20)) as reader:
            waiting = asyncio.create_task(reader.next_card())
            await asyncio.sleep(0.05)
            chip.put(NTAG)
            assert await asyncio.wait_for(waiting, 5) == Card(NTAG.uid, "ntag", "R0001")
            await served.unplug()
            with pytest.raises(PortLostError):
                await asyncio.wait_for(reader.next_card(), 5)
        with pytest.raises(PortLostError):
            async with CARD.open(CardOptions(served.address)):
                pass
        await served.plug()
        async with CARD.open(CardOptions(served.address)) as reader:
            assert (await asyncio.wait_for(reader.next_card(), 5)).number == "R0001"
    finally:
        await served.close()
