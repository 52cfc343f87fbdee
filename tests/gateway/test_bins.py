import contextlib

import msgspec
import pytest

from edge.wire.facts import BinChanged, Loan, Return, TakenAside
from edge.wire.messages import Ask
from gateway.answers import answer
from gateway.cli import main
from gateway.enrol import open_ledger
from gateway.errors import RefusedError
from gateway.home import Home
from gateway.ledger import bins
from gateway.testing import DAY, HOUR, MINUTE, NOW, POLICY, Speaker, card, stock


def say(ledger, speaker, at=NOW):
    ledger.apply(speaker.site, speaker.batch(), at)


@pytest.fixture
def drop():
    return Speaker("xa-all", "xa", "e9")


def came(drop, *facts):
    for number, fact in enumerate(facts, len(drop.events) + 1):
        drop.happened(fact, at=NOW + number * MINUTE)


def back(item, name="1"):
    return Return(item=item, place="drop", bin=name)


def emptied(name="1", items=0):
    return BinChanged(bin=name, items=items, emptied=True)


def test_what_lay_in_a_bin_is_what_fell_in_since_it_was_emptied_before(ledger, drop):
    came(drop, back("B1"), back("B2", "2"), emptied(items=1), back("B3"), back("B3"), back("B4"))
    came(
        drop, TakenAside(bin="1", reason="no_tag"), TakenAside(bin="1", reason="jammed", item="B4")
    )
    came(drop, emptied(items=3), emptied("2", items=1))
    say(ledger, drop)
    found = bins.emptyings(ledger)
    assert [[one["item"] for one in row["items"]] for row in found] == [
        ["B2"],
        ["B3", "B4", ""],
        ["B1"],
    ]


def test_every_item_of_an_emptied_bin_is_seen_explained_or_missed(ledger, drop):
    came(drop, back("B1"), back("B3"), back("B4"), emptied(items=3))
    say(ledger, drop)
    [found] = bins.emptyings(ledger)
    assert (found["counted"], [one["state"] for one in found["items"]]) == (3, ["", "", ""])
    key = found["emptied"]
    bins.tick(ledger, key, ["B1", "B9"], "Lan", NOW)
    with pytest.raises(RefusedError, match="sentence"):
        bins.tick(ledger, key, ["B3"], "Lan", NOW, "explained")
    bins.tick(ledger, key, ["B3"], "Lan", NOW, "explained", "bạn đọc mượn lại ngay")
    closed = bins.close(ledger, key, "Lan", NOW)
    assert [one["state"] for one in closed["items"]] == ["seen", "explained", ""]
    assert (closed["extra"], closed["closed_by"]) == (["B9"], "Lan")
    entries = ledger.store.all("SELECT code, item FROM worklist WHERE code = 'NOT_IN_BIN'")
    assert [row["item"] for row in entries] == ["B4"]
    with pytest.raises(RefusedError, match="to the end"):
        bins.tick(ledger, key, ["B4"], "Lan", NOW)


def test_ticking_to_the_end_twice_changes_nothing(ledger, drop):
    came(drop, back("B1"), emptied(items=1))
    say(ledger, drop)
    [found] = bins.emptyings(ledger)
    first = bins.close(ledger, found["emptied"], "Lan", NOW)
    assert bins.close(ledger, found["emptied"], "Minh", NOW + 1) == first
    assert len(ledger.store.all("SELECT 1 FROM worklist WHERE code = 'NOT_IN_BIN'")) == 1


def test_a_bin_that_nobody_emptied_is_refused(ledger):
    with pytest.raises(RefusedError, match="no bin was emptied"):
        bins.emptying(ledger, "x")


def test_the_bin_that_the_centre_names_goes_with_the_answer(ledger):
    bins.name_bin(ledger, "B1", "7", "Lan", NOW)
    said = answer(ledger, "xa", Ask(id="q", what="take_back", items=["B1", "B2"]), NOW)
    assert said.bins == {"B1": "7"}
    bins.name_bin(ledger, "B1", "", "Lan", NOW)
    said = answer(ledger, "xa", Ask(id="q", what="take_back", items=["B1"]), NOW)
    assert said.bins == {}
    with pytest.raises(RefusedError, match="no item"):
        bins.name_bin(ledger, "X", "7", "Lan", NOW)


