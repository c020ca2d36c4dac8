"""A dashboard whose terminal vanishes while it draws: the window is closed, the multiplexer killed, the connection cut."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.conftest import WAIT_S
from tests.acceptance.terminal import Screen
from tests.acceptance.test_killed_monitor import Relay

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bench

BUSY = ("--every", "0.02", "--drugs", "none")
# With a controlling terminal the kernel tells by SIGHUP; a program that was started without one hears nothing.
signalled = pytest.mark.parametrize("signalled", [True, False], ids=["with SIGHUP", "without SIGHUP"])


def ended(screen: Screen) -> int:
    """Await the end of a program that nobody can see any more."""
    return screen.process.wait(timeout=WAIT_S)


@signalled
def test_a_dashboard_ends_when_its_terminal_vanishes_while_it_draws(bench: Bench, *, signalled: bool) -> None:
    pump = bench.serve("--speed", "3600").ports["tcp"]
    with Screen("monitor", "dashboard", pump, *bench.with_keys(*BUSY), controlling=signalled) as screen:
        screen.wait_for("RUNNING")
        screen.wait_for_more()
        screen.vanish()
        assert ended(screen) == 0


@signalled
def test_a_dashboard_ends_that_was_waiting_for_its_terminal_to_take_what_it_drew(
    bench: Bench, *, signalled: bool
) -> None:
    pump = bench.serve("--speed", "3600")
    with Screen(
        "monitor", "dashboard", pump.ports["tcp"], *bench.with_keys(*BUSY), controlling=signalled
    ) as screen:
        screen.wait_for("RUNNING")
        screen.wait_until_full()  # from here on its writing thread waits, and soon whoever has something to draw
        screen.vanish()
        assert ended(screen) == 0


@signalled
def test_a_dashboard_ends_when_its_terminal_vanishes_before_it_has_one_reading(
    bench: Bench, *, signalled: bool
) -> None:
    bench.serve().end()
    with Screen(
        "monitor", "dashboard", "socket://127.0.0.1:1", *bench.with_keys(), controlling=signalled
    ) as screen:
        screen.wait_for("NO LINK")
        screen.vanish()
        assert ended(screen) == 0


@signalled
def test_a_change_that_was_under_way_is_on_the_disk_and_is_asked_about_next(
    bench: Bench, *, signalled: bool
) -> None:
    emulator = bench.serve("--frozen")
    relay = Relay(emulator.ports["tcp"], deliver=True)
    with Screen(
        "monitor", "dashboard", relay.url, *bench.with_keys("--drugs", "none"), controlling=signalled
    ) as screen:
        screen.wait_for("RUNNING")
        screen.type("r")
        screen.wait_for("SET RATE")
        screen.type("0.6\r")
        screen.wait_for("step 2 of 2")
        screen.type("\t\r")
        assert relay.silent.wait(WAIT_S)
        screen.vanish()
        assert ended(screen) == 0
    relay.close()
    assert [change["stage"] for change in bench.unresolved()] == ["committing"]
    done = bench.monitor("status", emulator.ports["pty"], "--json")
    assert "was applied as revision 1" in done.stderr
    assert json.loads(done.stdout)["commanded_rate_nl_h"] == 25_000


def test_the_port_is_free_once_it_has_ended(bench: Bench) -> None:
    pump = bench.serve("--frozen").ports["pty"]
    with Screen("monitor", "dashboard", pump, *bench.with_keys()) as screen:
        screen.wait_for("RUNNING")
        refused = bench.monitor("status", pump)
        assert refused.returncode == 3
        screen.vanish()
        ended(screen)
    assert bench.monitor("status", pump).returncode == 0
    assert os.path.lexists(pump)
