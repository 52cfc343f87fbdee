"""Where a visit can be, and the screen that a reader sees there."""

from enum import StrEnum


class State(StrEnum):
    """Where a visit can be. :data:`SCREENS` says what the reader sees."""

    IDLE = "idle"
    BOOKS_SEEN = "books_seen"
    CARD_WANTED = "card_wanted"
    CARD_FOR_ACCOUNT = "card_for_account"
    CARD_FOR_RENEWAL = "card_for_renewal"
    PIN_TO_BORROW = "pin_to_borrow"
    PIN_FOR_ACCOUNT = "pin_for_account"
    PIN_FOR_RENEWAL = "pin_for_renewal"
    PLACING = "placing"
    COUNTING = "counting"
    LENDING = "lending"
    LENT = "lent"
    PLACING_RETURNS = "placing_returns"
    RETURNING = "returning"
    RETURNED = "returned"
    ACCOUNT = "account"
    RENEWAL = "renewal"
    RENEWING = "renewing"
    RECEIPT = "receipt"
    PRINTING = "printing"
    RECEIPT_SHOWN = "receipt_shown"
    PROOF = "proof"
    BYE = "bye"
    OUT_OF_SERVICE = "out_of_service"
    STAFF_CARD = "staff_card"
    STAFF = "staff"
    CLASS_CARD = "class_card"
    PIN_FOR_CLASS = "pin_for_class"
    CLASS_CHOICE = "class_choice"
    CLASS = "class"
    CLASS_MENU = "class_menu"


S = State
SCREENS: dict[State, str] = {
    S.IDLE: "idle",
    S.BOOKS_SEEN: "books",
    S.CARD_WANTED: "identify",
    S.CARD_FOR_ACCOUNT: "identify",
    S.CARD_FOR_RENEWAL: "identify",
    S.PIN_TO_BORROW: "pin",
    S.PIN_FOR_ACCOUNT: "pin",
    S.PIN_FOR_RENEWAL: "pin",
    S.PLACING: "books",
    S.COUNTING: "count",
    S.LENDING: "working",
    S.LENT: "results",
    S.PLACING_RETURNS: "books",
    S.RETURNING: "working",
    S.RETURNED: "results",
    S.ACCOUNT: "account",
    S.RENEWAL: "renew",
    S.RENEWING: "renew",
    S.RECEIPT: "receipt",
    S.PRINTING: "receipt",
    S.RECEIPT_SHOWN: "receipt",
    S.PROOF: "proof",
    S.BYE: "bye",
    S.OUT_OF_SERVICE: "trouble",
    S.STAFF_CARD: "identify",
    S.STAFF: "staff",
    S.CLASS_CARD: "identify",
    S.PIN_FOR_CLASS: "pin",
    S.CLASS_CHOICE: "classes",
    S.CLASS: "class",
    S.CLASS_MENU: "classes",
}
"""The screen a reader sees in each state."""

NOBODY = frozenset({S.IDLE, S.OUT_OF_SERVICE, S.STAFF_CARD, S.STAFF, S.CLASS})
"""Where no reader is at work: here a kiosk that is out of service says so, and can be tested."""

WORKING = frozenset({S.LENDING, S.RETURNING, S.RENEWING, S.PRINTING})
"""States that end by themselves; nobody is asked for more time in them."""
