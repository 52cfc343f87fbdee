"""A simulated I/O board: somebody moves the inputs, somebody watches the outputs."""

from collections.abc import Callable

from drivers.gpio.wire import MessageReader, encode, level_of
from drivers.testing.simulator import Reply


class BoardSimulator:
    """The board's side of :mod:`drivers.gpio.wire`. A new connection finds every output off."""

    def __init__(self, *, on_output: Callable[[str, bool], None] | None = None) -> None:
        """Call ``on_output(line, active)`` whenever an output changes."""
        self.inputs: dict[str, bool] = {}
        self.outputs: dict[str, bool] = {}
        self._on_output = on_output
        self._messages = MessageReader()
        self._send: Callable[[bytes], None] | None = None

    def set_input(self, line: str, active: bool) -> None:
        """Move an input; the host hears of it if it really changed."""
        if self.inputs.get(line, False) == active:
            return
        self.inputs[line] = active
        if self._send is not None:
            self._send(encode({"line": line, "active": active}))

    def connected(self, send: Callable[[bytes], None]) -> None:
        """Take a new host: whatever the last one left on goes off."""
        self._send = send
        self._messages = MessageReader()
        for line, active in list(self.outputs.items()):
            if active:
                self._switch(line, False)

    def feed(self, data: bytes) -> list[Reply]:
        """Take bytes of the host; return answers."""
        replies = []
        for message in self._messages.feed(data):
            if wanted := level_of(message, "line"):
                self._switch(*wanted)
                replies.append(Reply(encode({"done": wanted[0], "active": wanted[1]})))
            elif message.get("ask") == "lines":
                replies.append(Reply(encode({"lines": self.inputs})))
        return replies

    def _switch(self, line: str, active: bool) -> None:
        changed = self.outputs.get(line, False) != active
        self.outputs[line] = active
        if changed and self._on_output is not None:
            self._on_output(line, active)
