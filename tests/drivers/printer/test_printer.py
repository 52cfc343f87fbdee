import asyncio
import contextlib
from collections.abc import Callable

import pytest
from escpos.printer import Dummy
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DriverError, NoReplyError, OptionError, PortLostError, RefusedError
from drivers.ports import Line, Paper, PrinterStatus
from drivers.printer import PRINTER, PrinterOptions
from drivers.printer.printer import EscposPrinter
from drivers.printer.receipt import Layout, draw
from drivers.printer.simulator import PrinterSimulator
from drivers.printer.status import NO_ANSWER
from drivers.printer.tokens import Kind, TokenReader
from drivers.testing.serve import serve_pty, serve_tcp
from drivers.testing.wires import Cut, Dripping, Flipping, Wire

LINES = [Line("Phiếu mượn", bold=True, centred=True), Line("Số đỏ · Vũ Trọng Phụng")]
QUICK = PrinterOptions("", answer_ms=60, finish_s=0.4)


def printer_on(device: PrinterSimulator, wire: type[Wire] = Wire) -> EscposPrinter:
    return EscposPrinter(wire(device), QUICK)


def is_our_receipt(device: PrinterSimulator) -> bool:
    (page,) = device.pages
    return page.tobytes() == draw(LINES, Layout()).tobytes()


@pytest.mark.parametrize("wire", [Wire, Dripping])
async def test_a_receipt_is_printed(wire: type[Wire]) -> None:
    device = PrinterSimulator(speed=0)
    await printer_on(device, wire).print_lines(LINES)
    assert is_our_receipt(device)


def paper_out(device: PrinterSimulator) -> None:
    device.paper = Paper.OUT


def cover_open(device: PrinterSimulator) -> None:
    device.cover_open = True


def off_line(device: PrinterSimulator) -> None:
    device.online = False


def jammed(device: PrinterSimulator) -> None:
    device.jammed = True


@pytest.mark.parametrize(
    ("mischief", "trouble"),
    [
        (paper_out, "paper is out"),
        (cover_open, "cover is open"),
        (off_line, "offline"),
        (jammed, "cutter is stuck"),
    ],
)
async def test_a_printer_in_trouble_is_told_nothing_private(
    mischief: Callable[[PrinterSimulator], None], trouble: str
) -> None:
    device = PrinterSimulator(speed=0)
    printer = printer_on(device)
    mischief(device)
    state = await printer.status()
    assert (state.online, state.trouble) == (False, trouble)
    with pytest.raises(RefusedError, match=trouble):
        await printer.print_lines(LINES)
    device.paper, device.cover_open, device.online, device.jammed = Paper.OK, False, True, False
    assert device.pages == []
    assert await printer.status() == PrinterStatus(online=True, paper=Paper.OK)
    await printer.print_lines(LINES)
    assert is_our_receipt(device)


async def test_paper_that_is_nearly_out_still_prints() -> None:
    device = PrinterSimulator(speed=0)
    device.paper = Paper.LOW
    printer = printer_on(device)
    assert await printer.status() == PrinterStatus(online=True, paper=Paper.LOW)
    await printer.print_lines(LINES)
    assert is_our_receipt(device)


async def test_paper_that_ends_in_the_middle_is_noticed_and_the_rest_is_never_printed() -> None:
    device = PrinterSimulator(speed=0)
    device.run_out_after(40)
    printer = printer_on(device)
    with pytest.raises(RefusedError, match="paper is out"):
        await printer.print_lines(LINES)
    device.paper = Paper.OK
    assert device.pages == []
    await printer.print_lines(LINES)
    assert is_our_receipt(device)


async def test_a_silent_printer_is_unknown_and_prints_nothing() -> None:
    device = PrinterSimulator(speed=0)
    device.powered = False
    printer = printer_on(device)
    assert await printer.status() == PrinterStatus(
        online=False, paper=Paper.UNKNOWN, trouble=NO_ANSWER
    )
    with pytest.raises(NoReplyError, match="how it is"):
        await printer.print_lines(LINES)


async def test_a_printer_that_never_says_it_has_finished_is_given_up_unless_known_for_it() -> None:
    class Stuck(PrinterSimulator):
        def feed(self, data: bytes) -> list[object]:  # type: ignore[override]
            return [reply for reply in super().feed(data) if reply.data != b"\x00"]

    with pytest.raises(NoReplyError, match="did not finish"):
        await printer_on(Stuck(speed=0)).print_lines(LINES)
    device = Stuck(speed=0)
    await EscposPrinter(Wire(device), PrinterOptions("", tells_end=False)).print_lines(LINES)
    assert is_our_receipt(device)


