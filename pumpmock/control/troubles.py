"""The troubles that can befall a pump, by the names that a person gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.strict_toml import meant
from protocol.units import parse_percent, parse_volume
from pumpmock.control.verb import VerbError
from pumpmock.model.troubles import TROUBLES, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.emulator import Emulator
    from pumpmock.model.pump import Pump

_READ: dict[Trouble, Callable[[str], int]] = {Trouble.LEAK: parse_percent, Trouble.VALVE: parse_volume}
# What the firmware notices at once and no hand can take back: what ends each of them.
_NOTICED: dict[str, tuple[Callable[[Pump], None], str]] = {
    "memory-error": (
        lambda pump: pump.memory_error(),
        "it was made good when it was found; acknowledge its alarm",
    ),
    "reset": (lambda pump: pump.reset_critically(), "program the pump anew"),
    "lost-clock": (lambda pump: pump.lose_clock(), "set the clock"),
}


def name_of(trouble: Trouble) -> str:
    """Return what a person calls a trouble."""
    return trouble.name.lower().replace("_", "-")


NAMES = (*(name_of(trouble) for trouble in Trouble), *_NOTICED)


def check_name(text: str) -> str:
    """Return the name of a trouble as `NAMES` has it.

    Raises:
        ValueError: where there is none of that name; the sentence says which may have been meant.
    """
    name = text.lower().replace("_", "-")
    if name not in NAMES:
        raise ValueError(f'"{text}" is no trouble of a pump; {meant(name, NAMES)}')
    return name


def strike(emulator: Emulator, name: str, extent: str | int = 0) -> dict[str, Any]:
    """Let a trouble befall the pump now; a leak and a valve have an extent."""
    pump = emulator.device.pump
    if name in _NOTICED:
        if extent:
            raise VerbError(f"{name} has no extent")
        emulator.do(lambda: _NOTICED[name][0](pump))
    else:
        trouble = _trouble(name)
        figure = _figure(trouble, extent)
        emulator.do(lambda: pump.strike(trouble, figure))
    return _present(pump)


def relieve(emulator: Emulator, name: str) -> dict[str, Any]:
    """Let a trouble end now."""
    if name in _NOTICED:
        raise VerbError(f"nobody's hands end {name}: {_NOTICED[name][1]}")
    pump = emulator.device.pump
    emulator.do(lambda: pump.relieve(_trouble(name)))
    return _present(pump)


def _trouble(name: str) -> Trouble:
    return Trouble[name.upper().replace("-", "_")]


def _figure(trouble: Trouble, extent: str | int) -> int:
    if isinstance(extent, int):
        return extent
    if trouble not in _READ:
        raise VerbError(f"{TROUBLES[trouble].title} has no extent, not {extent}")
    return _READ[trouble](extent)


def _present(pump: Pump) -> dict[str, Any]:
    return {"troubles": [name_of(one) for one in Trouble if one in pump.troubles]}
