"""Chromium in front of a real gateway whose ledger holds half a day of two libraries."""

from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.async_api import async_playwright

from edge.wire.facts import (
    BinChanged,
    Booted,
    DropRefused,
    GateAlarm,
    GateCount,
    Loan,
    RenewalWish,
    Return,
    Secured,
    StaffCalled,
    TagTrouble,
    Trouble,
    card_ref,
)
from edge.wire.messages import Health, PartHealth, State
from edge.wire.proofs import Entry, Signer, Slip
from gateway.config import BrokerOptions, Config, ConsoleOptions, GatewayOptions
from gateway.enrol import enrol, make_home, open_ledger
from gateway.ledger import accounts, status
from gateway.ledger.catalogue import Item, Reader
from gateway.service import gateway
from gateway.testing import HOUR, MINUTE, NOW, POLICY, Speaker, mosquitto

SCREENS = Path(__file__).parents[3] / ".artifacts" / "screens"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",
]
BOOKS = """Truyện Kiều|Nguyễn Du
Số đỏ|Vũ Trọng Phụng
Lều chõng|Ngô Tất Tố
Chí Phèo|Nam Cao
Giông tố|Vũ Trọng Phụng
Gió lạnh đầu mùa|Thạch Lam
Hà Nội băm sáu phố phường|Thạch Lam
Chinh phụ ngâm khúc|Đặng Trần Côn
Lục Vân Tiên|Nguyễn Đình Chiểu
Thơ Hồ Xuân Hương|Hồ Xuân Hương
Nửa chừng xuân|Khái Hưng
Việt Nam sử lược|Trần Trọng Kim
Từ điển Hán – Việt|Đào Duy Anh
Vang bóng một thời|Nguyễn Tuân""".splitlines()
PEOPLE = ["Nguyễn Văn An", "Trần Thị Bình", "Lê Minh Châu", "Phạm Thu Dung", "Đỗ Quỳnh Giang"]
PLACES = (
    ("tinh", "tinh-kiosk", "Máy mượn trả tầng 1"),
    ("tinh", "tinh-gate", "Cửa chính"),
    ("tinh", "tinh-drop", "Thùng trả ngoài trời"),
    ("xa", "xa-all", "Quầy tự động xã"),
)


def fill(home, tmp_path):
    """Make half a day: loans, returns, alarms, a printer without paper, a site without network."""
    ledger = open_ledger(home)
    with ledger.store.transaction():
        ledger.catalogue.put_policy(POLICY, NOW)
        rows = [line.split("|") for line in BOOKS]
        ledger.catalogue.put_items(
            Item(item=f"30{n:04}", title=t, author=a, flags=["reference"] if n == 12 else [])
            for n, (t, a) in enumerate(rows)
        )
        ledger.catalogue.put_readers(
            [
                (Reader(reader=f"R{n:04}", name=name, blocked=n == 3, cards=[f"9{n}"]), 0, 0)
                for n, name in enumerate(PEOPLE)
            ],
            NOW,
        )
    for site, device, name in PLACES:
        enrol(home, ledger, site, device, tmp_path / device, NOW - 30 * 24 * HOUR, name=name)
    ledger.catalogue.put_site("tinh", "tinh", "Thư viện tỉnh")
    ledger.catalogue.put_site("xa", "xa", "Thư viện xã Tân Lập")
    said = [
        (event.at.wall, speaker, event) for speaker in half_a_day(home) for event in speaker.events
    ]
    for at, speaker, event in sorted(said, key=lambda one: one[0]):
        late = 5 * MINUTE if speaker.device == "xa-all" else 900
        ledger.apply(speaker.site, speaker.batch(event.seq, event.seq), at + late)
    say_how_they_are(ledger)
    ledger.close()


def half_a_day(home):
    kiosk, gate = Speaker("tinh-kiosk", "tinh", "k1"), Speaker("tinh-gate", "tinh", "g1")
    drop, commune = Speaker("tinh-drop", "tinh", "d1"), Speaker("xa-all", "xa", "x1")

    def card(site, n):
        return card_ref(home.site_key(site), f"9{n}")

    def lend(speaker, item, who, at):
        fact = Loan(item=f"30{item:04}", card=card(speaker.site, who), due=0, session=f"S{who}")
        speaker.happened(fact, at)

    start = NOW - 6 * HOUR
    kiosk.happened(Booted(version="0.1", stations=["kiosk"]), start)
    for n in range(9):
        lend(kiosk, n, n % 3, start + 20 * MINUTE + n * 27 * MINUTE)
        if n % 2 == 0:
            kiosk.happened(Return(item=f"30{n:04}"), start + 30 * MINUTE + n * 27 * MINUTE)
    kiosk.happened(RenewalWish(item="300001", card=card("tinh", 1)), NOW - 50 * MINUTE)
    lend(kiosk, 3, 4, NOW - 41 * MINUTE)
    lend(kiosk, 12, 0, NOW - 33 * MINUTE)
    kiosk.happened(Trouble(part="printer", reason="paper_out"), NOW - 9 * MINUTE)
    kiosk.happened(TagTrouble(reason="torn", uid="E00401", item="300009"), NOW - 8 * MINUTE)
    kiosk.happened(Secured(item="300010", uid="E00402", afi=0xC2, about="a loan"), NOW - 7 * MINUTE)
    kiosk.happened(StaffCalled(station="kiosk"), NOW - 2 * MINUTE)
    gate.happened(GateCount(gate="cửa chính", entered=61, left=48), NOW - HOUR)
    for n in range(2):
        alarm = GateAlarm(
            gate="chính", uid="E00403", item="300010", afi=7, direction="out", part="2", reads=5,
            rssi=-54, format="iso28560-3", owner="VN-TINH",
        )  # fmt: skip
        gate.happened(alarm, NOW - 5 * MINUTE + n * 20_000)
    drop.happened(Return(item="300005", place="drop"), NOW - 14 * MINUTE)
    drop.happened(DropRefused(reason="several"), NOW - 13 * MINUTE)
    drop.happened(BinChanged(bin="1", percent=85, items=42), NOW - 12 * MINUTE)
    commune.happened(Booted(version="0.1", clean=False), NOW - 70 * MINUTE)
    commune.happened(Loan(item="300011", card=card("xa", 7), due=0), NOW - 65 * MINUTE)
    lend(commune, 13, 3, NOW - 62 * MINUTE)
    return kiosk, gate, drop, commune


