import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.pihealth import PiHealthOptions
from drivers.ports import MachineReading
from edge.clock import Clock
from edge.health import HealthReport
from edge.journal import Journal
from edge.machine import HOUR_MS, MB, REASONS, MachineWatch, judge, numbers
from edge.station import Services
from edge.wire.facts import Trouble, Well

OPTIONS = PiHealthOptions()
WELL = MachineReading(
    temperature=50.0, throttled=frozenset(), throttled_before=frozenset({"under_voltage"}),
    disk_free=5000 * MB, disk_size=16_000 * MB, disk_wear=10, disk_written=40 * MB, clock="battery",
)  # fmt: skip


def test_a_machine_that_is_well_is_no_trouble() -> None:
    assert judge(WELL, set(), OPTIONS, 0) == {}


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        ({"temperature": 81.0}, "too_hot", "81 degrees"),
        ({"throttled": frozenset({"under_voltage", "capped"})}, "under_voltage", "power supply"),
        ({"disk_free": 199 * MB}, "disk_low", "199 MB left"),
        ({"disk_wear": 90}, "disk_worn", "90 percent"),
    ],
)
def test_each_trouble_has_its_word_and_says_what_to_do(
    change: dict[str, Any], reason: str, words: str
) -> None:
    found = judge(replace(WELL, **change), set(), OPTIONS, 0)
    assert set(found) == {reason}
    assert words in found[reason]


def test_heat_is_over_only_when_it_is_clearly_over() -> None:
    warm = replace(WELL, temperature=72.0)
    assert judge(warm, set(), OPTIONS, 0) == {}
    assert set(judge(warm, {"too_hot"}, OPTIONS, 0)) == {"too_hot"}
    assert judge(replace(WELL, temperature=60.0), {"too_hot"}, OPTIONS, 0) == {}


def test_silence_is_neither_good_news_nor_bad_news() -> None:
    silent = MachineReading()
    assert judge(silent, set(), OPTIONS, 0) == {}
    known = set(REASONS) - {"clock_unsure"}
    assert set(judge(silent, known, OPTIONS, 0)) == known
    assert numbers(silent) == {}


def test_a_clock_nobody_confirms_is_a_trouble_after_a_day() -> None:
    assert judge(WELL, set(), OPTIONS, 23 * HOUR_MS) == {}
    assert set(judge(WELL, set(), OPTIONS, 24 * HOUR_MS)) == {"clock_unsure"}
    assert judge(WELL, set(), replace(OPTIONS, clock_hours=0.0), 99 * HOUR_MS) == {}


@given(st.floats(-50, 120), st.sets(st.sampled_from(REASONS)), st.integers(0, 10**10))
def test_judging_twice_changes_nothing(heat: float, known: set[str], unsure: int) -> None:
    reading = replace(WELL, temperature=heat)
    once = judge(reading, known, OPTIONS, unsure)
    assert set(judge(reading, set(once), OPTIONS, unsure)) == set(once)


def test_the_numbers_are_told_with_what_was_before() -> None:
    assert numbers(WELL) == {
        "pi_temperature": 50.0,
        "pi_disk_wear_percent": 10,
        "pi_disk_written_mb": 40,
        "pi_disk_size_mb": 16_000,
        "pi_under_voltage": 0.0,
        "pi_throttled": 0.0,
        "pi_under_voltage_before": 1.0,
        "pi_throttled_before": 0.0,
        "pi_clock_kept": 1.0,
    }


async def test_staff_hear_of_a_trouble_once_and_of_its_end_once(
    tmp_path: Path, journal: Journal, clock: Clock, facts: Callable[..., list[Any]]
) -> None:
    heat = tmp_path / "sys/class/thermal/thermal_zone0/temp"
    heat.parent.mkdir(parents=True)
    options = replace(OPTIONS, root=tmp_path, vcgencmd="", disk_low_mb=0)
    seen_all = asyncio.Event()
    looks = iter(["80000", "81000", "72000", "60000", "61000"])

    async def wait(_: float) -> None:
        text = next(looks, None)
        if text is None:
            seen_all.set()
            await asyncio.Event().wait()
        heat.write_text(str(text))

    watch = MachineWatch("pi", options, tmp_path, journal, clock, wait=wait)
    task = asyncio.create_task(watch.run())
    async with asyncio.timeout(5):
        await seen_all.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert watch.numbers()["pi_temperature"] == 61.0
    [hot, over] = facts(Trouble, Well)
    assert isinstance(hot, Trouble)
    assert (hot.part, hot.reason) == ("pi", "too_hot")
    assert over == Well(part="pi", reason="too_hot")


def test_the_numbers_are_in_the_health_message(services: Services) -> None:
    report = HealthReport(lambda: services, {}, "1", machine=lambda: {"pi_temperature": 50.0})
    assert report.now().numbers["pi_temperature"] == 50.0
