"""What all simulated FEIG readers do: frames, addresses, login, configuration, outputs, field.

A real reader forgets a frame that stops for 12 ms. Without a clock, we forget it when a whole good
frame arrives in one piece behind it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from drivers.errors import FrameError
from drivers.feig import commands
from drivers.feig.answers import CONFIG_BYTES
from drivers.feig.commands import CONFIG_BLOCK, CONFIG_EEPROM, Command
from drivers.feig.fields import Fields
from drivers.feig.frames import ANY_ADDRESS, Cutter, Frame, encode
from drivers.feig.status import Status
from drivers.testing.simulator import Answer, Reply, is_whole

_BLOCKS = 64
_VERSION = bytes.fromhex("0303 00 44 53 0d30".replace(" ", ""))
_BUFFERS = bytes.fromhex("01000100")
_ALL_BLOCKS = 0x40
_ON, _OFF, _FLASH = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Output:
    """An output, LED (type 1) or relay (type 4) of a reader; ``hold`` seconds, 0 = for good."""

    on: bool
    hold: float = 0.0


Handler = Callable[[Fields], Answer]


class FeigDevice:
    """A simulated reader without a field; implements :class:`drivers.testing.simulator.Simulator`."""

    def __init__(
        self, *, address: int = 0, block_seconds: float = 0.005, password: bytes = b""
    ) -> None:
        """Answer as ``address``; with a ``password``, only after a login."""
        self.address = address
        self.block_seconds = block_seconds
        self.password = password
        self.eeprom = {number: bytes(CONFIG_BYTES) for number in range(_BLOCKS)}
        self.config = dict(self.eeprom)
        self.inputs = 0
        self.outputs: dict[tuple[int, int], Output] = {}
        """By type (0 output, 1 LED, 4 relay) and number."""
        self.on_output: Callable[[int, int, Output], None] = lambda *_: None
        self.rf_on = True
        self.on_reboot: Callable[[], None] = lambda: None
        """Called when the reader starts anew; a wire may break off then, as TCP does."""
        self.deaf_after_reboot = 0
        """How many requests go unanswered while it starts."""
        self.requests = 0
        """How many requests were understood so far."""
        self._logged_in = False
        self._deaf = 0
        self._cutter = Cutter(replies=False)
        self._handlers: dict[tuple[int, int | None], Handler] = {}
        for command, handler in (
            (commands.BAUD_DETECT, lambda fields: self._plain(fields, skip=1)),
            (commands.CPU_RESET, lambda _: self._reboot()),
            (commands.SYSTEM_RESET, lambda fields: self._mode_then(fields, self._reboot)),
            (commands.VERSION, lambda _: Answer(data=_VERSION)),
            (commands.READER_INFO, self._reader_info),
            (commands.RF_RESET, lambda _: self._rf_reset()),
            (commands.RF_OUTPUT, self._rf_output),
            (commands.SET_OUTPUT, self._set_output),
            (commands.SET_OUTPUT_CPR, self._set_output_cpr),
            (commands.GET_INPUT, lambda _: Answer(data=bytes((self.inputs,)))),
            (commands.READ_CONFIG, self._read_config),
            (commands.WRITE_CONFIG, self._write_config),
            (commands.SAVE_CONFIG, self._save_config),
            (commands.DEFAULT_CONFIG, self._default_config),
            (commands.LOGIN, self._login),
        ):
            self.on(command, handler)

    def connected(self, send: Callable[[bytes], None]) -> None:  # noqa: ARG002 - speaks when asked
        """Take a new host; half a frame of the one before is forgotten."""
        self._cutter.reset()

    def feed(self, data: bytes) -> list[Reply]:
        """Take any number of bytes from the host; return what the reader answers, in order."""
        if self._cutter.waiting and is_whole(Cutter(replies=False), data):
            self._cutter.reset()
        return [
            Reply(encode(reply), seconds)
            for event in self._cutter.feed(data)
            if isinstance(event, Frame)
            and event.address in (self.address, ANY_ADDRESS)
            and self._listens()
            for reply, seconds in [self._answer(event)]
            if self._says(reply)
        ]

    def power_up(self) -> None:
        """Begin anew, as after power came: RAM settings, login and memory of tags are gone."""
        self.config = dict(self.eeprom)
        self.rf_on = True
        self._logged_in = False
        self.field_off()

    def field_off(self) -> None:
        """Forget what tags only remember under power; readers with a field extend this."""

    def on(self, command: Command[Any], handler: Handler) -> None:
        """Answer a further command."""
        self._handlers[command.code, command.sub] = handler

    def _listens(self) -> bool:
        self._deaf = max(0, self._deaf - 1)
        return self._deaf == 0

    def _says(self, reply: Frame) -> bool:  # noqa: ARG002 - some devices keep answers to themselves
        return True

    def _answer(self, request: Frame) -> tuple[Frame, float]:
        self.requests += 1
        answer = self._handled(request)
        data = bytes((answer.status,)) + answer.data
        return Frame(self.address, request.command, data, request.advanced), answer.seconds

    def _handled(self, request: Frame) -> Answer:
        fields = Fields(request.data)
        allowed = {commands.LOGIN.code, commands.VERSION.code}
        if self.password and not self._logged_in and request.command not in allowed:
            return Answer(Status.LOGIN_NEEDED)
        try:
            sub = fields.number() if request.command == commands.TO_TAGS else None
            handler = self._handlers.get((request.command, sub))
            if handler is None:
                return Answer(Status.UNKNOWN_COMMAND)
            return handler(fields)
        except FrameError:
            return Answer(Status.LENGTH_ERROR)

    def _plain(self, fields: Fields, skip: int = 0) -> Answer:
        fields.take(skip)
        return Answer()

    def _mode_then(self, fields: Fields, action: Callable[[], Answer]) -> Answer:
        return action() if fields.number() == 0 else Answer(Status.PARAMETER_RANGE)

    def _reader_info(self, fields: Fields) -> Answer:
        return self._mode_then(fields, lambda: Answer(data=_VERSION + _BUFFERS))

    def _reboot(self) -> Answer:
        self.power_up()
        self._deaf = self.deaf_after_reboot + 1
        self.on_reboot()
        return Answer()

    def _rf_reset(self) -> Answer:
        self.field_off()
        return Answer(seconds=3 * self.block_seconds)

    def _rf_output(self, fields: Fields) -> Answer:
        self.rf_on = fields.number() != 0
        if not self.rf_on:
            self.field_off()
        return Answer()

    def _set_output(self, fields: Fields) -> Answer:
        if fields.number() > 1:
            return Answer(Status.PARAMETER_RANGE)
        for _ in range(fields.number()):
            which, how, hold = fields.number(), fields.number() & 3, fields.number(2) / 10
            if how in (_ON, _OFF, _FLASH):
                output = Output(how != _OFF, hold)
                self.outputs[which >> 5, which & 0x1F] = output
                self.on_output(which >> 5, which & 0x1F, output)
        return Answer()

    def _set_output_cpr(self, fields: Fields) -> Answer:
        states, _, _, hold = (fields.number(2) for _ in range(4))
        fields.end()
        for number in range(1, 9):
            how = states >> 2 * (number - 1) & 3
            if how:
                output = Output(how != _OFF, hold / 10)
                self.outputs[0, number] = output
                self.on_output(0, number, output)
        return Answer()

    def _read_config(self, fields: Fields) -> Answer:
        where = fields.number()
        memory = self.eeprom if where & CONFIG_EEPROM else self.config
        return Answer(data=memory[where & CONFIG_BLOCK])

    def _write_config(self, fields: Fields) -> Answer:
        where, block = fields.number(), fields.take(CONFIG_BYTES)
        memory = self.eeprom if where & CONFIG_EEPROM else self.config
        memory[where & CONFIG_BLOCK] = block
        return Answer()

    def _save_config(self, fields: Fields) -> Answer:
        for number in _chosen(fields.number()):
            self.eeprom[number] = self.config[number]
        return Answer()

    def _default_config(self, fields: Fields) -> Answer:
        for number in _chosen(fields.number()):
            self.config[number] = bytes(CONFIG_BYTES)
        return Answer()

    def _login(self, fields: Fields) -> Answer:
        self._logged_in = fields.take(4) == self.password or not self.password
        return Answer() if self._logged_in else Answer(Status.LOGIN_ERROR)


def _chosen(where: int) -> range:
    number = where & CONFIG_BLOCK
    return range(_BLOCKS) if where & _ALL_BLOCKS else range(number, number + 1)
