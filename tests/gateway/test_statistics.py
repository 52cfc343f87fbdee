"""A year in figures: what counts, by month and site, and what is still provisional."""

import csv
import io
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from edge.wire.facts import GateAlarm, GateCount, Loan, RenewalWish, Return
from edge.wire.messages import State
from gateway.console.texts import catalogues
from gateway.ledger import statistics, status
from gateway.ledger.sqlite import SqliteLedger
from gateway.testing import DAY, HOUR, KEYS, NOW, Speaker, card, stock

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
IN_MARCH = int(datetime(2026, 3, 31, 23, 30, tzinfo=ZONE).timestamp() * 1000)
IN_APRIL = IN_MARCH + HOUR
NEXT_YEAR = int(datetime(2027, 1, 1, 0, 5, tzinfo=ZONE).timestamp() * 1000)


@pytest.fixture
def ledger(tmp_path):
    made = stock(SqliteLedger(tmp_path / "ledger.db", KEYS.__getitem__))
    made.catalogue.put_site("tinh", "tinh", "Thư viện tỉnh")
    made.catalogue.put_site("xa", "xa", "Thư viện xã")
    yield made
    made.close()


def loan(item, reader="C1", site="tinh", session="s1"):
    return Loan(item=item, card=card(reader, site), due=NOW + DAY, session=session)


def say(ledger, speaker, *facts):
    for fact, at in facts:
        speaker.happened(fact, at)
    ledger.apply(speaker.site, speaker.batch(), NOW)


def rows(ledger, site="", sees=lambda _: True, now=NOW, year=2026):
    found = statistics.year(ledger, year, site, sees, now)
    return {row["id"]: row for row in found["rows"]}, found


@pytest.fixture
def busy(ledger):
    say(ledger, Speaker("kiosk-1"), (loan("B1"), IN_MARCH), (loan("B2"), IN_MARCH + 60_000),
        (loan("B1"), IN_MARCH + 70_000), (RenewalWish(item="B1", card=card("C1"), session="s2"), IN_APRIL),
        (Return(item="B1", session="s3"), IN_APRIL + HOUR))  # fmt: skip
    say(ledger, Speaker("gate-1", epoch="g"), (GateCount(gate="g", entered=40, left=39), IN_MARCH),
        (GateCount(gate="g", entered=2, left=2), IN_APRIL), (GateAlarm(gate="g", uid="E0"), IN_APRIL))  # fmt: skip
    say(ledger, Speaker("xa-all", "xa", "x"), (loan("B3", "C1", "xa", "s9"), IN_APRIL))
    number = ledger.store.value("SELECT number FROM worklist WHERE code = 'GATE_ALARM'")
    ledger.resolve(number, "false_alarm", "me", "", NOW)
    return ledger


def test_each_thing_counts_once_in_its_local_month(busy):
    found, _ = rows(busy)
    march, april = 2, 3
    assert found["loans"]["months"][march : april + 1] == [2, 1], "one book was read twice"
    assert found["served"]["months"][march : april + 1] == [1, 3]
    assert found["entered"]["months"][march : april + 1] == [40, 2]
    assert (found["renewals"]["total"], found["returns"]["total"]) == (1, 1)
    assert found["loans"]["total"] == 3
    assert found["active"]["total"] == 1, "one person at two sites in two months"
    assert found["active"]["months"][march : april + 1] == [1, 1]
    assert found["alarms"]["total"] == 1


def test_false_alarms_count_when_they_were_tapped_as_such(busy):
    found, _ = rows(busy)
    assert found["false_alarms"]["total"] == 1


def test_a_site_and_what_an_account_reaches_are_counted_alone(busy):
    tinh, _ = rows(busy, "tinh")
    assert (tinh["loans"]["total"], tinh["stock"]["total"], tinh["sites"]["total"]) == (2, 4, 1)
    xa, found = rows(busy, sees=lambda site: site == "xa")
    assert (xa["loans"]["total"], xa["stock"]["total"], found["sites"]) == (1, 2, 1)
    every, _ = rows(busy)
    assert (every["stock"]["total"], every["readers"]["total"]) == (6, 4)
    nothing, _ = rows(busy, sees=lambda _: False)
    assert all(row["total"] == 0 for row in nothing.values())


def test_a_year_is_final_when_it_is_over_and_every_machine_spoke_after_it(busy):
    _, found = rows(busy, now=NEXT_YEAR)
    assert found["provisional"]
    assert found["late"] == ["gate-1", "kiosk-1", "xa-all"]
    for device in found["late"]:
        status.put_state(busy, device, State(online=True), NEXT_YEAR)
    _, found = rows(busy, now=NEXT_YEAR)
    assert (found["provisional"], found["late"]) == (False, [])
    _, found = rows(busy)
    assert found["provisional"], "it is not over yet"


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_file_opens_in_a_spreadsheet_and_says_how_each_row_is_counted(busy, lang):
    _, found = rows(busy)
    text = statistics.as_csv(found, statistics.words(catalogues()[lang]), lang)
    assert text.startswith("\ufeff")
    head, months, *lines = csv.reader(io.StringIO(text[1:]))
    assert head[1] == "2026"
    assert len(months) == 15
    assert len(lines) == len(statistics.indicators())
    loans = next(line for line in lines if line[0] in ("Lượt mượn", "Loans"))
    assert loans[3:5] == ["2", "1"]
    assert loans[13] == "3"
    assert all(len(line) == 15 and line[14] for line in lines)
