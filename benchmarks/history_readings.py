"""How fast readings are stored, each chained by hash to the one before it: in batches of a thousand, as many commits.

Reference: the same rows on the same disk with a commit each, as a pump that is watched has it.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from pathlib import Path

from emulators import new_device
from rig import Result, take_turns, uncollected

from monitor.history.store import Store
from monitor.history.told import Pump
from protocol.messages import Poll, Status
from protocol.vocabulary import Role

NAME = "history-readings"
ROUNDS = 7
LEAST_A_S = 200_000
_BATCH = 1_000
_BATCHES = 40  # a round: some 200 ms, long against the clock's grain and a checkpoint of SQLite's
_SINGLE = 400
_WALL_MS = 1_767_225_600_000
_PUMP = Pump("PM-00001", b"store-01")


def measure(rounds: int = ROUNDS) -> Result:
    """Return readings a second."""
    statuses = _statuses(_BATCH)
    with (
        tempfile.TemporaryDirectory(prefix="pumpmock-bench-") as folder,
        closing(Store(Path(folder) / "history.db")) as store,
    ):
        medians = take_turns(
            NAME,
            rounds,
            lambda: _readings_a_s(store, statuses, _BATCHES),
            lambda: _single_a_s(store, statuses[:_SINGLE]),
        )
    return medians.value_at_least(NAME, "readings/s", LEAST_A_S)


def _statuses(count: int) -> list[Status]:
    """Return what a running pump says, a reading after the other."""
    device = new_device()
    found: list[Status] = []
    while len(found) < count:
        device.catch_up()
        said = device.serve(Poll(), Role.VIEWER, 1, 0)
        if isinstance(said, Status):
            found.append(said)
    return found


def _readings_a_s(store: Store, statuses: list[Status], batches: int) -> float:
    readings = [(_WALL_MS, status) for status in statuses]
    with uncollected():
        began_ns = time.perf_counter_ns()
        for _ in range(batches):
            store.add(_PUMP, readings)
        return len(readings) * batches / (time.perf_counter_ns() - began_ns) * 1e9


def _single_a_s(store: Store, statuses: list[Status]) -> float:
    began_ns = time.perf_counter_ns()
    for status in statuses:
        store.add(_PUMP, [(_WALL_MS, status)])
    return len(statuses) / (time.perf_counter_ns() - began_ns) * 1e9
