import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.barcode import CAMERA, CameraOptions
from drivers.barcode.camera import Sight, open_camera
from drivers.barcode.pictures import Library, Picture, decoder, repaired
from drivers.errors import OptionError, PortLostError
from drivers.ports import Scan, Scanner

zxingcpp = pytest.importorskip("zxingcpp")
BLANK = Picture(64, 64, bytes([255]) * 64 * 64)
LIBRARIES: list[Any] = [
    "zxing",
    pytest.param(
        "zbar", marks=pytest.mark.skipif(not find_spec("pyzbar"), reason="no pyzbar here")
    ),
]
NAMES = ["Thử Nghiệm", "Đỗ Thị Ước", "Lê Hoàng Ý", "Nguyễn Văn Đường", "Vũ Quỳnh Như", "Bùi Ỷ Lan"]


def picture(text: str, kind: str = "QRCode", scale: int = 4) -> Picture:
    code = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
    dots = memoryview(code.to_image(scale=scale, add_quiet_zones=True))
    height, width = dots.shape
    return Picture(width, height, bytes(dots))


class Film:
    """Shows pictures one after the other, then the last for ever; None: the camera is gone."""

    def __init__(self, pictures: Iterable[Picture | None], pause: float = 0.0) -> None:
        self._pictures = list(pictures)
        self._pause = threading.Event(), pause
        self.closed = False

    def grab(self) -> Picture:
        self._pause[0].wait(self._pause[1] or 0.002)
        shown = self._pictures.pop(0) if len(self._pictures) > 1 else self._pictures[0]
        if shown is None:
            raise PortLostError("the camera went away")
        return shown

    def close(self) -> None:
        self.closed = True


@asynccontextmanager
async def looking(*pictures: Picture | None, **options: Any) -> AsyncIterator[Scanner]:
    film = Film(pictures)
    async with open_camera(CameraOptions(looks=100, **options), lambda _: film) as scanner:
        yield scanner
    assert film.closed


async def soon(scanner: Scanner) -> Scan:
    return await asyncio.wait_for(scanner.next_scan(), 5)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("kind", "text", "scan"),
    [
        ("Code39", "VN000123", Scan("VN000123", "]A")),
        ("Code128", "VN000123", Scan("VN000123", "]C")),
        ("Codabar", "A123456B", Scan("123456", "]F")),
        ("EAN13", "9786041234567", Scan("9786041234567", "]E")),
        ("QRCode", "Thẻ bạn đọc R0001", Scan("Thẻ bạn đọc R0001", "]Q")),
    ],
)
def test_each_library_reads_each_code(library: Library, kind: str, text: str, scan: Scan) -> None:
    assert decoder(library)(picture(text, kind)) == [scan]


@pytest.mark.parametrize("library", LIBRARIES)
def test_vietnamese_texts_come_out_whole(library: Library) -> None:
    decode = decoder(library)
    for number, name in enumerate(NAMES * 4):
        text = f"Thẻ {number}: {name}, phường Ô Chợ Dừa, {name}"
        assert decode(picture(text)) == [Scan(text, "]Q")]


@pytest.mark.parametrize("library", LIBRARIES)
def test_of_a_paper_only_the_number_is_told(library: Library) -> None:
    for name in NAMES:
        code = f"001300999999|000000000|{name}|31122000|Nữ|Phố Không Có, Hà Nội|01012022"
        assert decoder(library)(picture(code)) == [Scan("001300999999", "]Q", paper=True)]
        assert decoder(library, papers="refuse")(picture(code)) == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_only_what_is_asked_for_is_found(library: Library) -> None:
    assert decoder(library, ["qr"])(picture("VN000123", "Code128")) == []
    assert decoder(library, ["qr"])(picture("VN000123")) == [Scan("VN000123", "]Q")]
    assert decoder(library)(BLANK) == []


@given(st.sampled_from(NAMES), st.sampled_from(["shift_jis", "big5", "cp1252", "latin-1"]))
def test_a_guess_of_an_old_zbar_is_put_right(name: str, guess: str) -> None:
    try:
        spoilt = name.encode().decode(guess).encode()
    except UnicodeError:
        return
    assert repaired(spoilt).decode() == name


@given(st.binary(max_size=60))
def test_repair_takes_any_bytes(data: bytes) -> None:
    assert isinstance(repaired(data), bytes)


@pytest.mark.parametrize("text", ["VN000123", "Đà Lạt", "Straße", "Nguyễn Văn Ước"])
def test_a_text_that_is_right_is_left_alone(text: str) -> None:
    assert repaired(text.encode()) == text.encode()


async def test_a_code_held_in_front_comes_once_and_again_after_it_was_away() -> None:
    first, second = picture("VN000123"), picture("R0001")
    async with looking(BLANK, first, first, BLANK, second, first, again_ms=60_000) as scanner:
        assert [(await soon(scanner)).text, (await soon(scanner)).text] == ["VN000123", "R0001"]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(scanner.next_scan(), 0.1)


