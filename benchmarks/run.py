"""Measure the budgets, each beside its reference in the same run, and print a line a budget.

A budget that is missed is printed as "short" and is no error: a busy machine is not a bug.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from typing import TYPE_CHECKING

from rig import RigError, machine_facts

if TYPE_CHECKING:
    from types import FrameType

_BENCHES = {
    "status-round-trip": "status_round_trip",
    "decode-status-modbus": "decode_status_modbus",
    "decode-status-mavlink": "decode_status_mavlink",
    "fixture-ready": "fixture_ready",
    "first-paint": "first_paint",
    "dashboard-cpu": "dashboard_cpu",
    "dashboard-latency": "dashboard_latency",
    "trend-draw": "trend_draw",
    "seven-years": "seven_years",
    "cost-of-an-event": "cost_of_an_event",
    "many-pumps-cpu": "many_pumps",
    "fleet-cpu": "fleet",
    "history-readings": "history_readings",
    "history-trend": "history_trend",
}
_PEERS = {"pymodbus", "pymavlink", "psutil"}
_FAILED, _INTERRUPTED, _TERMINATED = 1, 130, 143


def main() -> int:
    """Run what was asked for; return the exit code: 0, also where a budget is short; 1 where one was not measured."""
    arguments = _parse_arguments()
    signal.signal(signal.SIGTERM, _end_cleanly)
    for fact in machine_facts():
        print(fact, flush=True)
    try:
        measured = [_run(name, arguments.rounds) for name in arguments.names or _BENCHES]
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0 if all(measured) else _FAILED


def _run(name: str, rounds: int | None) -> bool:
    """Measure one budget and print it; False where it can't be measured."""
    try:
        bench = importlib.import_module(_BENCHES[name])
        result = bench.measure(rounds or bench.ROUNDS)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _PEERS:
            raise
        print(f"{name}: {package} is missing; make bench installs it", file=sys.stderr)
        return False
    except (RigError, OSError) as error:
        print(f"{name}: not measured: {error}", file=sys.stderr)
        return False
    print(result, flush=True)
    return True


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=f"Benchmarks: {', '.join(_BENCHES)}.", prog="benchmarks/run.py"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to measure (default: all)")
    parser.add_argument(
        "--rounds", type=int, metavar="N", help="rounds of each (default: what each finds enough)"
    )
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in _BENCHES:
            parser.error(f'there is no benchmark "{name}": {", ".join(_BENCHES)}')
    if arguments.rounds is not None and arguments.rounds < 1:
        parser.error("--rounds: 1 at the least")
    return arguments


def _end_cleanly(_number: int, _frame: FrameType | None) -> None:
    """Let every child and every file that is under way be cleaned up, as after Ctrl-C."""
    sys.exit(_TERMINATED)


if __name__ == "__main__":
    sys.exit(main())
