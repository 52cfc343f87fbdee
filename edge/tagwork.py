"""Tag security in two phases (rule R12): the safe side of a power cut is a tag that alarms.

A loan is recorded first, then its tags are disarmed and read back. A return arms first, reads back,
then records. What could not be finished stays in the journal as a task and is finished when the tag
is met again (:meth:`TagWork.heal`). A recorded loan is never rolled back.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from drivers.errors import DriverError, RefusedError, TagLostError
from drivers.ports import ItemReader, TagInfo
from edge.circulation.model import Verdict
from edge.items import PadItem, PadWatch
from edge.journal import JournalError, TagTask
from edge.station import Services
from edge.wire.facts import Fact, Loan, Repaired, Return, Secured, TagStillArmed, TagTrouble
from edge.wrongbits import Rests, Wish, wish

if TYPE_CHECKING:
    from edge.device import Device

log = logging.getLogger(__name__)
TRIES = 3
ALLOW_MS = 2 * 3_600_000
"""How long gates let a tag pass that could not be disarmed."""


@dataclass(frozen=True, slots=True)
class Lent:
    """A recorded loan. Not ``secured``: its tag still alarms, and gates were told to let it pass.

    ``removed``: the item was taken away too early; put back, it is healed.
    """

    event_id: str
    secured: bool
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Returned:
    """A return. ``event_id`` is None when nothing was recorded: the tag left or the reader did.

    Recorded but not ``secured``: the tag refused to be armed; staff know, a task is open.
    """

    event_id: str | None
    secured: bool
    removed: bool = False


class Healed(StrEnum):
    """What meeting a tag again came to."""

    NOTHING = ""
    SECURED = "secured"
    """The security work of a recorded loan or return was finished."""
    REPAIRED = "repaired"
    """A security bit that was wrong for the state of the loan was put right."""
    FAILED = "failed"
    """There is work to do on this tag, and it did not succeed this time."""


class _End(StrEnum):
    """How writing one tag ended."""

    DONE = "done"
    GONE = "gone"
    FAILED = "failed"
    AWAY = "away"


@dataclass(slots=True)
class _Work:
    """How the tags of one item ended."""

    ends: dict[str, _End] = field(default_factory=dict)

    def uids(self, *ends: _End) -> list[str]:
        return [uid for uid, end in self.ends.items() if end in ends]

    @property
    def secured(self) -> bool:
        return bool(self.ends) and all(end is _End.DONE for end in self.ends.values())

    @property
    def removed(self) -> bool:
        return _End.GONE in self.ends.values()

    @property
    def unreachable(self) -> bool:
        return self.removed or _End.AWAY in self.ends.values()


class TagWork:
    """Lends, takes back and heals the items over one RFID reader.

    One call at a time. ``watch`` is told of security bytes that were changed. ``arm_silent``: a
    silent tag that is merely met is armed when its item is surely not on loan.
    """

    def __init__(
        self,
        services: Services,
        device: "Device[ItemReader]",
        watch: PadWatch | None = None,
        *,
        tries: int = TRIES,
        allow_ms: int = ALLOW_MS,
        arm_silent: bool = False,
    ) -> None:
        self._services = services
        self._journal = services.journal
        self._device = device
        self._watch = watch
        self._tries = tries
        self._allow_ms = allow_ms
        self._arm_silent = arm_silent
        self._rests = Rests(services.clock.mono_ms)

    async def lend(
        self,
        item: PadItem,
        card: str,
        verdict: Verdict,
        session: str = "",
        *,
        online: bool = False,
        about: str = "",
    ) -> Lent:
        """Record the loan, then disarm. Raises JournalError when the loan could not be recorded.

        ``online``: the centre gave the verdict. ``about``: the event that opened the class in which
        the reader touched a picture; empty: the reader showed a card.
        """
        afi = self._services.replica.policy.afi_out
        loan = Loan(
            item=_number(item),
            card=card,
            due=verdict.due,
            online=online,
            session=session,
            evidence=item.evidence(),
            by="class" if about else "card",
            about=about,
        )
        [event] = await self._journal.append(loan, open_tasks=_tasks(item, afi))
        work = await self._write(item, afi)
        facts: list[Fact] = [
            Secured(item=loan.item, uid=uid, afi=afi, about=event.id)
            for uid in work.uids(_End.DONE)
        ]
        armed = work.uids(_End.GONE, _End.FAILED, _End.AWAY)
        facts += self._let_pass(loan.item, armed, event.id)
        await self._finish(facts, close=work.uids(_End.DONE))
        return Lent(event.id, work.secured, work.removed and item.by == "tag")

    async def take_back(
        self,
        item: PadItem,
        place: Literal["kiosk", "drop", "desk"],
        session: str = "",
        *,
        bin_name: str = "",
        choose: Callable[[], Awaitable[str]] | None = None,
    ) -> Returned:
        """Arm, read back, then record the return. Nothing is recorded of an item that left.

        ``choose`` says, when the tag is armed, into which bin it goes; empty: none takes it, and
        nothing is recorded. It may take its time, so the tag is read once more behind it.
        Raises JournalError when the return could not be recorded; the tag then alarms already.
        """
        afi = self._services.replica.policy.afi_in
        number = _number(item)
        if item.tags:
            await self._journal.append(open_tasks=_tasks(item, afi))
        work = await self._write(item, afi)
        if work.unreachable and item.by == "tag":
            return Returned(None, secured=False, removed=work.removed)
        if choose is not None:
            bin_name = await choose()
            there = await self._still_there(item)
            if not bin_name or there is not _End.DONE:
                return Returned(None, work.secured, removed=there is not _End.AWAY)
        done, silent = work.uids(_End.DONE), work.uids(_End.FAILED, _End.GONE, _End.AWAY)
        back = Return(
            item=number,
            place=place,
            bin=bin_name,
            owner=item.owner,
            session=session,
            evidence=item.evidence(afi if work.secured else None),
        )
        facts: list[Fact] = [Secured(item=number, uid=uid, afi=afi, about="") for uid in done]
        facts += [_trouble("not_armed", number, uid, place) for uid in silent]
        if item.missing:
            facts.append(_trouble("incomplete_set", number, item.key, place))
        if not item.tags:
            facts.append(_trouble("no_tag", number, "", place))
        tasks = [TagTask(uid, number, afi) for uid in silent]
        events = await self._journal.append(back, *facts, open_tasks=tasks, close_tasks=done)
        return Returned(events[0].id, work.secured)

    async def heal(
        self,
        item: PadItem,
        reader: str = "",
        card: str = "",
        about: str = "",
        *,
        station: str = "",
    ) -> Healed:
        """Finish what is open on an item that is met again and is not being returned now.

        ``station`` is named to staff when a silent tag refuses to be armed.
        ``reader`` and ``card``: references of the reader who stands here (``about`` as in lend). A tag that alarms although
        the item is known as lent to this very reader is disarmed after the loan was recorded once
        more: the item may have come back through a machine of which nobody has heard yet.
        """
        if item.item is None or item.trouble:
            return Healed.NOTHING
        loan = self._services.replica.loan(item.item)
        armed = any(afi == self._services.replica.policy.afi_in for _, afi in item.tags)
        if card and armed and loan is not None and loan.reader == reader:
            verdict = Verdict(item=item.item, ok=True, due=loan.due)
            try:
                online = self._services.desk.online
                lent = await self.lend(item, card, verdict, online=online, about=about)
            except JournalError:
                return Healed.FAILED
            return Healed.REPAIRED if lent.secured else Healed.FAILED
        ends = [await self._heal(item, uid, afi, station) for uid, afi in item.tags]
        for end in (Healed.FAILED, Healed.REPAIRED, Healed.SECURED):
            if end in ends:
                return end
        return Healed.NOTHING

    def wants(self, item: PadItem) -> bool:
        """Return whether :meth:`heal` has something to do with an item that lies there.

        A tag that could not be put right is left alone for some hours.
        """
        return not item.trouble and any(
            self._wish(item, uid, afi) is not None and not self._rests.resting(uid)
            for uid, afi in item.tags
        )

    def _wish(self, item: PadItem, uid: bytes, afi: int | None) -> Wish | None:
        found = wish(self._services, item, uid, afi) if item.item else None
        return None if found is not None and found.found and not self._arm_silent else found

    async def _heal(self, item: PadItem, uid: bytes, afi: int | None, station: str) -> Healed:
        todo = self._wish(item, uid, afi)
        if todo is None:
            return Healed.NOTHING
        if todo.found:  # the intent first, as with a return
            if not await self._intend(item, uid):
                return Healed.FAILED
            if self._wish(item, uid, afi) != todo:
                return Healed.NOTHING  # somebody told of a loan meanwhile
        end = await self._set(uid, afi, todo.afi)
        if end is _End.DONE:
            self._rests.done(uid)
            return await self._mended(_number(item), uid, todo)
        if end is not _End.AWAY and self._rests.failed(uid, refused=end is _End.FAILED):
            log.warning("tag %s of %s is left alone, it cannot be put right", item.key, item.item)
            if todo.found:
                key = uid.hex().upper()
                await self._finish([_trouble("not_armed", _number(item), key, station)], close=[])
        return Healed.FAILED

    async def _intend(self, item: PadItem, uid: bytes) -> bool:
        """Open the task that arms a tag which was found silent; False: it cannot be written down."""
        name = uid.hex().upper()
        if self._journal.task(name) is not None:
            return True
        try:
            task = TagTask(name, _number(item), self._services.replica.policy.afi_in)
            await self._journal.append(open_tasks=[task])
        except JournalError as error:
            self._rests.failed(uid, refused=False)
            log.warning("the silent tag %s is not armed: %s", name, error)
            return False
        return True

    async def _mended(self, item: str, uid: bytes, todo: Wish) -> Healed:
        """Record a byte that was put right.

        A tag that is disarmed when it is met again may have come back meanwhile where nobody here
        has heard of yet: a task stays open that arms it when it is met with its loan over.
        """
        name, policy = uid.hex().upper(), self._services.replica.policy
        self._services.allowed.pop(name, None)
        fact: Fact = Repaired(item=item, uid=name, afi=todo.afi)
        if todo.about:
            fact = Secured(item=item, uid=name, afi=todo.afi, about=todo.about)
        arm = TagTask(name, item, policy.afi_in, todo.about)
        again = [arm] if todo.afi == policy.afi_out else []
        await self._finish([fact], close=[name], opened=again)
        return Healed.SECURED if todo.about else Healed.REPAIRED

    def _let_pass(self, item: str, uids: Iterable[str], about: str) -> list[Fact]:
        until = self._services.clock.now_ms() + self._allow_ms
        facts: list[Fact] = []
        for uid in uids:
            self._services.allowed[uid] = until
            facts.append(TagStillArmed(item=item, uid=uid, about=about, until=until))
        return facts

    async def _finish(
        self, facts: list[Fact], close: list[str], opened: Iterable[TagTask] = ()
    ) -> None:
        """Record the second phase. If that fails the task stays open, which is the safe side."""
        if not facts:
            return
        try:
            await self._journal.append(*facts, close_tasks=close, open_tasks=opened)
        except JournalError as error:
            log.warning("tag security of %s not recorded, it stays a task: %s", close, error)

    async def _write(self, item: PadItem, afi: int) -> _Work:
        """Set the security byte of every tag of the item."""
        work = _Work()
        for uid, now in item.tags:
            work.ends[uid.hex().upper()] = await self._set(uid, now, afi)
        return work

    async def _still_there(self, item: PadItem) -> _End:
        """Return whether every tag of an item can still be read: done, gone, or away."""
        for uid, _ in item.tags if item.by == "tag" else ():
            for last in (False, True):
                try:
                    await self._device.call(_asking(uid))
                    break
                except TagLostError:
                    if last:
                        return _End.GONE
                except RefusedError:
                    break
                except DriverError:
                    return _End.AWAY
        return _End.DONE

    async def _set(self, uid: bytes, now: int | None, afi: int) -> _End:
        """Set one security byte and read it back; only what was read back counts."""
        end = _End.FAILED
        for _ in range(self._tries):
            try:
                if now != afi:
                    await self._device.call(_writing(uid, afi))
                now = (await self._device.call(_asking(uid))).afi
            except TagLostError:
                end, now = _End.GONE, None
            except RefusedError as error:
                log.info("tag %s: %s", uid.hex().upper(), error)
                end, now = _End.FAILED, None
            except DriverError:  # DeviceAwayError, or the reader cannot do it at all
                return _End.AWAY
            else:
                end = _End.FAILED
            if now == afi:
                if self._watch is not None:
                    self._watch.note_afi(uid, afi)
                return _End.DONE
        return end


def _writing(uid: bytes, afi: int) -> Callable[[ItemReader], Awaitable[None]]:
    return lambda reader: reader.write_afi(uid, afi)


def _asking(uid: bytes) -> Callable[[ItemReader], Awaitable[TagInfo]]:
    return lambda reader: reader.info(uid)


def _tasks(item: PadItem, afi: int) -> list[TagTask]:
    return [TagTask(uid.hex().upper(), _number(item), afi) for uid, _ in item.tags]


def _number(item: PadItem) -> str:
    if item.item is None:
        raise ValueError(f"tag {item.key} has no item number: it cannot be lent or taken back")
    return item.item


def _trouble(reason: str, item: str, uid: str, station: str) -> TagTrouble:
    return TagTrouble(reason=reason, uid=uid, item=item, station=station)
