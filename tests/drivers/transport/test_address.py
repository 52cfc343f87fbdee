from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import OptionError
from drivers.transport import SerialLine, TcpSocket, parse

FEIG = SerialLine(Path(), baud=38400, parity="E")


def test_a_serial_address_says_its_settings() -> None:
    line = parse("serial:///dev/ttyUSB0?baud=57600&parity=E&bits=7&stop=2")
    assert line == SerialLine(Path("/dev/ttyUSB0"), 57600, "E", 7, 2)


def test_what_an_address_does_not_say_comes_from_the_protocol() -> None:
    assert parse("serial:///dev/ttyUSB0", FEIG) == SerialLine(Path("/dev/ttyUSB0"), 38400, "E")
    assert parse("serial:///dev/ttyUSB0?parity=N", FEIG) == SerialLine(
        Path("/dev/ttyUSB0"), 38400, "N"
    )


def test_a_pseudo_terminal_is_8n1_even_behind_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "pad").symlink_to("/dev/pts/7")
    line = SerialLine(tmp_path / "pad", 38400, "E", 7, 2)
    assert line.usable() == SerialLine(tmp_path / "pad", 38400, "N", 8, 1)


def test_a_real_line_keeps_its_parity() -> None:
    line = SerialLine(Path("/dev/ttyUSB0"), 38400, "E")
    assert line.usable() == line


def test_a_tcp_address_names_host_and_port() -> None:
    assert parse("tcp://127.0.0.1:10001") == TcpSocket("127.0.0.1", 10001)
    assert parse("tcp://[::1]:10001") == TcpSocket("::1", 10001)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "begin with"),
        ("/dev/ttyUSB0", "begin with"),
        ("serial:/", "three slashes"),
        ("serial://dev/ttyUSB0", "three slashes"),
        ("serial:///dev/ttyUSB0?speed=9600", "speed=9600 is not known"),
        ("serial:///dev/ttyUSB0?baud=0", "baud=50 to 4000000"),
        ("serial:///dev/ttyUSB0?baud=99999999999", "baud=50 to 4000000"),
        ("serial:///dev/ttyUSB0?baud=", "baud=50 to 4000000"),
        ("serial:///dev/ttyUSB0?parity=M", "parity=N|E|O"),
        ("tcp://reader", "tcp://host:port"),
        ("tcp://reader:0", "tcp://host:port"),
        ("tcp://reader:70000", "address"),
        ("tcp://reader:10001/pad", "nothing more"),
        ("tcp://[reader:10001", "address"),
    ],
)
def test_a_wrong_address_is_named_with_its_mend(url: str, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse(url)
    assert said in str(caught.value)
    assert repr(url) in str(caught.value)


@given(st.text() | st.text().map("serial:///".__add__) | st.text().map("tcp://".__add__))
def test_any_text_is_an_address_or_an_option_error(text: str) -> None:
    try:
        address = parse(text)
    except OptionError:
        return
    assert isinstance(address, SerialLine | TcpSocket)
