"""A gateway's folder in one file: copied while it works, put back whole or not at all."""

import io
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from edge.wire.facts import Loan, Return
from gateway.backup import backup, restore
from gateway.cli import main
from gateway.enrol import enrol, make_home, open_ledger
from gateway.errors import HomeError
from gateway.home import Home
from gateway.testing import NOW, Speaker, card, stock


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path / "centre", ["localhost"])
    with closing(open_ledger(made)) as ledger:
        stock(ledger)
        enrol(made, ledger, "tinh", "kiosk-1", tmp_path / "keys", NOW)
    return made


def copied(home: Home) -> bytes:
    out = io.BytesIO()
    backup(home, out)
    return out.getvalue()


def secrets(home: Home) -> dict[str, bytes]:
    return {
        str(path.relative_to(home.folder)): path.read_bytes()
        for path in home.folder.rglob("*")
        if path.is_file() and "ledger.db" not in path.name
    }


def test_what_was_put_back_is_the_same_centre_and_devices_bring_the_rest(home, tmp_path) -> None:
    speaker = Speaker("kiosk-1", "tinh")
    with closing(open_ledger(home)) as ledger:
        speaker.happened(Loan(item="B1", card=card("C1"), due=0))
        ledger.apply("tinh", speaker.batch(), NOW)
        copy = copied(home)  # the gateway is at work
        speaker.happened(Return(item="B1"))
        ledger.apply("tinh", speaker.batch(), NOW)
        want = [tuple(row) for row in ledger.store.all("SELECT item, ended FROM loans")]
    back = restore(io.BytesIO(copy), tmp_path / "back")
    assert secrets(back) == secrets(home)
    with closing(open_ledger(back)) as ledger:
        assert ledger.place("kiosk-1", "e1").seq == 1
        ledger.apply("tinh", speaker.batch(), NOW)
        assert [tuple(row) for row in ledger.store.all("SELECT item, ended FROM loans")] == want


def test_keys_stay_closed_to_others(home, tmp_path) -> None:
    file = tmp_path / "copy.tar"
    assert main(["backup", str(file), "--home", str(home.folder)]) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert main(["restore", str(file), str(tmp_path / "back")]) == 0
    back = Home(tmp_path / "back")
    assert back.folder.stat().st_mode & 0o777 == 0o700
    for path in (back.ledger, back.pki("device-ca.key"), back.site_key_file("tinh")):
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_with_something_in_it_is_left_alone(home) -> None:
    before = secrets(home)
    with pytest.raises(HomeError, match="is not empty"):
        restore(io.BytesIO(copied(home)), home.folder)
    assert secrets(home) == before


def test_what_is_not_whole_leaves_an_empty_folder(home, tmp_path) -> None:
    copy = copied(home)
    for kept in (b"", b"no tar at all" * 99, copy[:600], copy[: len(copy) // 2]):
        with pytest.raises(HomeError, match="backup"):
            restore(io.BytesIO(kept), tmp_path / "back")
        assert list((tmp_path / "back").iterdir()) == []


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, link
        tar.addfile(info)
    return out.getvalue()


@pytest.mark.parametrize(
    "evil",
    [
        member("../outside"), member("/etc/shadow"), member("pki/../../outside"),
        member("ledger.db", tarfile.SYMTYPE, "/etc/passwd"), member("pki", tarfile.FIFOTYPE),
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused(evil, tmp_path) -> None:
    with pytest.raises(HomeError, match="does not belong"):
        restore(io.BytesIO(evil), tmp_path / "a" / "back")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "back"]


def test_a_damaged_ledger_is_not_put_back(home, tmp_path) -> None:
    copy = bytearray(copied(home))
    start = copy.index(b"SQLite format 3")
    copy[start + 4096 : start + 12_288] = b"\xff" * 8192
    with pytest.raises(HomeError, match="damaged"):
        restore(io.BytesIO(copy), tmp_path / "back")


def test_where_no_gateway_lives_nothing_is_copied(tmp_path, capsys) -> None:
    assert main(["backup", str(tmp_path / "x.tar"), "--home", str(tmp_path)]) == 1
    assert "no gateway lives here" in capsys.readouterr().err
    assert not (tmp_path / "x.tar").exists()
