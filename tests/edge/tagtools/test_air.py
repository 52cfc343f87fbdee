"""UHF tags on the bench: named by TID, torn anywhere, finished on another day."""

import argparse
import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.a0 import A0Reader, A0Simulator
from drivers.a0.frames import FAMILY as A0
from drivers.errors import RefusedError, TagLostError
from drivers.llrp import PAD as LLRP_PAD
from drivers.llrp import LlrpOptions
from drivers.ports import Bank
from drivers.tags import (
    AFI_IN,
    AFI_OUT,
    NewTag,
    TagError,
    decode,
    encode_alliance_user,
    encode_mb01,
    encode_mb01_alliance,
    encode_mb11,
)
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.testing.serve import serve_tcp
from drivers.testing.wires import Wire
from drivers.uhf.line import Line
from drivers.uhf.options import UhfRuleOptions
from drivers.uhf.pad import UhfPad
from drivers.uhf18 import Model, Uhf18Reader, Uhf18Simulator
from drivers.uhf18.frames import FAMILY as RR
from edge.cli import main
from edge.config import ConfigError
from edge.tagtools.intents import Intents
from edge.tagtools.line import Line as BenchLine
from edge.tagtools.line import Order
from edge.tagtools.log import Log, Row
from edge.tagtools.opening import Devices
from edge.tagtools.work import OtherItemError, Outcome, Rules, TagBench

TID = bytes.fromhex("e28011052000000000000001")
FACTORY = bytes.fromhex("e28011052000000000000001")
OWNER = "VN-HNLIB"
NEW = NewTag("893000000123", OWNER)
ISO = UhfRuleOptions(named_by="tid", foreign=True)
URN = UhfRuleOptions(tags="urn-code-40", security="loan-list", named_by="tid", foreign=True)
ALLIANCE = UhfRuleOptions(tags="cn-alliance", security="epc-bit", named_by="tid", foreign=True)
SITES = {"iso": ISO, "urn": URN, "alliance": ALLIANCE}


def bench_of(field: AirField, intents: Intents, options=ISO, dialect="288", rules=None) -> TagBench:
    if dialect == "a0":
        wire, family = Wire(A0Simulator(field, round_seconds=0.0)), A0
    else:
        wire = Wire(Uhf18Simulator(field, model=Model(dialect), round_seconds=0.0))
        family = RR
    line = Line(wire, family, patience=0.02, tries=2)
    uhf = A0Reader(line) if dialect == "a0" else Uhf18Reader(line, Model(dialect))
    pad = UhfPad(uhf, options.rule(), foreign=options.foreign)
    return TagBench(pad, intents, rules or Rules(overwrite=True))


def of(bank: bytes) -> Gen2Tag:
    return Gen2Tag(TID, bank[4:], int.from_bytes(bank[2:4], "big"))


def old_tag(site: str, kind: str) -> Gen2Tag:
    """A tag as delivered, or of another item: shorter or longer than the one to come."""
    if kind == "new":
        return Gen2Tag(TID, FACTORY)
    item = {"shorter": "B77", "longer": "XYZ-777777777777-ABC"}[kind]
    if site == "alliance":
        return of(encode_mb01_alliance(item[:12]))
    return of(encode_mb01(NewTag(item, OWNER), afi=AFI_OUT if site == "iso" else None))


def item_on(tag: Gen2Tag, options: UhfRuleOptions) -> str | None:
    image = tag.bank(Bank.EPC)[: 4 + len(tag.epc)]
    return decode(image, bank=options.rule().bank).item_id


def new_for(site: str) -> NewTag:
    return NewTag("32103179") if site == "alliance" else NEW


async def put(bench: TagBench, tag: NewTag) -> Outcome:
    [uid] = await bench.seen()
    return await bench.write(bench.plan(await bench.read(uid), tag))


