"""What the page shows: the visit as plain data, in the reader's language, and nothing to keep."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from drivers.printer.qr import modules
from edge.circulation.model import Policy
from edge.circulation.rules import is_closed
from edge.wire.messages import Holding
from edge.wire.proofs import Entry
from kiosk.idle import Around, board, opens_again, rest
from kiosk.receipt import Receipt
from kiosk.session import SCREENS, State
from kiosk.shelf import SETTLED, Deed, Row
from kiosk.stage import Message
from kiosk.texts import day, minute, money, say
from kiosk.visit import ASKING, LENDING, MAY_RETURN, PROVING, RETURNING, Loaned, Visit

WITH_SHELF = RETURNING | LENDING | {State.BOOKS_SEEN, State.CARD_WANTED, State.CLASS}

ACCOUNTS = frozenset({State.ACCOUNT, State.RENEWAL, State.RENEWING})
NAMED = LENDING | ACCOUNTS
"""Screens that may show the reader's given name."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is true around the visit when a screen is made."""

    library: str
    policy: Policy
    now: int
    online: bool
    printer: str
    sound: tuple[int, str]
    seconds_left: int | None
    warn: bool
    receipt: Receipt | None
    staff: dict[str, Any] | None = None
    typed: bool = False
    wait: int = 0
    idle: Around | None = None
    title: Callable[[str], str] = str
    lesson: dict[str, Any] | None = None


def message(visit: Visit, around: Surroundings) -> Message:
    """Return the screen of a visit."""
    return {
        "screen": SCREENS[visit.state],
        "lang": visit.lang,
        "online": around.online,
        "seconds_left": around.seconds_left,
        "warn": around.warn,
        "look": sorted(visit.look),
        "data": _data(visit, around),
    }


def _data(visit: Visit, around: Surroundings) -> dict[str, Any]:
    lang, zone = visit.lang, around.policy.zone
    data: dict[str, Any] = {
        "state": visit.state,
        "goal": visit.goal,
        "library": around.library,
        "time": minute(around.now, zone),
        "stack": around.policy.max_stack,
        "known": visit.known,
        "checking": visit.checking,
        "staff_called": visit.staff_called,
        "sound": {"n": around.sound[0], "name": around.sound[1]},
        "items": [],
    }
    if visit.notice is not None:
        text = say(lang, visit.notice.key, **visit.notice.values)
        about = {"key": visit.notice.key, "n": visit.notice.values.get("n")}
        data["notice"] = {"tone": visit.notice.tone, "text": text} | about
    if visit.state in WITH_SHELF:
        data |= _shelf(visit, zone)
    if visit.visitor is not None and visit.state in NAMED:
        data["name"] = visit.visitor.name
        data["holds_ready"] = sum(hold.ready for hold in visit.visitor.holds)
    if visit.state in ASKING | PROVING:
        data |= {"may_type": around.typed, "typing": visit.typing, "wait": around.wait}
        data["dots"] = len(visit.typed)
    if around.lesson is not None:
        data |= {"lesson": around.lesson, "tapped": visit.tapped}
    if visit.typing:  # a card number is no secret to who types it
        data["typed"] = visit.typed
    if visit.state is State.PROOF:
        data |= _proof(visit, around)
    if visit.state in ACCOUNTS:
        data |= _account(visit, around)
    if visit.state in (State.RECEIPT, State.PRINTING, State.RECEIPT_SHOWN):
        data |= _receipt(visit, around)
    if around.staff is not None:
        data["staff"] = around.staff
    if visit.state in (State.IDLE, State.BYE):
        data |= {"left": _left(visit), "printed": visit.printed, "mailed": visit.mailed}
        data["hours"] = _hours(around.policy, around.now)
    if around.idle is not None:
        data["board"] = board(around.idle, lang)
        data["rest"] = rest(around.idle)
        data["opens_again"] = opens_again(around.idle, lang)
    return data


def _left(visit: Visit) -> int:
    return sum(row.on_pad and row.pad.by == "tag" for row in visit.shelf.rows.values())


def _shelf(visit: Visit, zone: str) -> dict[str, Any]:
    rows = sorted(visit.shelf.rows.values(), key=lambda row: row.left)
    if visit.state in (State.PLACING, State.COUNTING):  # what this round is about
        rows = [row for row in rows if row.on_pad and row.deed is None]
    waiting = len(visit.shelf.waiting(returning=visit.state in MAY_RETURN))
    lent = [one for one in visit.shelf.done if one.deed is Deed.LENT]
    dues = {day(one.due, zone) for one in lent}
    return {
        "items": [_row(row, visit.lang, zone) for row in rows],
        "waiting": waiting,
        "still": visit.told_still,
        "seen": sum(row.on_pad for row in rows),
        "own": len(visit.shelf.own()),
        "total": visit.total,
        "settled": visit.total - sum(row.state == "working" for row in rows),
        "lent": len(lent),
        "returned": visit.shelf.counted(Deed.RETURNED),
        "failed": sum(_failed(row) for row in rows),
        "sure": all(one.sure for one in lent),
        "due": dues.pop() if len(dues) == 1 else "",
    }


