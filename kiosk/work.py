"""What the kiosk does with books and loans: lend, take back, heal, fetch the account, renew.

Everything shown as done here is in the journal before. A visit that ended meanwhile changes
nothing: what was begun is finished, only nobody looks any more.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from edge.circulation.model import ItemView, Policy, Verdict
from edge.circulation.rules import group_rule, offline_limit
from edge.desk import Visitor
from edge.items import PadItem
from edge.journal import JournalError
from edge.station import Services
from edge.tagwork import Healed, TagWork
from edge.wire.facts import RenewalWish, TagTrouble
from kiosk.shelf import Deed, Done, Row, RowState
from kiosk.visit import Loaned, Visit

log = logging.getLogger(__name__)
R = RowState

REFUSALS = {
    "unknown_item": "no.unknown_item",
    "unknown_card": "id.unknown",
    "card_unverified": "off.card_unverified",
    "expired": "no.expired",
    "blocked": "id.blocked",
    "fees": "bor.fees",
    "limit": "bor.limit",
    "offline_limit": "off.limit",
    "offline_stale": "no.offline_stale",
    "not_for_loan": "bor.refused_desk",
    "held": "bor.held",
    "on_loan": "bor.refused_desk",
    "foreign": "tag.foreign",
    "needs_network": "off.not_available",
}
"""The sentence for each reason why an item is not lent; it never tells about other readers."""
KEPT_AS_IT_IS = {
    "renewals": "row.renew_renewals",
    "held": "row.renew_held",
    "needs_network": "res.wish_sent",
}
"""The sentence for a loan of the reader's that lies here and was not prolonged."""
NO_RENEWAL = {"renewals": "no.renewals", "held": "no.held", "needs_network": "no.network"}

Changed = Callable[[str], None]
"""Called after every row that changed, with the name of a sound or nothing."""


