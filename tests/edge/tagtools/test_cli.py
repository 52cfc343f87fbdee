import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from drivers.barcode.simulator import ScannerSimulator
from drivers.errors import RefusedError, TagLostError
from drivers.feig import PAD as FEIG
from drivers.feig.options import PadOptions
from drivers.feig.simulator import FeigSimulator
from drivers.rl866 import Rl866Simulator
from drivers.tags import NewTag, decode
from drivers.testing.field import Field
from drivers.testing.serve import Served, serve_pty, serve_tcp
from drivers.testing.tag15693 import Tag
from drivers.threem import ThreeMSimulator
from edge.cli import main, parser
from edge.config import ConfigError
from edge.tagtools.intents import Intents
from edge.tagtools.testing import OWNER, UID, simulated_pad, written
from edge.tagtools.work import TagBench

NAME = UID.hex().upper()
SECOND = UID[:-1] + b"\x02"
Run = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def field() -> Field:
    return Field()


@pytest.fixture
async def served(field: Field) -> AsyncIterator[Served]:
    made = await serve_tcp(FeigSimulator(field, block_seconds=0.0), "127.0.0.1", 0)
    yield made
    await made.close()


@pytest.fixture
def run(served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    async def command(*words: str, url: bool = True) -> tuple[int, str, str]:
        more = ["--url", served.address, "--intents", str(tmp_path / "open.db")] if url else []
        status = await asyncio.to_thread(main, ["tag", *words, *more])
        out, err = capsys.readouterr()
        return status, out, err

    return command


async def test_what_is_on_the_reader_is_read(run: Run, field: Field) -> None:
    field.put(written("VN000001"))
    status, out, _ = await run("read")
    assert status == 0
    assert f"{NAME}  VN000001 of {OWNER}  iso28560-3  afi=07 dsfid=3E 112 bytes" in out
    status, out, _ = await run("read", "--json")
    told = json.loads(out)
    assert (told["uid"], told["item_id"], told["open"]) == (NAME, "VN000001", None)


async def test_a_tag_is_written_and_verified(run: Run, field: Field) -> None:
    tag = Tag(UID)
    field.put(tag)
    status, out, _ = await run(
        "write", "VN000123", "--owner", OWNER, "--element", "title=Truyện Kiều"
    )
    assert (status, "written (iso28560-3" in out) == (0, True)
    assert decode(bytes(tag.memory)).elements["title"] == "Truyện Kiều"
    assert (await run("verify", "--item", "VN000123", "--owner", OWNER))[0] == 0
    status, out, _ = await run("verify", "--item", "VN000124", "--json")
    assert (status, json.loads(out)["faults"]) == (
        1,
        ["the tag says VN000123, expected was VN000124"],
    )


async def test_a_dry_run_writes_nothing(run: Run, field: Field) -> None:
    tag = Tag(UID)
    field.put(tag)
    status, out, _ = await run("write", "VN000123", "--dry-run")
    assert (status, "would_write" in out, any(tag.memory)) == (0, True, False)


async def test_a_refused_tag_is_exit_status_1(run: Run, field: Field) -> None:
    field.put(written("VN999999"))
    status, out, _ = await run("write", "VN000123")
    assert (status, "belongs to item VN999999" in out) == (1, True)
    assert (await run("write", "VN000123", "--overwrite", "--format", "iso28560-2"))[0] == 0
    field.put(Tag(SECOND))
    assert (await run("write", "VN000124"))[0] == 1


async def test_a_torn_tag_is_found_and_healed(run: Run, field: Field, tmp_path: Path) -> None:
    tag = Tag(UID)
    async with simulated_pad() as pad:
        pad.field.put(tag)
        pad.field.tear_after(UID, 4)
        with Intents(tmp_path / "open.db") as intents:
            bench = TagBench(pad.reader, intents)
            intent = bench.plan(await bench.read(UID), NewTag("VN000123", OWNER))
            with pytest.raises(TagLostError):
                await bench.write(intent)
    field.put(tag)
    status, out, _ = await run("verify")
    assert (status, "writing VN000123 was begun" in out) == (1, True)
    status, out, _ = await run("heal")
    assert (status, "VN000123" in out, "finished" in out) == (0, True, True)
    assert (await run("verify"))[0] == 0
    status, out, _ = await run("heal", "--json")
    assert json.loads(out)["outcome"] == "nothing"


async def test_nothing_on_the_reader_is_said(run: Run) -> None:
    for word in ("read", "verify", "heal"):
        status, _, err = await run(word)
        assert (status, "no tag on the reader" in err) == (1, True)


async def test_codes_of_a_line_come_from_standard_input(
    served: Served, field: Field, tmp_path: Path
) -> None:
    tag = Tag(UID)
    field.put(tag)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge", "tag", "convert", "--url", served.address, "--owner", OWNER,
        "--intents", str(tmp_path / "open.db"), "--log", str(tmp_path / "log.csv"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(b"VN000123\n"), 30)
    assert process.returncode == 0, err.decode()
    assert "1 written" in out.decode()
    assert "scan a code" in err.decode()
    assert decode(bytes(tag.memory)).item_id == "VN000123"
    assert "VN000123" in (tmp_path / "log.csv").read_text()


async def test_reader_and_scanner_can_be_those_of_the_agent(
    run: Run, served: Served, field: Field, tmp_path: Path
) -> None:
    scanner = ScannerSimulator()
    line = await serve_pty(scanner)
    (tmp_path / "site.key").write_text("00" * 16)
    config = tmp_path / "agent.toml"
    config.write_text(f"""
[agent]
site = "tinh"
device = "tinh-ban"
data = "data"
site_key = "site.key"
[devices.pad]
driver = "feig"
url = "{served.address}"
[devices.gun]
driver = "scanner"
url = "{line.address}"
""")
    tag = Tag(UID)
    field.put(tag)
    asyncio.get_running_loop().call_later(0.5, scanner.scan, "VN000123", "]C1")
    try:
        words = ("convert", "--config", str(config), "--scanner", "--count", "1")
        status, out, _ = await asyncio.wait_for(run(*words, url=False), 30)
    finally:
        await line.close()
    assert (status, "1 written" in out) == (0, True)
    assert (tmp_path / "data" / "tagtools.db").exists()
    status, _, err = await run("read", "--config", str(config), "--device", "gun", url=False)
    assert (status, "no such ItemReader; the configuration has pad" in err) == (2, True)


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (("read", "--url", "tcp://127.0.0.1:1"), 1, "127.0.0.1"),
        (("read", "--url", "nonsense"), 1, "serial:///dev"),
        (("read", "--url", "tcp://127.0.0.1:1", "--driver", "feigg"), 2, "not known"),
        (("read", "--url", "tcp://127.0.0.1:1", "--driver", "scanner"), 2, "no reader for item"),
        (("convert", "--url", "tcp://127.0.0.1:1", "--scanner"), 1, "127.0.0.1"),
    ],
)
async def test_what_cannot_be_is_said_in_a_sentence(
    run: Run, tmp_path: Path, words: tuple[str, ...], status: int, text: str
) -> None:
    got, _, err = await run(*words, "--intents", str(tmp_path / "open.db"), url=False)
    assert (got, text in err) == (status, True), err


