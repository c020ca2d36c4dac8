"""Faults of the ports: the cable is pulled, nobody can open, nothing is read, nothing is answered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from protocol.strict_toml import meant, shown
from pumpmock.ports.base import Pluggable, PortError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.emulator import Emulator
    from pumpmock.faults.fault import Fault

_EVERY = ""


def ports_of(emulator: Emulator, fault: Fault) -> dict[str, Pluggable]:
    """Return the ports that a fault is about, by name; none for one that is not of the ports themselves.

    Raises:
        ValueError: where there is no such port, or it can't do that.
    """
    ports, name = emulator.ports.named, fault.word("port")
    if name and name not in ports:
        raise ValueError(f"there is no port {shown(name)}; {meant(name, ports) if ports else 'none is open'}")
    if fault.kind.name == "mute":
        return {}
    chosen = {key: port for key, port in ports.items() if name in (_EVERY, key)}
    if not chosen:
        raise ValueError(
            f"{fault.kind.name} needs a port, and none is attached: serve the pump on one, or use mute"
        )
    able = {key: port for key, port in chosen.items() if isinstance(port, Pluggable)}
    if len(able) < len(chosen):
        unable = ", ".join(sorted(set(chosen) - set(able)))
        raise ValueError(f"{fault.kind.name} is not possible on {unable}: name another port")
    return able


def _each(emulator: Emulator, fault: Fault, action: Callable[[Pluggable], None]) -> None:
    """Do something to each port; where a turn is going on, at its end, for the port is in the middle of it."""
    for name, port in ports_of(emulator, fault).items():
        act = partial(_try, emulator, name, port, action)
        turn = emulator.faults.turn
        if turn is None:
            act()
        else:
            turn.then.append(act)


def _try(emulator: Emulator, name: str, port: Pluggable, action: Callable[[Pluggable], None]) -> None:
    try:
        action(port)
    except (
        PortError
    ) as error:  # somebody else has taken it meanwhile: there is nobody to be told but who watches
        emulator.tell(f"{name}: {error}", {"event": "port_lost", "port": name, "error": str(error)})


def _unplug(emulator: Emulator, fault: Fault) -> Callable[[], None]:
    _each(emulator, fault, lambda port: port.unplug())
    return lambda: _each(emulator, fault, lambda port: port.replug())


def _refuse_open(emulator: Emulator, fault: Fault) -> Callable[[], None]:
    _each(emulator, fault, lambda port: port.refuse(refusing=True))
    return lambda: _each(emulator, fault, lambda port: port.refuse(refusing=False))


def _deaf(emulator: Emulator, fault: Fault) -> Callable[[], None]:
    _each(emulator, fault, lambda port: port.deafen(deaf=True))
    return lambda: _each(emulator, fault, lambda port: port.deafen(deaf=False))


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
