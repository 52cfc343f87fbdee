"""The library system is told of every fact once, whatever happens to the line; and asked by drops."""

import random

import pytest

from edge.circulation.model import Policy
from edge.wire.facts import Loan, RenewalWish, Return
from edge.wire.messages import Ask
from gateway import answers
from gateway.ils import AGAIN_MS, AWAY_MS, LibrarySystem
from gateway.ledger import board, posts
from gateway.ledger.holds import Hold
from gateway.ledger.sqlite import SqliteLedger
from gateway.sip2.client import Client
from gateway.sip2.options import Sip2Options
from gateway.sip2.server import SimulatedServer
from gateway.sip2.simulator import Copy, Ils, Patron
from gateway.testing import DAY, HOUR, KEYS, MINUTE, NOW, Speaker, card, stock
from gateway.worker import LedgerWorker


class Town:
    """A ledger, a kiosk, and a library system on a port; time is moved by hand."""

    def __init__(self, path) -> None:
        def opened() -> SqliteLedger:
            return SqliteLedger(path, KEYS.__getitem__)

        self.now, self.ledger, self.kiosk = NOW, stock(opened()), Speaker()
        self.workers = [LedgerWorker(opened, "w"), LedgerWorker(opened, "r")]
        items = {name: Copy(name, "tinh") for name in ("B1", "B2", "B4")} | {"B3": Copy("B3", "xa")}
        people = {"C1": Patron("a"), "C2": Patron("b"), "C4": Patron("d", blocked=True)}
        self.theirs = Ils(lambda: self.now, items, people, branch="tinh")
        self.server = SimulatedServer(self.theirs)

    def open(self, **changed) -> LibrarySystem:
        options = {"host": "127.0.0.1", "port": self.server.port, "tls": False, "post": True,
                   "seconds": 10.0, "sort_seconds": 10.0, **changed}  # fmt: skip
        made = Sip2Options(**options)
        client = Client(made, clock=lambda: self.now / 1000)
        posts.begin(self.ledger)
        self.ils = LibrarySystem(made, *self.workers, lambda: self.now, client=client)
        return self.ils

    def happened(self, fact, at: int | None = None, kiosk: Speaker | None = None) -> str:
        kiosk = kiosk or self.kiosk
        event = kiosk.happened(fact, self.now if at is None else at)
        self.ledger.apply(kiosk.site, kiosk.batch(event.seq, event.seq), self.now)
        return event.id

    async def rounds(self, count: int = 1, ms: int = 2 * MINUTE) -> None:
        for _ in range(count):
            await self.ils.round()
            self.now += ms

    @property
    def done(self):
        return self.theirs.done

    @property
    def states(self):
        return posts.counts(self.ledger)

    def entries(self):
        rows = self.ledger.store.all("SELECT code FROM worklist WHERE closed IS NULL ORDER BY 1")
        return [row["code"] for row in rows if row["code"].startswith("ILS")]

    async def sort(self, item: str, *, armed: bool = True, device: str = "kiosk-1"):
        ask = Ask(id="1", what="take_back", items=[item], armed=armed)
        answer = answers.answer(self.ledger, "tinh", ask, self.now)
        return await self.ils.sorted(answer, ask, "tinh", device)


@pytest.fixture
async def town(tmp_path):
    made = Town(tmp_path / "ledger.db")
    async with made.server.running():
        yield made
        await made.ils._client.close()
    for worker in made.workers:
        worker.close()
    made.ledger.close()


def loan(item="B1", reader="C1", **more) -> Loan:
    return Loan(item=item, card=card(reader), due=NOW + 14 * DAY, online=True, **more)


async def test_a_loan_a_renewal_and_a_return_are_told_once_and_in_order(town):
    town.open()
    town.happened(loan())
    await town.rounds()
    town.happened(RenewalWish(item="B1", card=card("C1")), town.now)
    town.now += 5 * MINUTE
    town.happened(Return(item="B1"), town.now)
    await town.rounds(3)
    assert town.done == [("11", "B1"), ("29", "B1"), ("09", "B1")]
    assert town.states == {"done": 3}
    assert town.entries() == []


async def test_nothing_from_before_it_was_switched_on_is_told(town):
    town.happened(loan())
    town.open()
    town.happened(Return(item="B2"))
    await town.rounds()
    assert town.done == [("09", "B2")]


