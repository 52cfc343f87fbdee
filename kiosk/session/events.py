"""What can happen to a visit, and what the engine can be asked to do."""

from enum import StrEnum


class Event(StrEnum):
    """What can happen to a visit."""

    BOOKS = "books"  # the stack on the pad changed and holds books that wait
    STACK_STILL = "stack_still"  # the stack has not changed for a while and is all read
    PAD_CLEAR = "pad_clear"  # the last thing left the pad
    CARD = "card"
    READER_KNOWN = "reader_known"
    READER_REFUSED = "reader_refused"
    BOOK_CODE = "book_code"  # the barcode of a book was scanned
    RECEIPT_CODE = "receipt_code"  # the code of a receipt was scanned
    BOOK_AS_CARD = "book_as_card"  # what lies at the card reader is a book
    PIN_RIGHT = "pin_right"
    PIN_WRONG = "pin_wrong"  # or locked, or there is none, or nobody could prove it
    WORK_DONE = "work_done"
    RENEWED = "renewed"
    MAILED = "mailed"  # the wish is in the journal
    PRINTED = "printed"
    NOT_PRINTED = "not_printed"
    BOX_CODE = "box_code"  # the label of a box of rotating stock was scanned
    TIME_UP = "time_up"
    UNABLE = "unable"  # the pad or the journal cannot work
    ABLE = "able"
    STAFF_KNOWN = "staff_known"
    TEACHER_KNOWN = "teacher_known"  # or staff, who may open a class as well
    CLASS_OPENED = "class_opened"  # and it is in the journal
    CLASS_OVER = "class_over"
    BORROW = "press borrow"
    RETURN = "press return"
    RENEW = "press renew"
    RENEW_ALL = "press renew_all"
    RENEW_HERE = "press renew_here"
    SHOW_ACCOUNT = "press account"
    COUNT_YES = "press count_yes"
    COUNT_NO = "press count_no"
    FINISH = "press finish"
    PRINT = "press print"
    ON_SCREEN = "press on_screen"
    EMAIL = "press email"
    NO_RECEIPT = "press no_receipt"
    MORE_TIME = "press more_time"
    BACK = "press back"
    LANGUAGE = "press language"
    HELP = "press help"
    LARGE_TEXT = "press large_text"
    CONTRAST = "press contrast"
    LOW_REACH = "press low_reach"
    VOICE = "press voice"
    KIDS = "press kids"
    STAFF = "press staff"
    STAFF_DOES = "press staff_does"
    CLASS = "press class"
    OPEN_CLASS = "press open_class"
    CLOSE_CLASS = "press close_class"
    LONGER = "press longer"
    PUPIL = "press pupil"
    TYPE_CARD = "press type_card"
    DIGIT = "press digit"
    RUB_OUT = "press rub_out"
    ENTER = "press enter"


PRESSES = {e.removeprefix("press "): e for e in Event if e.startswith("press ")}
"""What a finger may press, as the page says it, and the event it is."""


class Effect(StrEnum):
    """What a step asks the engine to do, in this order."""

    FORGET = "forget the visit"
    CHECK_CARD = "ask who the card belongs to"
    COMPARE_CARD = "notice another reader's card"
    ADD_BY_CODE = "add the scanned book"
    SAY_BOOK_CODE = "say that this is a book"
    CHECK_RECEIPT = "check the scanned receipt"
    SAY_RECEIPT = "say that this is a receipt"
    RECEIVE_BOX = "record that the box arrived"
    SAY_SEPARATE = "say how to find the missing book"
    SAY_UNABLE = "say that the pad is away"
    LEND = "lend the books"
    TAKE_BACK = "take the books back"
    LOAD_ACCOUNT = "fetch the account"
    RENEW = "ask to renew"
    RENEW_HERE = "ask to renew what lies here"
    PRINT = "print the receipt"
    EMAIL = "ask for the receipt by e-mail"
    MORE_TIME = "start the time again"
    LANGUAGE = "change the language"
    CALL_STAFF = "call staff"
    LARGE_TEXT = "change between usual and large text"
    CONTRAST = "change between usual and high contrast"
    LOW_REACH = "change between usual and low controls"
    VOICE = "read aloud, or not"
    KIDS = "screens for children, or the usual ones"
    CHECK_STAFF = "ask whether it is a staff card"
    STAFF_DOES = "do what staff pressed"
    CHECK_TEACHER = "ask whether this card may open the class"
    OPEN_CLASS = "open the class until its lesson is over"
    CLOSE_CLASS = "serve everybody again"
    LONGER = "give the class more time"
    CHECK_PUPIL = "ask who the picture belongs to"
    SAY_CLASS = "say whom the kiosk serves now"
    TYPE = "take a digit"
    RUB_OUT = "take the last digit back"
    CHECK_PIN = "have the centre prove the PIN"
    START_TYPING = "show the keypad for a card number"
    STOP_TYPING = "put the keypad away"
    CHECK_TYPED = "ask who the typed number belongs to"
