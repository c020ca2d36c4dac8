"""A port is pulled out and put back where it was: at once, or by itself after a while."""

from __future__ import annotations

import asyncio

import pytest

from pumpmock.ports.base import PortError
from pumpmock.ports.memory import MemoryPort
from pumpmock.ports.panel import Panel
from pumpmock.wall import NS_A_S, HandWall
from tests.pumpmock.stand import Stand


class Plug:
    """A port that says what is done to it, and may find its place taken."""

    url = "socket://here"
    is_open = True

    def __init__(self) -> None:
        self.done: list[str] = []
        self.is_taken = False

    async def open(self) -> None:
        self.done.append("open")

    async def close(self) -> None:
        self.done.append("close")

    def unplug(self) -> None:
        self.done.append("unplug")

    def replug(self) -> None:
        if self.is_taken:
            raise PortError("somebody else is here")
        self.done.append("replug")

    def refuse(self, *, refusing: bool) -> None:
        self.done.append(f"refuse {refusing}")

    def deafen(self, *, deaf: bool) -> None:
        self.done.append(f"deafen {deaf}")


class Desk:
    """A panel with two ports, on a wall that is moved by hand."""

    def __init__(self) -> None:
        self.hand = HandWall()
        self.noted: list[tuple[str, str]] = []
        self.warned: list[str] = []
        self.panel = Panel(self.hand.wall, self._note, self.warned.append)
        self.pty, self.tcp = Plug(), Plug()
        self.panel.add("pty", self.pty)
        self.panel.add("tcp", self.tcp)

    def _note(self, what: str, name: str, _url: str) -> None:
        self.noted.append((what, name))

    def out(self) -> list[str]:
        return [one["port"] for one in self.panel.state() if not one["plugged"]]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_port_is_pulled_out_once_and_put_back_once(desk: Desk) -> None:
    desk.panel.unplug("tcp")
    desk.panel.unplug()
    assert desk.out() == ["pty", "tcp"]
    desk.panel.replug("tcp")
    desk.panel.replug("tcp")

    assert desk.out() == ["pty"]
    assert desk.tcp.done == ["unplug", "replug"]
    assert desk.noted == [
        *(("port", "pty"), ("port", "tcp")),
        *(("unplugged", "tcp"), ("unplugged", "pty"), ("plugged", "tcp")),
    ]


def test_a_port_that_was_pulled_out_for_a_while_comes_back_by_itself_at_its_instant(desk: Desk) -> None:
    desk.panel.unplug("tcp", 5 * NS_A_S)
    desk.hand.advance(5 * NS_A_S - 1)
    assert desk.out() == ["tcp"]
    desk.hand.advance(1)

    assert desk.out() == []
    assert desk.tcp.done == ["unplug", "replug"]


def test_a_port_whose_place_was_taken_stays_out_and_somebody_is_told(desk: Desk) -> None:
    desk.tcp.is_taken = True
    desk.panel.unplug("tcp", 1)
    desk.hand.advance(1)

    assert desk.warned == ["tcp stays unplugged: somebody else is here"]
    assert desk.out() == ["tcp"]


def test_whoever_pulls_it_out_for_good_takes_back_that_it_comes_by_itself(desk: Desk) -> None:
    desk.panel.unplug("tcp", 5)
    desk.panel.unplug("tcp")
    desk.hand.advance(10)

    assert desk.out() == ["tcp"]


def test_a_panel_that_is_closed_closes_all_ports_and_puts_none_back(desk: Desk) -> None:
    desk.panel.unplug("tcp", 5)
    asyncio.run(desk.panel.close())
    desk.hand.advance(10)

    assert (desk.pty.done, desk.tcp.done) == (["close"], ["unplug", "close"])


def test_a_port_that_is_not_there_is_refused_with_those_that_are(desk: Desk) -> None:
    with pytest.raises(ValueError, match='there is no port "tpc"; did you mean "tcp"'):
        desk.panel.unplug("tpc")


def test_a_pump_without_a_port_that_has_a_plug_says_so(desk: Desk) -> None:
    class Solid:
        url = "memory://"

        async def open(self) -> None: ...

        async def close(self) -> None: ...

    desk.panel.add("solid", Solid())
    with pytest.raises(ValueError, match="unplug is not possible on solid: name another port"):
        desk.panel.unplug()
    stand = Stand()
    MemoryPort(stand.emulator.plug())
    with pytest.raises(ValueError, match="none is attached"):
        stand.emulator.ports.unplug()