async def lock(served: Served, answer: str, *words: str) -> tuple[int, list[str]]:
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return answer

    args = parser().parse_args(["tag-lock", *words, "--url", served.address])
    return await asyncio.to_thread(args.handler, args, ask), asked


async def test_a_lock_is_set_only_when_the_uid_is_typed(served: Served, field: Field) -> None:
    tag = written("VN000123")
    field.put(tag)
    for answer in ("", "y", "yes", "VN000123", NAME[:-1]):
        assert (await lock(served, answer, "blocks", "0", "1"))[0] == 3
        assert tag.locked == set()
    status, [prompt] = await lock(served, NAME.lower(), "blocks", "1", "0")
    assert (status, tag.locked, NAME in prompt) == (0, {0, 1}, True)
    assert (await lock(served, NAME, "blocks", "0"))[0] == 0
    assert (await lock(served, NAME, "afi"))[0] == 0
    assert (await lock(served, NAME, "dsfid"))[0] == 0
    assert (tag.afi_locked, tag.dsfid_locked) == (True, True)


async def test_a_lock_needs_one_tag_and_blocks_that_it_has(
    served: Served, field: Field, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (await lock(served, NAME, "afi"))[0] == 1
    field.put(written("VN000123"))
    status, asked = await lock(served, NAME, "blocks", "0", "28")
    assert (status, asked) == (1, [])
    assert "no block 28: it has 0 to 27" in capsys.readouterr().err
    field.put(Tag(SECOND))
    assert (await lock(served, NAME, "afi"))[0] == 1


async def test_a_password_guards_the_afi_only_when_the_chip_takes_it(
    served: Served, field: Field, capsys: pytest.CaptureFixture[str]
) -> None:
    tag = written("VN000123")
    field.put(tag)
    new = ("--new", "11223344")
    assert (await lock(served, "no", "password", "afi", *new))[0] == 3
    assert (await lock(served, NAME, "password", "afi", "--old", "01020304", *new))[0] == 1
    assert "did not take the password" in capsys.readouterr().err
    assert (tag.password, tag.guarded) == (bytes(4), set())
    assert (await lock(served, NAME, "password", "afi", *new))[0] == 0
    assert (tag.password.hex(), tag.guarded, tag.afi) == ("11223344", {"afi"}, 0x07)
    async with FEIG.open(PadOptions(served.address)) as pad:
        with pytest.raises(RefusedError):
            await pad.write_afi(UID, 0xC2)
    assert (await lock(served, NAME, "password", "eas", "--old", "11223344", *new))[0] == 0
    assert tag.guarded == {"afi", "eas"}


async def test_a_chip_of_another_maker_has_no_such_password(
    served: Served, field: Field, capsys: pytest.CaptureFixture[str]
) -> None:
    field.put(Tag(bytes.fromhex("E007000000000001")))
    assert (await lock(served, "", "password", "afi", "--new", "11223344"))[0] == 1
    assert "only NXP chips" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="choose another"):
        await lock(served, "", "password", "afi", "--new", "00000000")


