import asyncio
import contextlib
import datetime
import fcntl
import io
import json
import sqlite3
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from drivers.feig import FeigGateSimulator, FeigSimulator
from drivers.gpio.simulator import BoardSimulator
from drivers.ports import Paper
from drivers.printer.simulator import PrinterSimulator
from drivers.testing.field import Field
from drivers.testing.serve import Served, serve_pty, serve_tcp
from drivers.testing.simulator import Simulator
from drivers.testing.tag15693 import Tag
from edge.cli import main
from edge.clock import Clock
from edge.doctor import Finding
from edge.doctor.broker import connect_packet
from edge.journal import Journal
from edge.texts import Texts
from edge.wire.facts import StaffCalled, Trouble

AGENT = """
[agent]
site = "tinh"
device = "tinh-kiosk"
data = "data"
site_key = "site.key"
"""
UID = bytes.fromhex("E004015012345678")
Doctor = Callable[..., Awaitable[dict[str, list[dict[str, Any]]]]]


class Site:
    """A device's configuration in a folder, written piece by piece."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self.folder, self.stack = folder, stack
        self.file = folder / "agent.toml"
        self.file.write_text(AGENT)
        (folder / "data").mkdir()

    def has(self, text: str) -> None:
        with self.file.open("a") as file:
            file.write(text + "\n")

    async def device(self, name: str, driver: str, simulator: Simulator, more: str = "") -> Served:
        served = await serve_tcp(simulator)
        self.stack.push_async_callback(served.close)
        self.has(f'[devices.{name}]\ndriver = "{driver}"\nurl = "{served.address}"\n{more}')
        return served

    async def examined(self, *words: str) -> dict[str, dict[str, Any]]:
        """Return the findings by part and key."""
        shown = await self.ask(*words)
        return {f"{one['part']} {one['key']}": one for one in shown["findings"]}

    async def ask(self, *words: str) -> dict[str, Any]:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            status = await asyncio.to_thread(
                main, ["doctor", "--config", str(self.file), "--json", "--seconds", "0.1",
                       "--lang", "en", *words],
            )  # fmt: skip
        shown: dict[str, Any] = json.loads(out.getvalue())
        assert status == (0 if shown["well"] else 1)
        return shown


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with AsyncExitStack() as stack:
        yield Site(tmp_path, stack)


def test_every_finding_and_its_mend_can_be_said_in_both_languages() -> None:
    vi, en = Texts("vi"), Texts("en")
    finding = Finding("pad", "bad", "device_missing", {"path": "/dev/ttyUSB0", "ports": "-"})
    assert "/dev/ttyUSB0" in finding.text(vi)
    assert finding.text(vi) != finding.text(en)
    assert "ttyUSB0" in finding.text(en)
    assert finding.as_json(en)["mend"] == finding.mend(en) != ""
    assert Finding("x", "ok", "printer_ok").mend(en) == ""


async def test_a_reader_is_identified_compared_and_measured(site: Site) -> None:
    tags = [Tag(UID), Tag(UID[:7] + b"\x01")]
    simulator = FeigSimulator(Field(*tags), block_seconds=0.0)
    (site.folder / "pad.toml").write_text("[[config]]\nblock=1\nbyte=13\nvalue=7\nwhy='because'\n")
    await site.device("pad", "feig", simulator, 'profile = "pad.toml"')
    found = await site.examined()
    assert found["pad device_ok"]["values"]["what"] == "FEIG CPR40, firmware 3.3"
    assert "should be 07 (because)" in found["pad profile_ram"]["text"]
    assert "shelfwire reader configure pad --device pad" in found["pad profile_ram"]["mend"]
    assert found["pad rate_ok"]["values"]["percent"] == 100
    assert found["pad rate_ok"]["values"]["tags"] == 2
    assert simulator.config[1] == bytes(14), "the doctor sets nothing"
    simulator.config[1] = bytes(13) + b"\x07"
    assert (await site.examined())["pad profile_eeprom"]["level"] == "note"
    simulator.eeprom[1] = bytes(13) + b"\x07"
    assert (await site.examined())["pad profile_equal"]["level"] == "ok"


async def test_a_tag_that_is_read_badly_is_named_and_each_antenna_measured(site: Site) -> None:
    class Faint(FeigSimulator):
        turns = 0

        def _inventory(self, fields: Any) -> Any:
            self.turns += 1
            if self.turns % 2 and self.field is self.antennas[1]:
                return super()._with_tag(lambda *_: None)(type(fields)(b"\x01" + bytes(8)))  # type: ignore[arg-type, return-value]
            return super()._inventory(fields)

    simulator = Faint(Field(), block_seconds=0.0, more_antennas=[Field(Tag(UID))])
    await site.device("pad", "feig", simulator)
    found = await site.ask("--antennas", "3", "--device", "pad")
    by_antenna = {one["values"].get("antenna"): one for one in found["findings"]}
    assert by_antenna[1]["key"] == "rate_none"
    assert by_antenna[2]["key"] == "rate_weak"
    assert by_antenna[2]["values"]["uid"] == UID.hex().upper()
    assert "metal" in by_antenna[2]["mend"]
    assert by_antenna[3]["key"] == "rate_failed"
    assert not found["well"]


async def test_a_gate_tells_what_each_antenna_saw(site: Site) -> None:
    gate = FeigGateSimulator(Field(), block_seconds=0.0)
    for antenna in (1, 1, 2):
        gate.pass_tag(Tag(UID), antenna)
    await site.device("gate", "feig-gate", gate)
    found = [one for one in (await site.ask())["findings"] if one["key"] == "gate_seen"]
    assert [(one["values"]["antenna"], one["values"]["count"]) for one in found] == [(1, 2), (2, 1)]
    assert (await site.examined())["gate gate_none"]["level"] == "note"


async def test_a_gate_that_calls_is_compared_at_its_own_address_and_not_changed(
    site: Site, free_tcp_port: int
) -> None:
    (site.folder / "gate.toml").write_text("[[config]]\nblock=1\nbyte=13\nvalue=7\n")
    reader = FeigSimulator(Field(), block_seconds=0.0)
    served = await serve_tcp(reader)
    site.stack.push_async_callback(served.close)
    site.has(
        f'[devices.gate]\ndriver = "feig-gate-notify"\nlisten = "tcp://127.0.0.1:{free_tcp_port}"\n'
        f'profile = "gate.toml"'
    )
    unseen = (await site.examined("--device", "gate"))["gate profile_unseen"]
    assert "shelfwire reader configure gate --check --url" in unseen["mend"]
    site.has(f'control = "{served.address}"')
    found = await site.examined("--device", "gate")
    assert "should be 07" in found["gate profile_ram"]["text"]
    assert found["gate device_ok"]["values"]["what"] == "FEIG CPR40, firmware 3.3"
    assert reader.config[1] == bytes(14), "the doctor sets nothing"


async def test_printers_and_boards_are_looked_at(site: Site) -> None:
    printer, board = PrinterSimulator(), BoardSimulator()
    printer.paper = Paper.OUT
    await site.device("printer", "escpos", printer)
    await site.device("board", "board-socket", board)
    board.set_input("tamper", True)
    found = await site.examined()
    assert "paper out" in found["printer printer_look"]["text"]
    assert found["board line_on"]["values"]["line"] == "tamper"


async def test_a_device_that_is_not_there_is_said_to_be_so_with_the_mend(site: Site) -> None:
    (site.folder / "secret").touch()
    site.has(f"""
