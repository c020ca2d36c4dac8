"""The serial line that a host sees through RFC 2217, from the access server's side: what it sets, asks and is told. No I/O.

Everything a host can set is taken and answered with what is then so; a value that there is none of changes nothing, and
is answered with what was so before. The pump's frames pass whatever the settings, as they do on a pseudo-terminal: the
settings are told, to be written down or judged, and the baud rate can be asked for.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.places import BAUD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Setting(enum.Enum):
    """What a host does to its line; the value is the name in an event."""

    BAUD_RATE = "baud_rate"
    DATA_BITS = "data_bits"
    PARITY = "parity"
    STOP_BITS = "stop_bits"
    FLOW_CONTROL = "flow_control"
    FLOW_CONTROL_IN = "flow_control_in"
    BREAK = "break"
    DTR = "dtr"
    RTS = "rts"
    PURGE = "purge"


@dataclass(frozen=True, slots=True)
class LineChange:
    """A host has changed something on its line.

    Attributes:
        setting: what.
        value: BAUD_RATE in baud; DATA_BITS 5 to 8; PARITY none, odd, even, mark or space; STOP_BITS "1", "1.5" or "2";
            both FLOW_CONTROLs none, xon/xoff or hardware; BREAK, DTR and RTS whether it is on now; PURGE the buffer that
            was to be emptied: receive, transmit or both.
    """

    setting: Setting
    value: int | str | bool


class Command(enum.IntEnum):
    """The commands of RFC 2217, section 2 to 5, as the client sends them."""

    SIGNATURE = 0
    SET_BAUDRATE = 1
    SET_DATASIZE = 2
    SET_PARITY = 3
    SET_STOPSIZE = 4
    SET_CONTROL = 5
    NOTIFY_LINESTATE = 6
    NOTIFY_MODEMSTATE = 7
    FLOWCONTROL_SUSPEND = 8
    FLOWCONTROL_RESUME = 9
    SET_LINESTATE_MASK = 10
    SET_MODEMSTATE_MASK = 11
    PURGE_DATA = 12


ANSWER = 100
"""What the server adds to a command in its answer."""

# Each setting with a command of its own: how long its value is, and what the values mean; None where they are figures.
_SETTINGS: Mapping[int, tuple[Setting, int, Mapping[int, int | str] | None]] = {
    Command.SET_BAUDRATE: (Setting.BAUD_RATE, 4, None),
    Command.SET_DATASIZE: (Setting.DATA_BITS, 1, {bits: bits for bits in range(5, 9)}),
    Command.SET_PARITY: (Setting.PARITY, 1, {1: "none", 2: "odd", 3: "even", 4: "mark", 5: "space"}),
    Command.SET_STOPSIZE: (Setting.STOP_BITS, 1, {1: "1", 2: "2", 3: "1.5"}),
}
_FLOW = {1: "none", 2: "xon/xoff", 3: "hardware"}
# The settings that share SET-CONTROL: the value that asks, and what the others mean.
_CONTROLS: tuple[tuple[Setting, int, Mapping[int, bool | str]], ...] = (
    (Setting.FLOW_CONTROL, 0, _FLOW),
    (Setting.BREAK, 4, {5: True, 6: False}),
    (Setting.DTR, 7, {8: True, 9: False}),
    (Setting.RTS, 10, {11: True, 12: False}),
    (Setting.FLOW_CONTROL_IN, 13, {code + 13: word for code, word in _FLOW.items()}),
)
# What there is none of here: flow control by DCD and by DSR, and by DTR inbound. They are answered as a question.
_UNSUPPORTED = {17: 0, 18: 13, 19: 0}
_PURGES = {1: "receive", 2: "transmit", 3: "both"}

# What is asked for by a command without a value: who this is, that both registers are empty and nothing went wrong, and
# the modem lines of a pump that is there: carrier, data set ready, clear to send.
_ASKED: Mapping[int, bytes] = {
    Command.SIGNATURE: b"pumpmock",
    Command.NOTIFY_LINESTATE: bytes([0x40 | 0x20]),
    Command.NOTIFY_MODEMSTATE: bytes([0x80 | 0x20 | 0x10]),
}


class ComPort:
    """One host's line.

    Args:
        told: told of each change, before its answer is returned.

    Attributes:
        is_suspended: whether the host wants to be sent nothing for now.
    """

    def __init__(self, told: Callable[[LineChange], None]) -> None:
        self._told = told
        self.is_suspended = False
        # A line at rest, by the codes of the wire: the pump's own settings, nothing asserted.
        self._codes = {
            Setting.BAUD_RATE: BAUD,
            Setting.DATA_BITS: 8,
            Setting.PARITY: 1,
            Setting.STOP_BITS: 1,
            Setting.FLOW_CONTROL: 1,
            Setting.FLOW_CONTROL_IN: 14,
            Setting.BREAK: 6,
            Setting.DTR: 9,
            Setting.RTS: 12,
        }

    @property
    def baud(self) -> int:
        """What the line is set to, in bits a second."""
        return self._codes[Setting.BAUD_RATE]

    def announce(self) -> bytes:
        """Return what a host is told of the modem lines once it speaks this language; they never change afterwards."""
        return bytes([Command.NOTIFY_MODEMSTATE + ANSWER]) + _ASKED[Command.NOTIFY_MODEMSTATE]

    def press_break(self) -> None:
        """Take telnet's own break, which has no end, as one that is over at once."""
        for is_on in (True, False):
            self._told(LineChange(Setting.BREAK, is_on))

    def answer(self, payload: bytes) -> bytes:
        """Take a command, and return the payload of its answer; empty where there is none."""
        if not payload:
            return b""
        command, value = payload[0], payload[1:]
        found = self._set(command, value) if command in _SETTINGS else self._do(command, value)
        return b"" if found is None else bytes([command + ANSWER]) + found

    def _set(self, command: int, value: bytes) -> bytes | None:
        """Change a setting, and return what it is now."""
        setting, size, meanings = _SETTINGS[command]
        if len(value) != size:
            return None
        return self._change(setting, int.from_bytes(value, "big"), meanings).to_bytes(size, "big")

    def _do(self, command: int, value: bytes) -> bytes | None:
        """Do as another command says and return the value to answer with; None for what has none, or is no command."""
        code = value[0] if len(value) == 1 else None
        match command:
            case Command.SIGNATURE | Command.NOTIFY_LINESTATE | Command.NOTIFY_MODEMSTATE if not value:
                return _ASKED[command]
            case Command.FLOWCONTROL_SUSPEND | Command.FLOWCONTROL_RESUME:
                self.is_suspended = command == Command.FLOWCONTROL_SUSPEND
            case Command.SET_CONTROL if code is not None:
                return self._control(_UNSUPPORTED.get(code, code))
            case Command.SET_LINESTATE_MASK | Command.SET_MODEMSTATE_MASK if code is not None:
                # They choose among notifications of what never changes here. serialx waits for the answer.
                return value
            case Command.PURGE_DATA if code in _PURGES:
                self._told(LineChange(Setting.PURGE, _PURGES[code]))
                return value
        return None

    def _control(self, code: int) -> bytes | None:
        for setting, question, meanings in _CONTROLS:
            if code == question or code in meanings:
                return bytes([self._change(setting, code, meanings)])
        return None

    def _change(self, setting: Setting, code: int, meanings: Mapping[int, int | str | bool] | None) -> int:
        """Set what can be set, tell it if it is another, and return what is so now; any other code is a question."""
        if meanings is None:
            value: int | str | bool | None = code or None
        else:
            value = meanings.get(code)
        if value is not None and code != self._codes[setting]:
            self._codes[setting] = code
            self._told(LineChange(setting, value))
        return self._codes[setting]