def test_only_one_module_sends_what_cannot_be_undone() -> None:
    root = Path(__file__).parents[3]
    sending: list[Any] = [
        path.relative_to(root)
        for folder in ("drivers", "edge", "kiosk", "gateway", "demo")
        for path in (root / folder).rglob("*.py")
        if re.search(r"LOCK_AFI|\bcommands\.CHIP\b", path.read_text())
        and path.name != "commands.py"
        and "imulator" not in path.name
    ]
    assert sorted(map(str, sending)) == ["drivers/feig/locks.py"]


@pytest.mark.parametrize(
    ("driver", "simulator", "said"),
    [("rl866", Rl866Simulator, "DSFID stays 00, 06 is usual: this reader cannot write it"),
     ("3m", ThreeMSimulator, "written (iso28560-2")],
)  # fmt: skip
async def test_what_a_pad_cannot_write_is_said_and_what_it_can_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], driver: str, simulator: Any, said: str
) -> None:
    tag = Tag(UID)
    made = await serve_tcp(simulator(Field(tag), block_seconds=0.0), "127.0.0.1", 0)
    words = ["tag", "write", "VN000123", "--driver", driver, "--url", made.address,
             "--format", "iso28560-2", "--intents", str(tmp_path / "open.db")]  # fmt: skip
    assert await asyncio.to_thread(main, words) == 0
    out = capsys.readouterr().out
    assert said in out
    assert ("DSFID" in out, tag.dsfid) == ((True, 0) if driver == "rl866" else (False, 6))
    await made.close()
