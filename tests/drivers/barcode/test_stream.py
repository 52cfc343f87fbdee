import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from drivers.barcode import CAMERA, CameraOptions, stream
from drivers.barcode.camera_simulator import CameraSimulator
from drivers.barcode.mjpeg import MAX_PICTURE, PictureCutter, part
from drivers.barcode.pictures import Library, Symbology, decoder
from drivers.barcode.scene import View, picture
from drivers.errors import FrameError, OptionError, PortLostError
from drivers.ports import Scan, Scanner
from drivers.testing.faults import Faults
from drivers.testing.serve import ServedOnTcp, serve_tcp

pytest.importorskip("zxingcpp")
LIBRARIES: list[Any] = [
    "zxing",
    pytest.param(
        "zbar", marks=pytest.mark.skipif(not find_spec("pyzbar"), reason="no pyzbar here")
    ),
]
CODES: list[tuple[Symbology, str, Scan]] = [
    ("code39", "VN000123", Scan("VN000123", "]A")),
    ("code128", "VN000123", Scan("VN000123", "]C")),
    ("codabar", "A123456B", Scan("123456", "]F")),
    ("ean", "9786041234567", Scan("9786041234567", "]E")),
    ("qr", "Thẻ bạn đọc: Nguyễn Thị Ước", Scan("Thẻ bạn đọc: Nguyễn Thị Ước", "]Q")),
]
READ = Scan("VN000123", "]Q")


@asynccontextmanager
async def camera(
    faults: Faults | None = None,
) -> AsyncIterator[tuple[CameraSimulator, ServedOnTcp]]:
    device = CameraSimulator(rate=20)
    served = await serve_tcp(device, faults=faults)
    await device.start()
    try:
        yield device, served
    finally:
        await device.close()
        await served.close()


@asynccontextmanager
async def watching(served: ServedOnTcp, **options: Any) -> AsyncIterator[Scanner]:
    url = served.address.replace("tcp://", "http://") + "/stream"
    given = {"looks": 50, "again_ms": 60_000} | options
    async with CAMERA.open(CameraOptions(source="stream", url=url, **given)) as scanner:
        yield scanner


async def soon(scanner: Scanner) -> Scan:
    return await asyncio.wait_for(scanner.next_scan(), 30)


@pytest.mark.parametrize("library", LIBRARIES)
async def test_every_code_is_read_over_the_wire(library: Library) -> None:
    async with camera() as (device, served), watching(served, library=library) as scanner:
        for symbology, text, told in CODES:
            device.show(text, symbology)
            assert await soon(scanner) == told
            device.show("")


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("symbology", "text", "told"), CODES)
@pytest.mark.parametrize(
    "view", [View(blur=1.0), View(dark=70), View(tilt=8), View(dark=60, blur=0.8, tilt=4)]
)
def test_a_view_that_is_a_little_spoilt_is_read(
    library: Library, symbology: Symbology, text: str, told: Scan, view: View
) -> None:
    assert decoder(library)(picture(text, symbology, view)) in ([told], [])
    assert decoder("zxing")(picture(text, symbology, view)) == [told]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("symbology", "text", "told"), CODES)
@pytest.mark.parametrize(
    "view", [View(blur=14), View(dark=100), View(half=True), View(half=True, dark=70, blur=1)]
)
def test_what_is_blurred_dark_or_half_is_not_told_as_another_code(
    library: Library, symbology: Symbology, text: str, told: Scan, view: View
) -> None:
    assert decoder(library)(picture(text, symbology, view)) == []


@pytest.mark.parametrize(
    "faults",
    [Faults(split=0.0), Faults(flip=40, seed=3), Faults(drop=40, seed=4), Faults(delay=0.2)],
    ids=["drips", "flips", "drops", "is late"],
)
async def test_a_bad_wire_makes_it_slower_and_tells_nothing_wrong(faults: Faults) -> None:
    async with camera(faults) as (device, served):
        device.show(READ.text)
        while True:
            try:
                async with watching(served, still_s=1.0) as scanner:
                    assert await soon(scanner) == READ
                    return
            except PortLostError:
                continue  # the question or the head was lost or damaged: the station asks anew


@pytest.mark.parametrize("how", ["frozen", "dead"])
async def test_a_camera_that_shows_nothing_more_is_given_up(how: str) -> None:
    faults = Faults()
    async with camera(faults) as (device, served), watching(served, still_s=2.0) as scanner:
        device.show(READ.text)
        assert await soon(scanner) == READ
        device.frozen, faults.dead = how == "frozen", how == "dead"
        with pytest.raises(PortLostError, match="no picture for 2 s"):
            await soon(scanner)