def test_a_late_return_through_the_drop_at_night_counts_as_the_policy_says(ledger, drop):
    policy = msgspec.structs.replace(
        POLICY, fee_per_day=1000, opens="07:30", closes="17:00", credit_to="last_open_close"
    )
    ledger.catalogue.put_policy(policy, NOW)
    due, night = NOW + DAY, NOW + 2 * DAY + 17 * HOUR  # due on the 23rd; 07:00 on the 25th
    drop.happened(Loan(item="B3", card=card("C1", "xa"), due=due), at=NOW - 13 * DAY)
    drop.happened(back("B3"), at=night)
    say(ledger, drop, night)
    assert ledger.fees.balance("R1", night + DAY) == 1000
    ledger.catalogue.put_policy(msgspec.structs.replace(policy, credit_to="drop_time"), NOW)
    commune = Speaker("xa-all", "xa", "e10")
    commune.happened(Loan(item="B4", card=card("C2", "xa"), due=due), at=NOW - 13 * DAY)
    commune.happened(back("B4"), at=night)
    say(ledger, commune, night)
    assert ledger.fees.balance("R2", night + DAY) == 2000


def test_the_shell_lists_and_ticks_and_packs(tmp_path, capsys):
    folder = tmp_path / "centre"
    assert main(["init", str(folder)]) == 0
    home = Home(folder)
    with contextlib.closing(open_ledger(home)) as made:
        stock(made)
        drop = Speaker("xa-all", "xa", "e9")
        came(drop, back("B1"), back("B3"), emptied(items=2))
        say(made, drop)
        [found] = bins.emptyings(made)

    def run(*words):
        return main([words[0], "--home", str(folder), *words[1:]])

    assert run("bins") == 0
    assert run("bins", found["emptied"], "--seen", "B1", "--close", "--who", "Lan") == 0
    assert "missing" in capsys.readouterr().out
    listed = tmp_path / "list.txt"
    listed.write_text("B2\nB5\n", "utf-8")
    assert run("box", "pack", "T1", "--from", "tinh", "--to", "xa", "--file", str(listed)) == 0
    assert "2 items" in capsys.readouterr().out
    assert run("box", "receive", "T1", "B2") == 0
    assert run("box", "list") == 0
    assert run("sort-bin", "B1", "7") == 0
    assert "goes into bin 7" in capsys.readouterr().out
    assert run("box", "show", "T404") == 1
    assert "there is no box" in capsys.readouterr().err


def test_a_book_that_fell_elsewhere_since_is_explained_and_one_that_jammed_is_hinted_at(
    ledger, drop
):
    came(
        drop, back("B1"), back("B3"), back("B4"),
        TakenAside(bin="1", reason="jammed", item="B1"),
        TakenAside(bin="1", reason="taken_out", item="B3"), back("B3", "2"), emptied(items=3),
    )  # fmt: skip
    say(ledger, drop)
    [found] = bins.emptyings(ledger)
    said = {one["item"]: (one["state"], one["note"], one.get("hint")) for one in found["items"]}
    assert said == {
        "B1": ("", "", "jammed"), "B3": ("explained", "-> xa-all, 2", None), "B4": ("", "", None),
    }  # fmt: skip
    bins.tick(ledger, found["emptied"], ["B4"], "Lan", NOW)
    bins.close(ledger, found["emptied"], "Lan", NOW)
    missed = ledger.store.all("SELECT item FROM worklist WHERE key LIKE 'NOT_IN_BIN:%:B%'")
    assert [row["item"] for row in missed] == ["B1"]


def test_an_emptied_bin_is_named_by_how_its_id_begins_and_empty_ones_are_not_listed(ledger, drop):
    came(drop, back("B1"), emptied(items=1), emptied("7"))
    say(ledger, drop)
    [found] = bins.emptyings(ledger)
    assert bins.emptying(ledger, found["emptied"][:24])["items"] == found["items"]
    for text in ("", found["emptied"][:5], "01a20354-dba4"):
        with pytest.raises(RefusedError, match="no bin"):
            bins.emptying(ledger, text)


def test_options_of_a_command_may_stand_anywhere_among_its_words(tmp_path, capsys):
    home = Home(tmp_path / "centre")
    assert main(["init", str(home.folder)]) == 0
    with contextlib.closing(open_ledger(home)) as ledger:
        stock(ledger)
    at = ["--home", str(home.folder)]
    assert main(["box", "pack", *at, "T1", "--from", "tinh", "B1", "--to", "xa", "B2"]) == 0
    assert main(["box", *at, "show", "T1"]) == 0
    assert {"B1", "B2"} <= set(capsys.readouterr().out.split())
    with pytest.raises(SystemExit):
        main(["bins", *at, "one", "more"])
    assert "more" in capsys.readouterr().err
