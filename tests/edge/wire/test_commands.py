import contextlib

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from edge.wire.commands import (
    CONTEXT,
    LONGEST_LIFE_MS,
    Command,
    Mute,
    Order,
    SendLogs,
    load_public,
    public_pem,
    read_order,
    write_order,
)
from edge.wire.errors import WireError
from edge.wire.messages import decode, encode

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()
ID = "0193b3d0-0000-7000-8000-000000000001"
NOW = 1_795_000_000_000


def order(**more: object) -> Order:
    values = {"id": ID, "site": "tinh", "device": "gate-1", "made": NOW, "expires": NOW + 60_000}
    return Order(**{**values, "deed": Mute(minutes=10, why="school class"), **more})  # type: ignore[arg-type]


def signed(body: bytes) -> Command:
    return Command(body=body, sign=KEY.sign(CONTEXT + body))


def test_an_order_comes_back_as_it_was_signed() -> None:
    command = decode(encode(write_order(order(), KEY)), Command)
    assert read_order(command, PUBLIC, "tinh", "gate-1") == order()
    assert load_public(public_pem(KEY)).public_bytes_raw() == PUBLIC.public_bytes_raw()


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (write_order(order(), Ed25519PrivateKey.generate()), "not signed by the centre"),
        (Command(body=msgspec.json.encode(order()), sign=b""), "not signed by the centre"),
        (write_order(order(device="gate-2"), KEY), "meant for another device"),
        (write_order(order(site="xa"), KEY), "meant for another device"),
        (write_order(order(expires=NOW + LONGEST_LIFE_MS + 1), KEY), "lives longer"),
        (write_order(order(expires=NOW), KEY), "lives longer"),
        (write_order(order(id="1"), KEY), "matching regex"),
        (write_order(order(deed=SendLogs(lines=10_000)), KEY), "<= 500"),
        (signed(b" " + msgspec.json.encode(order())), "not in its one form"),
        (signed(b"[]"), "command: Expected `object`"),
        (signed(b"x" * 5000), "longer than"),
    ],
)
def test_what_is_not_to_be_believed_is_refused(command: Command, why: str) -> None:
    with pytest.raises(WireError, match=why):
        read_order(command, PUBLIC, "tinh", "gate-1")


def test_a_signature_for_something_else_is_none_for_a_command() -> None:
    body = msgspec.json.encode(order())
    with pytest.raises(WireError, match="not signed"):
        read_order(Command(body=body, sign=KEY.sign(body)), PUBLIC, "tinh", "gate-1")


def test_a_key_of_another_kind_is_refused() -> None:
    other = generate_private_key(SECP256R1()).public_key()
    pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for text in (pem, b"", b"-----BEGIN PUBLIC KEY-----"):
        with pytest.raises(WireError, match="key"):
            load_public(text)


@given(st.binary(max_size=300), st.binary(max_size=80))
def test_any_bytes_are_a_command_or_a_wire_error(body: bytes, sign: bytes) -> None:
    for command in (Command(body=body, sign=sign), signed(body)):
        with pytest.raises(WireError):
            read_order(command, PUBLIC, "tinh", "gate-1")


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_one_changed_byte_is_never_obeyed(at: int, byte: int) -> None:
    raw = bytearray(encode(write_order(order(), KEY)))
    at %= len(raw)
    changed = raw[at] != byte
    raw[at] = byte
    try:
        got = read_order(decode(bytes(raw), Command), PUBLIC, "tinh", "gate-1")
    except WireError:
        return
    assert got == order() or not changed


@given(st.binary(max_size=400))
def test_any_payload_is_a_command_or_a_wire_error(raw: bytes) -> None:
    with contextlib.suppress(WireError):
        decode(raw, Command)
