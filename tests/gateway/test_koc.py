"""The file for Koha's offline circulation page: what Koha will make of it, line by line."""

import contextlib
from datetime import datetime

import pytest

from edge.wire.facts import Loan, RenewalWish, Return, card_ref
from gateway.cli import main
from gateway.enrol import make_home, open_ledger
from gateway.errors import RefusedError
from gateway.ledger import koc
from gateway.testing import DAY, HOUR, MINUTE, NOW, Speaker, card, stock


def koha(path):
    """Do what process_koc.pl does with a file: who has which item, and how often it was renewed."""
    head, *lines = path.read_text("utf-8").splitlines()
    assert dict(word.split("=") for word in head.split("\t"))["Version"] == "1.0"
    out: dict[str, tuple[str, int]] = {}
    for line in lines:
        stamp, what, *words = line.split("\t")
        datetime.strptime(" ".join(stamp.split()[:2]), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - local
        if what == "return":
            out.pop(words[0], None)
        else:
            number, item = words
            had, renewed = out.get(item, (number, -1))
            assert had == number, "Koha compares days only: nobody else may have it then"
            out[item] = (number, renewed + 1)
    return out


@pytest.fixture
def said(ledger):
    """A day: lent, renewed, lent on without a return, scanned twice, returned, an unknown card."""
    kiosk = Speaker()
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0))
    kiosk.happened(Loan(item="B1", card=card("C1"), due=0), NOW + MINUTE)  # the same scan
    kiosk.happened(RenewalWish(item="B1", card=card("C1")), NOW + HOUR)
    kiosk.happened(RenewalWish(item="B1", card=card("C1")), NOW + 2 * HOUR)  # one too many
    kiosk.happened(Loan(item="B2", card=card("C2"), due=0), NOW + 3 * HOUR)
    kiosk.happened(Loan(item="B2", card=card("UID:04A1B2C3"), due=0), NOW + 4 * HOUR)
    kiosk.happened(Loan(item="B3", card=card("C2"), due=0), NOW + 5 * HOUR)
    kiosk.happened(Return(item="B3", place="drop"), NOW + 6 * HOUR)
    kiosk.happened(Return(item="B4"), NOW + 6 * HOUR)
    kiosk.happened(Loan(item="B4", card=card("C9"), due=0), NOW + 7 * HOUR)
    ledger.apply("tinh", kiosk.batch(), NOW + DAY)
    return kiosk


def test_koha_comes_to_the_loans_of_the_ledger(ledger, said, tmp_path):
    done = koc.export(ledger, tmp_path / "a.koc")
    assert koha(tmp_path / "a.koc") == {"B1": ("C1", 1), "B2": ("C1", 0)}
    assert (done.lines, done.unknown) == (7, 1)
    lines = (tmp_path / "a.koc").read_text("utf-8").splitlines()
    assert lines[1] == "2026-11-22 14:00:00 0\tissue\tC1\tB1"
    assert lines[4:6] == [
        "2026-11-22 18:00:00 0\treturn\tB2",
        "2026-11-22 18:00:00 0\tissue\tC1\tB2",
    ]


def test_the_next_file_goes_on_where_the_last_one_ended(ledger, said, tmp_path):
    first = koc.export(ledger, tmp_path / "a.koc")
    assert koc.export(ledger, tmp_path / "b.koc", first.next).lines == 0
    said.happened(Return(item="B1"), NOW + 2 * DAY)
    ledger.apply("tinh", said.batch(11), NOW + 3 * DAY)
    older = Speaker("xa-all", "xa", "e2")  # told late: history, begun and ended
    older.happened(Loan(item="B2", card=card("C2", "xa"), due=0), NOW + MINUTE)
    ledger.apply("xa", older.batch(), NOW + 3 * DAY)
    done = koc.export(ledger, tmp_path / "c.koc", first.next)
    words = [line.split("\t")[1:] for line in (tmp_path / "c.koc").read_text().splitlines()[1:]]
    assert words == [["return", "B1"]], "a return of B2 would end the loan of who has it now"
    assert done.past == 2


def test_a_file_is_never_written_over_and_only_its_owner_reads_it(ledger, said, tmp_path):
    koc.export(ledger, tmp_path / "a.koc")
    assert (tmp_path / "a.koc").stat().st_mode & 0o777 == 0o600
    with pytest.raises(RefusedError, match="already"):
        koc.export(ledger, tmp_path / "a.koc")
    with pytest.raises(RefusedError, match="file"):
        koc.export(ledger, tmp_path / "a.koc" / "below.koc")


def test_the_command_says_how_to_go_on(tmp_path, capsys):
    home = make_home(tmp_path / "centre", ["127.0.0.1"])
    with contextlib.closing(open_ledger(home)) as ledger:
        stock(ledger)
        kiosk = Speaker()
        kiosk.happened(Loan(item="B1", card=card_ref(home.site_key("tinh"), "C1"), due=0))
        kiosk.happened(Loan(item="B2", card="strange", due=0))
        ledger.apply("tinh", kiosk.batch(), NOW)
    where = ["--home", str(home.folder), "--site", "tinh"]
    assert main(["koc", str(tmp_path / "a.koc"), *where]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1 lines; begin with --after 2 next time",
        "1 loans are not in it: nobody knows their card yet (see the worklist)",
    ]
    assert main(["koc", str(tmp_path / "b.koc"), "--home", str(home.folder), "--site", "x"]) == 1
