"""The words at the shell: they do what they say, and say what is wrong."""

import contextlib
import json
import re
import sqlite3
import stat
from contextlib import closing

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge.circulation.model import Policy
from edge.wire import topics
from edge.wire.commands import load_public
from edge.wire.proofs import Entry, NotGenuineError, Signer, Slip, verify
from edge.wire.tables import options
from edge.wire.topics import ROOT, SHARED, Who
from gateway import acl, replica
from gateway.cli import main
from gateway.config import BrokerOptions, ConsoleOptions, GatewayOptions, load
from gateway.enrol import open_ledger
from gateway.home import Home
from gateway.imports import read_policy


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "centre"
    assert main(["init", str(folder)]) == 0
    return Home(folder)


def run(home, *words):
    return main([words[0], "--home", str(home.folder), *words[1:]])


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return str(path)


def test_init_leaves_what_is_there(home):
    key = home.pki("device-ca.key").read_bytes()
    assert main(["init", str(home.folder)]) == 0
    assert home.pki("device-ca.key").read_bytes() == key


def test_the_configuration_that_init_writes_is_loaded(home):
    config = load(home.config)
    assert config.gateway.data == home.folder
    assert config.broker.ca.exists()


def test_a_device_gets_a_client_certificate_in_its_own_name(home, tmp_path):
    assert run(home, "enrol", "tinh", "tinh-kiosk", "--out", str(tmp_path / "keys")) == 0
    cert = x509.load_pem_x509_certificate((tmp_path / "keys/device.crt").read_bytes())
    assert cert.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "tinh-kiosk"
    usage = cert.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    for name in ("device.key", "site.key", "receipt.key"):
        assert stat.S_IMODE((tmp_path / "keys" / name).stat().st_mode) == 0o600
    assert (tmp_path / "keys/ca.crt").read_bytes() == home.pki("server-ca.crt").read_bytes()


def test_devices_of_a_site_share_its_secret_and_sites_do_not(home, tmp_path):
    for site, device in (("tinh", "a"), ("tinh", "b"), ("xa", "c")):
        assert run(home, "enrol", site, device, "--out", str(tmp_path / device)) == 0
    a, b, c = ((tmp_path / name / "site.key").read_text() for name in "abc")
    assert a == b != c


def test_enrolling_again_gives_a_new_key_and_revokes_the_old_one(home, tmp_path):
    for folder in ("one", "two"):
        assert run(home, "enrol", "tinh", "kiosk", "--out", str(tmp_path / folder)) == 0
    old = x509.load_pem_x509_certificate((tmp_path / "one/device.crt").read_bytes())
    crl = x509.load_pem_x509_crl(home.pki("revoked.crl").read_bytes())
    assert [row.serial_number for row in crl] == [old.serial_number]


def test_a_revoked_device_leaves_the_access_list(home, tmp_path, capsys):
    assert run(home, "enrol", "tinh", "kiosk", "--out", str(tmp_path / "keys")) == 0
    assert "user kiosk" in home.acl.read_text()
    assert run(home, "revoke", "kiosk") == 0
    assert "user kiosk" not in home.acl.read_text()
    assert run(home, "revoke", "kiosk") == 1
    assert "kiosk is not enrolled" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("site", "device", "why"),
    [
        ("Tỉnh", "kiosk", "is no name for a topic"),
        ("tinh", "a/b", "is no name for a topic"),
        ("tinh", "shared", "choose another name"),
        ("tinh", "gateway", "choose another name"),
    ],
)
def test_names_that_cannot_stand_in_a_topic_are_refused(home, tmp_path, capsys, site, device, why):
    assert run(home, "enrol", site, device, "--out", str(tmp_path / "keys")) == 1
    assert why in capsys.readouterr().err


def test_a_device_belongs_to_one_site(home, tmp_path, capsys):
    assert run(home, "enrol", "tinh", "kiosk", "--out", str(tmp_path / "keys")) == 0
    assert run(home, "enrol", "xa", "kiosk", "--out", str(tmp_path / "keys")) == 1
    assert "belongs to site tinh" in capsys.readouterr().err


