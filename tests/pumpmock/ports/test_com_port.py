from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.places import BAUD
from pumpmock.ports.com_port import ANSWER, Command, ComPort, LineChange, Setting


class Desk:
    """A line, and what was told of it."""

    def __init__(self) -> None:
        self.told: list[LineChange] = []
        self.line = ComPort(self.told.append)

    def ask(self, command: Command, *value: int) -> tuple[int, ...] | None:
        """Return the value in the answer, None for no answer."""
        answer = self.line.answer(bytes([command, *value]))
        if not answer:
            return None
        assert answer[0] == command + ANSWER
        return tuple(answer[1:])


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("command", "value", "setting", "told"),
    [
        (Command.SET_BAUDRATE, (0, 0, 0x25, 0x80), Setting.BAUD_RATE, 9_600),
        (Command.SET_BAUDRATE, (255, 255, 255, 255), Setting.BAUD_RATE, 2**32 - 1),
        (Command.SET_DATASIZE, (5,), Setting.DATA_BITS, 5),
        (Command.SET_DATASIZE, (7,), Setting.DATA_BITS, 7),
        (Command.SET_PARITY, (2,), Setting.PARITY, "odd"),
        (Command.SET_PARITY, (3,), Setting.PARITY, "even"),
        (Command.SET_PARITY, (4,), Setting.PARITY, "mark"),
        (Command.SET_PARITY, (5,), Setting.PARITY, "space"),
        (Command.SET_STOPSIZE, (2,), Setting.STOP_BITS, "2"),
        (Command.SET_STOPSIZE, (3,), Setting.STOP_BITS, "1.5"),
        (Command.SET_CONTROL, (2,), Setting.FLOW_CONTROL, "xon/xoff"),
        (Command.SET_CONTROL, (3,), Setting.FLOW_CONTROL, "hardware"),
        (Command.SET_CONTROL, (5,), Setting.BREAK, True),
        (Command.SET_CONTROL, (8,), Setting.DTR, True),
        (Command.SET_CONTROL, (11,), Setting.RTS, True),
        (Command.SET_CONTROL, (15,), Setting.FLOW_CONTROL_IN, "xon/xoff"),
        (Command.SET_CONTROL, (16,), Setting.FLOW_CONTROL_IN, "hardware"),
    ],
)
def test_what_is_set_is_told_once_and_confirmed_each_time(
    desk: Desk, command: Command, value: tuple[int, ...], setting: Setting, told: object
) -> None:
    assert desk.ask(command, *value) == value
    assert desk.ask(command, *value) == value
    assert [(change.setting, change.value) for change in desk.told] == [(setting, told)]


@pytest.mark.parametrize(
    ("command", "value", "now"),
    [
        (Command.SET_BAUDRATE, (0, 0, 0, 0), tuple(BAUD.to_bytes(4, "big"))),
        (Command.SET_DATASIZE, (0,), (8,)),
        (Command.SET_DATASIZE, (4,), (8,)),
        (Command.SET_DATASIZE, (9,), (8,)),
        (Command.SET_PARITY, (0,), (1,)),
        (Command.SET_PARITY, (6,), (1,)),
        (Command.SET_STOPSIZE, (0,), (1,)),
        (Command.SET_STOPSIZE, (4,), (1,)),
        (Command.SET_CONTROL, (0,), (1,)),
        (Command.SET_CONTROL, (4,), (6,)),
        (Command.SET_CONTROL, (7,), (9,)),
        (Command.SET_CONTROL, (10,), (12,)),
        (Command.SET_CONTROL, (13,), (14,)),
        (Command.SET_CONTROL, (17,), (1,)),  # flow control by DCD: there is none
        (Command.SET_CONTROL, (18,), (14,)),  # inbound by DTR
        (Command.SET_CONTROL, (19,), (1,)),  # by DSR
    ],
)
def test_a_question_and_what_there_is_none_of_are_answered_with_what_is_so_and_change_nothing(
    desk: Desk, command: Command, value: tuple[int, ...], now: tuple[int, ...]
) -> None:
    assert desk.ask(command, *value) == now
    assert desk.told == []