async def test_a_slow_printer_is_waited_for() -> None:
    device = PrinterSimulator(speed=1.0)
    printer = EscposPrinter(Wire(device, speed=1.0), PrinterOptions("", answer_ms=100))
    await printer.print_lines(LINES)
    assert is_our_receipt(device)


async def test_after_a_cancelled_job_the_next_receipt_is_whole() -> None:
    class Slow(Wire):
        slow = True

        async def send(self, data: bytes) -> None:
            if self.slow and len(data) > 1000:
                await super().send(data[:900])
                await asyncio.Event().wait()
            await super().send(data)

    device = PrinterSimulator(speed=0)
    wire = Slow(device)
    printer = EscposPrinter(wire, QUICK)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(printer.print_lines(LINES), 0.5)
    wire.slow = False
    await printer.print_lines(LINES)
    assert is_our_receipt(device)


@pytest.mark.parametrize("after", range(5))
async def test_a_cable_pulled_at_any_answer_is_an_error(after: int) -> None:
    device = PrinterSimulator(speed=0)
    printer = EscposPrinter(Cut(device, after=after), QUICK)
    with pytest.raises(DriverError):
        await printer.print_lines(LINES)


class Twice(Wire):
    """Every answer comes twice."""

    def to_host(self, data: bytes) -> list[bytes]:
        return [data, data]


async def test_answers_that_come_twice_do_not_hide_an_empty_roll() -> None:
    device = PrinterSimulator(speed=0)
    printer = printer_on(device, Twice)
    assert (await printer.status()).paper is Paper.OK
    device.paper = Paper.OUT
    for _ in range(2):
        assert (await printer.status()).paper is Paper.OUT


@pytest.mark.parametrize("seed", range(6))
async def test_on_a_noisy_line_a_status_is_never_an_exception_of_another_kind(seed: int) -> None:
    device = PrinterSimulator(speed=0)
    device.paper = Paper.OUT
    printer = EscposPrinter(Flipping(device, every=6, seed=seed), QUICK)
    for _ in range(10):
        with contextlib.suppress(DriverError):
            status = await printer.status()
            assert status.paper in set(Paper)


async def test_unasked_status_is_sent_on_change_and_does_not_confuse_the_driver() -> None:
    device = PrinterSimulator(speed=0)
    wire = Wire(device)
    await wire.send(bytes.fromhex("1d610c"))
    assert await wire.receive() == bytes.fromhex("10000000")
    device.paper = Paper.OUT
    assert await wire.receive() == bytes.fromhex("18000f00")
    device.paper = Paper.OK
    printer = EscposPrinter(wire, QUICK)
    assert (await printer.status()).online
    await printer.print_lines(LINES)
    assert is_our_receipt(device)


def test_what_python_escpos_prints_is_understood() -> None:
    printer = Dummy()
    printer.set_with_default(bold=True, align="center", double_height=True)
    printer.text("Phieu muon\n")
    printer.barcode("4006381333931", "EAN13")
    printer.cut()
    device = PrinterSimulator(speed=0)
    device.feed(printer.output)
    (text,) = device.texts
    assert b"Phieu muon" in text


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_any_bytes_are_cut_into_commands(pieces: list[bytes]) -> None:
    tokens = TokenReader()
    for piece in pieces:
        assert all(token.kind in Kind for token in tokens.feed(piece))
    PrinterSimulator(speed=0).feed(b"".join(pieces))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (PrinterOptions("", width_dots=100), "width_dots"),
        (PrinterOptions("", text_dots=4), "text_dots"),
        (PrinterOptions("", font="/nowhere/font.ttf"), "font"),
    ],
)
def test_an_option_that_cannot_be_is_named(options: PrinterOptions, word: str) -> None:
    with pytest.raises(OptionError, match=word):
        EscposPrinter(Wire(PrinterSimulator()), options)


@pytest.mark.parametrize("serve", [serve_pty, serve_tcp])
async def test_the_driver_works_on_a_real_wire(serve: object) -> None:
    device = PrinterSimulator(speed=0)
    served = await serve(device)  # type: ignore[operator]
    try:
        async with PRINTER.open(PrinterOptions(served.address)) as printer:
            await printer.print_lines(LINES)
            assert is_our_receipt(device)
            await served.unplug()
            with pytest.raises(PortLostError):
                await printer.status()
    finally:
        await served.close()