def test_the_access_list_says_exactly_what_the_topic_table_says(home, tmp_path, capsys):
    assert run(home, "enrol", "tinh", "kiosk", "--out", str(tmp_path / "keys")) == 0
    capsys.readouterr()
    assert run(home, "acl") == 0
    text = capsys.readouterr().out
    assert text == home.acl.read_text() == acl.render([("tinh", "kiosk")])
    _, centre, kiosk = text.split("\nuser ")
    for row in topics.ALL:
        speaks = row.publisher is Who.DEVICE
        own = row.of("tinh", SHARED if row.shared else "kiosk")
        assert f"topic {'write' if speaks else 'read'} {own}\n" in kiosk
        heard = f"topic {'read' if speaks else 'write'} {row.everywhere()}\n" in centre
        assert heard is not row.neighbours
        whole_site = f"topic read {ROOT}/tinh/+/{row.path}\n" in kiosk
        assert whole_site is row.neighbours
    own = [row for row in topics.ALL if not row.neighbours]
    assert centre.count("topic ") == len(own)
    assert kiosk.count("topic ") == 2 * len(topics.ALL) - len(own)


def test_files_are_imported_and_a_second_time_changes_nothing(home, tmp_path, capsys):
    items = write(tmp_path / "items.jsonl", {"item": "1", "title": "Số đỏ", "kind": "book"})
    readers = write(
        tmp_path / "readers.jsonl",
        {"reader": "R1", "name": "An", "expires": "2027-12-31", "cards": ["1", "2"]},
    )
    branches = write(
        tmp_path / "branches.jsonl",
        {"branch": "xa", "name": "Xã", "parent": "tinh"},
        {"branch": "tinh", "name": "Tỉnh", "parent": None},
    )
    for count in ("1", "0"):
        capsys.readouterr()
        assert run(home, "import-items", items) == 0
        assert capsys.readouterr().out.startswith(count)
    assert run(home, "import-readers", readers) == 0
    assert run(home, "import-branches", branches) == 0
    ledger = open_ledger(home)
    assert ledger.store.value("SELECT count(*) FROM cards") == 2
    ledger.close()


@pytest.mark.parametrize(
    ("word", "line", "why"),
    [
        ("import-items", '{"item": "1"}', r"items line 1: .*title"),
        ("import-items", '{"item": "1", "title": "x", "colour": "red"}', "colour"),
        ("import-items", "{", "line 1"),
        ("import-readers", '{"reader": "R1", "expires": "31/12/2027"}', "write YYYY-MM-DD"),
        ("import-branches", '{"branch": "a", "name": "A", "parent": "b"}', "not in the tree"),
    ],
)
def test_a_line_that_is_wrong_is_named_and_nothing_is_imported(
    home, tmp_path, capsys, word, line, why
):
    file = tmp_path / "items"
    good = {"import-items": '{"item": "0", "title": "x"}\n'}.get(word, "")
    file.write_text(f"{line}\n{good}", "utf-8")
    assert run(home, word, str(file)) == 1
    error = capsys.readouterr().err
    assert re.search(why, error), error
    ledger = open_ledger(home)
    assert ledger.store.value("SELECT count(*) FROM items") == 0
    ledger.close()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("zone = 'Asia/Nowhere'", "Asia/Nowhere"),
        ("closed_dates = ['tomorrow']", "tomorrow"),
        ("limits = 3", "limits"),
        ("[groups.adult]\nlimit = 'many'", "limit"),
        ("limit =\nx = 1", "line 1"),
    ],
)
def test_a_policy_that_is_wrong_is_refused_with_its_field(home, tmp_path, capsys, text, why):
    file = tmp_path / "policy.toml"
    file.write_text(text, "utf-8")
    assert run(home, "import-policy", str(file)) == 1
    assert why in capsys.readouterr().err


def test_a_policy_is_read_as_it_is_written(tmp_path):
    file = tmp_path / "policy.toml"
    file.write_text("offline_limit = 5\n[groups.child]\nlimit = 2\ndays = 7\nrenewals = 0\n")
    policy = read_policy(file)
    assert (policy.offline_limit, policy.groups["child"].days) == (5, 7)


def test_a_folder_without_a_gateway_and_a_missing_file_are_said_plainly(tmp_path, capsys):
    assert main(["report", "--home", str(tmp_path)]) == 1
    assert "run `shelfwire-gateway init" in capsys.readouterr().err
    assert main(["run", "--config", str(tmp_path / "none.toml")]) == 1
    assert "none.toml: No such file" in capsys.readouterr().err


def test_an_unknown_option_is_named_with_file_and_table(home, capsys):
    home.config.write_text(home.config.read_text().replace("port = 8883", "prot = 8883"))
    assert main(["run", "--config", str(home.config)]) == 1
    error = capsys.readouterr().err
    assert "gateway.toml [broker]: unknown option prot, did you mean port?" in error


