"""The library system beside the ledger: it is told what happened, and asked where a return goes.

The ledger's fact is the cause (R13): what is told is told once, and a lost answer is looked up before
anything is said again (R14). Only a drop that asks with its item armed in the chute may cause a
check-in before the fact (``sort = "checkin"``); the fact that follows finds it and tells nothing more.
"""

import asyncio
import logging
from collections.abc import Callable

import msgspec

from edge.circulation.model import ItemView
from edge.wire.messages import Answer, Ask
from gateway.ledger import posts
from gateway.ledger.posts import Early, Post
from gateway.ledger.sqlite import SqliteLedger
from gateway.pulse import Pulse
from gateway.sip2 import words
from gateway.sip2.client import Client
from gateway.sip2.errors import LineError, LoginError, Sip2Error, UnansweredError
from gateway.sip2.message import Message
from gateway.sip2.options import Sip2Options
from gateway.sip2.words import Sorting
from gateway.worker import LedgerWorker

log = logging.getLogger(__name__)
LOOK_SECONDS = 2.0
DOWN_SECONDS = 5.0
"""How long posting waits when the line is down; the client itself waits longer and longer."""
AWAY_MS = 10 * 60_000
"""Staff hear of it when the line is down for so long."""
AGAIN_MS = 5 * 60_000
"""A check-in without an answer is repeated within this time; later somebody may have lent it again."""
STALE_EVERY_MS = 60_000
MOST_ASKED = 8
"""Questions of drops that may wait for the library system; further ones go by the table alone."""


