import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from drivers.barcode import CAMERA, HID, SCANNER, CameraOptions, ScannerOptions
from drivers.barcode.hid import HidOptions
from drivers.errors import NoReplyError, PortLostError
from drivers.feig import GATE_NOTIFY, NotifyOptions
from drivers.feig import PAD as FEIG
from drivers.gpio import SOCKET
from drivers.gpio.socket import SocketOptions
from drivers.llrp import PAD as LLRP
from drivers.llrp import LlrpOptions
from drivers.pihealth import PI, PiHealthOptions
from drivers.pn532 import CARD, CardOptions
from drivers.ports import Card, Driver, Line, LineChange, Paper, Scan
from drivers.printer import PRINTER, PrinterOptions
from drivers.rl866 import PAD as RL866
from drivers.tags import encode_mb01_alliance
from drivers.threem import PAD as THREEM
from drivers.transport import listen, open_transport
from edge import simcli
from edge.simdevices import DEVICES
from edge.simtags import TagMaker, card

MAIN = """
import argparse, sys
from edge import simcli
parser = argparse.ArgumentParser()
simcli.add_parser(parser.add_subparsers())
args = parser.parse_args(["simulate", *sys.argv[1:]])
sys.exit(args.handler(args))
"""


class Running:
    """A simulator in its own process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.address = self.url = ""

    async def said(self) -> str:
        assert self.process.stdout
        return (await asyncio.wait_for(self.process.stdout.readline(), 20)).decode().rstrip("\n")

    async def type(self, words: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(words.encode() + b"\n")
        await self.process.stdin.drain()


@contextlib.asynccontextmanager
async def simulate(*words: str) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MAIN, *words,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    running = Running(process)
    try:
        ready, running.address = (await running.said()).split()
        assert ready == "ready"
        running.url = (await running.said()).split('"')[1]
        yield running
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    simcli.add_parser(parser.add_subparsers())
    return parser.parse_args(["simulate", *words])


async def test_a_card_reader_is_served_where_it_was_asked_for(tmp_path: Path) -> None:
    link = tmp_path / "card"
    words = ("pn532", "--pty", str(link), "--tag", "04A1B2C3D4E5F6=R0001")
    async with simulate(*words) as running:
        assert running.address == str(link)
        assert running.url == f"serial://{link}"
        async with CARD.open(CardOptions(running.url, poll_ms=20)) as reader:
            seen = await asyncio.wait_for(reader.next_card(), 10)
            assert seen == Card(bytes.fromhex("04a1b2c3d4e5f6"), "ntag", "R0001")
            await running.type("take")
            await running.type("put DEADBEEF")
            seen = await asyncio.wait_for(reader.next_card(), 10)
            assert seen == Card(bytes.fromhex("deadbeef"), "mifare-classic")
    assert not link.is_symlink()


async def test_a_scanner_scans_what_is_typed() -> None:
    async with simulate("scanner", "--tcp", "127.0.0.1:0") as running:
        assert running.url == f"tcp://{running.address}"
        async with SCANNER.open(ScannerOptions(running.url)) as scanner:
            waiting = asyncio.create_task(scanner.next_scan())
            await asyncio.sleep(0.1)
            await running.type("scan Thẻ 0001")
            assert await asyncio.wait_for(waiting, 10) == Scan("Thẻ 0001")


async def test_a_camera_shows_a_code_and_is_spoilt_and_mended() -> None:
    async with simulate("camera", "--tag", "code128 VN000123", "--fault", "tilt 3") as running:
        assert running.url == f"http://{running.address}/"
        options = CameraOptions(source="stream", url=running.url, again_ms=300)
        async with CAMERA.open(options) as scanner:
            assert await asyncio.wait_for(scanner.next_scan(), 20) == Scan("VN000123", "]C")
            await running.type("half on")
            await running.type("faults")
            assert await running.said() == "faults: tilt 3.0, half True"
            await running.type("show codabar lá")
            assert "codabar cannot hold 'lá'" in await running.said()
            await running.type("blur 99")
            assert await running.said() == "blur: blur 99: use 0 to 50"
            await running.type("well")
            await running.type("show Thẻ của Đỗ Thị Ước")
            while (told := await asyncio.wait_for(scanner.next_scan(), 20)).symbology == "]C":
                pass
            assert told == Scan("Thẻ của Đỗ Thị Ước", "]Q")
            await running.type("unplug 0.1")
            with pytest.raises(PortLostError):
                await asyncio.wait_for(scanner.next_scan(), 20)
            assert await running.said() == "back"


async def test_the_sensors_of_a_machine_are_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "pi"
    async with simulate("pihealth", "--pty", str(folder)) as running:
        assert running.url == running.address == str(folder)
        options = PiHealthOptions(root=folder, disk=folder, vcgencmd="")
        async with PI.open(options) as machine:
            now = await machine.reading()
            assert (now.temperature, now.throttled, now.clock) == (45.0, frozenset(), "network")
            assert now.disk_wear == 10
            await running.type("heat 81.5")
            await running.type("power under_voltage, hot")
            await running.type("worn 85")
            await running.type("clock battery")
            await running.type("power boring")
            assert "'boring': use well or under_voltage" in await running.said()
            now = await machine.reading()
            assert (now.temperature, now.disk_wear, now.clock) == (81.5, 90, "battery")
            assert now.throttled == {"under_voltage", "hot"}
            await running.type("power well")
            await running.type("faults")
            await running.said()
            now = await machine.reading()
            assert (now.throttled, now.throttled_before) == (frozenset(), {"under_voltage", "hot"})
    assert list(folder.iterdir()) == []


async def test_a_printer_prints_and_runs_out_of_paper(tmp_path: Path) -> None:
    picture = tmp_path / "receipt.png"
    async with (
        simulate("printer") as running,
        PRINTER.open(PrinterOptions(running.url)) as printer,
    ):
        await printer.print_lines([Line("Phiếu mượn")])
        await running.type(f"save {picture}")
        await running.type("paper nearly")
        assert "use ok or low or out" in await running.said()
        await running.type("paper out")
        async with asyncio.timeout(10):
            while (await printer.status()).paper is not Paper.OUT:
                pass
    assert picture.read_bytes().startswith(b"\x89PNG")


async def test_a_board_says_what_its_outputs_do() -> None:
    async with simulate("board", "--tcp", "127.0.0.1:0") as running:
        async with SOCKET.open(SocketOptions(running.url)) as board:
            await board.set("lamp", True)
            assert await running.said() == "lamp on"
            await running.type("set beam_a on")
            change = await asyncio.wait_for(board.next_change(), 10)
            assert change == LineChange("beam_a", True)
        assert await running.said() == "lamp off"


@pytest.mark.parametrize(("device", "driver"), [("rl866", RL866), ("3m", THREEM)])
async def test_other_pads_are_served_and_see_their_tags(device: str, driver: Driver) -> None:
    async with (
        simulate(device, "--tag", "E004015012345678") as running,
        driver.open(driver.options(url=running.url)) as pad,
    ):
        [seen] = await pad.inventory()
        assert seen.uid.hex() == "e004015012345678"


@pytest.mark.parametrize("device", ["feig", "feig-gate"])
async def test_rfid_readers_are_served_and_answer(device: str) -> None:
    words = (device, "--tcp", "127.0.0.1:0", "--tag", "E004015012345678")
    async with simulate(*words) as running:
        transport = await open_transport(running.url)
        try:
            await transport.send(bytes.fromhex("05ff65e5cb"))
            async with asyncio.timeout(10):
                assert (await transport.receive())[2:4] == b"\x65\x00"
        finally:
            await transport.close()


async def test_a_gate_reader_calls_the_agent_that_listens() -> None:
    listener = await listen("tcp://127.0.0.1:0")
    listener.close()
    at = f"127.0.0.1:{listener.port}"
    words = ("feig-gate-notify", "--tcp", at, "--tag", "E004015012345678")
    async with (
        GATE_NOTIFY.open(NotifyOptions(f"tcp://{at}")) as gate,
        asyncio.timeout(20),
        simulate(*words) as running,
    ):
        assert running.url == f"tcp://{at}"
        seen = []
        while not seen:
            seen = await gate.sightings()
        await running.type("pass E004015012345679")
        while len(seen) < 2:
            seen += await gate.sightings()
        assert [one.uid.hex()[-1] for one in seen] == ["8", "9"]


async def test_an_llrp_reader_is_served_and_its_wire_can_be_bad() -> None:
    pytest.importorskip("llrpkit")
    bank = encode_mb01_alliance("32103179")[4:].hex()
    async with simulate("llrp", "--fault", "split 0") as running:
        rule: dict[str, Any] = {"tags": "cn-alliance", "security": "epc-bit"}
        options = LlrpOptions(url=running.url, scan_ms=80, **rule)
        async with LLRP.open(options) as reader:
            assert await reader.inventory() == []
            await running.type(f"put {bank}")
            async with asyncio.timeout(20):
                while not (seen := await reader.inventory()):
                    pass
            assert (await reader.info(seen[0].uid)).afi == 0x07
            await running.type("unplug 0.2")
            assert await running.said() == "back"
            with pytest.raises(PortLostError):
                await reader.inventory()
        async with LLRP.open(options) as reader:
            assert len(await reader.inventory()) == 1


async def test_a_scanner_that_types_is_a_pipe_of_keys(tmp_path: Path) -> None:
    pipe = tmp_path / "keys"
    async with simulate("scanner-hid", "--pty", str(pipe)) as running:
        assert running.address == running.url == str(pipe)
        async with HID.open(HidOptions(path=pipe)) as scanner:
            await running.type("scan VN000123")
            assert await asyncio.wait_for(scanner.next_scan(), 10) == Scan("VN000123")
            await running.type("scan Truyện")
            assert "no key for 'ệ'" in await running.said()
            await running.type("unplug 0.1")
            with pytest.raises(PortLostError):
                await asyncio.wait_for(scanner.next_scan(), 10)
            assert await running.said() == "back"
        async with HID.open(HidOptions(path=pipe)) as scanner:
            await running.type("scan 42")
            assert await asyncio.wait_for(scanner.next_scan(), 10) == Scan("42")
    assert not pipe.exists()


async def test_a_virtual_card_calls_where_pcscd_listens() -> None:
    calls: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await calls.put((reader, writer))

    server = await asyncio.start_server(called, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        simulate("pcsc", "--tcp", f"127.0.0.1:{port}", "--tag", "04A1B2C3D4E5F6") as running,
        asyncio.timeout(20),
    ):
        reader, writer = await calls.get()
        writer.write(b"\0\1\4" + b"\0\5\xff\xca\0\0\0")
        assert (await reader.readexactly(2)) == b"\0\x14"
        assert (await reader.readexactly(20))[:2] == b"\x3b\x8f"
        assert (await reader.readexactly(11)).hex() == "000904a1b2c3d4e5f69000"
        await running.type("take")
        assert await reader.read() == b""
        writer.close()
        await running.type("put DEADBEEF")
        _, writer = await calls.get()
        writer.close()
        server.close()


async def test_help_lists_the_words_and_quit_ends_it() -> None:
    async with simulate("feig", "--tag", "E004015012345678") as running:
        await running.type("tags")
        assert (await running.said()).startswith("e004015012345678 afi=07 dsfid=00 0000")
        await running.type("what")
        assert (await running.said()).strip().startswith("put TAG")
        await running.type("quit")
        assert await asyncio.wait_for(running.process.wait(), 10) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("feig", "--tcp", "0.0.0.0:1"), "only on this machine"),
        (("feig", "--tcp", "127.0.0.1:x"), "HOST:PORT"),
        (("feig", "--tcp", "127.0.0.1:99999"), "HOST:PORT"),
        (("feig", "--tag", "xyz"), "not hexadecimal"),
        (("feig", "--block-size", "0"), "1 to 32"),
        (("feig", "--afi", "0707"), "not one byte"),
        (("pn532", "--tag", "010203"), "4 or 7 bytes"),
        (("feig-gate-notify",), "say where it listens"),
        (("feig", "--fault", "drop 200"), "per cent"),
        (("feig", "--fault", "reboot"), "use drop, flip"),
    ],
)
def test_what_cannot_be_is_said_and_ends_with_2(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    args = arguments(*words)
    assert args.handler(args) == 2
    assert said in capsys.readouterr().err


async def test_a_bad_wire_is_made_bad_and_mended_while_it_runs() -> None:
    words = ("rl866", "--tag", "E004015012345678", "--fault", "drop 10", "--fault", "split 0.1")
    async with simulate(*words) as running:
        async with RL866.open(RL866.options(url=running.url, patience=0.2, tries=20)) as pad:
            await running.type("faults")
            assert await running.said() == "faults: drop 10.0, split 0.0001"
            assert [seen.uid.hex() for seen in await pad.inventory()] == ["e004015012345678"]
        await running.type("well")
        await running.type("dead")
        await running.type("flip 3%")
        await running.type("delay 1")
        await running.type("faults")
        assert await running.said() == "faults: flip 3.0, delay 0.001, dead True"
        with pytest.raises(NoReplyError):
            async with RL866.open(RL866.options(url=running.url, patience=0.02)):
                pass
        await running.type("well")
        await running.type("drop much")
        assert "use a number" in await running.said()
        async with RL866.open(RL866.options(url=running.url)) as pad:
            assert len(await pad.inventory()) == 1


@pytest.mark.parametrize("wire", [("--pty", ""), ("--tcp", "127.0.0.1:0")])
async def test_a_device_starts_anew_and_is_back(wire: tuple[str, str], tmp_path: Path) -> None:
    where = (wire[0], wire[1] or str(tmp_path / "reader"))
    async with simulate("feig", *where, "--tag", "E004015012345678") as running:
        options = FEIG.options(url=running.url, patience=0.05, tries=1)
        with pytest.raises((NoReplyError, PortLostError)):
            async with FEIG.open(options) as pad:
                await running.type("reboot 0.5")
                async with asyncio.timeout(10):
                    while True:
                        await pad.inventory()
        while (said := await running.said()).startswith("cannot come back yet"):
            continue
        assert said == "back"
        async with FEIG.open(FEIG.options(url=running.url)) as pad:
            assert len(await pad.inventory()) == 1


async def test_a_pulled_cable_takes_the_port_away_and_brings_it_back(tmp_path: Path) -> None:
    link = tmp_path / "reader"
    async with simulate("3m", "--pty", str(link)) as running:
        await running.type("unplug 2")
        await running.type("reboot")
        assert await running.said() == "reboot: it is away already"
        async with asyncio.timeout(1.5):
            while link.is_symlink():  # noqa: ASYNC110 - another process takes it away
                await asyncio.sleep(0.02)
        assert await running.said() == "back"
        assert link.is_symlink()


def test_a_file_is_never_replaced_by_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    args = arguments("pn532", "--pty", str(precious))
    assert args.handler(args) == 2
    assert "something else is there" in capsys.readouterr().err
    assert precious.read_text() == "keep me"


def test_tags_are_made_from_uid_memory_or_both() -> None:
    make = TagMaker(4, "06", "c2")
    alone = make("E004015012345678")
    assert (alone.uid.hex(), len(alone.memory), alone.dsfid, alone.afi) == (
        "e004015012345678", 112, 0x06, 0xC2,
    )  # fmt: skip
    memory = make("11010131 31")
    assert memory.memory.hex() == "1101013131000000"
    assert make("22").uid != memory.uid
    both = make("E0:04:01:50:12:34:56:78=1234")
    assert (both.uid.hex(), both.memory.hex()) == ("e004015012345678", "12340000")


def test_cards_are_made_by_the_length_of_their_uid() -> None:
    assert card("04A1B2C3D4E5F6").kind == "ntag213"
    assert card("DEADBEEF=R1").kind == "classic1k"
    assert card("08112233").kind == "iso14443-4"


def test_every_device_of_the_command_is_there() -> None:
    assert set(DEVICES) == set(simcli._DEVICES)
