import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.barcode import HID, HidOptions, keyboard
from drivers.barcode.keys import (
    DROPPED,
    END,
    EVENT,
    KEY,
    LAYOUTS,
    SPOILT,
    SYNC,
    KeyReader,
    Layout,
    typed,
)
from drivers.barcode.simulator import HidSimulator
from drivers.errors import OptionError, PortLostError
from drivers.ports import Scan, Scanner

PRINTABLE = "".join(chr(n) for n in range(0x20, 0x7F))
LETTERS = st.sampled_from(sorted(set(PRINTABLE) - {" "}))
LOST = EVENT.pack(0, 0, SYNC, DROPPED, 0)


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "event-kbd"
    os.mkfifo(path)
    return path


@asynccontextmanager
async def scanning(pipe: Path, **options: object) -> AsyncIterator[tuple[Scanner, int]]:
    async with HID.open(HidOptions(path=pipe, **options)) as scanner:  # type: ignore[arg-type]
        end = os.open(pipe, os.O_WRONLY)
        try:
            yield scanner, end
        finally:
            os.close(end)


async def soon(scanner: Scanner) -> Scan:
    return await asyncio.wait_for(scanner.next_scan(), 5)


def test_an_event_is_what_the_kernel_gives_on_this_machine() -> None:
    # Captured layout: time, then type 1, code 30 (A), value 1.
    assert EVENT.size in (16, 24)
    data = bytes(EVENT.size - 8) + bytes.fromhex("01001e0001000000")
    assert KeyReader().feed(data) == "a"


@given(st.text(LETTERS, max_size=40), st.integers(1, 50))
def test_whatever_is_typed_arrives_however_it_is_cut(text: str, size: int) -> None:
    events = typed(text)
    keys = KeyReader()
    pieces = [keys.feed(events[at : at + size]) for at in range(0, len(events), size)]
    assert "".join(pieces) == text + END


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_types_what_codes_are_made_of(layout: Layout) -> None:
    text = "".join(c for c in PRINTABLE if c.isalnum() or c in "-./:$+ %|]")
    assert KeyReader(layout).feed(typed(text, layout)) == text + END


def test_a_wrong_layout_is_another_text() -> None:
    assert KeyReader("us").feed(typed("VNZ-1", "de")) == "VNY/1" + END


def test_caps_lock_of_the_machine_turns_letters_over() -> None:
    caps = EVENT.pack(0, 0, KEY, 58, 1) + EVENT.pack(0, 0, KEY, 58, 0)
    assert KeyReader().feed(caps + typed("Vn1") + caps + typed("Vn1")) == "vN1\rVn1\r"


def test_keys_with_control_are_commands_and_no_text() -> None:
    down, up = EVENT.pack(0, 0, KEY, 29, 1), EVENT.pack(0, 0, KEY, 29, 0)
    letter = typed("c")[: EVENT.size * 4]
    assert KeyReader().feed(down + letter + up + letter) == "c"


def test_a_key_that_is_held_counts_once() -> None:
    press, again = EVENT.pack(0, 0, KEY, 30, 1), EVENT.pack(0, 0, KEY, 30, 2)
    assert KeyReader().feed(press + again * 5) == "a"


@given(st.binary(max_size=400))
def test_any_bytes_give_text(data: bytes) -> None:
    assert isinstance(KeyReader().feed(data), str)


async def test_scans_arrive_through_the_device(pipe: Path) -> None:
    async with scanning(pipe) as (scanner, end):
        os.write(end, typed("VN000123") + typed("]C1R-0001"))
        assert await soon(scanner) == Scan("VN000123")
        assert await soon(scanner) == Scan("R-0001", "]C")


async def test_a_scanner_without_enter_ends_with_a_pause(pipe: Path) -> None:
    async with scanning(pipe, gap_ms=20) as (scanner, end):
        os.write(end, typed("VN000123")[: -4 * EVENT.size])
        assert await soon(scanner) == Scan("VN000123")


async def test_a_code_with_lost_keys_is_no_code(pipe: Path) -> None:
    async with scanning(pipe) as (scanner, end):
        code = typed("VN000123")
        os.write(end, code[: EVENT.size * 12] + LOST + code[EVENT.size * 24 :] + typed("VN000124"))
        assert await soon(scanner) == Scan("VN000124")


def test_lost_keys_are_told_as_such() -> None:
    assert KeyReader().feed(LOST) == SPOILT


async def test_of_a_paper_only_the_number_leaves_the_driver(pipe: Path) -> None:
    code = "001300999999||TRAN THI THU|31122000|Nu|Pho Khong Co|01012022"
    async with scanning(pipe) as (scanner, end):
        os.write(end, typed(code))
        assert await soon(scanner) == Scan("001300999999", paper=True)


async def test_a_scanner_that_is_pulled_out_is_a_lost_port(pipe: Path) -> None:
    async with HID.open(HidOptions(path=pipe)) as scanner:
        end = os.open(pipe, os.O_WRONLY)
        os.write(end, typed("VN000123"))
        await asyncio.sleep(0.05)
        os.close(end)
        assert await soon(scanner) == Scan("VN000123")
        with pytest.raises(PortLostError, match="went away"):
            await soon(scanner)


async def test_a_device_that_is_not_there_is_a_lost_port(tmp_path: Path) -> None:
    with pytest.raises(PortLostError, match="No such file"):
        async with HID.open(HidOptions(path=tmp_path / "none")):
            pass


async def test_a_device_that_cannot_be_grabbed_is_named() -> None:
    with pytest.raises(PortLostError, match="belong to another program"):
        async with HID.open(HidOptions(path=Path(os.devnull))):
            pass


async def test_a_pause_that_cannot_be_is_named(pipe: Path) -> None:
    with pytest.raises(OptionError, match="gap_ms"):
        async with HID.open(HidOptions(path=pipe, gap_ms=1)):
            pass


@pytest.fixture(autouse=True)
def no_descriptor_stays_open() -> Iterator[None]:
    before = len(list(Path("/proc/self/fd").iterdir()))
    yield
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


keyboards = pytest.mark.skipif(not keyboard.is_here(), reason="this kernel makes no keyboards")


@keyboards
async def test_a_keyboard_of_the_kernel_is_read_and_pulled_and_read_again() -> None:
    device = HidSimulator()
    served = await keyboard.serve_keyboard(device)
    text = "VN000123 " + "ABC-xyz." * 20
    try:
        path = Path(served.address.removeprefix("file://"))
        async with HID.open(HidOptions(path=path)) as scanner:
            device.scan(text)
            assert (await soon(scanner)).text == text
            with pytest.raises(PortLostError, match="belong to another program"):
                async with HID.open(HidOptions(path=path)):
                    pass
            await served.unplug()
            with pytest.raises(PortLostError, match="went away"):
                await soon(scanner)
        await served.plug()
        path = Path(served.address.removeprefix("file://"))
        async with HID.open(HidOptions(path=path)) as scanner:
            device.scan("R0001")
            assert (await soon(scanner)).text == "R0001"
    finally:
        await served.close()


@pytest.mark.skipif(keyboard.is_here(), reason="this kernel makes keyboards")
async def test_a_kernel_that_makes_no_keyboards_is_said_to() -> None:
    with pytest.raises(OSError, match="uinput"):
        await keyboard.serve_keyboard(HidSimulator())
