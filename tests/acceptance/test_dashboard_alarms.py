"""Alarms of a real pump on a real screen: rung, told to the desktop, acknowledged, silenced, shelved over a restart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.acceptance.terminal import Screen

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bench


def kinds(bench: Bench, pump: str) -> list[str]:
    return [event["kind"] for event in bench.events(pump)]


def test_an_alarm_rings_is_told_to_the_desktop_and_is_acknowledged_at_the_pump(bench: Bench) -> None:
    emulator = bench.serve("--reservoir", "1.9 mL", "--speed", "1")
    pump = emulator.ports["pty"]
    with Screen("monitor", "dashboard", pump, *bench.with_keys("--notify", "9")) as screen:
        screen.wait_for("LOW RESERVOIR")
        screen.wait_for_written("\x1b]9;pump ", ": LOW RESERVOIR, ")
        screen.wait_until(lambda _: screen.rings, "no bell rang")
        screen.type("s")
        screen.wait_for("no alarm sounds for 10 min")
        screen.type_until("a", "acknowledged")  # a request whose answer is lost is not made again by itself
        assert screen.quit() == 0
    assert {"acknowledged", "audio_paused"} <= set(kinds(bench, pump))
    trail = bench.monitor("audit", "list").stdout
    assert "alarms acknowledged: low reservoir" in trail
    assert "alarm sound paused for 600 s" in trail
    assert "bell paused for 600 s" in trail


def test_with_no_bell_nothing_rings(bench: Bench) -> None:
    pump = bench.serve("--reservoir", "1.9 mL", "--speed", "1").ports["pty"]
    with Screen("monitor", "dashboard", pump, *bench.with_keys("--no-bell", "--no-blink")) as screen:
        screen.wait_for("LOW RESERVOIR")
        screen.type("?")
        screen.wait_for("HELP")
        assert screen.rings == 0
        assert screen.quit() == 0


def test_what_was_acknowledged_and_what_went_unseen_is_so_for_the_next_dashboard_after_a_kill(
    bench: Bench,
) -> None:
    ports = bench.serve("--speed", "1").ports
    pump = ports["pty"]
    assert bench.monitor("stop", pump, "--yes").returncode == 0
    with Screen("monitor", "dashboard", pump, *bench.with_keys()) as screen:
        screen.wait_for("PUMP STOPPED")
        screen.type("A")
        screen.wait_for("UNACKNOWLEDGED")
        screen.process.kill()
        screen.process.wait()
    assert bench.monitor("resume", pump, "--yes").returncode == 0
    with Screen("monitor", "dashboard", pump, *bench.with_keys()) as screen:
        screen.wait_for("PUMP STOPPED", "has gone; it said")
        assert bench.monitor("stop", ports["tcp"], "--yes").returncode == 0
        screen.type_until("a", " acknowledged")
        screen.process.kill()
        screen.process.wait()
    with Screen("monitor", "dashboard", pump, *bench.with_keys()) as screen:
        screen.wait_for("PUMP STOPPED", " acknowledged")
        assert screen.rings == 0
        assert screen.quit() == 0


def test_what_is_shelved_is_so_for_the_next_dashboard_and_stands_in_the_audit_trail(bench: Bench) -> None:
    pump = bench.serve("--reservoir", "1.9 mL", "--speed", "1").ports["pty"]
    with Screen("monitor", "dashboard", pump, *bench.with_keys()) as screen:
        screen.wait_for("LOW RESERVOIR")
        screen.type("A")
        screen.wait_for("ON THE SHELF")
        screen.type("h")
        screen.wait_for("For how long")
        screen.type("refill on its way\r")
        screen.wait_for("1 shelved")
        screen.process.kill()
        screen.process.wait()
    with Screen("monitor", "dashboard", pump, *bench.with_keys()) as screen:
        screen.wait_for("no active alarms but what is shelved", "1 shelved")
        assert screen.quit() == 0
    shelved = [
        record
        for line in bench.monitor("audit", "list", "--json").stdout.splitlines()
        if (record := json.loads(line))["kind"] == "alarm_shelved"
    ]
    assert [(one["alarm"], one["reason"]) for one in shelved] == [("low_reservoir", "refill on its way")]
