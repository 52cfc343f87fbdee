"""A phone whose browser cannot read codes itself: camera and photo, without a network."""

import pytest
import qrcode
from PIL import Image

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
WIDTH, HEIGHT = 1280, 720
READY = "#check:not(:empty)"


def film(code, file):
    """Make a film of a hand that brings a receipt before the camera: nothing first, then the code."""
    empty = Image.new("L", (WIDTH, HEIGHT), 92)
    paper = Image.new("L", (620, 660), 236)
    paper.paste(qrcode.make(code).convert("L").resize((560, 560)), (30, 60))
    held = empty.copy()
    held.paste(paper.rotate(4, Image.Resampling.BICUBIC, expand=True, fillcolor=92), (310, 10))
    grey = bytes([128]) * (WIDTH * HEIGHT // 2)
    frames = b"".join(b"FRAME\n" + one.tobytes() + grey for one in [empty] * 3 + [held] * 9)
    file.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F5:1 Ip A1:1 C420\n".encode() + frames)


@pytest.fixture
def flags(flags, tmp_path, code):
    """Chromium's flags, and a camera that sees the film."""
    film(code, tmp_path / "camera.y4m")
    return [
        *flags,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={tmp_path / 'camera.y4m'}",
    ]


@pytest.fixture
async def kept(open_page):
    """Open the page of receipts as a phone keeps it, and take the network away."""
    opened = await open_page("receipt/", **PHONE, awaited=READY)
    assert not await opened.page.evaluate("'BarcodeDetector' in window")
    await opened.page.evaluate("navigator.serviceWorker.ready")
    await opened.page.reload()
    await opened.page.wait_for_selector(READY)
    await opened.page.context.set_offline(True)
    return opened


async def test_photo_and_camera_are_read_without_a_network(kept, code, tmp_path, axe):
    qrcode.make(code).convert("RGB").save(tmp_path / "photo.jpg")
    await kept.page.set_input_files("#photo", tmp_path / "photo.jpg")
    await kept.page.wait_for_selector("text=Biên nhận thật", timeout=20_000)
    await kept.page.click("#scan")
    await kept.page.wait_for_selector("#view:visible")
    assert not await kept.page.inner_text("#result")
    await kept.picture("receipt-camera-vi")
    found = await axe(kept.page)
    camera = await kept.page.evaluate_handle("document.querySelector('video').srcObject")
    await kept.page.wait_for_selector("text=Biên nhận thật", timeout=20_000)
    await kept.picture("receipt-camera-read-vi")
    assert "0A1B2C3D" in await kept.page.inner_text("#result")
    assert not await kept.page.is_visible("#view")
    assert not await camera.evaluate("(stream) => stream.active")
    assert found == []
