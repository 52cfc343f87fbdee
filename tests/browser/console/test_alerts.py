"""What is told by itself: a machine is fine again, a gate rings aloud."""

import pytest

from edge.wire.facts import GateAlarm, Well
from edge.wire.messages import Health, PartHealth, State
from gateway.enrol import open_ledger
from gateway.ledger import status
from gateway.testing import NOW, Speaker

pytestmark = pytest.mark.browser
LISTEN = """
document.body.dataset.rung = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) {
  document.body.dataset.rung = Number(document.body.dataset.rung) + 1; return start.apply(this, at); };
undefined;
"""


@pytest.fixture
def happen(home):
    """Let facts come in while the page is open; the page hears of them like of all others."""

    def say(speaker, *facts):
        ledger = open_ledger(home)
        for fact in facts:
            speaker.happened(fact, NOW)
        ledger.apply(speaker.site, speaker.batch(), NOW)
        ledger.close()

    return say


@pytest.fixture
def is_well(home):
    def well(device):
        ledger = open_ledger(home)
        parts = {"pad": PartHealth(up=True)}
        status.put_state(ledger, device, State(online=True), NOW)
        status.put_health(ledger, device, Health(at=NOW, version="1", boot="b", parts=parts), NOW)
        ledger.close()

    return well


async def beat(page):
    """Settle any entry through the page's own door, so that the console looks at the ledger now."""
    await page.page.click(".entry[data-code=TAG_TROUBLE] [data-value=accept]")


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_a_machine_that_is_fine_again_is_told_once(open_page, happen, is_well, lang):
    page = await open_page(f"?lang={lang}")
    await page.page.wait_for_selector(".card.needs[data-state=needs]")
    happen(Speaker("tinh-kiosk", "tinh", "k2"), Well(part="printer", reason="paper_out"))
    is_well("xa-all")
    await beat(page)
    words = "đã ổn trở lại" if lang == "vi" else "is fine again"
    for machine in ("Máy mượn trả tầng 1", "Quầy tự động xã"):
        await page.page.wait_for_selector(f".toast:has-text('{machine} {words}')")
    await page.page.wait_for_selector(".card.needs", state="detached")
    assert await page.page.locator(f".toast:has-text('{words}')").count() == 2
    assert page.complaints == []


async def test_a_gate_rings_aloud_only_where_somebody_asked_for_it(open_page, happen):
    page = await open_page("?page=gates", awaited=".ring")
    await page.page.evaluate(LISTEN)
    gate = Speaker("tinh-gate", "tinh", "g2")

    async def alarm(uid):
        happen(gate, GateAlarm(gate="chính", uid=uid, item="300011", afi=7, direction="out"))
        await page.page.click(".ring [data-value=false_alarm] >> nth=0")
        await page.page.wait_for_selector(".ring:has-text('Việt Nam sử lược')")

    await alarm("E00501")
    assert await page.page.get_attribute("body", "data-rung") == "0"
    await page.page.click("[data-act=sound]")
    await page.page.wait_for_selector("body[data-rung='2']")
    await page.page.click(".ring [data-value=tag_fault] >> nth=0")
    await page.page.wait_for_selector(".ring", state="detached")
    happen(gate, GateAlarm(gate="chính", uid="E00502", item="300011", afi=7, direction="out"))
    await page.page.click(".toast .act >> nth=0")
    await page.page.wait_for_selector("body[data-rung='4'], body[data-rung='6']")
    assert page.complaints == []
