"""A simulated gate reader in notification mode: it tells unasked, and again until it is heard."""

from collections.abc import Callable
from typing import Any

from drivers.feig import commands
from drivers.feig.fields import Fields
from drivers.feig.frames import Frame, encode
from drivers.feig.gate_simulator import FeigGateSimulator
from drivers.feig.status import Status
from drivers.testing.simulator import Answer, Reply
from drivers.testing.tag15693 import Tag

RECORDS = 10
"""Records in one notification."""


class FeigNotifySimulator(FeigGateSimulator):
    """Tells what passes to whoever is connected. The wire calls :meth:`again` now and then.

    ``confirms``: it answers an acknowledgement as any command, which not every reader may do.
    """

    def __init__(self, *args: Any, confirms: bool = False, **more: Any) -> None:
        """Take what the buffered gate takes."""
        super().__init__(*args, **more)
        self.confirms = confirms
        self.told = 0
        """How many notifications were sent, repeats too."""
        self._outstanding: bytes | None = None
        self._send: Callable[[bytes], None] = lambda _: None

    def connected(self, send: Callable[[bytes], None]) -> None:
        """The line stands: tell what waits."""
        super().connected(send)
        self._send = send
        self.again()

    def pass_tag(self, tag: Tag, antenna: int = 1) -> None:
        """Hear a tag once, and tell it unless something else is not acknowledged yet."""
        super().pass_tag(tag, antenna)
        if self._outstanding is None:
            self.again()

    def again(self) -> None:
        """Tell what is not acknowledged, or what waits; nothing if there is nothing."""
        told = self._next()
        if told:
            self._send(told)

    def tell_people(self) -> None:
        """Tell the people counter unasked."""
        data = bytes((Status.OK,)) + self.people_data()
        self._send(encode(Frame(self.address, commands.PEOPLE.code, data)))

    def feed(self, data: bytes) -> list[Reply]:
        """Take acknowledgements and commands; what waits follows an acknowledgement."""
        before = self._outstanding
        replies = super().feed(data)
        following = self._next() if before is not None and self._outstanding is None else b""
        return [*replies, Reply(following)] if following else replies

    def power_up(self) -> None:
        """Begin anew: nothing is outstanding."""
        super().power_up()
        self._outstanding = None

    def _clear_buffer(self, fields: Fields) -> Answer:
        fields.end()
        if self.overflow:
            self._empty()
        self._outstanding = None
        return super()._clear_buffer(fields)

    def _says(self, reply: Frame) -> bool:
        return self.confirms or reply.command != commands.CLEAR_BUFFER.code

    def _next(self) -> bytes:
        if self._outstanding is None:
            page = self.page_of(RECORDS)
            if page.status == Status.NO_VALID_DATA:
                return b""
            data = bytes((page.status,)) + page.data
            self._outstanding = encode(Frame(self.address, commands.READ_BUFFER.code, data))
        self.told += 1
        return self._outstanding
