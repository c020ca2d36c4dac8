"""Faults of the ports: the cable is pulled, nobody can open, nothing is read, nothing is answered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pumpmock.ports.base import PortError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.emulator import Emulator
    from pumpmock.faults.fault import Fault
    from pumpmock.ports.base import Pluggable

    _Action = Callable[[str, Pluggable], None]

_EVERY = ""


def ports_of(emulator: Emulator, fault: Fault) -> dict[str, Pluggable]:
    """Return the ports that a fault is about, by name; none for one that is not of the ports themselves.

    Raises:
        ValueError: where there is no such port, or it can't do that.
    """
    name = fault.word("port")
    if fault.kind.name == "mute":
        emulator.ports.check(name)
        return {}
    return emulator.ports.pluggable(fault.kind.name, name)


def _each(emulator: Emulator, fault: Fault, action: _Action) -> None:
    """Do something to each port; where a turn is going on, at its end, for the port is in the middle of it."""
    for name, port in ports_of(emulator, fault).items():
        act = partial(_try, emulator, name, port, action)
        turn = emulator.faults.turn
        if turn is None:
            act()
        else:
            turn.then.append(act)


def _try(emulator: Emulator, name: str, port: Pluggable, action: _Action) -> None:
    if not port.is_open:  # the bench is being taken down
        return
    try:
        action(name, port)
    except PortError as error:  # somebody else has taken it meanwhile: nobody is to be told but who watches
        emulator.tell(f"{name}: {error}", {"event": "port_lost", "port": name, "error": str(error)})


def _unplug(emulator: Emulator, fault: Fault) -> Callable[[], None]:
    _each(emulator, fault, lambda name, _port: emulator.ports.unplug(name))
    return lambda: _each(emulator, fault, lambda name, _port: emulator.ports.replug(name))


def _refuse_open(emulator: Emulator, fault: Fault) -> Callable[[], None]:
    _each(emulator, fault, lambda _name, port: port.refuse(refusing=True))
    return lambda: _each(emulator, fault, lambda _name, port: port.refuse(refusing=False))


def _deaf(emulator: Emulator, fault: Fault) -> Callable[[], None]:
    _each(emulator, fault, lambda _name, port: port.deafen(deaf=True))
    return lambda: _each(emulator, fault, lambda _name, port: port.deafen(deaf=False))


def _mute(emulator: Emulator, fault: Fault) -> Callable[[], None]:
    name = fault.word("port") or _EVERY
    emulator.ports.muted.append(name)
    return lambda: emulator.ports.muted.remove(name)


# By kind: brings it about, and returns what ends it.
PORTS: dict[str, Callable[[Emulator, Fault], Callable[[], None]]] = {
    "unplug": _unplug,
    "refuse-open": _refuse_open,
    "deaf": _deaf,
    "mute": _mute,
}