@pytest.mark.parametrize("code", ["11", "09"])
async def test_a_lost_answer_is_looked_up_and_not_said_twice(town, code):
    town.open()
    town.happened(loan() if code == "11" else Return(item="B1"))
    town.theirs.items["B1"].reader = "" if code == "11" else "C1"
    town.server.faults.cut = {code}
    await town.rounds()
    assert town.done == [(code, "B1")]
    town.server.faults.cut = set()
    await town.rounds(2)
    assert town.done == [(code, "B1")]
    assert town.states == {"done": 1}
    assert town.theirs.items["B1"].renewals == 0


async def test_a_renewal_without_an_answer_is_a_question_for_a_person(town):
    town.open()
    town.happened(loan())
    await town.rounds()
    town.happened(RenewalWish(item="B1", card=card("C1")), town.now)
    town.server.faults.cut = {"29"}
    await town.rounds(2)
    town.server.faults.cut = set()
    await town.rounds(2)
    assert [code for code, _ in town.done].count("29") == 1
    assert town.entries() == ["ILS_UNSURE"]


async def test_what_happened_without_the_line_is_forced_with_its_own_times(town):
    town.open()
    due = NOW + 20 * DAY
    town.now = NOW + 3 * HOUR
    town.happened(Loan(item="B1", card=card("C4"), due=due), NOW)
    await town.rounds()
    assert town.done == [("11", "B1")]
    assert town.theirs.items["B1"].due == due
    assert town.states == {"done": 1}


async def test_a_system_that_forces_nothing_refuses_and_a_person_may_try_again(town):
    town.open(profile="evergreen")
    town.happened(loan(reader="C4"))
    await town.rounds()
    assert town.entries() == ["ILS_REFUSED"]
    [row] = town.ledger.store.all("SELECT * FROM worklist WHERE code = 'ILS_REFUSED'")
    assert "Patron Blocked" in row["detail"]
    town.theirs.readers["C4"].blocked = False
    town.ledger.resolve(row["number"], "again", "hoa", "", town.now)
    await town.rounds()
    assert (town.states, town.entries()) == ({"done": 1}, [])


async def test_what_is_lent_to_somebody_else_there_is_a_question_for_a_person(town):
    town.open()
    town.theirs.items["B1"].reader = "C2"
    town.happened(loan())
    town.happened(Return(item="B2"))
    await town.rounds()
    assert town.entries() == ["ILS_UNSURE"]
    assert town.done == [("09", "B2")]
    assert town.theirs.items["B1"].reader == "C2"


async def test_an_item_that_is_unknown_there_is_refused_and_holds_up_nobody(town):
    town.open()
    del town.theirs.items["B1"]
    town.happened(loan())
    town.happened(Return(item="B1"), NOW + MINUTE)
    town.happened(loan("B2"))
    await town.rounds()
    assert town.done == [("11", "B2")]
    assert town.entries() == ["ILS_REFUSED", "ILS_REFUSED"]


async def test_an_old_fact_does_not_undo_what_was_told_since(town, commune):
    town.open()
    town.happened(Return(item="B1"))
    await town.rounds()
    late = Loan(item="B1", card=card("C2", "xa"), due=NOW + DAY)
    town.happened(late, NOW - DAY, commune)
    await town.rounds()
    assert town.done == [("09", "B1")]
    assert town.states == {"done": 1, "past": 1}


async def test_an_unknown_card_is_told_when_staff_know_whose_it_was(town):
    town.open()
    town.happened(Loan(item="B1", card="f" * 32, due=NOW + DAY, online=True))
    await town.rounds()
    assert (town.done, town.states) == ([], {"past": 1})
    number = town.ledger.store.value("SELECT number FROM worklist WHERE code = 'UNKNOWN_CARD'")
    town.ledger.resolve(number, "assign", "hoa", "C2", town.now)
    await town.rounds()
    assert town.theirs.items["B1"].reader == "C2"


