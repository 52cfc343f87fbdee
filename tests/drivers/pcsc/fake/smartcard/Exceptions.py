# ruff: noqa: N818, N999
"""Names as pyscard has them."""


class SmartcardException(Exception):
    pass


class CardConnectionException(SmartcardException):
    pass


class NoCardException(CardConnectionException):
    pass
