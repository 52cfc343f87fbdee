"""How a device asks for the loans elsewhere: page by page, as the link and its budget allow."""

import asyncio

import pytest

from edge.clock import Clock
from edge.config import UplinkOptions
from edge.elsewhere import Lent
from edge.uplink import elsewhere
from edge.uplink.elsewhere import Afar
from edge.wire.elsewhere import Elsewhere, Prints, encode_elsewhere, pack_rows
from edge.wire.errors import WireError

KEY = b"a secret of xa.."
AT = 1_795_000_020_000


class Centre:
    """Keeps what was asked, and answers as a test wants."""

    def __init__(self, tmp_path, days=60.0):
        self.asked, self.pressed, self.pause = [], False, 1.0
        self.lent = Lent(KEY, tmp_path / "elsewhere.bin")
        self.lent.begin()
        options = UplinkOptions(elsewhere_days=days, elsewhere_seconds=15.0)
        self.afar = Afar(
            self.lent, options, "xa", None, Clock(), self._ask,
            pressed=lambda: self.pressed, pause=lambda: self.pause,
        )  # fmt: skip

    async def _ask(self, wanted):
        self.asked.append(wanted)

    async def say(self, **message):
        rows = pack_rows([Prints(KEY).row("B1", "", AT)])
        await self.afar.take(encode_elsewhere(Elsewhere(rows=rows, **message), "xa"))


@pytest.fixture
def centre(tmp_path, monkeypatch):
    monkeypatch.setattr(elsewhere, "AGAIN", 0.01)
    return Centre(tmp_path)


async def asked(centre, count):
    async with asyncio.timeout(10):
        while len(centre.asked) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return centre.asked[-1]


@pytest.fixture
async def running(centre):
    tasks = []

    def start():
        tasks.append(asyncio.create_task(centre.afar.run()))

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_pages_are_asked_for_until_the_last_and_news_are_listened_to(centre, running):
    running()
    first = await asked(centre, 1)
    assert (first.after, first.before, first.seconds) == (0, 0, 15.0)
    assert first.since < centre.afar._clock.now_ms() - 59 * 86_400_000
    await centre.say(version=9, more=(AT, "B1"))
    second = await asked(centre, 2)
    assert (second.after, second.before, second.item) == (9, AT, "B1")
    await centre.say(version=9, start=9, more=(0, ""))
    await centre.say(version=12, start=9)
    await asyncio.sleep(0.1)
    assert len(centre.asked) == 2, "all is here, and more comes by itself"
    assert centre.lent.version == 12


@pytest.mark.parametrize("nothing", [True, False])
async def test_where_nothing_is_elsewhere_the_centre_is_left_in_peace(
    centre, running, monkeypatch, nothing
):
    monkeypatch.setattr(elsewhere, "RENEW", 0.02)
    running()
    await asked(centre, 1)
    await centre.say(version=9, more=(0, ""), nothing=nothing)
    if nothing:
        await asyncio.sleep(0.3)
        assert len(centre.asked) == 1
        centre.afar.doubt()  # another centre may hold more branches
    await asked(centre, 3 if not nothing else 2)


async def test_what_does_not_follow_or_is_not_understood_is_asked_for_again(centre, running):
    running()
    await asked(centre, 1)
    await centre.say(version=12, start=9)
    await asked(centre, 2)
    with pytest.raises(WireError):
        await centre.afar.take(b"nonsense")
    await asked(centre, 3)
    centre.afar.doubt()
    await asked(centre, 4)


async def test_a_scarce_link_gets_news_seldom_and_no_old_loans_and_a_spent_one_nothing(
    centre, running
):
    centre.pause = 10.0
    centre.lent.take(Elsewhere(version=3, more=(AT, "B1")))
    running()
    wanted = await asked(centre, 1)
    assert (wanted.after, wanted.before, wanted.seconds) == (3, 0, 150.0)
    centre.pause = None
    centre.afar.doubt()
    await asyncio.sleep(0.1)
    assert len(centre.asked) == 1


async def test_where_no_gate_wants_to_know_nothing_is_asked_or_taken(tmp_path):
    centre = Centre(tmp_path, days=0)
    assert not centre.afar.on
    await centre.afar.run()
    await centre.say(version=3)
    assert (centre.asked, centre.lent.version) == ([], 0)
