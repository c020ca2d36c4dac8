"""What happens by itself, to the pump or to its ports, and how it ends: the table behind `Stage.ONCE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpmock.faults.ports import PORTS, ports_of
from pumpmock.faults.pump import PUMP, TROUBLES, check_figures

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.emulator import Emulator
    from pumpmock.faults.fault import Fault

# By kind: brings it about, and returns what ends it. ValueError where it can't be, as things are.
BEGIN: dict[str, Callable[[Emulator, Fault], Callable[[], None]]] = {**PORTS, **PUMP}

# What neither the pump's memory nor the emulator keeps over a start.
LOST_WITH_A_START = frozenset({"clock-drift", "sensor"})


def check_possible(emulator: Emulator, fault: Fault) -> None:
    """Refuse what can't be with this pump on these ports.

    Raises:
        ValueError: with a sentence.
    """
    if fault.kind.name in PORTS:
        ports_of(emulator, fault)
    else:
        check_figures(emulator, fault)


def is_there_still(emulator: Emulator, fault: Fault) -> bool:
    """Tell whether what lasts has not ended otherwise: a hold by an interrogation, a trouble with an older memory."""
    trouble = TROUBLES.get(fault.kind.name)
    return trouble is None or trouble in emulator.device.pump.troubles
