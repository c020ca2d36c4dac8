"""The port in memory can go wrong as the others can: it refuses, is deaf, and is unplugged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import serial

from protocol.messages import Poll
from pumpmock.ports.base import Pluggable, PortInUseError
from pumpmock.testing import live_pump
from pumpmock.testing.mock_port import MAX_HELD, MockPort
from pumpmock.urls import served
from tests.pumpmock.testing.hosts import Host

if TYPE_CHECKING:
    from pumpmock.testing import LivePump

pytestmark = pytest.mark.pump(transport="memory")


def test_it_is_opened_by_the_pumps_own_name(pump: LivePump) -> None:
    assert (pump.url, pump.port) == (f"mock://{pump.serial_number}", pump.serial_number)


def test_while_it_refuses_who_is_there_stays_and_nobody_comes(pump: LivePump) -> None:
    with Host(pump.url, pump.key) as host:
        pump.faults.refuse_open()
        host.poll()
        with pytest.raises(serial.SerialException, match="takes no further host now"):
            serial.serial_for_url(pump.url)
        pump.faults.clear()
        with Host(pump.url, pump.key) as other:
            other.poll()


def test_what_comes_while_it_is_deaf_is_heard_afterwards(pump: LivePump) -> None:
    with Host(pump.url, pump.key) as host:
        pump.faults.deaf()
        host.send(Poll())
        pump.settle()
        assert pump.journal.requests == []
        pump.faults.clear()
        pump.wait_for("Poll")
        host.poll()


@pytest.mark.pump(strict=False)
def test_what_is_too_much_while_it_is_deaf_is_lost(pump: LivePump) -> None:
    with serial.serial_for_url(pump.url) as host:
        pump.faults.deaf()
        host.write(b"x" * (MAX_HELD + 1))
        host.write(b"x")
        pump.faults.clear()
        pump.settle()
    assert sum(len(entry.data) for entry in pump.journal.entries) == MAX_HELD


def test_its_name_is_given_back_and_taken_again() -> None:
    with live_pump(transport="memory") as pump:
        pump.unplug()
        with (
            served(pump.serial_number, lambda *_: pytest.fail("nobody opens it")),
            pytest.raises(PortInUseError),
        ):
            pump.replug()
        pump.replug()
        with Host(pump.url, pump.key) as host:
            host.poll()


def test_it_is_a_port_that_can_go_wrong(pump: LivePump) -> None:
    port = pump.do(lambda emulator: emulator.ports.named["memory"])
    assert isinstance(port, MockPort)
    assert isinstance(port, Pluggable)