[devices.gone]
driver = "feig"
url = "serial://{site.folder}/none"
[devices.away]
driver = "pn532"
url = "tcp://127.0.0.1:1"
""")
    found = await site.examined()
    assert found["gone device_missing"]["values"]["path"] == f"{site.folder}/none"
    assert "Plug in the cable" in found["gone device_missing"]["mend"]
    assert "network cable" in found["away device_unreachable"]["mend"]


async def test_a_port_that_another_program_holds_is_said_to_be_so(site: Site) -> None:
    served = await serve_pty(FeigSimulator(block_seconds=0.0), site.folder / "tty")
    site.stack.push_async_callback(served.close)
    site.has(f'[devices.pad]\ndriver = "feig"\nurl = "{served.address}"')
    with (site.folder / "tty").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        found = await site.examined()
    assert "fuser" in found["pad device_busy"]["mend"]
    assert "pad device_ok" in await site.examined()


async def test_a_wrong_password_is_a_refusal_with_its_hint(site: Site) -> None:
    await site.device("pad", "feig", FeigSimulator(password=b"\x01\x02\x03\x04"))
    found = await site.examined()
    assert "password" in found["pad device_refused"]["mend"]


async def test_what_an_agent_holds_is_left_to_it(site: Site, clock: Clock) -> None:
    simulator = FeigSimulator(block_seconds=0.0)
    await site.device("pad", "feig", simulator)
    journal = Journal.open(site.folder / "data/journal.db", "tinh-kiosk", clock)
    await journal.append(Trouble(part="printer", reason="paper_out"), StaffCalled(station="kiosk"))
    with (site.folder / "data/agent.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = await site.examined()
    await journal.close()
    assert simulator.requests == 0
    assert "systemctl stop" in found["agent agent_works"]["mend"]
    assert "paper_out" in found["printer agent_trouble"]["text"]
    assert found["journal journal_ok"]["values"] == {"facts": 2, "waiting": 2}


async def test_a_journal_is_sound_or_said_not_to_be(site: Site) -> None:
    assert "journal journal_none" in await site.examined()
    path = site.folder / "data/journal.db"
    path.write_bytes(b"SQLite format 3\x00" + bytes(5000))
    assert "journal journal_damaged" in await site.examined()
    path.unlink()
    journal = Journal.open(path, "tinh-kiosk", Clock(wall=lambda: time.time() - 3 * 86_400))
    await journal.append(StaffCalled(station="kiosk"))
    await journal.intend("E004010012345678", "38000000000018", 0xC2)
    await journal.close()
    found = await site.examined()
    assert found["journal journal_old"]["values"]["days"] >= 2
    assert found["journal tasks_open"]["values"]["count"] == 1
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 999")
    db.close()
    assert (await site.examined())["journal journal_newer"]["values"]["found"] == 999


async def test_the_machine_is_looked_at(site: Site) -> None:
    pi = site.folder / "pi"
    for name, text in {
        "sys/class/thermal/thermal_zone0/temp": "82000",
        "sys/devices/platform/soc/soc:firmware/get_throttled": "50000",
    }.items():
        (pi / name).parent.mkdir(parents=True)
        (pi / name).write_text(text)
    site.has('[devices.pi]\ndriver = "pihealth"\nroot = "pi"\ndisk_low_mb = 1000000000')
    found = await site.examined()
    assert found["machine heat_high"]["values"]["degrees"] == 82.0
    assert found["machine power_was_low"]["level"] == "warn"
    assert found["disk disk_low"]["level"] == "warn"
    assert any(key.startswith("clock clock_") for key in found)
    assert "pi device_ok" in found


async def test_without_a_configuration_the_machine_is_looked_at_all_the_same(site: Site) -> None:
    site.file.unlink()
    found = await site.examined()
    assert found["config config_none"]["level"] == "bad"
    assert any(key.startswith("disk ") for key in found)


async def test_a_wrong_configuration_is_a_finding(site: Site) -> None:
    site.has("[kiosk]")
    assert "unknown table" in (await site.examined())["config config_wrong"]["text"]


def test_a_device_nobody_knows_is_a_wrong_argument(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "agent.toml").write_text(AGENT)
    words = ["doctor", "--config", str(tmp_path / "agent.toml"), "--device", "pod"]
    assert main(words) == 2
    assert "no device pod" in capsys.readouterr().err
    assert main([*words[:3], "--seconds", "0"]) == 2


def test_the_text_names_the_part_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "agent.toml").write_text(
        AGENT + '[devices.pad]\ndriver = "feig"\nurl = "serial:///dev/none"\n'
    )
    assert main(["doctor", "--config", str(tmp_path / "agent.toml"), "--lang", "vi"]) == 1
    out = capsys.readouterr().out
    assert " X  pad          /dev/none không có ở máy này" in out
    assert "> Cắm cáp." in out
    assert out.rstrip().splitlines()[-1].startswith("Cần xem")


class Certificates:
    """An authority and what it signs, good for as many days as a test wants."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.write("ca", self.key, 3650, -10, ca=True)

    def issue(self, name: str, days: float, since: float = -10) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        self.write(name, key, days, since)
        pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        (self.folder / f"{name}.key").write_bytes(
            key.private_bytes(*pem, serialization.NoEncryption())
        )

    def write(self, name: str, key: Any, days: float, since: float, ca: bool = False) -> None:
        now = datetime.datetime.now(datetime.UTC)
        parties = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in (name, "ca")]
        made = (
            x509.CertificateBuilder(*reversed(parties))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=since))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False
            )
            .sign(self.key, hashes.SHA256())
        )
        (self.folder / f"{name}.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def uplink(self, port: int) -> str:
        return (
            f'[uplink]\nhost = "localhost"\nport = {port}\n'
            'ca = "ca.crt"\ncert = "device.crt"\nkey = "device.key"\n'
        )


@pytest.fixture
def certificates(site: Site) -> Certificates:
    return Certificates(site.folder)


async def broker(site: Site, answer: bytes, said: list[bytes], *, tls: bool = True) -> int:
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(site.folder / "broker.crt", site.folder / "broker.key")
        context.load_verify_locations(site.folder / "ca.crt")
        context.verify_mode = ssl.CERT_REQUIRED

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.append(await reader.read(200))
        writer.write(answer)
        said.append(await reader.read(2))
        writer.close()

    server = await asyncio.start_server(serve, "localhost", 0, ssl=context, family=2)
    site.stack.push_async_callback(server.wait_closed)
    site.stack.callback(server.close)
    return int(server.sockets[0].getsockname()[1])


async def test_the_broker_takes_the_connection_and_all_certificates_are_dated(
    site: Site, certificates: Certificates
) -> None:
    certificates.issue("broker", 20)
    certificates.issue("device", 400)
    said: list[bytes] = []
    site.has(certificates.uplink(await broker(site, bytes.fromhex("2003000000"), said)))
    shown = (await site.ask())["findings"]
    assert "broker_ok" in {one["key"] for one in shown}
    days = {one["values"]["which"]: one["key"] for one in shown if one["part"] == "certificate"}
    assert days == {"ca": "cert_ok", "cert": "cert_ok", "broker": "cert_soon"}
    assert said[0] == connect_packet("tinh-tinh-kiosk-doctor", "5")
    assert said[1][0] == 0x32, "something that is acknowledged, and that nobody answers"


@pytest.mark.parametrize(("days", "since", "key"), [(-1, -10, "cert_over"), (10, 5, "cert_early")])
async def test_a_certificate_out_of_its_time_is_said_to_be_so(
    site: Site, certificates: Certificates, days: float, since: float, key: str
) -> None:
    certificates.issue("device", days, since)
    site.has(certificates.uplink(1))
    found = await site.examined()
    assert found[f"certificate {key}"]["values"]["which"] == "cert"
    assert "broker broker_away" in found


@pytest.mark.parametrize(
    ("answer", "why"),
    [("2003008700", "0x87"), ("", "hangs up"), ("485454502f312e31", "does not speak MQTT")],
)
async def test_a_broker_that_says_no_is_told_with_the_mend(
    site: Site, certificates: Certificates, answer: str, why: str
) -> None:
    certificates.issue("broker", 400)
    certificates.issue("device", 400)

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(200)
        writer.write(bytes.fromhex(answer))
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(site.folder / "broker.crt", site.folder / "broker.key")
    server = await asyncio.start_server(hang_up, "localhost", 0, ssl=context, family=2)
    site.stack.callback(server.close)
    site.has(certificates.uplink(server.sockets[0].getsockname()[1]))
    found = (await site.examined())["broker broker_refused"]
    assert why in found["text"]
    assert "enrol tinh tinh-kiosk" in found["mend"]


async def test_a_broker_of_another_authority_is_not_trusted(
    site: Site, certificates: Certificates, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    Certificates(other).issue("broker", 400)
    certificates.issue("device", 400)
    for name in ("broker.crt", "broker.key"):
        (other / name).replace(site.folder / name)
    port = await broker(site, b"", [])
    site.has(certificates.uplink(port))
    assert "broker broker_tls" in await site.examined()


async def test_a_name_that_nobody_knows_and_missing_files_are_said_to_be_so(site: Site) -> None:
    site.has('[uplink]\nhost = "no-such-host.invalid"\nca = "a"\ncert = "b"\nkey = "c"')
    found = await site.examined()
    assert found["certificate cert_missing"]["level"] == "bad"
    assert not [key for key in found if key.startswith("broker ")], "nothing to knock with"
    site.file.write_text(AGENT + '[uplink]\nhost = "no-such-host.invalid"\ntls = false\n')
    assert "broker broker_unknown" in await site.examined()


def test_one_is_no_plural_in_english_and_vietnamese_has_none() -> None:
    values = {"antenna": 1, "percent": 100, "per_second": 9.0}
    said = Texts("en").say("doctor.rate_ok", tags=1, looks=1, **values)
    assert said == "Antenna 1: 1 tag, read 100% of the time (1 look, 9 a second)"
    said = Texts("en").say("doctor.rate_ok", tags=2, looks=0, **values)
    assert said == "Antenna 1: 2 tags, read 100% of the time (0 looks, 9 a second)"
    assert "1 thẻ" in Texts("vi").say("doctor.rate_ok", tags=1, looks=5, **values)
