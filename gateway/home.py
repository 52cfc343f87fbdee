"""The gateway's folder: where the ledger, the keys and the access list lie.

```
HOME/gateway.toml          what `shelfwire-gateway run --config` reads
HOME/ledger.db             the ledger
HOME/acl                   the broker's access list, written from the topic table
HOME/pki/device-ca.*       signs devices; the broker trusts nothing else
HOME/pki/server-ca.*       signs the broker; devices trust nothing else
HOME/pki/broker.* gateway.*
HOME/pki/command.key       signs commands to devices
HOME/pki/centre.*          the centre's own key: signs what goes down, opens what comes on sticks
HOME/pki/devices/*.crt     the devices' certificates
HOME/keys/SITE.key         the secret of a site's card references (32 bytes in hex)
```
"""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gateway.errors import HomeError


@dataclass(frozen=True, slots=True)
class Home:
    """The folder and the names of what lies in it."""

    folder: Path

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "gateway.toml"

    @property
    def ledger(self) -> Path:
        """The ledger's database."""
        return self.folder / "ledger.db"

    @property
    def acl(self) -> Path:
        """The broker's access list."""
        return self.folder / "acl"

    def pki(self, name: str) -> Path:
        """Return the path of a key or certificate (``device-ca.crt``)."""
        return self.folder / "pki" / name

    def device_cert(self, device: str) -> Path:
        """Return the path of a device's certificate."""
        return self.pki("devices") / f"{device}.crt"

    def site_key_file(self, site: str) -> Path:
        """Return the path of a site's secret."""
        return self.folder / "keys" / f"{site}.key"

    def site_key(self, site: str) -> bytes:
        """Return a site's secret; make it the first time the site is named."""
        path = self.site_key_file(site)
        if not path.exists():
            write_secret(path, secrets.token_hex(32) + "\n")
        return bytes.fromhex(path.read_text().strip())

    def check(self) -> "Home":
        """Return itself, or raise HomeError when ``init`` was never run here."""
        if not self.pki("device-ca.key").exists():
            raise HomeError(
                f"{self.folder}: no gateway lives here; run `shelfwire-gateway init {self.folder}`"
            )
        return self


def write_secret(path: Path, text: str | bytes) -> None:
    """Write a file that only its owner may read; it is there whole or not at all."""
    _replace(path, text, 0o600)


def write_open(path: Path, text: str | bytes) -> None:
    """Write a file that everybody may read; it is there whole or not at all."""
    _replace(path, text, 0o644)


@contextlib.contextmanager
def whole(path: Path, mode: int = 0o600) -> Iterator[BinaryIO]:
    """Give a file to write; it takes its place when it is on the disk, or leaves no trace."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            with contextlib.suppress(PermissionError):  # a stick's file system knows no modes
                os.fchmod(file.fileno(), mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
        _sync(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):  # the stick may be gone
            Path(name).unlink(missing_ok=True)
        raise


def _sync(folder: Path) -> None:
    with contextlib.suppress(OSError):  # some file systems of sticks cannot
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _replace(path: Path, text: str | bytes, mode: int) -> None:
    with whole(path, mode) as file:
        file.write(text.encode() if isinstance(text, str) else text)
