import asyncio
import contextlib
import dataclasses

import pytest

from drivers.feig import GATE, FeigGateSimulator
from drivers.feig.answers import People
from drivers.feig.device import Output
from drivers.gpio import SOCKET
from drivers.gpio.simulator import BoardSimulator
from drivers.ports import Sighting
from drivers.tags import NewTag, encode
from drivers.testing.tag15693 import Tag
from drivers.testing.waiting import until
from edge.circulation.model import ItemView, LoanView
from edge.clock import Clock
from edge.elsewhere import Lent
from edge.gate.judge import Ways, judge
from edge.gate.loancopy import LoanCopy
from edge.gate.muting import LONGEST_MS
from edge.gate.options import GateOptions
from edge.gate.station import STATION
from edge.station import NotPossibleError
from edge.wire.elsewhere import Elsewhere, Prints, pack_rows
from edge.wire.facts import (
    GateAlarm,
    GateCount,
    GateHint,
    GateLetPass,
    GateMuted,
    Loan,
    Return,
    Trouble,
    Well,
)
from edge.wire.messages import Part

UID = bytes.fromhex("E004010000000001")
KEY = UID.hex().upper()
SAW = {"uid": KEY, "part": "1", "reads": 1, "format": "iso28560-3", "owner": "VN-TINH"}


def book(afi=0x07, owner="VN-TINH", **content):
    memory = bytearray(112)
    data = encode(NewTag(item_id="B1", owner=owner, **content), "iso28560-3", 112, 4)
    memory[: len(data)] = data
    return Tag(UID, memory, dsfid=0x3E, afi=afi)


@pytest.fixture
def clock():
    return Clock(disciplined=lambda: True)


@pytest.fixture
def board():
    return BoardSimulator()


@pytest.fixture
def reader():
    return FeigGateSimulator(block_seconds=0)


@pytest.fixture
async def wires(reader, board, services, journal, on_wire):
    async with (
        on_wire("antenna", GATE, reader, journal) as (antenna, antenna_wire),
        on_wire("lines", SOCKET, board, journal) as (lines, board_wire),
    ):
        services.devices.update(antenna=antenna, lines=lines)
        yield {"antenna": antenna_wire, "lines": board_wire}


@contextlib.asynccontextmanager
async def standing(services, **changed):
    options = {"reader": "antenna", "board": "lines", "poll_ms": 5, "direction_ms": 150}
    gate = STATION.make(GateOptions(**(options | changed)), services)
    task = asyncio.create_task(gate.run(), name="gate")
    try:
        yield gate
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def walk(board, *lines, pause=0.03):
    for line, dark in lines:
        board.set_input(line, dark)
        await asyncio.sleep(pause)


OUT = [("beam_b", True), ("beam_a", True), ("beam_b", False), ("beam_a", False)]
IN = [("beam_a", True), ("beam_b", True), ("beam_a", False), ("beam_b", False)]


async def test_an_armed_book_that_leaves_lights_the_lamp_and_is_told_with_its_number(
    wires, services, board, reader, facts
):
    async with standing(services) as gate:
        board.set_input("beam_b", True)
        await asyncio.sleep(0.05)
        reader.pass_tag(book())
        await until(lambda: board.outputs.get("lamp") and board.outputs.get("buzzer"))
        await until(lambda: facts(GateAlarm))
        assert gate.numbers()["alarms"] == 1
    assert facts(GateAlarm) == [GateAlarm(gate="gate", item="B1", afi=0x07, direction="out", **SAW)]


async def test_how_loud_the_antenna_heard_a_tag_is_told(services, replica, tmp_path):
    loans = LoanCopy(replica, b"k" * 32, tmp_path / "loans.bin")
    heard = Sighting(UID, 0x07, antenna=2, data=bytes(book().memory), rssi=-61.4)
    told = judge(services, loans, Ways(), heard)
    assert (told.armed, told.sight.part, told.sight.rssi) == (True, "2", -61)
    assert judge(services, loans, Ways(), dataclasses.replace(heard, rssi=None)).sight.rssi is None