def say_how_they_are(ledger):
    def well(**parts):
        return {name: PartHealth(up=up) for name, up in parts.items()}

    for _, device, _ in PLACES:
        status.put_state(ledger, device, State(online=device != "xa-all"), NOW - 58 * MINUTE)
        health = Health(at=NOW, version="0.1", boot="b", parts=well(pad=True), waiting=0)
        if device == "xa-all":
            health = Health(at=NOW, version="0.1", boot="b", waiting=23, oldest=NOW - 57 * MINUTE)
        if device == "tinh-gate":
            counted = {"gate_entered": 84.0, "gate_left": 71.0, "gate_inside": 13.0}
            health = msgspec.structs.replace(health, numbers=counted)
        seen = NOW - 58 * MINUTE if device == "xa-all" else NOW - 10_000
        status.put_health(ledger, device, health, seen)
    status.put_state(ledger, "xa-all", State(online=False), NOW - 58 * MINUTE)


@pytest.fixture
def home(tmp_path):
    home = make_home(tmp_path / "centre", ["127.0.0.1"])
    fill(home, tmp_path)
    return home


@pytest.fixture
def code(home, tmp_path):
    """Return the code of a receipt of the kiosk."""
    folder = tmp_path / "tinh-kiosk"
    key = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex((folder / "receipt.key").read_text().strip())
    )
    lines = [
        Entry("lent", "300000", NOW + 14 * 24 * HOUR),
        Entry("lent", "300001", NOW, sure=False),
    ]
    slip = Slip(NOW - 30_000, "0A1B2C3D", [*lines, Entry("returned", "300002")])
    return Signer(key, (folder / "receipt.crt").read_text()).sign(slip)


@pytest.fixture
async def centre(tmp_path, home):
    async with served(home, tmp_path) as address:
        yield address


@pytest.fixture
async def shut_centre(tmp_path, home):
    """The same with an account, so that one must sign in."""
    ledger = open_ledger(home)
    accounts.put(ledger, "hoa", "staff", NOW, name="Cô Hoa", password="0123456789")
    ledger.close()
    async with served(home, tmp_path) as address:
        yield address


@asynccontextmanager
async def served(home, tmp_path):
    async with mosquitto(home, tmp_path) as broker:
        files = {
            name: home.pki(f"gateway.{end}") for name, end in (("cert", "crt"), ("key", "key"))
        }
        config = Config(
            GatewayOptions(home.folder),
            BrokerOptions(port=broker.port, ca=home.pki("server-ca.crt"), **files),
            ConsoleOptions(port=0, open=True),
        )
        async with gateway(config, lambda: NOW) as server:
            yield server.address


@pytest.fixture
def flags():
    return FLAGS


@pytest.fixture
async def browser(flags):
    async with async_playwright() as tools:
        browser = await tools.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        yield browser
        await browser.close()


class Page:
    """The console's page; every request and every complaint of the browser is kept."""

    def __init__(self, page, url):
        self.page, self.url = page, url
        self.requests, self.complaints = [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None,
        )

    async def open(self, query="", awaited=".entry"):
        await self.page.goto(self.url + query)
        await self.page.wait_for_selector(awaited)
        await self.page.evaluate("document.fonts.ready")
        return self

    async def picture(self, name):
        SCREENS.mkdir(parents=True, exist_ok=True)
        await self.page.wait_for_timeout(300)
        await self.page.screenshot(path=SCREENS / f"console-{name}.png")


@pytest.fixture
async def open_page(browser, centre):
    async def opening(query="", width=1440, height=900, awaited=".entry", **more):
        size = {"width": width, "height": height}
        context = await browser.new_context(viewport=size, locale="vi-VN", **more)
        return await Page(await context.new_page(), centre).open(query, awaited)

    return opening
