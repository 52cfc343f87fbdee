"""The receipt's code: printed, read with a camera's library, checked at the kiosk and by hand."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from drivers.barcode.pictures import Picture, decoder
from edge.cli import main
from edge.wire.proofs import Entry, Slip
from kiosk.proof import centres, load
from kiosk.testing import NOW, item_id, kiosk_in_a_box, receipt_keys


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


async def test_staff_check_a_receipt_at_the_hidden_corner_and_go_on(box):
    box.press("staff")
    await box.screen("identify")
    box.scan("900001")
    await box.screen("staff")
    slip = Slip(int(NOW * 1000), "0A1B2C3D", [Entry("returned", item_id(3))])
    box.scan(box.kiosk.engine.receipt_keys.signer.sign(slip))
    data = await box.screen("proof")
    assert data["genuine"]
    box.press("back")
    await box.screen("staff")


async def test_a_key_that_the_centre_stopped_is_not_believed_any_more(box):
    signer = box.kiosk.engine.receipt_keys.signer
    code = signer.sign(Slip(int(NOW * 1000), "0A1B2C3D", [Entry("returned", item_id(3))]))
    key = Ed25519PrivateKey.from_private_bytes(bytes([2]) * 32).public_key().public_bytes_raw()
    box.policy(receipts_stopped={key.hex(): int(NOW * 1000) + 60_000})
    box.scan(code)
    await box.screen("proof", lambda d: d["genuine"])
    box.policy(receipts_stopped={key.hex(): int(NOW * 1000) - 60_000})
    box.scan(code)
    await box.screen("proof", lambda d: not d["genuine"])


def test_what_is_no_key_in_the_list_of_trust_is_left_out():
    key = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32).public_key()
    raw = key.public_bytes_raw().hex()
    assert [k.public_bytes_raw() for k in centres(["", "zz", "00", raw], [key])] == [
        key.public_bytes_raw()
    ]