@pytest.mark.parametrize(
    ("dialect", "site", "kind"),
    [("288", "iso", "new"), ("18", "iso", "longer"), ("a0", "iso", "shorter"),
     ("288", "urn", "shorter"), ("a0", "urn", "longer"),
     ("288", "alliance", "longer"), ("a0", "alliance", "new")],
)  # fmt: skip
async def test_torn_at_any_word_a_tag_never_says_a_wrong_number_and_is_finished_later(
    tmp_path: Path, dialect: str, site: str, kind: str
) -> None:
    options, new = SITES[site], new_for(site)
    for survived in range(40):
        tag = old_tag(site, kind)
        was = item_on(tag, options)
        field = AirField(tag)
        field.tear_after(TID, survived)
        with Intents(tmp_path / f"{survived}.db") as intents:
            try:
                await put(bench_of(field, intents, options, dialect), new)
                break
            except TagLostError:
                assert item_on(tag, options) in (None, was), survived
        field.put(tag)
        with Intents(tmp_path / f"{survived}.db") as intents:  # another day, another process
            bench = bench_of(field, intents, options, dialect)
            [uid] = await bench.seen()
            assert bench.open_item(uid) == new.item_id
            assert await bench.resume(uid) is Outcome.RESUMED
            assert intents.all() == []
        assert item_on(tag, options) == new.item_id, survived
    assert survived >= 3
    assert item_on(tag, options) == new.item_id


@pytest.mark.parametrize(("afi", "left"), [("auto", AFI_IN), ("out", AFI_OUT), ("keep", AFI_IN)])
async def test_a_new_tag_is_armed_in_the_same_write(intents: Intents, afi: str, left: int) -> None:
    tag = Gen2Tag(TID, FACTORY)
    bench = bench_of(AirField(tag), intents, rules=Rules(afi=afi))
    assert await put(bench, NEW) is Outcome.WRITTEN
    [uid] = await bench.seen()
    found = await bench.read(uid)
    assert (found.content.item_id, found.content.owner) == (NEW.item_id, OWNER)
    assert (found.info.afi, tag.pc & 0x01FF) == (left, 0x0100 | left)
    assert await put(bench, NEW) is Outcome.UNCHANGED


async def test_a_lent_tag_stays_lent_and_an_alliance_head_is_kept(intents: Intents) -> None:
    tag = of(bytes.fromhex("c15734009703000398130803f4040000"))  # lent, sorting 17
    bench = bench_of(AirField(tag), intents, ALLIANCE)
    await put(bench, NewTag("32103180"))
    assert item_on(tag, ALLIANCE) == "32103180"
    assert tag.epc[:4].hex() == "97030003"
    bench.rules = Rules(overwrite=True, afi="in")
    await put(bench, NewTag("32103181"))
    assert tag.epc[:4].hex() == "17030003"


async def test_what_the_user_bank_of_an_alliance_tag_tells_stays(intents: Intents) -> None:
    tag = of(encode_mb01_alliance("32103179", user_bank=True))
    tag.user = bytearray(encode_alliance_user(32, owner="10001", place="A3"))
    before = bytes(tag.user)
    await put(bench_of(AirField(tag), intents, ALLIANCE), NewTag("32103180"))
    assert (item_on(tag, ALLIANCE), bytes(tag.user)) == ("32103180", before)


async def test_only_blank_tags_are_taken_without_asking(intents: Intents) -> None:
    parcel = Gen2Tag(TID, bytes.fromhex("3034257bf7194e4000001a85"))
    with pytest.raises(OtherItemError, match="do not know"):
        await put(bench_of(AirField(parcel), intents, rules=Rules()), NEW)
    with pytest.raises(OtherItemError, match="belongs to item B77"):
        await put(bench_of(AirField(old_tag("iso", "shorter")), intents, rules=Rules()), NEW)
    assert intents.all() == []
    assert parcel.epc.hex() == "3034257bf7194e4000001a85"


