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
    encode_mb01,
    encode_mb01_alliance,
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


async def test_what_the_air_identity_has_no_place_for_is_said(intents: Intents) -> None:
    field = AirField(Gen2Tag(TID, FACTORY))
    with pytest.raises(TagError, match="--element"):
        await put(bench_of(field, intents), NewTag("1", OWNER, elements={"title": "x"}))
    with pytest.raises(TagError, match="no --format"):
        await put(bench_of(field, intents, rules=Rules(format="iso28560-3")), NEW)
    with pytest.raises(TagError, match="owner"):
        await put(bench_of(field, intents, ALLIANCE), NEW)


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
