"""The line to the centre: certificates, name, TLS, and whether the broker takes this device.

The question is a CONNECT under a name of its own, so that an agent at work stays connected:

    10 LEN  00 04 "MQTT"  05|04  02  keepalive:2  [00]  client id        -> 20 LEN flags reason …
    32 LEN  topic  00 01  00  a wish that no neighbour answers (MQTT 5)  -> 40 LEN 00 01 reason …
"""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from edge.config import Config, UplinkOptions
from edge.doctor.model import Finding, Tell
from edge.uplink.link import LinkLostError, context
from edge.wire import topics
from edge.wire.messages import Want, encode

PART = "broker"
SECONDS = 8.0
SOON_DAYS = 30
_KEEPALIVE = 10
HEED_SECONDS = 2.0
_CONNACK, _PUBACK = 0x20, 0x40
_GOODBYE = bytes((0xE0, 0x00))


class RefusedError(Exception):
    """The broker answered, and the answer is no."""


class DeniedError(RefusedError):
    """It takes the connection, and nothing that is said on it."""


async def look(tell: Tell, config: Config) -> None:
    """Look at the certificates, then knock at the broker."""
    uplink = config.uplink
    if not uplink.host:
        tell(Finding(PART, "note", "broker_off"))
        return
    if uplink.tls and not _have_all(tell, uplink):
        return
    where = {"host": uplink.host, "port": uplink.port}
    who = {"site": config.agent.site, "device": config.agent.device}
    name = f"{config.agent.site}-{config.agent.device}-doctor"
    begun = time.monotonic()
    try:
        async with asyncio.timeout(SECONDS):
            theirs = await _knock(uplink, name, topics.SITE_WANT.of(**who))
    except socket.gaierror:
        tell(Finding(PART, "bad", "broker_unknown", where))
    except (ssl.SSLError, LinkLostError) as error:
        tell(Finding(PART, "bad", "broker_tls", where | {"why": _words(error)}))
    except DeniedError as error:
        tell(Finding(PART, "bad", "broker_denied", where | who | {"why": str(error)}))
    except RefusedError as error:
        tell(Finding(PART, "bad", "broker_refused", where | who | {"why": str(error)}))
    except (OSError, TimeoutError) as error:
        tell(Finding(PART, "bad", "broker_away", where | {"why": _words(error)}))
    else:
        took = round((time.monotonic() - begun) * 1000)
        tell(Finding(PART, "ok", "broker_ok", where | {"ms": took}))
        if theirs:
            _judge(tell, "broker", x509.load_der_x509_certificate(theirs))


def _have_all(tell: Tell, uplink: UplinkOptions) -> bool:
    """Tell how long the certificates are good, and what is missing; return whether nothing is."""
    whole = True
    for which, path in (("ca", uplink.ca), ("cert", uplink.cert)):
        whole &= path is not None and _certificates(tell, which, path)
    try:
        if uplink.key is not None:
            uplink.key.read_bytes()
    except OSError as error:
        values = {"file": str(uplink.key), "why": error.strerror}
        tell(Finding("certificate", "bad", "cert_missing", values))
        whole = False
    return whole


async def _knock(uplink: UplinkOptions, name: str, topic: str) -> bytes | None:
    """Connect, say something that nobody answers, and leave; return the broker's certificate."""
    async with _connected(uplink) as (reader, writer):
        writer.write(connect_packet(name, uplink.protocol))
        try:
            head = await reader.readexactly(4)
        except asyncio.IncompleteReadError:
            raise RefusedError("it hangs up") from None
        except (ConnectionError, ssl.SSLError) as error:
            raise RefusedError(_words(error)) from None
        if head[0] != _CONNACK:
            raise RefusedError(f"it does not speak MQTT: {head.hex(' ')}")
        if head[3]:
            raise RefusedError(f"reason 0x{head[3]:02X}")
        if uplink.protocol == "5":
            await reader.readexactly(head[1] - 2)
            writer.write(publish_packet(topic, encode(Want(device="nobody", epoch="0"))))
            await _heed(reader)
        writer.write(_GOODBYE)
        secured = writer.get_extra_info("ssl_object")
        return secured.getpeercert(binary_form=True) if secured is not None else None


async def _heed(reader: asyncio.StreamReader) -> None:
    """Raise DeniedError when the broker says that it took nothing; silence is no answer."""
    with contextlib.suppress(TimeoutError, asyncio.IncompleteReadError):
        async with asyncio.timeout(HEED_SECONDS):
            kind, length = await reader.readexactly(2)
            said = await reader.readexactly(length)
            if kind == _PUBACK and length > 2 and said[2] >= 0x80:
                raise DeniedError(f"reason 0x{said[2]:02X}")


@asynccontextmanager
async def _connected(
    uplink: UplinkOptions,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    tls = context(uplink) if uplink.tls else None
    reader, writer = await asyncio.open_connection(uplink.host, uplink.port, ssl=tls)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await writer.wait_closed()


def connect_packet(name: str, protocol: str) -> bytes:
    """Return a CONNECT without a will, with a session that ends with the connection."""
    five = protocol == "5"
    body = b"\x00\x04MQTT" + bytes((5 if five else 4, 0x02)) + _KEEPALIVE.to_bytes(2, "big")
    body += (b"\x00" if five else b"") + len(name).to_bytes(2, "big") + name.encode()
    return bytes((0x10,)) + _length(len(body)) + body


def publish_packet(topic: str, payload: bytes) -> bytes:
    """Return a PUBLISH of MQTT 5 that asks to be acknowledged."""
    body = len(topic).to_bytes(2, "big") + topic.encode() + b"\x00\x01" + b"\x00" + payload
    return bytes((0x32,)) + _length(len(body)) + body


def _length(count: int) -> bytes:
    made = bytearray()
    while True:
        count, low = divmod(count, 128)
        made.append(low | (0x80 if count else 0))
        if not count:
            return bytes(made)


def _certificates(tell: Tell, which: str, path: Path) -> bool:
    """Tell how long the certificates of a file are good; return whether there are any."""
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        values = {"file": str(path), "why": getattr(error, "strerror", None) or str(error)}
        tell(Finding("certificate", "bad", "cert_missing", values))
        return False
    _judge(tell, which, min(found, key=lambda one: one.not_valid_after_utc))
    return True


def _judge(tell: Tell, which: str, certificate: x509.Certificate) -> None:
    """Tell for how long a certificate is good."""
    now = datetime.now(UTC)
    since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    days = (until - now).days
    values = {
        "which": which,
        "days": days,
        "until": f"{until:%Y-%m-%d}",
        "since": f"{since:%Y-%m-%d}",
    }
    if now < since:
        tell(Finding("certificate", "bad", "cert_early", values))
    elif now >= until:
        tell(Finding("certificate", "bad", "cert_over", values))
    else:
        soon = days < SOON_DAYS
        tell(
            Finding("certificate", *(("warn", "cert_soon") if soon else ("ok", "cert_ok")), values)
        )


def _words(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
