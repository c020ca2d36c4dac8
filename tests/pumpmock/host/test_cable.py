"""A cable can be pulled in the middle of anything; what had arrived was heard, what was on its way back is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pumpmock.host.cable import Cable, PulledError
from pumpmock.ports.base import Pluggable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.ports.base import Send


class Echo:
    """The other end: says what it hears, and does something first if it is told to."""

    def __init__(self) -> None:
        self.course: list[str] = []
        self.first: Callable[[], None] = lambda: None
        self.send: Send = lambda _data: None

    def open(self, peer: str, send: Send) -> Echo:
        self.course.append(f"open {peer}")
        self.send = send
        return self

    def receive(self, data: bytes) -> bytes:
        self.first()
        self.course.append(f"heard {data.decode()}")
        return data

    def close(self) -> None:
        self.course.append("closed")


def cable_to(echo: Echo) -> Cable:
    cable = Cable("host", echo.open)
    cable.connect()
    return cable


def test_what_is_written_is_heard_at_once_and_its_answer_can_be_read() -> None:
    cable = cable_to(Echo())
    cable.write(b"ab")
    cable.write(b"c")

    assert (cable.has_data, cable.read(), cable.read()) == (True, b"abc", b"")


def test_what_is_said_later_can_be_read_too_as_long_as_the_port_is_open() -> None:
    echo = Echo()
    cable = cable_to(echo)
    echo.send(b"late")
    assert cable.read() == b"late"

    cable.hang_up()
    echo.send(b"too late")
    cable.connect()
    assert cable.read() == b""


def test_a_cable_that_is_pulled_while_the_pump_hears_lets_it_hear_all_and_answer_nobody() -> None:
    echo = Echo()
    cable = cable_to(echo)
    echo.first = cable.unplug
    cable.write(b"x")

    assert echo.course == ["open host", "heard x", "closed"]
    with pytest.raises(PulledError):
        cable.read()
    with pytest.raises(PulledError):
        cable.write(b"y")
    with pytest.raises(PulledError):
        cable.connect()


def test_a_cable_that_is_put_back_wants_the_port_opened_anew() -> None:
    echo = Echo()
    cable = cable_to(echo)
    cable.unplug()
    cable.replug()
    with pytest.raises(PulledError):
        cable.write(b"x")
    cable.connect()
    cable.write(b"y")

    assert cable.read() == b"y"
    assert echo.course == ["open host", "closed", "open host", "heard y"]


def test_a_port_that_refuses_lets_nobody_come_and_sends_nobody_away() -> None:
    cable = cable_to(Echo())
    cable.refuse(refusing=True)
    cable.write(b"x")
    assert cable.read() == b"x"

    cable.hang_up()
    with pytest.raises(PulledError):
        cable.connect()
    cable.refuse(refusing=False)
    cable.connect()


def test_a_deaf_port_hears_all_of_it_later_and_nothing_of_a_host_that_has_gone() -> None:
    echo = Echo()
    cable = cable_to(echo)
    cable.deafen(deaf=True)
    cable.write(b"a")
    cable.write(b"b")
    assert cable.read() == b""
    cable.deafen(deaf=False)
    assert cable.read() == b"ab"

    cable.deafen(deaf=True)
    cable.write(b"c")
    cable.hang_up()
    cable.connect()
    cable.deafen(deaf=False)
    assert (cable.read(), echo.course[-1]) == (b"", "open host")


def test_faults_can_do_with_it_what_they_do_with_a_port() -> None:
    assert isinstance(cable_to(Echo()), Pluggable)