async def test_a_cable_that_is_pulled_is_a_lost_port_and_comes_back() -> None:
    async with camera() as (device, served):
        device.show(READ.text)
        async with watching(served) as scanner:
            assert await soon(scanner) == READ
            await served.unplug()
            with pytest.raises(PortLostError):
                await soon(scanner)
        with pytest.raises(PortLostError):
            async with watching(served):
                pass
        await served.plug()
        async with watching(served) as scanner:
            assert await soon(scanner) == READ


async def test_a_slow_reader_sees_the_newest_picture() -> None:
    async with camera() as (device, served), watching(served, looks=4) as scanner:
        device.show("VN000001")
        assert (await soon(scanner)).text == "VN000001"
        device.show("VN000002")
        assert (await soon(scanner)).text == "VN000002"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>", "text/html"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        (b"", "clos"),
    ],
)
async def test_what_is_no_camera_is_said_to_be_none(answer: bytes, why: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        options = CameraOptions(source="stream", url=f"http://127.0.0.1:{port}/")
        with pytest.raises(PortLostError, match=why):
            async with CAMERA.open(options):
                pass


@pytest.mark.parametrize(
    ("url", "why"),
    [("", "HOST"), ("rtsp://192.0.2.1/", "HOST"), ("http://me:secret@192.0.2.1/", "password")],
)
async def test_an_address_that_cannot_be_is_refused_without_telling_secrets(
    url: str, why: str
) -> None:
    with pytest.raises(OptionError, match=why) as caught:
        async with CAMERA.open(CameraOptions(source="stream", url=url)):
            pass
    assert "secret" not in str(caught.value)


def jpeg(shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (16, 16), shade).save(file, "JPEG")
    return file.getvalue()


@given(st.lists(st.integers(0, 255), max_size=5), st.lists(st.integers(1, 400)), st.binary())
def test_pictures_are_cut_whole_however_they_arrive(
    shades: list[int], cuts: list[int], before: bytes
) -> None:
    pictures = [jpeg(shade) for shade in shades]
    stream = before.replace(b"\xff", b"") + b"".join(part(one, "b") for one in pictures)
    cutter, found = PictureCutter(), []
    for cut in cuts:
        found += cutter.feed(stream[:cut])
        stream = stream[cut:]
    assert found + cutter.feed(stream) == pictures


def test_a_picture_whose_end_comes_byte_by_byte_is_whole() -> None:
    cutter, found = PictureCutter(), []
    for byte in part(jpeg(9), "b"):
        found += cutter.feed(bytes((byte,)))
    assert found == [jpeg(9)]


def test_a_picture_that_is_too_large_to_look_at_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stream._picture(jpeg(9)) is not None
    monkeypatch.setattr(stream, "MAX_DOTS", 255)
    assert stream._picture(jpeg(9)) is None


@given(st.lists(st.binary(max_size=50)))
def test_any_bytes_give_pictures_or_nothing(pieces: list[bytes]) -> None:
    cutter = PictureCutter()
    for piece in pieces:
        for found in cutter.feed(piece):
            assert found.startswith(b"\xff\xd8\xff")
            assert found.endswith(b"\xff\xd9")


def test_a_small_picture_in_the_head_of_a_picture_does_not_end_it() -> None:
    small = jpeg(7)
    whole = jpeg(200)
    head = b"\xff\xe1" + (len(small) + 2).to_bytes(2, "big") + small
    both = whole[:2] + head + whole[2:]
    assert PictureCutter().feed(part(both, "b") + part(whole, "b")) == [both, whole]


def test_a_picture_that_does_not_end_is_an_error_and_not_a_full_memory() -> None:
    cutter = PictureCutter()
    cutter.feed(b"\xff\xd8\xff\xda")
    with pytest.raises(FrameError, match="no picture ended"):
        cutter.feed(bytes(MAX_PICTURE))
    assert cutter.feed(jpeg(1)) == [jpeg(1)]


def test_the_camera_refuses_what_is_no_question() -> None:
    device = CameraSimulator()
    device.connected(lambda _: None)
    assert device.feed(b"POST / HTTP/1.1\r\n\r\n")[0].data.startswith(b"HTTP/1.1 400")
    assert device.feed(b"x" * 9000)[0].data.startswith(b"HTTP/1.1 400")
    head, first = device.feed(b"GET / HTTP/1.1\r\n\r\n")
    assert head.data.startswith(b"HTTP/1.1 200")
    assert b"\xff\xd8\xff" in first.data
    with pytest.raises(ValueError, match="codabar cannot hold"):
        device.show("lá", "codabar")
