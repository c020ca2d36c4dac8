"""What is told once a pump's ports answer: who it is, how it is, what it enforces, and where it can be reached."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from protocol.keys import BENCH_WARNING
from protocol.units import format_rate, format_volume
from pumpmock.limits_file import BENCH
from pumpmock.pace import REAL_SPEED

if TYPE_CHECKING:
    from pathlib import Path

    from pumpmock.emulator import Emulator
    from pumpmock.model.drug import DrugRules
    from pumpmock.options import Options

_STORED = "as stored"  # of a pump that goes on


@dataclass(frozen=True, slots=True)
class Ready:
    """A pump whose ports answer.

    Attributes:
        options: what was asked for.
        emulator: the pump.
        ports: the URL of each by its kind.
        control: its control socket; None where there is none.
    """

    options: Options
    emulator: Emulator
    ports: dict[str, str]
    control: Path | None = None

    def facts(self) -> dict[str, Any]:
        """Return it as JSON values."""
        memory, options = self.emulator.device.memory, self.options
        now, drug = memory.pump.sample(), memory.pump.drug
        return {
            "ports": self.ports,
            "control": None if self.control is None else str(self.control),
            "serial_number": memory.serial_number,
            "boot": memory.boot,
            "revision": memory.revision,
            "pump_time_us": now.pump_time_us,
            "speed": options.speed / REAL_SPEED,
            "seed": options.seed,
            "profile": self._profile_name(),
            "limits": self._limits_name(),
            "limits_crc": self.emulator.device.limits_crc,
            "drug": None if drug is None else drug.drug,
            "drugs": None if drug is None else drug.library,
            "drugs_sha256": None if drug is None else drug.checksum,
            "link": options.medium.text or None,
            "keys": None if options.keys is None else str(options.keys),
            "bench_key": options.keys is None,
            "pid": os.getpid(),
        }

    def sentence(self) -> str:
        """Return it as a person reads it, some ten lines."""
        memory, options = self.emulator.device.memory, self.options
        now, drug = memory.pump.sample(), memory.pump.drug
        pace = "frozen" if not options.speed else f"at {options.speed / REAL_SPEED:g} times real time"
        return "\n".join(
            [
                f"pump {memory.serial_number}, start {memory.boot}, {pace} - a bench tool, not a medical device",
                f"  reservoir {format_volume(now.reservoir_nl)}, {format_rate(now.commanded_rate_nl_h)}",
                f"  battery {now.battery_percent} %, seed {options.seed}",
                f"  profile {self._profile_name()}",
                f"  {_drug_text(drug, now.concentration_ug_ml)}",
                f"  limits {self._limits_name()} (CRC {self.emulator.device.limits_crc:08x})",
                *(f"  {name}  {url}" for name, url in self.ports.items()),
                *([f"  link {options.medium.text}"] if options.medium.text else []),
                f"  keys {options.keys}"
                if options.keys is not None
                else f"  {BENCH_WARNING}, its key is published",
                f"watch it:  {self.how_to_watch()}",
                *(
                    []
                    if self.control is None
                    else [f"and do something to it:  pumpmock ctl --control {self.control} status"]
                ),
            ]
        )

    def line(self) -> str:
        """Return what tells it from the others of its process, in one line."""
        return f"pump {self.emulator.device.memory.serial_number}  {'  '.join(self.ports.values())}"

    def how_to_watch(self) -> str:
        """Return the command that shows it."""
        by_bench_key = " --bench-key" if self.options.keys is None else ""
        return f"pump-monitor dashboard {self.ports['pty']}{by_bench_key}"

    def warning(self) -> str:
        """Return what somebody should look at from the start on; "" where there is nothing."""
        drug, now = self.emulator.device.pump.drug, self.emulator.device.pump.sample()
        if drug is None or drug.knows(now.concentration_ug_ml):
            return ""
        return f"the pump stays stopped: {drug.unknown(now.concentration_ug_ml)}"

    def _profile_name(self) -> str:
        return self.options.profile.name if self.emulator.device.memory.boot == 1 else _STORED

    def _limits_name(self) -> str:
        """Name what the pump enforces; one that goes on enforces what it did, unless other limits were given."""
        limits, memory = self.options.limits, self.emulator.device.memory
        if limits is None:
            return BENCH.name if memory.boot == 1 else _STORED
        return limits.name


def _drug_text(drug: DrugRules | None, concentration_ug_ml: int) -> str:
    if drug is None:
        return f"{concentration_ug_ml} ug/mL of a drug that is not checked: no drug library"
    return (
        f"{drug.drug} {concentration_ug_ml} ug/mL, drug library {drug.library} (SHA-256 {drug.checksum[:8]})"
    )