async def test_a_tag_whose_tid_is_not_heard_is_not_written(intents: Intents) -> None:
    tag = Gen2Tag(b"", FACTORY)
    with pytest.raises(TagError, match="TID"):
        await put(bench_of(AirField(tag), intents), NEW)
    assert tag.epc == FACTORY


async def test_a_tag_with_too_few_words_gets_back_what_it_held(intents: Intents) -> None:
    tag = Gen2Tag(TID, FACTORY, room=6)
    with pytest.raises(RefusedError):
        await put(bench_of(AirField(tag), intents), NewTag("A-VERY-LONG-NUMBER-INDEED", OWNER))
    assert tag.epc == FACTORY
    assert intents.all() == []


async def test_what_a_uhf_tag_has_no_place_for_is_said(intents: Intents) -> None:
    titled = NewTag("1", OWNER, elements={"title": "Số đỏ"})
    with pytest.raises(TagError, match="no user bank"):
        await put(bench_of(AirField(Gen2Tag(TID, FACTORY, user=bytearray())), intents), titled)
    with pytest.raises(TagError, match="user bank has 4"):
        await put(bench_of(AirField(Gen2Tag(TID, FACTORY, user=bytearray(4))), intents), titled)
    field = AirField(Gen2Tag(TID, FACTORY))
    with pytest.raises(TagError, match="no --format"):
        await put(bench_of(field, intents, rules=Rules(format="iso28560-3")), NEW)
    with pytest.raises(TagError, match="owner"):
        await put(bench_of(field, intents, ALLIANCE), NEW)
    with pytest.raises(TagError, match="item number only"):
        await put(bench_of(field, intents, ALLIANCE), NewTag("1", elements={"title": "x"}))


TITLED = NewTag(
    "893000000123", OWNER, elements={"title": "Số đỏ", "shelf_location": "A12", "media_format_other": 1}
)  # fmt: skip
OTHER = NewTag("B77", OWNER, elements={"title": "Truyện Kiều", "order_number": "99-1"})


def titled(tag: NewTag) -> Gen2Tag:
    return Gen2Tag(
        TID, encode_mb01(tag)[4:], int.from_bytes(encode_mb01(tag)[2:4], "big"),
        user=bytearray(encode_mb11(tag, 64)),
    )  # fmt: skip


def says(tag: Gen2Tag) -> tuple[str | None, str | None]:
    told = decode(bytes(tag.user), bank="mb11").elements if any(tag.user[:2]) else {}
    return item_on(tag, ISO), told.get("title")


@pytest.mark.parametrize(
    ("dialect", "was", "new"),
    [("18", None, TITLED), ("a0", OTHER, TITLED), ("288", TITLED, NewTag("893000000123", OWNER)),
     ("18", TITLED, OTHER), ("a0", OTHER, NewTag("893000000999", OWNER)), ("288", OTHER, TITLED)],
    ids=["new", "other item", "title goes", "shorter", "bare item", "other reader"],
)  # fmt: skip
async def test_torn_at_any_word_no_number_stands_beside_the_title_of_another_item(
    tmp_path: Path, dialect: str, was: NewTag | None, new: NewTag
) -> None:
    def told(tag: NewTag | None) -> tuple[str | None, str | None]:
        return (tag.item_id, tag.elements.get("title")) if tag else (None, None)

    for survived in range(80):
        tag = titled(was) if was else Gen2Tag(TID, FACTORY)
        field = AirField(tag)
        field.tear_after(TID, survived)
        with Intents(tmp_path / f"{survived}.db") as intents:
            try:
                await put(bench_of(field, intents, dialect=dialect), new)
                break
            except TagLostError:
                item, title = says(tag)
                whole = (told(was), told(new))
                assert (item, title) in whole or item is None or title is None, survived
        field.put(tag)
        with Intents(tmp_path / f"{survived}.db") as intents:  # another day, another process
            bench = bench_of(field, intents, dialect=dialect)
            [uid] = await bench.seen()
            assert await bench.resume(uid) is Outcome.RESUMED
            assert intents.all() == []
        assert says(tag) == told(new), survived
    assert survived >= 3
    assert says(tag) == told(new)