def _failed(row: Row) -> bool:
    if row.deed is not None or row.state == "already":
        return False
    return (
        row.state in SETTLED or row.state == "put_back" or (row.state == "trouble" and row.on_pad)
    )


def _row(row: Row, lang: str, zone: str) -> dict[str, Any]:
    pad = row.pad
    title = pad.title or pad.item or say(lang, "row.thing")
    parts = pad.parts or 1
    values = {
        "due": day(row.due, zone) if row.due else "",
        "title": title,
        "total": parts,
        "found": parts - pad.missing,
        "n": row.n,
    }
    return {
        "key": row.key,
        "item": pad.item or "",
        "title": title,
        "author": pad.author,
        "state": row.state,
        "text": say(lang, row.say, **values),
        "say": row.say,
        "n": row.n,
        "due": values["due"],
    }


def _account(visit: Visit, around: Surroundings) -> dict[str, Any]:
    visitor, lang = visit.visitor, visit.lang
    return {
        "items": [_loan(one, lang, around) for one in visit.loans],
        "holds": [_hold(hold, lang, around) for hold in visitor.holds] if visitor else [],
        "fees": money(visitor.fees) if visitor and visitor.fees else "",
    }


def _loan(one: Loaned, lang: str, around: Surroundings) -> dict[str, Any]:
    due = day(one.view.due, around.policy.zone)
    late = (_date(around.now, around.policy) - _date(one.view.due, around.policy)).days
    key = one.say or ("acc.overdue" if late > 0 else "acc.due")
    reason = say(lang, one.reason) if one.reason else ""
    text = say(lang, key, due=due, reason=reason, n=late)
    return {
        "key": one.view.item,
        "item": one.view.item,
        "title": one.view.title or one.view.item,
        "author": one.author,
        "state": one.state or ("late" if late > 0 else ""),
        "open": not one.state,
        "text": text,
        "say": one.reason or key,
        "n": late,
        "due": due,
    }


def _date(ms: int, policy: Policy) -> date:
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(policy.zone)).date()


def _hold(hold: Holding, lang: str, around: Surroundings) -> dict[str, Any]:
    until = day(hold.until, around.policy.zone) if hold.until else ""
    elsewhere = hold.place and hold.place != around.library
    if hold.ready:
        key = "acc.hold_until" if until else "acc.hold_ready"
    else:
        key = "acc.hold_ahead" if hold.ahead else "acc.hold_waits"
    text = say(lang, key, until=until, n=hold.ahead)
    if elsewhere:
        text = f"{text} · {hold.place}"
    return {
        "key": f"hold:{hold.item}:{hold.title}",
        "item": hold.item,
        "title": hold.title or hold.item,
        "state": "hold_ready" if hold.ready else "hold_waits",
        "text": text,
        "say": key,
        "n": hold.ahead,
    }


def _proof(visit: Visit, around: Surroundings) -> dict[str, Any]:
    """Return what a scanned receipt proves, with the titles that this machine knows."""
    proof, lang, zone = visit.proof, visit.lang, around.policy.zone
    if proof is None:
        return {"genuine": False}
    return {
        "genuine": True,
        "when": f"{day(proof.slip.at, zone)} {minute(proof.slip.at, zone)}",
        "number": proof.slip.number,
        "device": proof.device,
        "items": [_proved(n, one, lang, around) for n, one in enumerate(proof.slip.entries)],
    }


def _proved(n: int, one: Entry, lang: str, around: Surroundings) -> dict[str, Any]:
    due = day(one.due, around.policy.zone) if one.due else ""
    if one.deed == "returned":
        text = say(lang, "ret.ok_item")
    elif one.deed == "renewed":
        text = say(lang, "acc.renewed", due=due)
    else:
        text = say(lang, "bor.ok_item" if one.sure else "row.lent_offline", due=due)
    title = around.title(one.item)
    state = {"key": f"{n}:{one.item}", "state": one.deed, "due": due, "author": ""}
    return {"item": one.item, "title": title, "text": text, **state}


def _receipt(visit: Visit, around: Surroundings) -> dict[str, Any]:
    parts = []
    for deed, key in ((Deed.LENT, "bor.summary"), (Deed.RETURNED, "ret.summary")):
        if count := visit.shelf.counted(deed):
            parts.append(say(visit.lang, key, n=count))
    shown = visit.state is State.RECEIPT_SHOWN and around.receipt is not None
    return {
        "printer": around.printer,
        "mail": visit.visitor is not None and visit.visitor.mail,
        "summary": " · ".join(parts),
        "receipt": _paper(around.receipt) if shown and around.receipt else None,
    }


def _paper(receipt: Receipt) -> dict[str, Any]:
    """Return the receipt for the page; its code as rows of dots in hexadecimal."""
    return asdict(receipt) | {"qr": _dots(receipt.code) if receipt.code else []}


@lru_cache(maxsize=4)
def _dots(code: str) -> list[str]:
    return ["".join("1" if dark else "0" for dark in row) for row in modules(code)]


def _hours(policy: Policy, now: int) -> dict[str, Any]:
    closed = is_closed(policy, _date(now, policy))
    return {"open": policy.opens, "close": policy.closes, "closed": closed}
