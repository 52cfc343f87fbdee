import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from drivers.feig import FeigSimulator
from drivers.pn532.simulator import Pn532Simulator
from drivers.testing.echo import Echo
from drivers.testing.serve import serve_pty
from edge.doctor.model import Finding
from edge.doctor.ports import look, present, product


class Machine:
    """A machine's /dev and /sys in a folder, with simulated devices at its ports."""

    def __init__(self, root: Path, stack: AsyncExitStack) -> None:
        self.root, self._stack = root, stack
        (root / "dev").mkdir()

    async def has(self, name: str, simulator: Any, maker: str = "", model: str = "") -> Path:
        served = await serve_pty(simulator, self.root / "dev" / name)
        self._stack.push_async_callback(served.close)
        usb = self.root / "sys/bus/usb/1-1"
        (usb / name).mkdir(parents=True)
        (usb / "manufacturer").write_text(maker + "\n")
        (usb / "product").write_text(model + "\n")
        (self.root / "sys/class/tty" / name).mkdir(parents=True)
        (self.root / "sys/class/tty" / name / "device").symlink_to(usb / name)
        return served.link

    async def ports(
        self, urls: dict[str, str] | None = None, *, probe: bool = False
    ) -> list[Finding]:
        findings: list[Finding] = []
        await look(findings.append, urls or {}, root=self.root, probe=probe)
        return findings


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    async with AsyncExitStack() as stack:
        yield Machine(tmp_path, stack)


async def test_a_port_that_nobody_configured_is_named_and_left_alone(machine: Machine) -> None:
    silent = Echo()
    port = await machine.has("ttyUSB0", silent, "FTDI", "FT232R USB UART")
    [found] = await machine.ports()
    assert (found.key, found.values["what"]) == ("port_free", "FTDI FT232R USB UART")
    assert silent.heard == b""
    assert present(machine.root) == [port]
    assert await machine.ports({"pad": f"serial://{port}?baud=38400"}) == []


async def test_a_port_is_known_by_any_of_its_names(machine: Machine) -> None:
    port = await machine.has("ttyACM0", Echo())
    (machine.root / "dev/shelfwire").mkdir()
    (machine.root / "dev/shelfwire/scanner").symlink_to(port)
    assert await machine.ports({"scanner": f"serial://{machine.root}/dev/shelfwire/scanner"}) == []


async def test_what_hangs_on_a_port_is_asked_only_when_wished(machine: Machine) -> None:
    await machine.has("ttyUSB0", FeigSimulator(block_seconds=0.0))
    await machine.has("ttyUSB1", Pn532Simulator())
    found = {Path(one.values["path"]).name: one for one in await machine.ports(probe=True)}
    assert found["ttyUSB0"].key == found["ttyUSB1"].key == "port_found"
    assert found["ttyUSB0"].values["what"] == "FEIG CPR40, firmware 3.3"
    assert "baud=38400" in found["ttyUSB0"].values["url"]
    assert found["ttyUSB1"].values["what"] == "PN532"


def test_a_port_without_a_name_is_a_serial_port(tmp_path: Path) -> None:
    assert product(tmp_path, Path(os.devnull)) == "serial port"
