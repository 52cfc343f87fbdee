"""Makes a gateway's folder, enrols devices and takes their right to speak again."""

from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.wire.commands import load_public, public_pem
from edge.wire.proofs import certify
from edge.wire.seal import CENTRE, Seal, SealError, seal_from
from edge.wire.topics import SHARED, check_name
from gateway import acl, pki
from gateway.errors import HomeError
from gateway.home import Home, write_open, write_secret
from gateway.ledger.sqlite import SqliteLedger

RECEIPTS_MS = 5 * 366 * 86_400_000
"""How long a device may sign receipts with one key; what it signed stays good."""
_CONFIG = """\
# What `shelfwire-gateway run` reads. Paths are relative to this file.

[gateway]
data = "."

[broker]
host = "127.0.0.1"
port = 8883
ca = "pki/server-ca.crt"
cert = "pki/gateway.crt"
key = "pki/gateway.key"

[console]
host = "127.0.0.1"
port = 8090
"""


def make_home(folder: Path, hosts: list[str]) -> Home:
    """Make the folder with authorities, the broker's and the gateway's certificates and a ledger.

    What is there already stays as it is.
    """
    home = Home(folder)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    devices = _authority(home, "device-ca", "Shelfwire device CA")
    servers = _authority(home, "server-ca", "Shelfwire server CA")
    _pair(home, "broker", lambda: pki.make_server(servers, hosts))
    _pair(home, "gateway", lambda: pki.make_client(devices, acl.GATEWAY))
    command_key(home)
    _pair(home, CENTRE, lambda: pki.make_signer(servers, CENTRE))
    if not home.pki("revoked.crl").exists():
        write_open(home.pki("revoked.crl"), pki.make_revocations(devices, []))
    if not home.config.exists():
        write_open(home.config, _CONFIG)
    ledger = open_ledger(home)
    try:
        write_acl(home, ledger)
    finally:
        ledger.close()
    return home


def renew(home: Home, hosts: list[str] | None, *, everything: bool = False) -> list[str]:
    """Make new certificates for the broker and the gateway where a third of their life is left.

    ``everything``: also for those with more; ``hosts``: the broker's names, None: as before.
    Returns whose were made. The old ones are good to their end, so nothing stops meanwhile.
    """
    home.check()
    broker, gateway = _load(home, "broker").cert, _load(home, "gateway").cert
    done = []
    if everything or hosts or pki.is_old(broker):
        made = pki.make_server(_load(home, "server-ca"), hosts or pki.hosts_of(broker))
        _save(home, "broker", made)
        done.append("broker")
    if everything or pki.is_old(gateway):
        _save(home, "gateway", pki.make_client(_load(home, "device-ca"), acl.GATEWAY))
        done.append("gateway")
    return done


def open_ledger(home: Home) -> SqliteLedger:
    """Open the ledger of a gateway's folder."""
    return SqliteLedger(home.check().ledger, home.site_key)


def command_key(home: Home) -> Ed25519PrivateKey:
    """Return the key that signs commands; a folder from before there were commands gets one."""
    path = home.pki("command.key")
    if not path.exists():
        write_secret(path, pki.make_signing_key())
    return pki.load_signing_key(path.read_bytes())


def centre_seal(home: Home) -> Seal:
    """Return the centre's own key; one is made in a folder that an older program made."""
    servers = _load(home.check(), "server-ca")
    _pair(home, CENTRE, lambda: pki.make_signer(servers, CENTRE))
    try:
        return seal_from(
            home.pki(f"{CENTRE}.key").read_bytes(), home.pki(f"{CENTRE}.crt").read_bytes()
        )
    except SealError as error:
        raise HomeError(f"{home.pki(CENTRE)}: {error}") from None