@dataclass(frozen=True, slots=True)
class Work:
    """The kiosk's hands. One method at a time uses the pad; the engine sees to that."""

    services: Services
    tags: TagWork
    station: str

    async def lend(self, visit: Visit, changed: Changed) -> None:
        """Lend what waits; once the journal cannot take a loan, the rest is left at the desk."""
        rows, visitor = visit.shelf.waiting(), visit.visitor
        self._begin(visit, rows, changed)
        if visitor is None:
            return
        verdicts = await self.services.desk.lend(visitor.card, [_number(r) for r in rows])
        saved = True
        for row, verdict in zip(rows, verdicts, strict=True):
            if verdict.ok and saved:
                saved = await self._lend(visit, row, visitor, verdict, changed, verdicts.online)
            elif verdict.ok:
                visit.shelf.put(row.key, R.REFUSED, "row.not_saved")
            elif verdict.reason == "already_yours":
                reader = visitor.reader.reader if visitor.reader else ""
                await self.tags.heal(row.pad, reader, visitor.card, visit.about)
                visit.shelf.put(row.key, R.ALREADY, "row.already", verdict.due)
                changed("tick")
            else:
                self._refuse(visit, row, visitor, verdict)
                changed("error")

    async def take_back(self, visit: Visit, changed: Changed) -> None:
        """Take back what waits."""
        rows = visit.shelf.waiting(returning=True)
        self._begin(visit, rows, changed)
        views = await self.services.desk.take_back([_number(row) for row in rows])
        for row, view in zip(rows, views, strict=True):
            try:
                back = await self.tags.take_back(row.pad, "kiosk", visit.id)
            except JournalError as error:
                log.error("return of %s not recorded: %s", row.key, error)
                visit.shelf.put(row.key, R.REFUSED, "row.not_saved")
                changed("error")
                continue
            if back.event_id is None:
                visit.shelf.put(row.key, R.PUT_BACK, "row.return_again")
                changed("attention")
                continue
            policy = self.services.replica.policy
            say = _returned(row, view, self.services.agent.site, policy, secured=back.secured)
            visit.shelf.put(row.key, R.RETURNED, say)
            title = (view.title if view else "") or row.pad.title or _number(row)
            visit.shelf.note(Done(Deed.RETURNED, _number(row), title), row.key)
            changed("ok")

    async def heal(self, visit: Visit, pad: PadItem) -> bool:
        """Finish the security work of a book that is met again; return whether it is silent now."""
        reader = visit.visitor.reader.reader if visit.visitor and visit.visitor.reader else ""
        return await self.tags.heal(pad, reader) in (Healed.SECURED, Healed.REPAIRED)

    def wants(self, pad: PadItem) -> bool:
        """Return whether the security bit of what merely lies there is wrong, as far as is known."""
        return self.tags.wants(pad)

    async def mend(self, pad: PadItem) -> bool:
        """Put the security bit right of what merely lies there; return whether it was."""
        end = await self.tags.heal(pad, station=self.station)
        return end in (Healed.SECURED, Healed.REPAIRED)

    async def account(self, visit: Visit) -> None:
        """Fetch the reader's loans anew."""
        visit.visitor = await self.services.desk.reader(visit.cards)
        visit.loans = [Loaned(one, self._author(one.item)) for one in visit.visitor.loans]

    async def renew(self, visit: Visit, item: str, changed: Changed) -> None:
        """Ask to renew one loan, or all; a wish that nobody could answer is kept for the centre."""
        visitor = visit.visitor
        asked = [one for one in visit.loans if not one.state and item in ("", one.view.item)]
        if visitor is None or not asked:
            return
        verdicts = await self.services.desk.renew(visitor.card, [one.view.item for one in asked])
        for one, verdict in zip(asked, verdicts, strict=True):
            wish = RenewalWish(item=one.view.item, card=visitor.card, session=visit.id)
            if verdict.ok:
                await self.services.journal.append(wish)
                one.state, one.say = "renewed", "acc.renewed"
                title = one.view.title or one.view.item
                visit.shelf.note(Done(Deed.RENEWED, one.view.item, title, verdict.due))
                _prolong(one, verdict.due)
                changed("ok")
            elif verdict.reason == "needs_network":
                await self.services.journal.append(wish)
                one.state, one.say = "wished", "res.wish_sent"
                changed("tick")
            else:
                one.state, one.say = "refused", "acc.renew_refused"
                one.reason = NO_RENEWAL.get(verdict.reason, "no.desk")
                changed("error")

    async def renew_here(self, visit: Visit, changed: Changed) -> None:
        """Ask to renew the reader's own loans that lie here and were not asked for yet."""
        rows, visitor = visit.shelf.own(), visit.visitor
        self._begin(visit, rows, changed)
        if visitor is None:
            return
        verdicts = await self.services.desk.renew(visitor.card, [_number(row) for row in rows])
        for row, verdict in zip(rows, verdicts, strict=True):
            wish = RenewalWish(item=_number(row), card=visitor.card, session=visit.id)
            say, due, sound = KEPT_AS_IT_IS.get(verdict.reason, "row.renew_desk"), row.due, "error"
            try:
                if verdict.ok or verdict.reason == "needs_network":
                    await self.services.journal.append(wish)
                    sound = "ok" if verdict.ok else "tick"
                if verdict.ok:
                    say, due = "acc.renewed", verdict.due
                    title = row.pad.title or _number(row)
                    visit.shelf.note(Done(Deed.RENEWED, _number(row), title, due), row.key)
            except JournalError as error:
                log.error("renewal of %s not recorded: %s", row.key, error)
                say = "row.already"
            visit.shelf.put(row.key, R.LENT if say == "acc.renewed" else R.ALREADY, say, due)
            changed(sound)

    async def report(self, visit: Visit, pad: PadItem) -> None:
        """Tell staff of a tag that cannot be handled, once a visit."""
        if pad.key in visit.told_tags:
            return
        visit.told_tags.add(pad.key)
        trouble = TagTrouble(
            reason=pad.trouble, uid=pad.key, item=pad.item, station=self.station
        )  # fmt: skip
        try:
            await self.services.journal.append(trouble)
        except JournalError as error:
            log.warning("tag trouble of %s not recorded: %s", pad.key, error)

    def _begin(self, visit: Visit, rows: list[Row], changed: Changed) -> None:
        visit.total = len(rows)
        for row in rows:
            visit.shelf.put(row.key, R.WORKING, "row.working")
        changed("")

    async def _lend(
        self,
        visit: Visit,
        row: Row,
        visitor: Visitor,
        verdict: Verdict,
        changed: Changed,
        online: bool,
    ) -> bool:
        try:
            lent = await self.tags.lend(
                row.pad, visitor.card, verdict, visit.id, online=online, about=visit.about
            )
        except JournalError as error:
            log.error("loan of %s not recorded: %s", row.key, error)
            visit.shelf.put(row.key, R.REFUSED, "row.not_saved")
            changed("error")
            return False
        title = row.pad.title or _number(row)
        visit.shelf.note(Done(Deed.LENT, _number(row), title, verdict.due, online), row.key)
        if lent.secured:
            say = "bor.ok_item" if online else "row.lent_offline"
            say = "bor.ok_hold" if verdict.hold and online else say
            visit.shelf.put(row.key, R.LENT, say, verdict.due)
        elif lent.removed:
            visit.shelf.put(row.key, R.PUT_BACK, "bor.removed_early", verdict.due)
        else:
            visit.shelf.put(row.key, R.ARMED, "row.armed", verdict.due)
        changed("ok" if lent.secured else "attention")
        return True

    def _refuse(self, visit: Visit, row: Row, visitor: Visitor, verdict: Verdict) -> None:
        policy, n = self.services.replica.policy, 0
        if verdict.reason == "limit" and visitor.reader:
            n = group_rule(policy, visitor.reader.group).limit
        elif verdict.reason == "offline_limit":
            n = offline_limit(policy, self.services.replica.age_ms)
        say = REFUSALS.get(verdict.reason, "bor.refused_desk")
        visit.shelf.put(row.key, R.REFUSED, say, n=n)

    def _author(self, item: str) -> str:
        view = self.services.replica.item(item)
        return view.author if view else ""


def _number(row: Row) -> str:
    return row.pad.item or ""


def _returned(row: Row, view: ItemView | None, site: str, policy: Policy, *, secured: bool) -> str:
    """Return the sentence for a returned book: what the reader does with it now."""
    if row.pad.missing:
        return "ret.incomplete"
    if not secured:
        return "ret.unsecured"
    if view is not None and view.held:
        return "ret.hold" if policy.held_returns == "slot" else "ret.hold_staff"
    return "ret.transfer" if view is not None and view.branch not in ("", site) else "ret.ok_item"


def _prolong(one: Loaned, due: int) -> None:
    one.view = type(one.view)(
        item=one.view.item,
        reader=one.view.reader,
        due=due,
        since=one.view.since,
        renewals=one.view.renewals + 1,
        title=one.view.title,
    )