async def test_staff_hear_of_a_line_that_is_down_for_long_and_of_its_end(town):
    town.open()
    town.happened(Return(item="B1"))
    port, town.server.port = town.server.port, 1
    away = LibrarySystem(
        Sip2Options(host="127.0.0.1", port=1, tls=False, post=True), *town.workers, lambda: town.now
    )
    await away.round()
    town.now += AWAY_MS
    await away.round()
    assert (town.entries(), town.states) == (["ILS_AWAY"], {"waiting": 1})
    away._client, away._words = town.ils._client, town.ils._words
    town.now += HOUR
    await away.round()
    assert (town.entries(), town.states) == ([], {"done": 1})
    town.server.port = port


async def test_what_waits_and_what_was_given_up_is_counted_for_the_page(town):
    assert posts.outbox(town.ledger) is None
    town.open()
    told = town.ils._pulse.count
    town.happened(loan())
    await town.rounds()
    assert posts.outbox(town.ledger) == {"waiting": 0, "since": 0, "given_up": 0}
    assert town.ils._pulse.count > told, "the page hears of it"
    town.happened(loan("B6"))  # not in their catalogue
    await town.rounds()
    town.happened(Return(item="B1"), at=town.now - MINUTE)
    posts.gather(town.ledger)
    waits = {"waiting": 1, "since": town.now - MINUTE, "given_up": 1}
    assert posts.outbox(town.ledger) == waits
    assert board.docs(town.ledger, town.now)["centre/ledger"]["ils"] == waits


async def test_a_crash_after_the_word_left_is_looked_up(town):
    town.open()
    fact = town.happened(loan())
    posts.gather(town.ledger)
    posts.sending(town.ledger, fact, NOW)
    town.theirs.items["B1"].reader = "C1"
    await town.rounds()
    assert (town.done, town.states) == ([], {"done": 1})


async def test_a_check_in_of_long_ago_is_not_repeated_where_it_is_lent_now(town):
    town.open()
    fact = town.happened(Return(item="B1"))
    posts.gather(town.ledger)
    posts.sending(town.ledger, fact, NOW)
    town.theirs.items["B1"].reader = "C2"
    town.now += AGAIN_MS + 1
    await town.rounds()
    assert (town.done, town.entries()) == ([], ["ILS_UNSURE"])


async def test_staff_move_what_lies_elsewhere_than_the_library_system_wants(town):
    town.open(bins={"HOLD": "2"})
    town.theirs.items["B1"].holds = ["tinh"]
    town.happened(Return(item="B1", place="drop", bin="1"))
    town.happened(Return(item="B2", place="drop", bin="1"))
    town.theirs.items["B4"].holds = ["tinh"]
    town.happened(Return(item="B4", place="drop", bin="2"))
    await town.rounds()
    [row] = town.ledger.store.all("SELECT * FROM worklist WHERE code = 'ILS_SORT'")
    assert (row["item"], '"wanted":"2"' in row["detail"]) == ("B1", True)


async def test_what_our_own_holds_sent_into_a_bin_is_left_there(town):
    town.open(bins={"HOLD": "2"})
    town.ledger.holds.put([Hold(hold="h", reader="R2", item="B1", site="tinh")], NOW)
    town.happened(Return(item="B1", place="drop", bin="2"))
    await town.rounds()
    assert (town.states, town.entries()) == ({"done": 1}, [])


async def test_a_drop_that_asks_hears_of_holds_and_places(town):
    town.open(sort="ask", branches={"xa": "MPL"})
    town.theirs.items["B1"].holds = ["tinh"]
    town.theirs.items["B2"].branch = "MPL"
    town.theirs.items["B4"].branch = "Kho lưu động"
    held, sent, odd = [(await town.sort(name)).items[0] for name in ("B1", "B2", "B4")]
    assert (held.held, sent.branch, odd.branch) == (True, "xa", "xa")
    assert town.done == []


async def test_a_bin_that_staff_named_comes_before_the_library_systems(town):
    from gateway.ledger import bins

    town.open(sort="checkin", bins={"HOLD": "2"})
    town.theirs.items["B1"].holds = ["tinh"]
    assert (await town.sort("B1")).bins == {"B1": "2"}
    bins.name_bin(town.ledger, "B2", "7", "hoa", NOW)
    assert (await town.sort("B2")).bins == {"B2": "7"}