async def test_what_the_user_bank_tells_is_read_and_kept_by_a_conversion(intents: Intents) -> None:
    tag = titled(TITLED)
    bench = bench_of(AirField(tag), intents)
    [uid] = await bench.seen()
    found = await bench.read(uid)
    assert (found.content.item_id, len(found.user)) == (TITLED.item_id, 64)
    assert found.told
    assert TITLED.elements.items() <= found.told.elements.items()
    rows: list[Row] = []
    await BenchLine(bench, Order(count=1), None, Log(told=rows.append), lambda _: None).run()
    assert [row.result for row in rows] == ["unchanged"]
    assert says(tag) == ("893000000123", "Số đỏ")


async def test_a_user_bank_of_somebody_else_is_left_alone_unless_told_otherwise(
    intents: Intents,
) -> None:
    theirs = bytes.fromhex("ffee0102") + bytes(60)
    tag = Gen2Tag(TID, FACTORY, user=bytearray(theirs))
    bench = bench_of(AirField(tag), intents, rules=Rules())
    with pytest.raises(OtherItemError, match="user bank"):
        await put(bench, TITLED)
    assert await put(bench, NEW) is Outcome.WRITTEN
    assert (item_on(tag, ISO), bytes(tag.user)) == (NEW.item_id, theirs)
    bench.rules = Rules(overwrite=True)
    assert await put(bench, TITLED) is Outcome.WRITTEN
    assert says(tag) == ("893000000123", "Số đỏ")


async def test_a_user_bank_that_refuses_gives_the_tag_back_what_it_held(intents: Intents) -> None:
    tag = titled(OTHER)
    before = tag.bank(Bank.EPC), bytes(tag.user)
    tag.locked = {Bank.USER}
    with pytest.raises(RefusedError):
        await put(bench_of(AirField(tag), intents), TITLED)
    assert (tag.bank(Bank.EPC), bytes(tag.user)) == before
    assert intents.all() == []


async def test_what_somebody_else_wrote_since_is_left_alone(intents: Intents) -> None:
    tag = Gen2Tag(TID, FACTORY)
    field = AirField(tag)
    field.tear_after(TID, 4)
    bench = bench_of(field, intents)
    with pytest.raises(TagLostError):
        await put(bench, NEW)
    theirs = of(encode_mb01(NewTag("B77", OWNER)))
    field.put(theirs)
    [uid] = await bench.seen()
    assert await bench.resume(uid) is Outcome.GIVEN_UP
    assert (item_on(theirs, ISO), intents.all()) == ("B77", [])


async def test_a_user_bank_that_somebody_else_wrote_since_is_left_alone(intents: Intents) -> None:
    tag = titled(OTHER)
    field = AirField(tag)
    field.tear_after(TID, 4)
    bench = bench_of(field, intents)
    with pytest.raises(TagLostError):
        await put(bench, TITLED)
    theirs = bytes.fromhex("06ee0102") + bytes(60)
    tag.user[:] = theirs
    field.put(tag)
    [uid] = await bench.seen()
    assert await bench.resume(uid) is Outcome.GIVEN_UP
    assert (bytes(tag.user), intents.all()) == (theirs, [])


def test_open_work_of_the_version_before_is_still_there(tmp_path: Path) -> None:
    path = tmp_path / "open.db"
    with sqlite3.connect(path) as db:
        db.executescript(
            "CREATE TABLE intent (uid TEXT PRIMARY KEY, item TEXT NOT NULL, block_size INTEGER NOT NULL,"
            " before BLOB NOT NULL, image BLOB NOT NULL, dsfid INTEGER, afi INTEGER,"
            " made_ms INTEGER NOT NULL) STRICT;"
            "INSERT INTO intent VALUES ('E004015000000001', 'A', 4, x'00000000', x'01020304', 62, 7, 1);"
            "PRAGMA user_version = 1"
        )
    db.close()
    with Intents(path) as intents:
        [intent] = intents.all()
        assert (intent.item, intent.dsfid, intent.bank) == ("A", 62, "")
        assert intent.belongs(bytes(4))


