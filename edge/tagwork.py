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

    One call at a time. ``watch`` is told of security bytes that were changed.
    """

    def __init__(
        self,
        services: Services,
        device: "Device[ItemReader]",
        watch: PadWatch | None = None,
        *,
        tries: int = TRIES,
        allow_ms: int = ALLOW_MS,
    ) -> None:
        self._services = services
        self._journal = services.journal
        self._device = device
        self._watch = watch
        self._tries = tries
        self._allow_ms = allow_ms

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
        self, item: PadItem, reader: str = "", card: str = "", about: str = ""
    ) -> Healed:
        """Finish what is open on an item that is met again and is not being returned now.

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
        ends = [await self._heal(item, uid, afi) for uid, afi in item.tags]
        for end in (Healed.FAILED, Healed.REPAIRED, Healed.SECURED):
            if end in ends:
                return end
        return Healed.NOTHING

    async def _heal(self, item: PadItem, uid: bytes, afi: int | None) -> Healed:
        policy, task = self._services.replica.policy, self._journal.task(uid.hex().upper())
        number = _number(item)
        loan = self._services.replica.loan(number)
        if task is not None and task.about:
            if loan is not None and (loan.doubt or task.afi == policy.afi_in):
                return Healed.NOTHING  # it stays as it is until the loan is known to be over or not
            wanted = policy.afi_in if loan is None else policy.afi_out
            about = task.about if wanted == task.afi else ""
            return await self._mend(number, uid, afi, wanted, about)
        sure = loan is not None and not loan.doubt
        if self._services.heal.get(uid.hex().upper()) == number and afi == policy.afi_in and sure:
            return await self._mend(number, uid, afi, policy.afi_out, "")
        return Healed.NOTHING

    async def _mend(
        self, item: str, uid: bytes, now: int | None, wanted: int, about: str
    ) -> Healed:
        """Set the byte and record it.

        A tag that is disarmed when it is met again may have come back meanwhile where nobody here
        has heard of yet: a task stays open that arms it when it is met with its loan over.
        """
        if await self._set(uid, now, wanted) is not _End.DONE:
            return Healed.FAILED
        name = uid.hex().upper()
        self._services.allowed.pop(name, None)
        fact: Fact = Repaired(item=item, uid=name, afi=wanted)
        if about:
            fact = Secured(item=item, uid=name, afi=wanted, about=about)
        again = wanted == self._services.replica.policy.afi_out
        arm = TagTask(name, item, self._services.replica.policy.afi_in, about)
        await self._finish([fact], close=[name], opened=[arm] if again else [])
        return Healed.SECURED if about else Healed.REPAIRED

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
