from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.uplink.budget import KEEP_EACH, Budget

DAY = 86_400_000
NOW = int(datetime(2026, 11, 22, 8, tzinfo=UTC).timestamp() * 1000)


def test_a_budget_thins_telemetry_out_and_then_stops_it_until_the_next_day() -> None:
    budget = Budget(1000)
    assert budget.pause(NOW) == 1.0
    budget.spend(500, NOW)
    assert budget.pause(NOW) == 10.0
    budget.spend(500, NOW)
    assert budget.pause(NOW) is None
    assert budget.pause(NOW + DAY) == 1.0


def test_a_link_that_is_not_metered_is_never_held_back_and_writes_nothing(tmp_path: Path) -> None:
    budget = Budget(file=tmp_path / "spent.json")
    budget.spend(10**9, NOW)
    budget.keep()
    assert (budget.pause(NOW), budget.used(NOW), budget.metered) == (1.0, 0.0, False)
    assert list(tmp_path.iterdir()) == []


def test_a_restart_goes_on_counting(tmp_path: Path) -> None:
    file = tmp_path / "spent.json"
    first = Budget(1000, 5000, file)
    first.spend(900, NOW)
    first.keep()
    second = Budget(1000, 5000, file)
    second.spend(100, NOW + 60_000)
    assert second.spent(NOW + 60_000) == (1000, 1000)
    assert second.pause(NOW + 60_000) is None
    second.keep()
    assert Budget(1000, 5000, file).spent(NOW + DAY) == (0, 1000)
    assert Budget(1000, 5000, file).spent(NOW + 20 * DAY) == (0, 0)


def test_the_scarcer_of_day_and_month_decides() -> None:
    budget = Budget(1000, 2000)
    for day in range(3):
        budget.spend(700, NOW + day * DAY)
    assert budget.used(NOW + 2 * DAY) == pytest.approx(2100 / 2000)
    assert budget.pause(NOW + 3 * DAY) is None, "the month is spent"


def test_a_restart_without_goodbye_forgets_little(tmp_path: Path) -> None:
    file = tmp_path / "spent.json"
    budget = Budget(0, 10**9, file)
    for _ in range(100):
        budget.spend(1000, NOW)
    assert 100_000 - KEEP_EACH <= Budget(0, 10**9, file).spent(NOW)[1] <= 100_000


@pytest.mark.parametrize("text", ["", "{", "[]", '{"2026-11": "x"}', '{"2026-11": -5}', "\x00"])
def test_a_count_that_cannot_be_read_begins_anew(tmp_path: Path, text: str) -> None:
    file = tmp_path / "spent.json"
    file.write_text(text)
    budget = Budget(0, 1000, file)
    assert budget.spent(NOW) == (0, 0)
    budget.spend(1000, NOW)
    budget.keep()
    assert Budget(0, 1000, file).pause(NOW) is None