@asynccontextmanager
async def served(field: AirField) -> AsyncIterator[str]:
    made = await serve_tcp(Uhf18Simulator(field, round_seconds=0.0))
    yield made.address
    await made.close()


async def test_the_words_work_over_a_real_wire(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tag = Gen2Tag(TID, FACTORY)
    async with served(AirField(tag)) as url:

        async def run(*words: str) -> tuple[int, str]:
            more = ("--driver", "uhf18-pad", "--url", url, "--intents", str(tmp_path / "open.db"))
            status = await asyncio.to_thread(main, ["tag", *words, *more])
            said = capsys.readouterr()
            return status, said.out + said.err

        status, said = await run("write", NEW.item_id, "--owner", OWNER, "--dry-run")
        assert (status, "would_write" in said, tag.epc) == (0, True, FACTORY)
        status, said = await run("write", NEW.item_id, "--owner", OWNER)
        assert (status, "written (iso28560-4-mb01" in said) == (0, True)
        status, said = await run("verify", "--item", NEW.item_id, "--owner", OWNER)
        assert (status, "good" in said) == (0, True)
        status, said = await run("heal", "--owner", OWNER)
        assert (status, "nothing to do" in said) == (0, True)
        status, said = await run("write", NEW.item_id, "--owner", OWNER, "--element", "title=Số đỏ")
        assert (status, "written" in said) == (0, True)
        status, said = await run("read")
        assert "user bank, 64 bytes: iso28560-4-mb11\n" in said
        assert "      title: Số đỏ\n" in said
        status, said = await run("convert", "--from-tag", "--count", "1", "--set", "tries=2")
        assert (status, "1 unchanged" in said) == (0, True)


def test_an_option_of_the_driver_is_taken_as_in_a_configuration() -> None:
    def options(*given: str):
        args = argparse.Namespace(
            config=None, url="tcp://a:1", driver="a0-pad", device=None, set=list(given)
        )
        return Devices(args).reader()[1]

    made = options("password=11223344", "antennas=[1, 2]", "tags=cn-alliance", "patience=2")
    assert (made.password, made.antennas, made.tags) == ("11223344", (1, 2), "cn-alliance")
    assert (made.patience, made.named_by, made.foreign) == (2.0, "tid", True)
    for wrong, why in (
        ("tries", "OPTION=VALUE"),
        ("tries=x y", "as in"),
        ("a=1", "unknown option"),
    ):
        with pytest.raises(ConfigError, match=why):
            options(wrong)


async def test_an_llrp_reader_writes_tags_too(intents: Intents) -> None:
    emulator = pytest.importorskip("llrpkit.emulator")
    core = pytest.importorskip("llrpkit.emulator.core")
    tags = [core.EmulatedTag(encode_mb01_alliance("32103179")[4:])]
    async with emulator.LLRPEmulator(tags=tags, reads_per_sec=400.0) as device:
        options = LlrpOptions(
            url=f"tcp://127.0.0.1:{device.port}", scan_ms=80, named_by="tid", foreign=True,
            tags="cn-alliance", security="epc-bit",
        )  # fmt: skip
        async with LLRP_PAD.open(options) as pad:
            bench = TagBench(pad, intents, Rules(overwrite=True, afi="out"))
            assert await put(bench, NewTag("32103180")) is Outcome.WRITTEN
            [uid] = await bench.seen()
            found = await bench.read(uid)
            assert (found.content.item_id, found.info.afi) == ("32103180", AFI_OUT)
