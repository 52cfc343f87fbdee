"""The receipt's code: printed, read with a camera's library, checked at the kiosk and by hand."""

import json

import pytest
from PIL import Image

from drivers.barcode.pictures import Picture, decoder
from edge.cli import main
from kiosk.proof import load
from kiosk.testing import item_id, kiosk_in_a_box, receipt_keys


@pytest.fixture
async def box(tmp_path):
    async with kiosk_in_a_box(tmp_path, receipt_keys=receipt_keys(tmp_path / "keys")) as box:
        await box.screen("idle")
        yield box


async def lend(box, *numbers):
    box.put(*numbers)
    await box.screen("books", lambda d: d["waiting"] == len(numbers))
    box.tap("100001")
    await box.screen("count")
    box.press("count_yes")
    await box.screen("results", lambda d: d["lent"] == len(numbers))
    box.press("finish")
    await box.screen("receipt", lambda d: d["printer"] == "ok")


def read(image):
    grey = image.convert("L")
    [scan] = decoder("zxing")(Picture(grey.width, grey.height, grey.tobytes()))
    return scan.text


async def test_a_printed_receipt_is_scanned_and_said_to_be_genuine_without_the_centre(box):
    await lend(box, 1, 2, 3)
    box.press("print")
    await box.screen("bye")
    [page] = box.printer.pages
    text = read(page)
    box.centre.connected = False
    box.lift()
    box.pass_time(6)
    await box.screen("idle")
    box.scan(text)
    data = await box.screen("proof")
    assert data["genuine"] is True
    assert data["device"] == "tinh-kiosk"
    assert [row["item"] for row in data["items"]] == [item_id(n) for n in (1, 2, 3)]
    assert {row["text"] for row in data["items"]} == {"Đã mượn – hạn trả 06/12/2026"}
    box.scan(text[:-9] + "A" * 9)
    await box.screen("proof", lambda d: not d["genuine"])
    box.press("finish")
    await box.screen("idle")


async def test_the_code_on_the_screen_is_read_from_a_photo_and_checked_by_hand(
    box, tmp_path, capsys
):
    await lend(box, 1)
    box.press("on_screen")
    data = await box.screen("receipt", lambda d: d["receipt"])
    rows = data["receipt"]["qr"]
    image = Image.new("L", (len(rows) + 8,) * 2, 255)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            image.putpixel((x + 4, y + 4), 0 if dark == "1" else 255)
    photo = tmp_path / "photo.png"
    image.resize((image.width * 4,) * 2, Image.Resampling.NEAREST).save(photo)
    centre = ["--centre", str(tmp_path / "keys" / "command.pub")]
    assert main(["receipt", "verify", str(photo), *centre, "--lang", "vi"]) == 0
    assert "mượn, hạn trả 06/12/2026" in capsys.readouterr().out
    text = data["receipt"]["code"]
    assert main(["receipt", "verify", text, *centre, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["genuine"], said["items"][0]["item"]) == (True, item_id(1))
    assert main(["receipt", "verify", text[:-20] + "A" * 20, *centre, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["genuine"] is False
    assert main(["receipt", "verify", "nothing.png", *centre]) == 2
    assert main(["receipt", "verify", text, "--centre", str(tmp_path / "no.pub")]) == 2


async def test_a_receipt_in_the_middle_of_a_visit_is_no_card(box):
    box.press("borrow")
    await box.screen("identify")
    box.scan("SW1:" + "A" * 300)
    data = await box.screen("identify", lambda d: d.get("notice"))
    assert "mã của biên nhận" in data["notice"]["text"]


def test_keys_that_are_missing_or_wrong_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"receipt\.key"):
        load(tmp_path)
    folder = receipt_keys(tmp_path / "keys")
    (folder / "receipt.key").write_text("00" * 32)
    with pytest.raises(ValueError, match="another key"):
        load(folder)
