"""A receipt by e-mail: a wish in the journal; the address is never here."""

from edge.journal import JournalFullError


async def receipt(box):
    box.put(1)
    await box.screen("books", lambda d: d["waiting"] == 1)
    box.tap("100001")
    await box.screen("count")
    box.press("count_yes")
    await box.screen("results", lambda d: d["lent"] == 1)
    box.press("finish")
    return await box.screen("receipt", lambda d: d["printer"] == "ok")


async def test_a_reader_with_an_address_at_the_centre_may_have_the_receipt_sent(box):
    box.centre.mail = True
    data = await receipt(box)
    assert data["mail"] is True
    number = box.kiosk.engine.visit.id
    box.press("email")
    data = await box.screen("bye")
    assert data["mailed"] is True
    [wish] = box.facts("receipt_wish")
    assert wish["session"] == number
    assert "@" not in str(box.facts())


async def test_without_an_address_nothing_is_offered_or_asked(box):
    data = await receipt(box)
    assert data["mail"] is False
    box.press("email")
    box.press("no_receipt")
    await box.screen("bye", lambda d: not d["mailed"])
    assert box.facts("receipt_wish") == []


async def test_a_full_disk_promises_no_e_mail(box, monkeypatch):
    box.centre.mail = True
    await receipt(box)

    async def full(*_):
        raise JournalFullError("no space")

    monkeypatch.setattr(box.journal, "append", full)
    box.press("email")
    data = await box.screen("receipt", lambda d: d.get("notice"))
    assert "Chưa ghi được" in data["notice"]["text"]
