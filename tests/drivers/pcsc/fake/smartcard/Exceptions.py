# ruff: noqa: N802, N818, N999, I001
"""Names as pyscard has them."""


class SmartcardException(Exception):
    pass


class CardConnectionException(SmartcardException):
    pass


class NoCardException(CardConnectionException):
    pass
