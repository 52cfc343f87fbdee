"""The demo's broker: Mosquitto in its own folder, or an embedded one where Mosquitto is missing."""

import asyncio
import getpass
import shutil
import ssl
import sys
from pathlib import Path

from demo.places import Places
from demo.processes import Child, ChildError

START_SECONDS = 10.0
_ELSEWHERE = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")
"""Where mosquitto may be although an ordinary user's PATH does not lead there."""

MOSQUITTO = """\
# Written by shelfwire-demo. TLS 1.3 only; who a device is, its certificate says.
listener {port} 127.0.0.1
cafile {pki}/device-ca.crt
certfile {pki}/broker.crt
keyfile {pki}/broker.key
tls_version tlsv1.3
require_certificate true
use_identity_as_username true
allow_anonymous false
acl_file {acl}
user {user}
set_tcp_nodelay true
max_inflight_messages 100
max_queued_messages 20000
max_packet_size 8388608
persistence true
persistence_location {folder}/
autosave_interval 30
log_dest stderr
log_type error
log_type warning
log_type notice
connection_messages true
"""

EMBEDDED = """\
id = 0
[router]
id = 0
max_connections = 200
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[v5.1]
name = "v5"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 8388608
max_inflight_count = 100
dynamic_filters = true
[v5.1.tls]
capath = "{pki}/device-ca.crt"
certpath = "{pki}/broker.crt"
keypath = "{pki}/broker.key"
"""

NOTICE = (
    "Using the embedded broker: TLS, but it asks for no certificate and knows no access list. "
    "Mosquitto does both (apt-get install mosquitto)."
)


def find_mosquitto() -> str | None:
    """Return the path of Debian's broker, if it is installed."""
    return shutil.which("mosquitto") or next(
        (f"{place}/mosquitto" for place in _ELSEWHERE if Path(place, "mosquitto").exists()), None
    )


class Broker:
    """The broker process of one demo. ``embedded`` says which of the two it is."""

    def __init__(self, places: Places, *, embedded: bool | None = None) -> None:
        """Choose the broker and write its configuration; ``embedded`` forces the choice."""
        program = find_mosquitto()
        self.embedded = program is None if embedded is None else embedded
        self.port = places.ports["broker"]
        self.restarting = False
        self._pki = places.centre / "pki"
        config = places.broker / ("embedded.toml" if self.embedded else "mosquitto.conf")
        template = EMBEDDED if self.embedded else MOSQUITTO
        config.write_text(
            template.format(
                port=self.port,
                pki=self._pki,
                acl=places.centre / "acl",
                folder=places.broker,
                user=getpass.getuser(),
            ),
            "utf-8",
        )
        command = [str(program), "-c", str(config)]
        if self.embedded:
            command = [sys.executable, "-m", "iotcore", "--config", str(config)]
            command += ["--log-level", "CRITICAL"]
        self.process = Child("broker", command, places.log / "broker.log")

    async def start(self) -> None:
        """Start it and wait until it greets; ChildError with its last words when it does not."""
        await self.process.start()
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while not await self._greets():
            late = asyncio.get_running_loop().time() > deadline
            if late or not self.process.running:
                raise ChildError(f"the broker did not start:\n{self.process.last_words()}")
            await asyncio.sleep(0.05)

    async def restart(self) -> None:
        """Stop and start it: every connection is cut."""
        self.restarting = True
        try:
            await self.process.stop()
            await self.start()
        finally:
            self.restarting = False

    async def _greets(self) -> bool:
        """Say whether it answers a TLS handshake in the name it should have."""
        context = ssl.create_default_context(cafile=self._pki / "server-ca.crt")
        context.load_cert_chain(self._pki / "gateway.crt", self._pki / "gateway.key")
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=context)
        except OSError:
            return False
        writer.transport.abort()
        return True