class LibrarySystem:
    """One library system. ``writes`` and ``reads`` are the same ledger on two threads."""

    def __init__(
        self,
        options: Sip2Options,
        writes: LedgerWorker,
        reads: LedgerWorker,
        now: Callable[[], int],
        zone: str = "Asia/Ho_Chi_Minh",
        client: Client | None = None,
        pulse: Pulse | None = None,
    ) -> None:
        self._options, self._writes, self._reads, self._now = options, writes, reads, now
        self._client, self._pulse = client or Client(options, zone), pulse or Pulse()
        self._words = self._client.words
        self._asked: set[asyncio.Task[Sorting | None]] = set()
        self._down_since = self._stale_at = 0
        self._told_down = False
        self._answered, self._failed = 0, dict[str, int]()

    @property
    def sorts(self) -> bool:
        """Whether drops have a word from it."""
        return self._options.sort != "off"

    async def run(self) -> None:
        """Tell what there is to tell, until cancelled."""
        try:
            await self._pulse.outlast(lambda: self._writes.call(posts.begin))
            while True:
                count = self._pulse.count
                if await self._pulse.outlast(self.round):
                    await self._pulse.after(count, LOOK_SECONDS)
                else:
                    await asyncio.sleep(DOWN_SECONDS)
        finally:
            for task in list(self._asked):
                task.cancel()
            await asyncio.gather(*self._asked, return_exceptions=True)
            await self._client.close()

    async def round(self) -> bool:
        """Tell all that can be told now; return whether the line works."""
        now = self._now()
        if now - self._stale_at >= STALE_EVERY_MS:
            self._stale_at = now
            await self._writes.call(posts.early_stale, now)
        if not self._options.post:
            return True
        while await self._writes.call(posts.gather):
            pass
        while (post := await self._writes.call(posts.next_post, self._now())) is not None:
            try:
                await self._tell(post)
            except (LineError, LoginError):
                await self._writes.call(posts.unsent, post, self._now())
                await self._line(up=False)
                return False
            except Sip2Error as error:
                await self._unanswered(post, str(error))
                await self._line(up=False)
                return False
            self._answered += 1
            self._failed.pop(post.fact, None)
            await self._line(up=True)
        return True

    # -- telling

    async def _unanswered(self, post: Post, why: str) -> None:
        """Try later; what alone finds no answer while others do is given to a person at last."""
        blamed = self._failed.get(post.fact, self._answered) != self._answered
        self._failed[post.fact] = self._answered
        if not await self._writes.call(posts.unanswered, post, self._now(), blamed=blamed):
            self._failed.pop(post.fact, None)
            await self._end(post, "unsure", why, "no_answer")

    async def _tell(self, post: Post) -> None:
        if post.kind == "return":
            await self._came_back(post)
        elif post.kind == "loan":
            await self._went_out(post)
        else:
            await self._renewed(post)

    async def _came_back(self, post: Post) -> None:
        one = await self._reads.call(posts.early, post.item, post.device, post.at)
        if one is not None and (
            one.done or (one.answered and not await self._charged(post, unknown=True))
        ):
            await self._writes.call(posts.early_used, one.number, self._now())
            await self._end(post, "done")
            await self._look_where(post, Sorting(one.bin, one.held, one.branch))
            return
        if post.begun and not await self._charged(post):
            await self._end(post, "done")
            return
        if post.begun and self._now() - post.first > AGAIN_MS:
            await self._end(post, "unsure", reason="lent_since")
            return
        await self._writes.call(posts.sending, post.fact, self._now())
        answer = await self._client.ask(self._checkin(post.item, post.branch, post.at, post.late))
        if one is not None:
            await self._writes.call(posts.early_used, one.number, self._now())
        if answer["ok"] == "1" or not await self._charged(post, unknown=True):
            await self._end(post, "done", words.why(answer))
            await self._look_where(post, words.of_checkin(answer))
        else:
            await self._end(post, "refused", words.why(answer))

    async def _charged(self, post: Post, *, unknown: bool = False) -> bool:
        """Return whether the item stands as lent there; ``unknown`` is said of one it lacks."""
        answer = await self._client.ask(self._words.item(post.item, self._now()))
        return answer["status"] in words.CHARGED if words.known(answer) else unknown

    async def _went_out(self, post: Post) -> None:
        """Tell of a loan, unless it is there already: said twice it would be a renewal."""
        reader = self._name(post)
        if not reader:
            await self._end(post, "refused", reason="no_card")
            return
        there = await self._client.ask(self._words.item(post.item, self._now()))
        if not words.known(there):
            await self._end(post, "refused", reason="unknown_item")
            return
        if there["status"] in words.CHARGED:
            has = await self._client.ask(self._words.charged(reader, self._now()))
            if words.has_item(has, post.item):
                await self._end(post, "done")
            else:
                await self._end(post, "unsure", reason="lent_there")
            return
        await self._lent(post, reader, self._words.checkout)

    async def _renewed(self, post: Post) -> None:
        reader = self._name(post)
        if post.begun or not reader:
            await self._end(post, "unsure", reason="no_answer" if post.begun else "no_card")
            return
        await self._lent(post, reader, self._words.renew)

    async def _lent(self, post: Post, reader: str, write: Callable[..., Message]) -> None:
        """Tell of a loan or renewal as :class:`~gateway.sip2.words.Writer` writes it."""
        await self._writes.call(posts.sending, post.fact, self._now())
        due = post.due if self._options.quirks.due else None
        message = write(reader, post.item, post.at, due, no_block=self._forced(post.late))
        answer = await self._client.ask(message)
        await self._end(post, "done" if answer["ok"] == "1" else "refused", words.why(answer))

    async def _look_where(self, post: Post, goes: Sorting) -> None:
        """Have staff move what lies elsewhere than the library system wants it."""
        wanted = self._options.bins.get(goes.bin, goes.bin)
        if (post.bin and wanted == post.bin) or await self._reads.call(_waits, post.item):
            return  # it lies right, or our own list of holds has said where it goes
        if post.bin and wanted:
            await self._writes.call(posts.astray, post, wanted, "bin", self._now())
        elif goes.held:
            await self._writes.call(posts.astray, post, wanted, "hold", self._now())

    async def _end(self, post: Post, state: posts.End, why: str = "", reason: str = "") -> None:
        if state in ("refused", "unsure"):
            log.warning("%s of %s is %s by the library system", post.kind, post.item, state)
        await self._writes.call(posts.end, post.fact, state, self._now(), why, reason)
        self._pulse.beat()  # the page counts what is left

    def _checkin(self, item: str, branch: str, at: int, late: bool) -> Message:
        place, forced = self._options.theirs(branch), self._forced(late)
        return self._words.checkin(item, place, at, self._now(), no_block=forced)

    def _forced(self, late: bool) -> bool:
        """Whether it may not be refused any more: it happened already, and they understand that."""
        return late and self._options.quirks.no_block == "facts"

    def _name(self, post: Post) -> str:
        return post.card if self._options.reader == "card" else post.reader

    async def _line(self, *, up: bool) -> None:
        """Note whether the line works; staff hear of it when it is down for long."""
        if up:
            self._down_since = 0
            if self._told_down:
                self._told_down = False
                await self._writes.call(posts.line_up, self._now())
            return
        self._down_since = self._down_since or self._now()
        if not self._told_down and self._now() - self._down_since >= AWAY_MS:
            self._told_down = True
            await self._writes.call(posts.line_down, self._down_since, self._now())

    # -- asking

    async def sorted(self, answer: Answer, ask: Ask, site: str, device: str) -> Answer:
        """Return the ledger's answer to a drop with the library system's word, if that comes in time.

        What comes too late is kept: the fact finds it, and staff hear if the item lies elsewhere.
        """
        if len(ask.items) != 1 or len(self._asked) >= MOST_ASKED:
            return answer
        [item] = ask.items
        early = self._options.sort == "checkin"
        if early and not ask.armed:
            return answer
        question = self._early(item, site, device) if early else self._of_item(item)
        task = asyncio.create_task(question, name=f"where {item} goes")
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)
        await asyncio.wait([task], timeout=self._options.sort_seconds)
        goes = task.result() if task.done() and not task.cancelled() else None
        return answer if goes is None else await self._with(answer, item, goes)

    async def _with(self, answer: Answer, item: str, goes: Sorting) -> Answer:
        branch = self._options.ours(goes.branch)
        if not await self._reads.call(posts.branch_known, branch):
            branch = ""  # AQ may be any text: a place that we do not know sends nothing away
        named = self._options.bins.get(goes.bin, goes.bin)
        bins = answer.bins if item in answer.bins or not named else {**answer.bins, item: named}
        items = [_seen(view, goes.held, branch) if view.item == item else view
                 for view in answer.items]  # fmt: skip
        return msgspec.structs.replace(answer, items=items, bins=bins)

    async def _of_item(self, item: str) -> Sorting | None:
        try:
            answer = await self._client.ask(self._words.item(item, self._now()))
        except Sip2Error:
            return None
        return words.of_item(answer) if words.known(answer) else None

    async def _early(self, item: str, site: str, device: str) -> Sorting | None:
        """Check an item in whose return the drop records next; once, however often it asks."""
        one = await self._reads.call(posts.early, item, device, self._now())
        if one is not None and one.answered:
            return Sorting(one.bin, one.held, one.branch)
        if one is not None:
            return await self._of_item(item)  # begun, and no answer came: nothing is said twice
        branch = await self._reads.call(_branch, site)
        number = await self._writes.call(posts.early_begins, item, device, site, self._now())
        try:
            answer = await self._client.ask(self._checkin(item, branch, self._now(), late=False))
        except UnansweredError:
            return None
        except Sip2Error:
            await self._writes.call(posts.early_used, number, self._now())
            return None
        goes = words.of_checkin(answer)
        done = answer["ok"] == "1"
        one = Early(number, done, True, goes.bin, goes.held, goes.branch)
        await self._writes.call(posts.early_done, one)
        return goes if answer["AJ"] or done else None


def _seen(view: ItemView, held: bool, branch: str) -> ItemView:
    return msgspec.structs.replace(view, held=view.held or held, branch=branch or view.branch)


def _branch(ledger: SqliteLedger, site: str) -> str:
    return str(ledger.store.value("SELECT branch FROM sites WHERE site = ?", site) or site)


def _waits(ledger: SqliteLedger, item: str) -> bool:
    return ledger.holds.waits(item)