async def test_a_disarmed_book_passes_silently(wires, services, board, reader, facts):
    async with standing(services):
        reader.pass_tag(book(afi=0xC2))
        await until(lambda: reader.waiting == 0)
        await walk(board, *OUT)
    assert facts(GateAlarm, GateLetPass) == []
    assert not board.outputs.get("lamp")


async def test_a_tag_heard_many_times_alarms_once(wires, services, reader, facts):
    async with standing(services):
        for _ in range(20):
            reader.pass_tag(book())
            await asyncio.sleep(0.005)
        await until(lambda: facts(GateAlarm))
    assert len(facts(GateAlarm)) == 1


async def test_a_tag_that_the_allow_list_names_passes_until_its_time(
    wires, services, reader, clock, facts, board
):
    services.allowed[KEY] = clock.now_ms() + 60_000
    async with standing(services, absence_ms=100):
        reader.pass_tag(book())
        await until(lambda: facts(GateLetPass))
        services.allowed[KEY] = clock.now_ms() - 1
        await asyncio.sleep(0.4)
        assert not board.outputs.get("lamp")
        reader.pass_tag(book())
        await until(lambda: facts(GateAlarm))
    assert facts(GateLetPass) == [
        GateLetPass(gate="gate", item="B1", afi=0x07, reason="allowed", **SAW)
    ]


@pytest.mark.parametrize(
    ("way", "hours", "connected", "passes"),
    [
        ("pass", 30, False, True),
        ("recent", 1, False, True),
        ("recent", 30, False, False),
        ("recent", 30, True, True),
        ("ring", 1, True, False),
    ],
)
async def test_an_armed_book_on_loan_passes_as_the_site_wants_it(
    wires, services, reader, clock, replica, line, facts, way, hours, connected, passes
):
    since = clock.now_ms() - hours * 3_600_000
    replica.apply(Part(version=1, loans=[LoanView(item="B1", reader="r", due=1, since=since)]))
    line.connected = connected
    async with standing(services, armed_lent=way):
        reader.pass_tag(book())
        await until(lambda: facts(GateLetPass, GateAlarm))
    assert [fact.reason for fact in facts(GateLetPass)] == (["on_loan"] if passes else [])


async def test_a_book_that_was_just_lent_at_another_branch_passes_quietly(
    wires, services, reader, clock, facts, board, tmp_path
):
    lent, prints = (
        Lent(b"a secret of tinh", tmp_path / "elsewhere.bin"),
        Prints(b"a secret of tinh"),
    )
    services = dataclasses.replace(services, lent=lent)
    async with standing(services) as gate:
        since = (clock.now_ms() - 600_000) // 60_000 * 60_000
        row = prints.row("B1", KEY, since)
        lent.take(Elsewhere(version=5, rows=pack_rows([row])))
        reader.pass_tag(book())
        await until(lambda: facts(GateLetPass))
        assert gate.numbers()["elsewhere"] == 1
    assert facts(GateLetPass, GateAlarm) == [
        GateLetPass(gate="gate", item="B1", afi=0x07, reason="on_loan", since=since, **SAW)
    ]
    assert not board.outputs.get("lamp")


@pytest.mark.parametrize(
    ("tag", "reason"), [(book(owner="DK-718500"), "foreign"), (book(usage=0x80), "card")]
)
async def test_what_is_not_ours_to_guard_passes(
    wires, services, reader, replica, facts, tag, reason
):
    replica.apply(Part(version=1, policy={"owners": ["VN-TINH"]}))
    async with standing(services):
        reader.pass_tag(tag)
        await until(lambda: facts(GateLetPass))
    assert [fact.reason for fact in facts(GateLetPass)] == [reason]


async def test_a_tag_without_number_is_named_by_the_catalogue(
    wires, services, reader, replica, facts
):
    replica.apply(Part(version=1, items=[ItemView(item="B7", title="Nhớ rừng", uid=KEY)]))
    async with standing(services):
        reader.pass_tag(dataclasses.replace(book(), memory=bytearray(112)))
        await until(lambda: facts(GateAlarm))
    assert [fact.item for fact in facts(GateAlarm)] == ["B7"]


