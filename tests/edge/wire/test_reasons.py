"""Why there is no connection, in words: the libraries' own errors, and what they mean here."""

import asyncio
import errno
import socket
import ssl
from datetime import timedelta
from pathlib import Path

import aiomqtt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from edge.wire import reasons
from gateway import pki

AUTHORITY = pki.make_authority("one")


def wrapped(error: BaseException) -> aiomqtt.MqttError:
    """As the MQTT library raises it: in its own words, the cause hidden."""
    try:
        try:
            raise error
        except OSError as cause:
            raise aiomqtt.MqttError(str(cause)) from None
    except aiomqtt.MqttError as made:
        return made


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "does the broker run"),
        (socket.gaierror(-2, "Name or service not known"), "a name server"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "no network"),
        (TimeoutError("timed out"), "no answer in time"),
        (ssl.SSLCertVerificationError(1, "x"), "is it ours"),
    ],
)
def test_what_the_operator_reads_names_the_mend(error: OSError, words: str) -> None:
    assert words in reasons.why(error)
    assert words in reasons.why(wrapped(error))


def test_a_code_of_mqtt_is_told_and_an_unknown_error_keeps_its_words() -> None:
    assert reasons.why(aiomqtt.MqttCodeError(0x80)) == "the connection was cut"
    assert "enrolled" in reasons.why(aiomqtt.MqttCodeError(0x87))
    assert reasons.why(ValueError("odd")) == "odd"
    assert reasons.why(asyncio.CancelledError()) == "CancelledError"


def test_a_machine_whose_certificate_has_ended_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "device.crt"
    file.write_bytes(pki.make_client(AUTHORITY, "kiosk").cert.public_bytes(Encoding.PEM))
    assert "is this device enrolled" in reasons.refused(file)
    monkeypatch.setattr(pki, "_SKEW", timedelta(days=900))
    monkeypatch.setattr(pki, "DEVICE_DAYS", -1)
    file.write_bytes(pki.make_client(AUTHORITY, "kiosk").cert.public_bytes(Encoding.PEM))
    assert "our certificate ended on 20" in reasons.refused(file)
    assert reasons.refused(None) == reasons.refused(tmp_path / "none")