def enrol(
    home: Home,
    ledger: SqliteLedger,
    site: str,
    device: str,
    out: Path,
    now: int,
    *,
    name: str = "",
    branch: str = "",
    site_name: str = "",
) -> str:
    """Make a device's key and certificate in ``out`` and let it speak; return the fingerprint.

    Enrolling it again gives it a new key; the old certificate is revoked.
    """
    for text in (check_name(site), check_name(device)):
        if text in (SHARED, acl.GATEWAY):
            raise HomeError(f"{text} is a word of the topics: choose another name")
    there = ledger.site_of(device)
    if there not in (None, site):
        raise HomeError(f"{device} belongs to site {there}; revoke it there first")
    pair = pki.make_client(_load(home, "device-ca"), device)
    old = [row for row in ledger.devices() if row["device"] == device and row["serial"]]
    with ledger.store.transaction():
        ledger.catalogue.put_site(site, branch, site_name)
        ledger.enrol(
            site,
            device,
            now,
            serial=f"{pair.cert.serial_number:x}",
            fingerprint=pair.fingerprint,
            name=name,
        )
    write_secret(out / "device.key", pair.key_pem)
    write_open(out / "device.crt", pair.cert_pem)
    write_open(home.device_cert(device), pair.cert_pem)
    write_open(out / "ca.crt", home.pki("server-ca.crt").read_bytes())
    write_open(out / "command.pub", public_pem(command_key(home)))
    centre_seal(home)
    write_open(out / "centre.crt", home.pki(f"{CENTRE}.crt").read_bytes())
    receipt_key(home, ledger, device, out, now)
    write_secret(out / "site.key", home.site_key(site).hex() + "\n")
    write_acl(home, ledger)
    for row in old:
        _add_revoked(home, row["serial"])
    return pair.fingerprint


def receipt_key(
    home: Home,
    ledger: SqliteLedger,
    device: str,
    out: Path,
    now: int,
    *,
    lost_since: int | None = None,
) -> None:
    """Make the key with which a device signs receipts from now on, and the centre's word for it.

    What it signed with an older key stays genuine; with ``lost_since`` (ms) only what was before.
    """
    site = ledger.site_of(device)
    if site is None:
        raise HomeError(f"{device} is not enrolled")
    key = Ed25519PrivateKey.generate()
    word = certify(command_key(home), site, device, key.public_key(), now + RECEIPTS_MS)
    public = key.public_key().public_bytes_raw().hex()
    know_centres(home, ledger)
    with ledger.store.transaction():
        ledger.proofs.put_key(device, public, now)
        if lost_since is not None:
            ledger.proofs.stop(device, lost_since, but=public)
    write_secret(out / "receipt.key", key.private_bytes_raw().hex() + "\n")
    write_open(out / "receipt.crt", word + "\n")


def know_centres(home: Home, ledger: SqliteLedger) -> None:
    """Have the ledger tell every site the keys that certify receipts: today's, and those before.

    A centre whose ``command.key`` is another now keeps the old public ones as ``pki/command-*.pub``.
    """
    keys = [command_key(home).public_key()]
    keys += [load_public(file.read_bytes()) for file in home.folder.glob("pki/command-*.pub")]
    with ledger.store.transaction():
        ledger.proofs.put_centres(key.public_bytes_raw().hex() for key in keys)


def revoke(home: Home, ledger: SqliteLedger, device: str, now: int) -> None:
    """Take a device's right to speak: at the ledger at once, at the broker when it reloads."""
    if ledger.site_of(device) is None:
        raise HomeError(f"{device} is not enrolled")
    serial = ledger.revoke(device, now)
    with ledger.store.transaction():
        ledger.proofs.stop(device, now)
    write_acl(home, ledger)
    _add_revoked(home, serial)


def write_acl(home: Home, ledger: SqliteLedger) -> str:
    """Write the broker's access list for all devices that may speak; return it."""
    rows = [(row["site"], row["device"]) for row in ledger.devices() if not row["revoked"]]
    text = acl.render(rows)
    write_open(home.acl, text)
    return text


def _add_revoked(home: Home, serial: str) -> None:
    listed = home.pki("revoked.txt")
    serials = set(listed.read_text().split()) if listed.exists() else set()
    serials.add(serial)
    write_open(listed, "\n".join(sorted(serials)) + "\n")
    numbers = [int(text, 16) for text in sorted(serials)]
    write_open(home.pki("revoked.crl"), pki.make_revocations(_load(home, "device-ca"), numbers))


def _authority(home: Home, name: str, title: str) -> pki.Pair:
    if not home.pki(f"{name}.key").exists():
        _save(home, name, pki.make_authority(title))
    return _load(home, name)


def _pair(home: Home, name: str, make: Callable[[], pki.Pair]) -> None:
    if not home.pki(f"{name}.key").exists():
        _save(home, name, make())


def _save(home: Home, name: str, pair: pki.Pair) -> None:
    write_secret(home.pki(f"{name}.key"), pair.key_pem)
    write_open(home.pki(f"{name}.crt"), pair.cert_pem)


def _load(home: Home, name: str) -> pki.Pair:
    return pki.load_pair(home.pki(f"{name}.crt").read_bytes(), home.pki(f"{name}.key").read_bytes())