async def test_people_are_counted_and_journaled_at_the_latest_when_the_gate_stops(
    wires, services, board, facts
):
    async with standing(services) as gate:
        await asyncio.sleep(0.05)
        await walk(board, *IN, *IN, *OUT)
        await until(lambda: gate.numbers()["left"] == 1)
        assert gate.numbers()["inside"] == 1
        assert facts(GateCount) == []
    [count] = facts(GateCount)
    assert (count.entered, count.left) == (2, 1)


async def test_people_are_counted_while_the_reader_is_away_and_it_is_asked_again_after(
    wires, services, board, reader, facts
):
    async with standing(services) as gate:
        await wires["antenna"].unplug()
        await until(lambda: not services.devices["antenna"].up)
        await walk(board, *OUT)
        await until(lambda: gate.numbers()["left"] == 1)
        await wires["antenna"].plug()
        await until(lambda: services.devices["antenna"].up)
        reader.pass_tag(book())
        await until(lambda: facts(GateAlarm))


async def test_an_alarm_is_recorded_while_the_board_is_away(wires, services, reader, facts):
    async with standing(services):
        await wires["lines"].unplug()
        reader.pass_tag(book())
        await until(lambda: facts(GateAlarm))


async def test_a_gate_without_a_board_alarms_too(wires, services, reader, facts):
    async with standing(services, board=""):
        reader.pass_tag(book())
        await until(lambda: facts(GateAlarm))


async def test_a_blocked_beam_is_told_once_and_its_end_too(wires, services, board, facts):
    async with standing(services, blocked_seconds=0.1):
        board.set_input("beam_a", True)
        await until(lambda: facts(Trouble))
        await asyncio.sleep(0.25)
        board.set_input("beam_a", False)
        await until(lambda: facts(Well))
    [trouble] = facts(Trouble)
    assert (trouble.part, trouble.reason) == ("gate", "beam_blocked")
    assert trouble.why


async def test_an_opened_cover_is_told(wires, services, board, facts):
    board.inputs["tamper"] = False
    async with standing(services):
        await asyncio.sleep(0.05)
        board.set_input("tamper", True)
        await until(lambda: facts(Trouble))
    assert [fact.reason for fact in facts(Trouble)] == ["tamper"]


async def test_a_buffer_that_ran_over_is_told_and_the_gate_goes_on(wires, services, reader, facts):
    reader.capacity = 2
    for number in range(4):
        reader.pass_tag(dataclasses.replace(book(), uid=number.to_bytes(8, "big")))
    async with standing(services):
        await until(lambda: facts(Trouble))
        reader.pass_tag(book())
        await until(lambda: facts(GateAlarm))
    [trouble] = facts(Trouble)
    assert (trouble.part, trouble.reason) == ("antenna", "gate_data_lost")


async def test_a_muted_gate_is_quiet_and_records_who_passed(
    wires, services, reader, board, clock, facts
):
    async with standing(services) as gate:
        gate.mute(clock.now_ms() + 60_000)
        reader.pass_tag(book())
        await until(lambda: facts(GateLetPass))
    assert [fact.reason for fact in facts(GateLetPass)] == ["muted"]
    assert not board.outputs.get("lamp")


async def test_a_mute_says_who_and_why_holds_over_a_restart_and_ends(
    wires, services, reader, clock, facts
):
    end = clock.now_ms() + 60_000
    async with standing(services) as gate:
        assert await gate.command("mute", {"until": end, "who": "Lan", "why": "lớp 5A"}) == {
            "until": end
        }
        await until_facts(facts, GateMuted)
    async with standing(services) as gate:
        assert gate.numbers()["muted"] == 1.0
        reader.pass_tag(book())
        await until_facts(facts, GateLetPass)
        gate.mute(0, "Lan")
        assert gate.numbers()["muted"] == 0.0
        gate.mute(end + 10**12, "x" * 500)
        with pytest.raises(NotPossibleError):
            await gate.command("open_bin", {})
        await until(lambda: len(facts(GateMuted)) == 3)
    [first, second, third] = facts(GateMuted)
    assert first == GateMuted(gate="gate", until=end, by="Lan", why="lớp 5A")
    assert second.until == 0
    assert third.until <= clock.now_ms() + LONGEST_MS
    assert len(third.by) == 120


