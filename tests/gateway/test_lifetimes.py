"""Certificates that end: on the worklist in time, renewed, and gone from it."""

from contextlib import closing

import pytest
from cryptography import x509

from gateway import lifetimes
from gateway.cli import main
from gateway.enrol import enrol, make_home, open_ledger, renew, revoke
from gateway.lifetimes import DAY_MS


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path / "centre", ["centre.example", "192.0.2.1"])


@pytest.fixture
def ledger(home, tmp_path):
    with closing(open_ledger(home)) as made:
        enrol(home, made, "tinh", "kiosk-1", tmp_path / "keys", 0)
        yield made


@pytest.fixture
def end(home, ledger):
    return next(life.until for life in lifetimes.lives(home, ledger) if life.site)


def entries(ledger):
    rows = ledger.store.all("SELECT site, device, detail FROM worklist WHERE closed IS NULL")
    return sorted((row["site"], row["device"]) for row in rows)


def test_nothing_is_said_while_all_are_good_for_long(home, ledger, end) -> None:
    assert len(lifetimes.lives(home, ledger)) == 3
    assert lifetimes.look(ledger, home, end - 61 * DAY_MS) == []
    assert entries(ledger) == []


def test_staff_hear_of_it_two_months_before_once_and_again_when_it_is_near(
    home, ledger, end
) -> None:
    for days in (59, 58, 15):
        lifetimes.look(ledger, home, end - days * DAY_MS)
    assert entries(ledger) == [("", ""), ("", ""), ("tinh", "kiosk-1")]
    noted = ledger.store.all("SELECT number FROM worklist WHERE closed IS NULL")
    for row in noted:
        ledger.resolve(row["number"], "done", "Sơn", "", end)
    lifetimes.look(ledger, home, end - 15 * DAY_MS)
    assert entries(ledger) == []
    lifetimes.look(ledger, home, end - 13 * DAY_MS)
    assert len(entries(ledger)) == 3
    lifetimes.look(ledger, home, end + DAY_MS)
    assert len(entries(ledger)) == 3


def test_new_certificates_take_the_entries_away(home, ledger, end, tmp_path) -> None:
    now = end - 10 * DAY_MS
    lifetimes.look(ledger, home, now)
    before = home.pki("broker.crt").read_bytes()
    assert renew(home, None) == []  # by the real clock they are young
    assert renew(home, None, everything=True) == ["broker", "gateway"]
    assert home.pki("broker.crt").read_bytes() != before
    names = x509.load_pem_x509_certificate(home.pki("broker.crt").read_bytes()).extensions
    found = names.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in found] == ["centre.example", "192.0.2.1"]
    revoke(home, ledger, "kiosk-1", now)
    lifetimes.look(ledger, home, end - 61 * DAY_MS)
    assert entries(ledger) == []


def test_the_command_renews_what_is_asked_for(home, capsys) -> None:
    assert main(["renew", "--home", str(home.folder)]) == 0
    assert "good for long" in capsys.readouterr().out
    assert main(["renew", "--home", str(home.folder), "--host", "new.example"]) == 0
    assert "broker; now restart" in capsys.readouterr().out
