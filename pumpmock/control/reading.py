"""How a pump is: what its firmware believes and what is so, side by side."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from protocol.alarms import Alarm
from pumpmock.control.troubles import name_of
from pumpmock.pace import REAL_SPEED

if TYPE_CHECKING:
    from pumpmock.emulator import Emulator
    from pumpmock.faults.fault import Active


def status_of(emulator: Emulator) -> dict[str, Any]:
    """Return both as JSON values: volumes in nL, rates in nL/h, drug in pg, times in us of pump time or s."""
    emulator.do(lambda: None)  # come to the present
    device = emulator.device
    pump, memory = device.pump, device.memory
    belief = {name: _plain(value) for name, value in pump.sample()._asdict().items()}
    for name in ("alarms", "acknowledged"):
        belief[name] = [alarm.name.lower() for alarm in Alarm if belief[name] >> alarm & 1]
    truth = pump.truth()._asdict()
    truth["troubles"] = [name_of(trouble) for trouble in sorted(truth["troubles"])]
    truth["catheter"] = [list(segment) for segment in truth["catheter"]]
    return {
        "serial_number": memory.serial_number,
        "boot": memory.boot,
        "revision": memory.revision,
        "pump_time_us": pump.clock.now_us,
        "speed": device.pace.speed / REAL_SPEED,
        "belief": belief,
        "truth": truth,
        "faults": faults_of(emulator),
        "ports": emulator.ports.state(),
    }


def faults_of(emulator: Emulator) -> list[dict[str, Any]]:
    """Return the faults that are active, as JSON values."""
    return [_fault(active) for active in emulator.faults.active]


def _fault(active: Active) -> dict[str, Any]:
    return {
        "id": active.id,
        "kind": active.kind,
        "on": active.on,
        "left": active.left,
        "struck": active.struck,
        "text": active.text,
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - a figure or a member of an enumeration
    return value.name.lower() if isinstance(value, IntEnum) else value