async def test_a_gate_of_the_same_name_at_the_site_is_muted_too(wires, services, clock):
    end = clock.now_ms() + 60_000
    async with standing(services) as gate:
        await until(lambda: services.on_heard)
        for name, muted in (("other", 0.0), ("gate", 1.0)):
            for listener in services.on_heard:
                listener("tinh-gate2", GateMuted(gate=name, until=end))
            assert gate.numbers()["muted"] == muted
    assert services.on_heard == []


@pytest.mark.parametrize(("mode", "lamp"), [("lamp", True), ("record", False)])
async def test_at_night_the_gate_makes_no_sound_or_only_records(
    wires, services, reader, board, facts, mode, lamp
):
    async with standing(services, schedule=[f"{mode} 00:00-23:59", f"{mode} 23:59-00:00"]):
        reader.pass_tag(book())
        await until(lambda: facts(GateAlarm, GateLetPass))
        if lamp:
            await until(lambda: board.outputs.get("lamp"))
    assert not board.outputs.get("buzzer")
    assert [fact.reason for fact in facts(GateLetPass)] == ([] if lamp else ["hours"])


async def test_a_fire_alarm_opens_the_lock_silences_the_gate_and_is_told(
    wires, services, reader, board, facts
):
    board.inputs["fire"] = False
    async with standing(services, lock="lock") as gate:
        await until(lambda: board.outputs.get("lock") is True)
        board.set_input("fire", True)
        await until(lambda: board.outputs.get("lock") is False)
        assert gate.numbers()["fire"] == 1.0
        reader.pass_tag(book())
        await until_facts(facts, GateLetPass)
        board.set_input("fire", False)
        await until(lambda: board.outputs.get("lock") is True and facts(Well))
    assert [fact.reason for fact in facts(Trouble)] == ["fire"]
    assert [fact.reason for fact in facts(GateLetPass)] == ["fire"]
    assert not board.outputs.get("lamp")


async def test_a_disarmed_book_that_nobody_lent_is_a_quiet_hint_when_it_left(
    wires, services, reader, replica, line, board, facts
):
    replica.apply(Part(version=1, items=[ItemView(item="B1", title="Số đỏ")]))
    line.connected = True
    async with standing(services, absence_ms=150):
        board.set_input("beam_b", True)
        await asyncio.sleep(0.05)
        reader.pass_tag(book(afi=0xC2))
        await until_facts(facts, GateHint)
    assert facts(GateHint) == [
        GateHint(gate="gate", item="B1", afi=0xC2, direction="out", reason="not_lent", **SAW)
    ]
    assert not board.outputs.get("lamp")


@pytest.mark.parametrize("why", ["walks in", "cut off", "lent a moment later", "not wanted"])
async def test_no_hint_without_reason(
    wires, services, reader, replica, line, board, journal, facts, why
):
    replica.apply(Part(version=1, items=[ItemView(item="B1", title="Số đỏ")]))
    line.connected = why != "cut off"
    said = "nothing" if why == "not wanted" else "hint"
    async with standing(services, absence_ms=300, silent_unlent=said) as gate:
        board.set_input("beam_a" if why == "walks in" else "beam_b", True)
        await asyncio.sleep(0.05)
        reader.pass_tag(book(afi=0xC2))
        await until(lambda: gate._hints._tags)
        if why == "lent a moment later":
            await journal.append(Loan(item="B1", card="c", due=1))
        await until(lambda: not gate._hints._tags)
        await asyncio.sleep(0.05)
    assert facts(GateHint) == []


@pytest.mark.parametrize("afi", [0x07, 0xC2])
async def test_a_missing_item_that_passes_is_told(
    wires, services, reader, replica, line, facts, afi
):
    item = ItemView(item="B1", title="Số đỏ", flags=["missing"])
    replica.apply(Part(version=1, items=[item]))
    line.connected = True
    async with standing(services, absence_ms=150):
        reader.pass_tag(book(afi=afi))
        await until_facts(facts, GateHint)
    assert [fact.reason for fact in facts(GateHint)] == ["missing"]


