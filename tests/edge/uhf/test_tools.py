"""The tools for the person with a screwdriver, at UHF readers."""

import asyncio
import contextlib
import io
import json
import sys

import pytest

from drivers.a0 import A0Simulator
from drivers.tags import NewTag, encode_mb01
from drivers.testing.gen2 import AirField, Gen2Tag
from drivers.testing.serve import serve_tcp
from drivers.uhf18 import Model, Uhf18Simulator
from edge.cli import main

BANK = encode_mb01(NewTag("893000000001", "VN-HNLIB"))


async def said(*words):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        status = await asyncio.to_thread(main, list(words))
    return status, json.loads(out.getvalue())


@pytest.fixture
def field():
    return AirField(Gen2Tag(bytes(12), BANK[4:], int.from_bytes(BANK[2:4], "big")))


async def examined(tmp_path, driver, simulator):
    served = await serve_tcp(simulator)
    file = tmp_path / "agent.toml"
    file.write_text(
        f'[agent]\nsite = "xa"\ndevice = "xa-gate"\ndata = "{tmp_path}"\nsite_key = "{tmp_path}/key"\n'
        f'[devices.gate]\ndriver = "{driver}"\nurl = "{served.address}"\npatience = 0.3\n'
    )
    try:
        words = ("--json", "--seconds", "0.1", "--lang", "en", "--device", "gate")
        _, shown = await said("doctor", "--config", str(file), *words)
    finally:
        await served.close()
    return {one["key"]: one for one in shown["findings"] if one["part"] == "gate"}


@pytest.mark.parametrize("driver", ["uhf18", "uhf18-pad", "uhf-auto"])
async def test_the_doctor_names_a_uhf_reader(tmp_path, field, driver):
    found = await examined(tmp_path, driver, Uhf18Simulator(field, model=Model.R288))
    assert found["device_ok"]["values"]["what"] == "UHFReader288M, firmware 3.1"


async def test_the_doctor_says_which_family_answers(tmp_path, field):
    found = await examined(tmp_path, "uhf18", A0Simulator(field))
    assert 'driver = "a0"' in found["device_family"]["mend"]


@pytest.mark.parametrize(
    ("protocol", "frame", "command"),
    [
        ("uhf18", "040001db4b", "inventory"),
        ("a0", "a0030172ea", "firmware version"),
        ("llrp", "043e0000000a00000001", "KEEPALIVE"),
    ],
)
async def test_frames_of_uhf_readers_are_explained(protocol, frame, command):
    status, shown = await said("frame", protocol, frame, "--json")
    assert (status, shown["command"]) == (0, command)


async def test_a_bank_is_understood_as_the_person_says():
    memory = "c15734001703000398130803f4040000"
    _, shown = await said("tag", "decode", memory, "--block-size", "2", "--json")
    assert shown["item_id"] is None
    _, shown = await said("tag", "decode", memory, "--bank", "mb01-alliance", "--json")
    assert shown["item_id"] == "32103179"


@pytest.mark.parametrize("device", ["uhf18", "uhf288", "a0"])
async def test_a_simulated_uhf_reader_is_served_and_moved(device):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge", "simulate", device, "--tcp", "127.0.0.1:0",
        "--tag", BANK[4:].hex(), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    async with asyncio.timeout(20):
        assert (await process.stdout.readline()).startswith(b"ready 127.0.0.1:")
        await process.stdout.readline()
        process.stdin.write(b"put 3034257bf7194e4000001a85=3000\ntags\nquit\n")
        await process.stdin.drain()
        told = (await process.communicate())[0].decode()
    assert f"{BANK[4:].hex()} pc=3907" in told
    assert "3034257bf7194e4000001a85 pc=3000" in told
