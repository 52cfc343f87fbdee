"""A receipt by e-mail: a wish in the journal; the address is never here."""

import pytest

from edge.journal import JournalFullError
from edge.journal.database import plain
from edge.wire.facts import StaffCalled
from kiosk.testing import kiosk_in_a_box
from kiosk.visiting import lend


async def receipt(box):
    await lend(box, 1)
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


class SmallDisk:
    """A disk that is large enough until somebody fills it: SQLite may not let the file grow."""

    def __init__(self):
        self.files = []

    def __call__(self, path):
        self.files.append(plain(path))
        return self.files[-1]

    async def fill(self, journal):
        for file in self.files:
            file.execute("PRAGMA max_page_count = 1")  # no further than it is now
        for many in (20, 1):  # the last room is for one
            with pytest.raises(JournalFullError):
                while True:
                    await journal.append(*[StaffCalled(station="kiosk")] * many)


async def test_a_full_disk_promises_no_e_mail(tmp_path):
    disk = SmallDisk()
    async with kiosk_in_a_box(tmp_path, storage=disk) as box:
        await box.screen("idle")
        box.centre.mail = True
        await receipt(box)
        await disk.fill(box.journal)
        box.press("email")
        data = await box.screen("receipt", lambda d: d.get("notice"))
        assert "Chưa ghi được" in data["notice"]["text"]
        assert box.facts("receipt_wish") == []