async def test_with_the_list_of_loans_alone_the_tag_has_no_say(
    wires, services, reader, replica, line, journal, facts
):
    replica.apply(Part(version=1, items=[ItemView(item="B1", title="Số đỏ")]))
    line.connected = True
    await journal.append(Loan(item="B1", card="c", due=1))
    async with standing(services, security="loans", absence_ms=100) as gate:
        reader.pass_tag(book(afi=0x07))
        await until(lambda: gate._hints._tags)
        await until(lambda: not gate._hints._tags)
        assert facts(GateAlarm, GateLetPass) == []
        await journal.append(Return(item="B1"))
        await until(lambda: gate._loans.lent_since("B1", "") is None)
        reader.pass_tag(book(afi=0xC2))
        await until_facts(facts, GateAlarm)
        unknown = book()
        unknown.memory[:] = bytes(112)
        reader.pass_tag(dataclasses.replace(unknown, uid=bytes.fromhex("E004010000000099")))
        await asyncio.sleep(0.1)
    assert len(facts(GateAlarm)) == 1


async def test_with_the_list_of_loans_alone_a_gate_that_is_cut_off_accuses_nobody(
    wires, services, reader, replica, line, facts
):
    replica.apply(Part(version=1, items=[ItemView(item="B1", title="Số đỏ")]))
    async with standing(services, security="loans") as gate:
        reader.pass_tag(book())
        await until(lambda: gate._hints._tags)
    assert facts(GateAlarm) == []


async def test_a_gate_whose_reader_reports_armed_tags_only_believes_it(
    wires, services, reader, facts
):
    async with standing(services, security="eas"):
        reader.pass_tag(book(afi=0xC2))
        await until_facts(facts, GateAlarm)


@pytest.mark.parametrize("what", [f"uid:{KEY}", "antenna:gate:1"])
async def test_what_gave_false_alarms_must_be_seen_more_often(wires, services, reader, facts, what):
    services.noisy.add(what)
    async with standing(services) as gate:
        reader.pass_tag(book())
        await until(lambda: gate._tags.present)
        await asyncio.sleep(0.3)
        assert facts(GateAlarm) == []
        for _ in range(3):
            reader.pass_tag(book())
            await asyncio.sleep(0.02)
        await until_facts(facts, GateAlarm)


async def test_who_walks_in_with_an_armed_book_rings_nothing_where_beams_tell(
    wires, services, reader, board, facts
):
    async with standing(services):
        board.set_input("beam_a", True)
        await asyncio.sleep(0.05)
        reader.pass_tag(book())
        await until_facts(facts, GateLetPass)
    assert [fact.reason for fact in facts(GateLetPass)] == ["entering"]
    assert not board.outputs.get("lamp")


async def until_facts(facts, kind):
    await until(lambda: facts(kind))


@pytest.mark.parametrize("row", ["lamp", "loud 22:00-06:00", "lamp 25:00-06:00", "lamp 1:00-2:00"])
def test_hours_that_make_no_sense_are_refused(row):
    with pytest.raises(ValueError, match="schedule"):
        GateOptions(reader="a", schedule=[row])


def test_numbers_that_make_no_gate_are_refused():
    with pytest.raises(ValueError, match="poll_ms"):
        GateOptions(reader="a", poll_ms=0)


def test_every_option_of_a_gate_has_help():
    assert all(row.metadata["help"] for row in dataclasses.fields(GateOptions))


async def test_the_readers_own_counter_counts_people(wires, services, reader, facts):
    reader.people = People(100, 90, 0, 0)
    async with standing(services, people="reader", people_seconds=0.02) as gate:
        await until(lambda: reader.requests > 6)
        for entered, left in ((103, 91), (104, 91), (2, 0)):  # the last: the counter began anew
            before = gate.numbers()["entered"]
            reader.people = People(entered, left, 0, 0)
            await until(lambda before=before: gate.numbers()["entered"] > before)
    assert facts(GateCount)[-1].entered == 6
    assert facts(GateCount)[-1].left == 1


async def test_the_readers_relay_rings_too(wires, services, reader, facts):
    async with standing(services, relay=1, lamp_seconds=2.0):
        reader.pass_tag(book())
        await until(lambda: (4, 1) in reader.outputs)
    assert reader.outputs[4, 1] == Output(on=True, hold=2.0)