def test_what_is_switched_off_again_is_told_too(desk: Desk) -> None:
    for code in (8, 9, 9, 11, 12, 5, 6):
        assert desk.ask(Command.SET_CONTROL, code) == (code,)
    assert [(change.setting, change.value) for change in desk.told] == [
        (Setting.DTR, True),
        (Setting.DTR, False),
        (Setting.RTS, True),
        (Setting.RTS, False),
        (Setting.BREAK, True),
        (Setting.BREAK, False),
    ]


@pytest.mark.parametrize(("code", "told"), [(1, "receive"), (2, "transmit"), (3, "both")])
def test_each_purge_is_told_and_confirmed(desk: Desk, code: int, told: str) -> None:
    assert desk.ask(Command.PURGE_DATA, code) == (code,)
    assert desk.ask(Command.PURGE_DATA, code) == (code,)
    assert desk.told == [LineChange(Setting.PURGE, told)] * 2


@pytest.mark.parametrize("command", [Command.SET_LINESTATE_MASK, Command.SET_MODEMSTATE_MASK])
@pytest.mark.parametrize("mask", [0, 255])
def test_a_mask_is_confirmed_because_serialx_waits_for_it(desk: Desk, command: Command, mask: int) -> None:
    assert desk.ask(command, mask) == (mask,)
    assert desk.told == []


def test_a_host_that_asks_for_the_lines_sees_a_device_that_is_there(desk: Desk) -> None:
    assert desk.line.announce() == bytes([107, 0xB0])  # carrier, data set ready, clear to send
    assert desk.ask(Command.NOTIFY_MODEMSTATE) == (0xB0,)
    assert desk.ask(Command.NOTIFY_LINESTATE) == (0x60,)  # both registers empty, nothing wrong


def test_the_emulator_says_what_it_is_and_takes_what_a_host_says_without_a_word(desk: Desk) -> None:
    assert desk.ask(Command.SIGNATURE) == tuple(b"pumpmock")
    assert desk.ask(Command.SIGNATURE, *b"a host") is None


def test_a_pause_is_noted_until_it_is_over_and_not_answered(desk: Desk) -> None:
    assert desk.ask(Command.FLOWCONTROL_SUSPEND) is None
    assert desk.line.is_suspended
    assert desk.ask(Command.FLOWCONTROL_RESUME) is None
    assert not desk.line.is_suspended


def test_telnets_own_break_is_one_that_is_over_at_once(desk: Desk) -> None:
    desk.line.press_break()
    assert desk.told == [LineChange(Setting.BREAK, True), LineChange(Setting.BREAK, False)]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        bytes([Command.SET_BAUDRATE]),
        bytes([Command.SET_BAUDRATE, 0, 0, 0]),
        bytes([Command.SET_BAUDRATE, 0, 0, 0, 0, 9]),
        bytes([Command.SET_PARITY]),
        bytes([Command.SET_CONTROL]),
        bytes([Command.SET_CONTROL, 20]),
        bytes([Command.PURGE_DATA, 0]),
        bytes([Command.PURGE_DATA, 4]),
        bytes([Command.SET_MODEMSTATE_MASK]),
        bytes([13, 1]),
        bytes([101, 0, 0, 0, 1]),
    ],
)
def test_what_is_no_command_is_neither_answered_nor_told(desk: Desk, payload: bytes) -> None:
    assert desk.line.answer(payload) == b""
    assert desk.told == []


@given(st.lists(st.binary(max_size=6)))
def test_nothing_that_is_said_raises_and_every_answer_is_one_of_a_server(said: list[bytes]) -> None:
    desk = Desk()
    for payload in said:
        answer = desk.line.answer(payload)
        assert answer == b"" or answer[0] == payload[0] + ANSWER
