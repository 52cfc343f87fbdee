"""One reader of each dialect over a wire in memory: the same promises hold for all."""

from collections.abc import Callable

import pytest

from drivers.a0 import A0Reader, A0Simulator
from drivers.a0.frames import FAMILY as A0
from drivers.ports import UhfReader
from drivers.tags import NewTag, encode_mb01
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.testing.simulator import Simulator
from drivers.testing.wires import Wire
from drivers.uhf.line import Line
from drivers.uhf18 import Model, Uhf18Reader, Uhf18Simulator
from drivers.uhf18.frames import FAMILY as RR

DIALECTS = ("18", "288", "a0")


def book(number: int, *, afi: int = 0x07, antenna: int = 1) -> Gen2Tag:
    bank = encode_mb01(NewTag(f"8930{number:08d}", "VN-HNLIB"), afi=afi)
    tid = bytes.fromhex("e28011052000") + number.to_bytes(6, "big")
    epc = bank[4:].ljust(16, b"\0")
    return Gen2Tag(tid, epc, 8 << 11 | 0x0100 | afi, antenna=antenna)


def simulator(dialect: str, field: AirField) -> Simulator:
    if dialect == "a0":
        return A0Simulator(field, round_seconds=0.0)
    return Uhf18Simulator(field, model=Model(dialect), page=2, round_seconds=0.0)


def reader(dialect: str, wire: Wire, *, tries: int = 3, patience: float = 0.02) -> UhfReader:
    family = A0 if dialect == "a0" else RR
    line = Line(wire, family, patience=patience, tries=tries)
    return A0Reader(line) if dialect == "a0" else Uhf18Reader(line, Model(dialect))


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tag() -> Gen2Tag:
    return book(1)


@pytest.fixture
def field(tag: Gen2Tag) -> AirField:
    return AirField(tag)


@pytest.fixture
def device(dialect: str, field: AirField) -> Simulator:
    return simulator(dialect, field)


@pytest.fixture
def uhf(dialect: str, device: Simulator) -> UhfReader:
    return reader(dialect, Wire(device))


@pytest.fixture
def make_book() -> Callable[..., Gen2Tag]:
    return book


@pytest.fixture(scope="session")
def make() -> tuple[Callable[[str, AirField], Simulator], Callable[..., UhfReader]]:
    return simulator, reader
