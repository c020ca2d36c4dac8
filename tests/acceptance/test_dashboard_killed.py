"""A dashboard that is killed while it waits for the answer to its commit, and started again: first without its pump."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.conftest import WAIT_S
from tests.acceptance.terminal import Screen
from tests.acceptance.test_killed_monitor import Relay

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bench

BOTH = "the rate is 0.500 or 0.600 mL/day"


@pytest.mark.parametrize("deliver", [True, False])
def test_the_doubt_is_on_the_screen_before_there_is_a_pump_and_the_verdict_as_soon_as_there_is(
    bench: Bench, *, deliver: bool
) -> None:
    keep = ("--frozen", "--state", str(bench.folder / "state.json"))
    emulator = bench.serve(*keep)
    relay = Relay(emulator.ports["tcp"], deliver=deliver)
    keys = ("--keys", str(bench.keys))
    with Screen("monitor", "dashboard", relay.url, *keys, "--drugs", "none") as screen:
        screen.wait_for("RUNNING")
        screen.type("r")
        screen.wait_for("SET RATE")
        screen.type("0.6\r")
        screen.wait_for("step 2 of 2")
        screen.type("\t\r")
        assert relay.silent.wait(WAIT_S)
        os.kill(screen.process.pid, signal.SIGKILL)
        screen.process.wait()
    relay.close()
    emulator.kill()
    bench.link.unlink(missing_ok=True)
    with Screen("monitor", "dashboard", str(bench.link), *keys) as screen:
        screen.wait_for("OUTCOME UNKNOWN", BOTH)
        bench.serve(*keep)
        verdict = "applied as revision 1" if deliver else "not applied: the rate is still 0.500"
        screen.wait_for(verdict, "has gone; it said")
        screen.type("a")
        screen.wait_for("no active alarms")
        assert screen.quit() == 0
    assert bench.unresolved() == []


def test_without_its_port_and_without_a_doubt_the_dashboard_says_what_to_do(bench: Bench) -> None:
    bench.serve().end()
    with Screen("monitor", "dashboard", str(bench.link), "--keys", str(bench.keys)) as screen:
        screen.wait_for("there is no port")
        assert screen.end() == 3