@pytest.mark.parametrize("wrong", [{"looks": 0}, {"symbologies": ()}, {"still_s": 0.0}])
async def test_options_that_cannot_be_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=next(iter(wrong))):
        async with CAMERA.open(CameraOptions(**wrong)):
            pass


def test_a_code_counts_anew_when_it_was_out_of_sight() -> None:
    sight, scan = Sight(1.5), Scan("VN000123", "]C")
    assert sight.look([scan], 0.0) == [scan]
    assert sight.look([scan], 1.0) == []
    assert sight.look([], 2.0) == []
    assert sight.look([scan], 2.4) == []
    assert sight.look([scan], 4.0) == [scan]


def test_a_code_without_a_check_character_must_be_seen_twice() -> None:
    sight, right, wrong = Sight(1.5), Scan("123456", "]F"), Scan("128456", "]F")
    assert sight.look([wrong], 0.0) == []
    assert sight.look([right], 0.1) == []
    assert sight.look([right], 0.2) == [right]
    assert sight.look([right], 0.3) == []


async def test_a_camera_that_goes_away_is_a_lost_port() -> None:
    async with looking(picture("VN000123"), None) as scanner:
        assert (await soon(scanner)).text == "VN000123"
        with pytest.raises(PortLostError, match="went away"):
            await soon(scanner)


async def test_a_camera_that_hangs_is_given_up() -> None:
    film = Film([BLANK], pause=1.0)
    async with open_camera(CameraOptions(still_s=0.1), lambda _: film) as scanner:
        with pytest.raises(PortLostError, match="no picture for 0.1 s"):
            await soon(scanner)


@pytest.mark.parametrize(("source", "word"), [("picamera2", "picamera2"), ("opencv", "opencv")])
async def test_a_library_that_is_missing_is_named(source: Any, word: str) -> None:
    if find_spec("picamera2") or find_spec("cv2"):
        pytest.skip("a camera library is installed")
    with pytest.raises(OptionError, match=word):
        async with CAMERA.open(CameraOptions(source=source)):
            pass


class Rows:
    """As much of an array as a camera gives."""

    def __init__(self, shown: Picture, more: int = 0) -> None:
        self.shown, self.shape = shown, (shown.height + more, shown.width)

    def __getitem__(self, key: tuple[slice, slice]) -> "Rows":
        assert key == (slice(None, self.shown.height), slice(None, self.shown.width))
        return self

    def tobytes(self) -> bytes:
        return self.shown.dots


async def test_the_pictures_of_a_raspberry_pi_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = picture("VN000123")
    did: list[str] = []

    class Picamera2:
        def __init__(self, number: int) -> None:
            did.append(f"camera {number}")

        def create_video_configuration(self, main: dict[str, Any]) -> dict[str, Any]:
            return main

        def configure(self, main: dict[str, Any]) -> None:
            did.append(f"{main['format']} {main['size']}")

        def capture_array(self, name: str) -> Rows:
            assert name == "main"
            return Rows(shown, more=shown.height // 2)

        def start(self) -> None:
            did.append("start")

        def stop(self) -> None:
            did.append("stop")

        def close(self) -> None:
            did.append("close")

    monkeypatch.setitem(sys.modules, "picamera2", SimpleNamespace(Picamera2=Picamera2))
    options = CameraOptions(width=shown.width, height=shown.height)
    async with CAMERA.open(options) as scanner:
        assert await soon(scanner) == Scan("VN000123", "]Q")
    assert did == ["camera 0", f"YUV420 {(shown.width, shown.height)}", "start", "stop", "close"]


async def test_the_pictures_of_a_usb_camera_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = picture("VN000123")

    class VideoCapture:
        def __init__(self, number: int) -> None:
            self.number = number
            self.left = 3

        def isOpened(self) -> bool:  # noqa: N802
            return self.number == 0

        def set(self, _what: int, _value: int) -> None:
            pass

        def read(self) -> tuple[bool, Any]:
            self.left -= 1
            return self.left > 0, Rows(shown)

        def release(self) -> None:
            pass

    fake = SimpleNamespace(
        VideoCapture=VideoCapture, cvtColor=lambda frame, _how: frame, COLOR_BGR2GRAY=6,
        CAP_PROP_FRAME_WIDTH=3, CAP_PROP_FRAME_HEIGHT=4,
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "cv2", fake)
    async with CAMERA.open(CameraOptions(source="opencv")) as scanner:
        assert await soon(scanner) == Scan("VN000123", "]Q")
        with pytest.raises(PortLostError, match="went away"):
            await soon(scanner)
    with pytest.raises(PortLostError, match="no camera 3"):
        async with CAMERA.open(CameraOptions(source="opencv", camera=3)):
            pass
