import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.barcode import SCANNER, ScannerOptions
from drivers.barcode.scanner import SerialScanner
from drivers.barcode.scans import MAX_SCAN, ScanReader, parse
from drivers.barcode.simulator import ScannerSimulator
from drivers.errors import OptionError, PortLostError
from drivers.ports import Scan
from drivers.testing.serve import serve_pty, serve_tcp
from drivers.testing.wires import Cut, Dripping, Wire

FAST = ScannerOptions("", gap_ms=20)


@pytest.mark.parametrize(
    ("line", "scan"),
    [
        (b"R0001", Scan("R0001")),
        (b"\x02R0001\x03", Scan("R0001")),
        (b"]C1VN000123", Scan("VN000123", "]C")),
        (b"]E09786041234567", Scan("9786041234567", "]E")),
        (b"]Q1Th\xe1\xba\xbb", Scan("Thẻ", "]Q")),
        (b"]A0]A0X", Scan("]A0X", "]A")),
        (b"]F0A123456B", Scan("123456", "]F")),
        (b"]F0123456", Scan("123456", "]F")),
        (b"A123456B", Scan("A123456B")),
        (b"\xd0\xe0 La\xf2t", Scan("Đà Lạt")),
        (b"]Q1The\xd2 ba\xf2n \xf0o\xf2c", Scan("Thẻ bạn đọc", "]Q")),
        ("Đà Lạt".encode(), Scan("Đà Lạt")),
        (b"]C1", None),
        (b"  \x00", None),
        (b"", None),
    ],
)
def test_lines_by_hand(line: bytes, scan: Scan | None) -> None:
    assert parse(line) == scan


def test_codabar_letters_are_cut_off_on_request_when_the_scanner_does_not_say() -> None:
    assert parse(b"A123456B", codabar=True) == Scan("123456")
    assert parse(b"VN123456", codabar=True) == Scan("VN123456")
    assert parse(b"]C1A123456B", codabar=True) == Scan("A123456B", "]C")


codes = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=60)


@given(st.lists(codes, max_size=5), st.sampled_from([b"\r", b"\n", b"\r\n"]), st.integers(1, 9))
def test_scans_survive_any_line_end_and_any_cutting(
    texts: list[str], ending: bytes, size: int
) -> None:
    wire = b"".join(text.encode() + ending for text in texts)
    reader = ScanReader()
    scans = [
        scan
        for start in range(0, len(wire), size)
        for scan in reader.feed(wire[start : start + size])
    ]
    assert scans == [parse(text.encode()) for text in texts]
    assert not reader.open


@given(st.lists(st.binary(max_size=50), max_size=10))
def test_any_bytes_give_scans_and_never_an_exception(pieces: list[bytes]) -> None:
    reader = ScanReader(codabar=True)
    for piece in pieces:
        assert all(scan.text for scan in reader.feed(piece))
    reader.end()


def test_a_scanner_gone_mad_fills_no_memory_and_the_next_scan_is_right() -> None:
    reader = ScanReader()
    for _ in range(10):
        assert reader.feed(b"x" * MAX_SCAN) == []
        assert len(reader._line) <= MAX_SCAN
    assert reader.feed(b"\rR0001\r") == [Scan("R0001")]


async def test_a_pause_ends_a_scan_without_a_line_end() -> None:
    device = ScannerSimulator(ending=b"")
    scanner = SerialScanner(Wire(device), FAST)
    waiting = asyncio.create_task(scanner.next_scan())
    await asyncio.sleep(0)
    device.scan("R0001")
    assert await asyncio.wait_for(waiting, 2) == Scan("R0001")


async def test_two_scans_in_one_go_come_one_after_the_other() -> None:
    device = ScannerSimulator()
    scanner = SerialScanner(Dripping(device), FAST)
    device.scan("VN000123", "]C1")
    device.scan("Thẻ")
    assert await scanner.next_scan() == Scan("VN000123", "]C")
    assert await scanner.next_scan() == Scan("Thẻ")


async def test_a_cancelled_wait_loses_no_scan() -> None:
    device = ScannerSimulator()
    scanner = SerialScanner(Wire(device), FAST)
    waiting = asyncio.create_task(scanner.next_scan())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    device.scan("R0001")
    assert await scanner.next_scan() == Scan("R0001")


async def test_half_a_scan_before_the_cable_was_pulled_is_no_scan() -> None:
    device = ScannerSimulator()
    scanner = SerialScanner(Cut(device, after=5), FAST)
    device.scan("R0001")
    device.scan("R0002")
    with pytest.raises(PortLostError):
        await scanner.next_scan()
        await scanner.next_scan()


@pytest.mark.parametrize("gap", [0, 5000])
def test_a_gap_that_cannot_be_is_refused(gap: int) -> None:
    with pytest.raises(OptionError, match="gap_ms"):
        SerialScanner(Wire(ScannerSimulator()), ScannerOptions("", gap_ms=gap))


@pytest.mark.parametrize("serve", [serve_pty, serve_tcp])
async def test_the_driver_works_on_a_real_wire(serve: object) -> None:
    device = ScannerSimulator()
    served = await serve(device)  # type: ignore[operator]
    try:
        async with SCANNER.open(ScannerOptions(served.address)) as scanner:
            waiting = asyncio.create_task(scanner.next_scan())
            await asyncio.sleep(0.05)
            device.scan("Nguyễn Văn An", "]Q1")
            assert await asyncio.wait_for(waiting, 5) == Scan("Nguyễn Văn An", "]Q")
            await served.unplug()
            with pytest.raises(PortLostError):
                await asyncio.wait_for(scanner.next_scan(), 5)
    finally:
        await served.close()
