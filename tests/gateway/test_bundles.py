"""Facts and answers on a stick: once, whole, for whom they are, whatever the network does."""

import contextlib
import io
import json
import random
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from edge.bundles.answer import Answer, find
from edge.bundles.export import export
from edge.bundles.inbox import DONE, FILE, Inbox
from edge.clock import Clock
from edge.config import Config, load, site_key
from edge.journal import Journal
from edge.replica import Replica
from edge.uplink import Uplink
from edge.wire import topics
from edge.wire.batch import decode_batch, encode_batch
from edge.wire.bundle import MAGIC, BundleError
from edge.wire.bundlewords import say
from edge.wire.facts import Loan, Return, card_ref
from edge.wire.messages import Health, encode
from gateway import replica
from gateway.bundles import Stick
from gateway.cli import main
from gateway.config import GatewayOptions
from gateway.enrol import enrol, make_home, open_ledger, revoke
from gateway.feed import Feed, feed_of
from gateway.home import Home
from gateway.ledger.catalogue import Reader
from gateway.ledger.sqlite import SqliteLedger
from gateway.service import now_ms
from gateway.testing import DAY, stock

CONFIG = """\
[agent]
site = "{site}"
device = "{device}"
data = "{data}"
site_key = "{keys}/site.key"
[uplink]
ca = "{keys}/ca.crt"
cert = "{keys}/device.crt"
key = "{keys}/device.key"
"""


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A centre and the keys of three devices, to be copied: keys take time to make."""
    folder = tmp_path_factory.mktemp("made")
    home = make_home(folder / "centre", ["127.0.0.1"])
    ledger = open_ledger(home)
    stock(ledger, now_ms())
    for site, device in (("tinh", "kiosk-1"), ("tinh", "gate-1"), ("xa", "xa-all")):
        enrol(home, ledger, site, device, folder / device / "keys", now_ms())
    ledger.close()
    return folder


@pytest.fixture
def home(tmp_path: Path, made_once: Path) -> Home:
    shutil.copytree(made_once, tmp_path, dirs_exist_ok=True)
    return Home(tmp_path / "centre")


@pytest.fixture
def ledger(home: Home) -> Iterator[SqliteLedger]:
    made = open_ledger(home)
    yield made
    made.close()


@pytest.fixture
def stick(home: Home, ledger: SqliteLedger) -> Stick:
    return Stick(home, ledger, feed_of(home, GatewayOptions(home.folder)))


@pytest.fixture
def usb(tmp_path: Path) -> Path:
    (tmp_path / "usb").mkdir()
    return tmp_path / "usb"


def config_of(folder: Path, site: str, device: str) -> Config:
    file = folder / device / "agent.toml"
    file.write_text(
        CONFIG.format(
            site=site, device=device, data=file.parent / "data", keys=file.parent / "keys"
        )
    )
    (file.parent / "data").mkdir(exist_ok=True)
    return load(file)


class Kiosk:
    """The edge without stations and without a network."""

    def __init__(self, folder: Path, site: str = "tinh", device: str = "kiosk-1") -> None:
        self.config, self.clock = config_of(folder, site, device), Clock()
        self.data = self.config.agent.data
        self.journal = Journal.open(self.data / "journal.db", device, self.clock)
        self.replica = Replica.open(self.data / "replica.db", self.clock.now_ms)
        self.journal.listen(self.replica.note)
        self.uplink = Uplink(
            self.config.uplink, self.config.agent, self.journal, self.replica, self.clock,
            health=lambda: Health(at=1, version="1", boot="b"), allowed={},
        )  # fmt: skip
        self.inbox = Inbox(self.config, self.journal, self.replica, self.clock, self.uplink)
        self.card = card_ref(site_key(self.config.agent.site_key), "C1")

    async def live(self, count: int = 1) -> None:
        for n in range(count):
            loan = Loan(item=f"B{n % 4 + 1}", card=self.card, due=0)
            await self.journal.append(loan, Return(item=f"B{n % 4 + 1}"))

    def export(self, place: Path, *, everything: bool = False) -> Path:
        return export(self.config, place, self.clock.now_ms(), everything=everything).file

    async def take(self, answer: Path) -> tuple[str, dict[str, object]]:
        """Do what the command does, and the agent then."""
        data = answer.read_bytes()  # noqa: ASYNC240
        Answer(io.BytesIO(data), str(answer), self.config).check(self.clock.now_ms())
        (self.data / FILE).write_bytes(data)
        await self.inbox.take()
        said = json.loads((self.data / DONE).read_text())
        return said["word"], said["values"]

    async def send(self, ledger: SqliteLedger) -> bytes:
        """Bring some facts over the network; return the cursor that goes back."""
        rows = self.journal.waiting(self.journal.acked, 5)
        first = rows[0][0] if rows else self.journal.acked + 1
        if rows:
            before = self.journal.mark(first - 1)
            bodies = [body for _, body in rows]
            await self.journal.sending(rows[-1][0])
            payload = encode_batch("kiosk-1", self.journal.epoch, first, bodies, before)
            ledger.apply("tinh", decode_batch(payload), now_ms())
        return encode(ledger.place("kiosk-1", self.journal.epoch))


@pytest.fixture
async def kiosk(tmp_path: Path, home: Home) -> AsyncIterator[Kiosk]:
    made = Kiosk(tmp_path)
    yield made
    await made.journal.close()
    made.replica.close()


def counts(ledger: SqliteLedger) -> tuple[int, int]:
    query = "SELECT count(*), count(DISTINCT id) FROM facts"
    return tuple(ledger.store.row(query))


def answer(stick: Stick, taken: object, folder: Path) -> Path:
    return stick.answer("kiosk-1", folder, now_ms(), taken).file


async def test_a_stick_goes_there_and_back_and_all_is_known(kiosk, stick, ledger, usb):
    await kiosk.live(3)
    taken = stick.take_in(kiosk.export(usb), now_ms())
    assert (taken.fresh, taken.repeated, taken.word) == (6, 0, "")
    word, values = await kiosk.take(answer(stick, taken, usb))
    assert (word, values["acked"], values["waiting"]) == ("accepted", 6, 0)
    assert kiosk.replica.version == replica.newest(ledger)
    assert kiosk.replica.item("B1").title == "Truyện Kiều"
    assert kiosk.replica.reader(kiosk.card) is not None
    assert find(usb, "kiosk-1") == usb / "kiosk-1.answer.bundle"
    assert not (kiosk.data / FILE).exists()


@pytest.mark.parametrize("seed", range(6))
async def test_stick_and_network_in_any_order_and_repetition_count_each_fact_once(
    kiosk, stick, ledger, usb, tmp_path, seed
):
    chance, facts, answers = random.Random(seed), list[Path](), list[Path]()
    for n in range(30):
        match chance.randrange(6):
            case 0:
                await kiosk.live(chance.randrange(1, 4))
            case 1:
                facts.append(kiosk.export(tmp_path / f"{n}.bundle", everything=n % 3 == 0))
            case 2 if facts:
                (tmp_path / str(n)).mkdir()
                taken = stick.take_in(chance.choice(facts), now_ms())
                assert taken.word in ("", "gap")
                answers.append(answer(stick, taken, tmp_path / str(n)))
            case 3 if answers:
                word, _ = await kiosk.take(chance.choice(answers))
                assert word in ("accepted", "known", "part_gap")
            case 4:
                await kiosk.uplink.take_carried(topics.CURSOR, await kiosk.send(ledger))
            case _:
                await kiosk.send(ledger)  # the cursor is lost
    taken = stick.take_in(kiosk.export(usb), now_ms())
    await kiosk.take(answer(stick, taken, usb))
    assert kiosk.journal.backlog().count == 0
    assert counts(ledger) == (kiosk.journal.last_seq, kiosk.journal.last_seq)
    assert ledger.store.value("SELECT count(*) FROM streams") == 1, "no epoch was needed"
    assert kiosk.replica.version == replica.newest(ledger)


async def test_an_export_beside_the_agent_is_no_older_image(kiosk, stick, ledger, usb):
    await kiosk.live(4)
    taken = stick.take_in(kiosk.export(usb), now_ms())
    assert kiosk.journal.sent == 0, "the agent does not know of it"
    epoch = kiosk.journal.epoch
    await kiosk.uplink.take_carried(topics.CURSOR, encode(ledger.place("kiosk-1", epoch)))
    assert (kiosk.journal.epoch, kiosk.journal.acked) == (epoch, taken.head.last)


async def test_an_old_answer_takes_nothing_back(kiosk, stick, ledger, usb, tmp_path):
    await kiosk.live(1)
    old = answer(stick, stick.take_in(kiosk.export(usb), now_ms()), tmp_path)
    await kiosk.live(5)
    ledger.catalogue.put_flags("B1", ["lost"])
    await kiosk.take(answer(stick, stick.take_in(kiosk.export(usb), now_ms()), usb))
    before = kiosk.journal.acked, kiosk.journal.epoch, kiosk.replica.version
    assert (await kiosk.take(old))[0] == "known"
    assert (kiosk.journal.acked, kiosk.journal.epoch, kiosk.replica.version) == before
    assert kiosk.replica.item("B1").flags == ["lost"]


async def test_a_ledger_that_was_put_back_is_healed_by_sticks_alone(kiosk, home, tmp_path, usb):
    ledger = open_ledger(home)
    ledger.store.run("VACUUM INTO ?", str(tmp_path / "backup.db"))
    stick = Stick(home, ledger, feed_of(home, GatewayOptions(home.folder)))
    await kiosk.live(3)
    await kiosk.take(answer(stick, stick.take_in(kiosk.export(usb), now_ms()), usb))
    ledger.close()
    for end in ("-wal", "-shm"):
        home.ledger.with_name(home.ledger.name + end).unlink(missing_ok=True)
    (tmp_path / "backup.db").replace(home.ledger)
    ledger = open_ledger(home)
    try:
        stick = Stick(home, ledger, feed_of(home, GatewayOptions(home.folder)))
        await kiosk.live(2)
        taken = stick.take_in(kiosk.export(usb), now_ms())
        assert (taken.word, taken.fresh, counts(ledger)) == ("gap", 0, (0, 0))
        stick.take_in(kiosk.export(usb, everything=True), now_ms())
        assert counts(ledger) == (10, 10)
        await kiosk.take(answer(stick, stick.take_in(kiosk.export(usb), now_ms()), usb))
        assert kiosk.journal.backlog().count == 0
    finally:
        ledger.close()


async def test_an_old_image_of_a_card_is_noticed_and_loses_nothing(stick, ledger, usb, tmp_path):
    kiosk = Kiosk(tmp_path)
    await kiosk.live(2)
    with contextlib.closing(sqlite3.connect(kiosk.data / "journal.db")) as db:
        db.execute("VACUUM INTO ?", (str(tmp_path / "image.db"),))
    await kiosk.live(2)
    stick.take_in(kiosk.export(usb), now_ms())
    await kiosk.journal.close()
    kiosk.replica.close()
    for end in ("-wal", "-shm"):
        (kiosk.data / f"journal.db{end}").unlink(missing_ok=True)
    (tmp_path / "image.db").replace(kiosk.data / "journal.db")
    again = Kiosk(tmp_path)
    try:
        epoch = again.journal.epoch
        for count in (1, 3):  # shorter and longer than what the ledger has
            await again.live(count)
            taken = stick.take_in(again.export(usb), now_ms())
            assert (taken.word, taken.fresh) == ("other_history", 0)
        assert counts(ledger) == (8, 8)
        await again.take(answer(stick, taken, usb))
        assert again.journal.epoch != epoch
        taken = stick.take_in(again.export(usb), now_ms())
        assert (taken.word, taken.fresh, taken.repeated) == ("", 8, 4)
        assert counts(ledger) == (16, 16)
        assert ledger.store.value("SELECT count(*) FROM worklist WHERE code = 'SEQ_CONFLICT'") == 0
        await again.take(answer(stick, taken, usb))
        assert again.journal.backlog().count == 0
    finally:
        await again.journal.close()
        again.replica.close()


async def test_an_answer_for_a_machine_that_never_had_a_network_fills_its_copy(kiosk, stick, usb):
    word, values = await kiosk.take(stick.answer("kiosk-1", usb, now_ms()).file)
    assert (word, values["waiting"]) == ("accepted", 0)
    assert kiosk.replica.item("B1") is not None
    assert kiosk.replica.policy.owners == ["VN-TINH"]


CHANGES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "without its end": ("cut", lambda data: data[:-9]),
    "empty": ("cut", lambda data: data[:0]),
    "zeros at the end": ("changed", lambda data: data[:-30] + bytes(30)),
    "another site": ("changed", lambda data: data.replace(b'"tinh"', b'"tanh"')),
    "something behind": ("changed", lambda data: data + b"more"),
    "newer": ("newer", lambda data: MAGIC + b"\x02" + data[len(MAGIC) + 1 :]),
    "a letter": ("no_bundle", lambda data: b"%PDF-1.4 " + data),
}


@pytest.mark.parametrize(("word", "change"), CHANGES.values(), ids=CHANGES.keys())
async def test_a_file_that_is_not_what_was_written_changes_nothing_on_either_side(
    kiosk, stick, ledger, usb, word, change
):
    await kiosk.live(2)
    facts = kiosk.export(usb)
    whole = facts.read_bytes()
    facts.write_bytes(change(whole))
    with pytest.raises(BundleError) as caught:
        stick.take_in(facts, now_ms())
    assert caught.value.word == word
    assert str(facts) in say("vi", word, **caught.value.values)
    assert counts(ledger) == (0, 0)
    facts.write_bytes(whole)
    back = answer(stick, stick.take_in(facts, now_ms()), usb)
    back.write_bytes(change(back.read_bytes()))
    with pytest.raises(BundleError) as caught:
        await kiosk.take(back)
    assert caught.value.word == word
    assert str(back) in say("en", word, **caught.value.values)
    (kiosk.data / FILE).write_bytes(back.read_bytes())
    await kiosk.inbox.take()
    assert json.loads((kiosk.data / DONE).read_text())["word"] == word
    assert (kiosk.journal.acked, kiosk.replica.version) == (0, 0)


async def test_whose_facts_they_are_is_looked_at_closely(kiosk, stick, home, ledger, usb, tmp_path):
    await kiosk.live(1)
    facts = kiosk.export(usb)

    def refusal() -> BundleError:
        with pytest.raises(BundleError) as caught:
            stick.take_in(facts, now_ms())
        assert counts(ledger) == (0, 0)
        return caught.value

    keys = tmp_path / "kiosk-1" / "keys"
    enrol(home, ledger, "tinh", "kiosk-1", tmp_path / "new", now_ms())
    assert refusal().word == "other_cert"
    (tmp_path / "new" / "device.key").replace(keys / "device.key")
    (tmp_path / "new" / "device.crt").replace(keys / "device.crt")
    facts = kiosk.export(usb)
    ledger.store.run("UPDATE devices SET site = 'xa' WHERE device = 'kiosk-1'")
    assert refusal().word == "wrong_site"
    ledger.store.run("UPDATE devices SET site = 'tinh' WHERE device = 'kiosk-1'")
    revoke(home, ledger, "kiosk-1", now_ms())
    assert refusal().values["found"] == "kiosk-1"
    other = make_home(tmp_path / "other", ["127.0.0.1"])
    with pytest.raises(BundleError) as caught:
        Stick(other, ledger, Feed()).take_in(facts, now_ms())
    assert caught.value.word == "foreign_cert"
    back = stick.answer("gate-1", usb, now_ms()).file
    with pytest.raises(BundleError) as caught:
        stick.take_in(back, now_ms())
    assert caught.value.word == "wrong_kind"


async def test_whose_answer_it_is_is_looked_at_closely(kiosk, stick, home, ledger, usb, tmp_path):
    async def refusal(file: Path) -> BundleError:
        with pytest.raises(BundleError) as caught:
            await kiosk.take(file)
        assert kiosk.replica.version == 0
        return caught.value

    assert (await refusal(stick.answer("gate-1", usb, now_ms()).file)).word == "wrong_device"
    assert (await refusal(stick.answer("xa-all", usb, now_ms()).file)).word == "wrong_site"
    error = await refusal(stick.answer("kiosk-1", usb, now_ms() - 60 * DAY).file)
    assert error.word == "expired"
    assert "/20" in say("vi", error.word, **error.values)
    (usb / "kiosk-1.answer.bundle").write_bytes(kiosk.export(usb).read_bytes())
    assert (await refusal(usb / "kiosk-1.answer.bundle")).word == "wrong_kind"
    other = make_home(tmp_path / "other", ["127.0.0.1"])
    device = home.device_cert("kiosk-1").read_bytes()
    other.pki("device-ca.crt").write_bytes(home.pki("device-ca.crt").read_bytes())
    other.device_cert("kiosk-1").parent.mkdir()
    other.device_cert("kiosk-1").write_bytes(device)
    forged = Stick(other, ledger, Feed()).answer("kiosk-1", usb, now_ms()).file
    assert (await refusal(forged)).word == "not_the_centre"
    with pytest.raises(BundleError, match="nothing_here"):
        find(tmp_path, "kiosk-1")


async def test_a_stick_that_is_full_or_gone_is_said_and_leaves_no_half_file(kiosk, usb):
    await kiosk.live(1)
    with pytest.raises(BundleError, match="unwritable"):
        kiosk.export(usb / "gone" / "x.bundle")
    assert list(usb.iterdir()) == []


async def test_without_keys_it_is_said_which_file_is_missing(kiosk, tmp_path, usb):
    (tmp_path / "kiosk-1/keys/centre.crt").unlink()
    with pytest.raises(BundleError) as caught:
        kiosk.export(usb)
    assert "centre.crt" in say("vi", "no_keys", **caught.value.values)


async def test_nothing_of_a_reader_can_be_read_on_a_stolen_machine_or_stick(
    kiosk, stick, home, ledger, usb
):
    """Invariant 8, in every byte of every file."""
    canary = Reader(reader="R-CANARY", name="Đặng Quỳnh Xuyến", cards=["TV9077345512"])
    ledger.catalogue.put_readers([(canary, 0, 0)], now_ms())
    await kiosk.live(4)
    await kiosk.journal.append(
        Loan(item="B2", card=card_ref(site_key(kiosk.config.agent.site_key), "TV9077345512"), due=0)
    )
    await kiosk.take(answer(stick, stick.take_in(kiosk.export(usb), now_ms()), usb))
    await kiosk.live(3)
    kiosk.export(usb)
    words = [canary.name, "Xuyến", "Quỳnh", "9077345512", "R-CANARY", "Nguyễn Văn An", "04A1B2C3"]
    secret = [text.encode(code) for text in words for code in ("utf-8", "utf-16-le")]
    secret.append(bytes.fromhex("04A1B2C3"))
    for file in (*kiosk.data.rglob("*"), *usb.iterdir()):
        data = file.read_bytes()
        assert [one for one in secret if one in data] == [], file.name
    on_stick = b"".join(file.read_bytes() for file in usb.iterdir())
    refs = [row["ref"] for row in ledger.store.all("SELECT ref FROM card_refs")]
    hidden = [kiosk.card, *refs, "Truyện Kiều", "renewal"]
    assert [one for one in hidden if one.encode() in on_stick] == []


def test_the_commands_say_what_they_did_in_both_languages(home, tmp_path, usb, capsys):
    folder = ["--home", str(home.folder)]
    assert main(["bundle", "export", *folder, "xa-all", str(usb), "--lang", "vi"]) == 0
    assert "xa-all.answer.bundle" in capsys.readouterr().out
    assert main(["bundle", "import", *folder, str(usb), "--lang", "vi"]) == 1
    assert "không có gói dữ liệu nào" in capsys.readouterr().err
    assert main(["bundle", "export", *folder, "nobody", str(usb), "--lang", "en"]) == 1
    assert "nobody is not enrolled" in capsys.readouterr().err
    (usb / "x.facts.bundle").write_bytes(b"hello")
    assert main(["bundle", "import", *folder, str(usb), "--lang", "en"]) == 1
    assert "this is no Shelfwire bundle" in capsys.readouterr().err