async def test_a_check_in_for_a_drop_is_found_by_its_fact_and_told_once(town):
    town.open(sort="checkin")
    town.theirs.items["B1"].reader = "C1"
    assert (await town.sort("B1")).bins == {"B1": "1"}
    assert (await town.sort("B1")).bins == {"B1": "1"}
    town.happened(Return(item="B1", place="drop", bin="1"), town.now + 1000)
    await town.rounds(2)
    assert town.done == [("09", "B1")]
    assert (town.states, town.entries()) == ({"done": 1}, [])


async def test_a_check_in_of_what_was_not_on_loan_is_not_said_again_either(town):
    town.open(sort="checkin")
    assert (await town.sort("B1")).bins == {"B1": "1"}
    town.happened(Return(item="B1", place="drop", bin="1"), town.now + 1000)
    await town.rounds(2)
    assert town.done == [("09", "B1")]
    assert (town.states, town.entries()) == ({"done": 1}, [])
    await town.sort("B2")
    town.now += HOUR
    await town.rounds()
    assert town.entries() == []


async def test_nothing_is_checked_in_for_an_item_that_is_not_armed_in_the_chute(town):
    town.open(sort="checkin")
    await town.sort("B1", armed=False)
    assert town.done == []


async def test_a_check_in_whose_item_was_taken_out_again_is_shown_to_staff(town):
    town.open(sort="checkin")
    town.theirs.items["B1"].reader = "C1"
    await town.sort("B1")
    town.now += HOUR
    await town.rounds()
    assert town.entries() == ["ILS_AHEAD"]
    late = NOW + MINUTE
    town.happened(Return(item="B1", place="drop", bin="1"), late)
    await town.rounds()
    assert (town.done, town.entries()) == ([("09", "B1")], [])


async def test_a_drop_waits_no_longer_than_it_may_and_the_answer_is_kept(town):
    town.open(sort="checkin", sort_seconds=0.01, bins={"HOLD": "2"})
    town.theirs.items["B1"].reader, town.theirs.items["B1"].holds = "C1", ["tinh"]
    town.server.faults.slow = 0.2
    assert (await town.sort("B1")).bins == {}
    for task in list(town.ils._asked):
        await task
    town.server.faults.slow = 0.0
    town.happened(Return(item="B1", place="drop", bin="1"))
    await town.rounds()
    assert town.done == [("09", "B1")]
    assert town.entries() == ["ILS_SORT"]


async def test_a_drop_is_answered_without_the_library_system(town):
    town.ledger.holds.put([Hold(hold="h", reader="R2", item="B1", site="tinh")], NOW)
    town.open(sort="ask", seconds=0.3)
    town.server.faults.deaf = {"17"}
    answer = await town.sort("B1")
    assert (answer.items[0].held, answer.bins) == (True, {})
    assert Policy().credit_to == "drop_time"


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_is_cut_and_whoever_falls_both_sides_say_the_same_in_the_end(town, seed):
    chance = random.Random(seed)
    town.theirs.readers["C4"].blocked = False
    town.open()
    out: dict[str, str] = {}
    loans: dict[str, int] = {}
    for _ in range(25):
        item = chance.choice(["B1", "B2", "B3", "B4"])
        town.now += 3 * MINUTE
        if item in out:
            town.happened(Return(item=item), town.now)
            del out[item]
        else:
            out[item] = chance.choice(["C1", "C2"])
            late = chance.random() < 0.3
            fact = Loan(item=item, card=card(out[item]), due=NOW + 30 * DAY, online=not late)
            town.happened(fact, town.now)
            loans[item] = loans.get(item, 0) + 1
        town.server.faults.cut = set(chance.sample(["11", "09", "17", "63", "99"], 2))
        if chance.random() < 0.4:
            await town.ils._client.close()
            town.open()  # it fell and was started again
        await town.rounds(chance.randint(0, 2), ms=20_000)
    town.server.faults.cut = set()
    for _ in range(80):
        await town.rounds(ms=MINUTE)
        if set(town.states) == {"done"}:
            break
    assert set(town.states) == {"done"}
    there = {name: one.reader for name, one in town.theirs.items.items() if one.reader}
    assert there == out
    assert {item: town.done.count(("11", item)) for item in loans} == loans
    assert [one.renewals for one in town.theirs.items.values()] == [0, 0, 0, 0]
    assert [code for code in town.entries() if code != "ILS_AWAY"] == []
