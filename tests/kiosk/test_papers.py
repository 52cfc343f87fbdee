"""Identity papers at the kiosk: refused unless the policy says so, and never kept."""

import pytest

from edge.circulation.model import ReaderView
from edge.wire.facts import PAPER, card_ref
from edge.wire.messages import Part
from kiosk.testing import KEY

NUMBER = "001300999999"  # made up, as all of this
CODE = f"{NUMBER}|012345678|Trần Thị Thử Nghiệm|31122000|Nữ|Số 0, Phố Không Có|01012022"


def register(box, text):
    """Make a text the card of a reader, here and at the centre."""
    view = ReaderView(card=card_ref(KEY, text), reader="R7")
    box.centre.names[view.card] = "Thử"
    for one in (box.replica, box.centre.replica):
        assert one.apply(Part(version=one.version + 1, start=one.version, readers=[view]))


async def test_a_paper_is_refused_with_a_sentence_unless_the_policy_names_the_site(box):
    register(box, PAPER + NUMBER)
    register(box, NUMBER)
    box.press("borrow")
    await box.screen("identify")
    for sites in ([], ["xa"]):
        box.policy(papers_at=sites)
        box.scan(CODE)
        data = await box.screen("identify", lambda d: d.get("notice"))
        assert data["notice"]["key"] == "id.paper_refused"
        box.press("more_time")


@pytest.mark.parametrize("sites", [["tinh"], ["*"]])
async def test_where_it_is_allowed_the_number_alone_is_looked_up_and_nothing_is_kept(
    box, sites, tmp_path, caplog
):
    caplog.set_level("DEBUG")
    register(box, PAPER + NUMBER)
    box.policy(papers_at=sites)
    box.scan(CODE)
    data = await box.screen("books", lambda d: d["known"])
    assert data["name"] == "Thử"
    box.put(1)
    await box.screen("count")
    box.press("count_yes")
    await box.screen("results", lambda d: d["lent"] == 1)
    stored = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    for part in CODE.split("|"):
        assert part.encode() not in stored
        assert part not in caplog.text


@pytest.mark.parametrize("text", [NUMBER, PAPER + NUMBER, (PAPER + NUMBER).upper()])
async def test_a_plain_code_with_the_number_is_not_taken_for_the_paper(box, text):
    register(box, PAPER + NUMBER)
    box.policy(papers_at=["*"])
    box.press("borrow")
    await box.screen("identify")
    box.scan(text)
    box.scan("100003")
    data = await box.screen("identify", lambda d: d.get("notice"))
    assert data["known"] is False
