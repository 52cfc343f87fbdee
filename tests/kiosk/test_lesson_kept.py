"""A class outlives a restart of the agent, and nothing else does."""

import json

from drivers.testing.waiting import until
from kiosk.schooling import open_class, teach
from kiosk.testing import kiosk_in_a_box


async def begun(folder):
    """Open a class, let a child borrow, and end the agent."""
    async with kiosk_in_a_box(folder) as box:
        await box.screen("idle")
        teach(box)
        await open_class(box)
        box.put(1)
        box.press("pupil", "0")
        await box.screen("count")
        box.press("count_yes")
        await box.screen("results")
        box.lift()
        box.press("finish")
        await box.screen("class")
        return box.kiosk.engine.lesson


async def test_a_class_goes_on_after_a_restart_of_the_agent(tmp_path):
    before = await begun(tmp_path)
    async with kiosk_in_a_box(tmp_path, boot="boot-2") as box:
        data = await box.screen("class")
        assert [one["n"] for one in data["lesson"]["pupils"]] == list(range(12))
        assert box.kiosk.engine.lesson == before
        assert (before.lent, before.about) == (1, box.facts("loan")[0]["about"])
        assert box.kiosk.stage.message["look"] == ["kids", "voice"]
        box.pass_time(46 * 60)
        await box.screen("idle")
        assert not (tmp_path / "kiosk-class").exists()
    async with kiosk_in_a_box(tmp_path, boot="boot-3") as box:
        await box.screen("idle")


async def test_the_file_names_no_child_and_is_for_the_agent_alone(tmp_path):
    await begun(tmp_path)
    file = tmp_path / "kiosk-class"
    assert file.stat().st_mode & 0o077 == 0
    assert set(json.loads(file.read_bytes())) == {
        "group", "boot", "until", "ends", "latest", "by", "about", "lent", "returned",
    }  # fmt: skip


async def test_after_a_start_of_the_machine_the_lesson_is_over_and_that_is_a_fact(tmp_path):
    await begun(tmp_path)
    async with kiosk_in_a_box(tmp_path, boot="other-1") as box:
        await box.screen("idle")
        await until(lambda: box.facts("class_closed"))
        assert box.facts("class_closed")[0]["reason"] == "time"
        assert not (tmp_path / "kiosk-class").exists()


async def test_a_class_that_was_taken_from_the_kiosk_meanwhile_is_over(tmp_path):
    await begun(tmp_path)
    async with kiosk_in_a_box(tmp_path, boot="boot-2") as box:
        await box.screen("class")
        box.policy(classes=[])
    async with kiosk_in_a_box(tmp_path, boot="boot-3") as box:
        await box.screen("idle")
        assert not (tmp_path / "kiosk-class").exists()


async def test_a_file_that_cannot_be_read_opens_nothing(tmp_path):
    await begun(tmp_path)
    for damaged in (b"", b"{}", b"\xff", b'{"group": "3A"}'):
        (tmp_path / "kiosk-class").write_bytes(damaged)
        async with kiosk_in_a_box(tmp_path, boot="boot-2") as box:
            await box.screen("idle")
            assert not (tmp_path / "kiosk-class").exists()


async def test_a_class_that_is_closed_stays_closed(tmp_path):
    async with kiosk_in_a_box(tmp_path) as box:
        await box.screen("idle")
        teach(box)
        await open_class(box)
        box.scan("900001")
        await box.screen("classes")
        box.press("close_class")
        await box.screen("idle")
    async with kiosk_in_a_box(tmp_path, boot="boot-2") as box:
        await box.screen("idle")