def test_a_newer_or_broken_ledger_is_left_alone(home, capsys):
    db = sqlite3.connect(home.ledger)
    db.execute("PRAGMA user_version=99")
    db.close()
    assert run(home, "report") == 1
    assert "has version 99, this program knows" in capsys.readouterr().err
    for end in ("", "-wal", "-shm"):
        home.ledger.with_name(home.ledger.name + end).unlink(missing_ok=True)
    home.ledger.write_bytes(b"not a database at all, just text" * 100)
    assert run(home, "report") == 1
    assert "not a ledger" in capsys.readouterr().err


def test_every_command_has_help_and_the_version_is_said(capsys):
    for words in (["--help"], ["--version"], ["enrol", "--help"]):
        with pytest.raises(SystemExit) as end:
            main(words)
        assert end.value.code == 0
    assert "import-items" in capsys.readouterr().out


def test_the_report_shows_devices_and_totals(home, tmp_path, capsys):
    assert run(home, "enrol", "tinh", "kiosk", "--out", str(tmp_path / "keys")) == 0
    assert run(home, "report") == 0
    out = capsys.readouterr().out
    assert "kiosk" in out
    assert "loans open" in out


def test_the_configuration_has_a_help_line_for_every_option():
    for table in (GatewayOptions, BrokerOptions, ConsoleOptions):
        assert all(row.help for row in options(table))


def test_the_board_of_idle_kiosks_is_imported_and_a_policy_file_leaves_it(home, tmp_path, capsys):
    file = tmp_path / "board.toml"
    file.write_text(
        'note = "Xin chào"\nbooks = ["TV1"]\n[[events]]\ntitle = "Hội"\ndate = "2026-12-01"\n'
    )
    assert run(home, "import-board", str(file)) == 0
    assert "1 events and 1 new books" in capsys.readouterr().out
    policy = tmp_path / "policy.toml"
    policy.write_text("max_stack = 5\n")
    assert run(home, "import-policy", str(policy)) == 0
    with closing(open_ledger(home)) as ledger:
        _, now = ledger.catalogue.policy()
    assert (now.max_stack, now.board.note, now.board.books) == (5, "Xin chào", ["TV1"])


@pytest.mark.parametrize(
    "text",
    [
        "events = 1",
        '[[events]]\ntitle = "x"\ndate = "tomorrow"',
        "colour = 1",
        'note = "' + "x" * 9000 + '"',
    ],
)
def test_a_board_that_cannot_be_shown_is_refused_with_its_file(home, tmp_path, capsys, text):
    file = tmp_path / "board.toml"
    file.write_text(text)
    assert run(home, "import-board", str(file)) == 1
    assert "board.toml" in capsys.readouterr().err


def test_a_device_gets_a_new_receipt_key_and_a_lost_one_is_stopped(home, tmp_path):
    assert run(home, "enrol", "tinh", "kiosk", "--out", str(tmp_path / "one")) == 0
    assert run(home, "receipt-key", "kiosk", "--out", str(tmp_path / "two")) == 0
    new = str(tmp_path / "three")
    assert run(home, "receipt-key", "kiosk", "--out", new, "--lost-since", "2026-11-01") == 0
    centre = load_public((tmp_path / "one/command.pub").read_bytes())
    with contextlib.closing(open_ledger(home)) as ledger:
        policy = msgspec.convert(replica.snapshot(ledger, "tinh", 0)[0].policy, Policy)
    assert policy.receipt_centres == [centre.public_bytes_raw().hex()]
    texts = {name: receipt_of(tmp_path / name) for name in ("one", "two", "three")}
    for text in texts.values():
        assert verify(text, centre).device == "kiosk"
    for name, before in (("one", False), ("two", False), ("three", True)):
        genuine = True
        try:
            verify(texts[name], centre, stopped=policy.receipts_stopped)
        except NotGenuineError:
            genuine = False
        assert genuine is before, name
    early = receipt_of(tmp_path / "one", at=1_780_000_000_000)
    assert verify(early, centre, stopped=policy.receipts_stopped).device == "kiosk"


def receipt_of(folder, at=1_795_330_800_000):
    secret = bytes.fromhex((folder / "receipt.key").read_text().strip())
    key = Ed25519PrivateKey.from_private_bytes(secret)
    signer = Signer(key, (folder / "receipt.crt").read_text())
    return signer.sign(Slip(at, "0A1B2C3D", [Entry("returned", "B1")]))


def test_the_keys_of_a_machine_that_is_taken_out_are_not_believed_from_then_on(home, tmp_path):
    assert run(home, "enrol", "tinh", "kiosk", "--out", str(tmp_path / "one")) == 0
    assert run(home, "revoke", "kiosk") == 0
    with contextlib.closing(open_ledger(home)) as ledger:
        assert len(ledger.proofs.stopped()) == 1
    assert run(home, "receipt-key", "kiosk", "--out", str(tmp_path / "two")) == 1
