"""Every kind of change from the command line and from the dashboard, with the emulator as another process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.terminal import Screen

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.conftest import Bench

NONE = ("--drugs", "none")
# The words of each command, the reading after it, and the entry of the pump's own log.
CHANGES: dict[str, tuple[tuple[str, ...], dict[str, Any], str]] = {
    "temporary-rate": (
        ("0.6 mL/day", "--for", "2 h", *NONE),
        {"mode": "temporary_rate", "commanded_rate_nl_h": 25_000, "mode_left_s": 7_200},
        "temporary rate 0.600 mL/day for 2 h 0 min",
    ),
    "bolus": (
        ("50 ug", "--over", "30 min", *NONE),
        {"mode": "bolus", "commanded_rate_nl_h": 200_000, "mode_left_s": 1_800},
        "bolus of 0.10 mL over 30 min 0 s",
    ),
    "flex": (
        ("--steps", "00:00 0.6 mL/day", *NONE),
        {"mode": "program", "commanded_rate_nl_h": 25_000},
        "flex program, 7 days, 0.60 mL a day",
    ),
    "minimum-rate": (
        (),
        {"mode": "minimum_rate", "commanded_rate_nl_h": 250},
        "minimum rate, was 0.500 mL/day",
    ),
    "refill": (
        ("--withdrawn", "17.9 mL", "--filled", "19 mL", "--concentration", "600 ug/mL", *NONE),
        {"reservoir_nl": 19_000_000},
        "withdrawn 17.90 mL, filled 19.00 mL",
    ),
    "prime": (("0.2 mL",), {"mode": "prime", "commanded_rate_nl_h": 1_000_000}, "prime of 0.20 mL"),
    "bridge": (
        ("0.25 mL", "--at", "0.45 mL/day", *NONE),
        {"mode": "bridge", "commanded_rate_nl_h": 18_750},
        "bridge bolus of 0.25 mL at 0.450 mL/day",
    ),
    "set-clock": (("now",), {"mode": "program"}, "the clock was set from"),
}


@pytest.mark.parametrize("command", CHANGES)
def test_each_command_reaches_the_pump_is_read_back_and_is_on_record(bench: Bench, command: str) -> None:
    words, after, entry = CHANGES[command]
    emulator = bench.serve("--frozen", "--concentration", "500 ug/mL", "--drugs", "none")
    url = emulator.ports["pty"]
    done = bench.monitor(command, url, *words, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["revision"], told["as_set"]) == (1, True)
    reading = bench.status(url)
    assert {name: reading[name] for name in after} == after
    assert any(entry in event["text"] for event in bench.events(url))
    kinds = [json.loads(line)["kind"] for line in bench.run("audit", "list", "--json").stdout.splitlines()]
    assert kinds == ["intended", "prepared", "committing", "outcome"]


def test_a_program_of_a_file_flows_by_the_hour_and_a_slip_in_it_names_its_line(
    bench: Bench, tmp_path: Path
) -> None:
    emulator = bench.serve("--frozen", "--concentration", "500 ug/mL", "--drugs", "none")
    url = emulator.ports["pty"]
    done = bench.monitor("flex", url, "examples/flex.toml", "--yes", *NONE)
    assert done.returncode == 0, done.stderr
    assert "Mon-Fri: 00:00 0.500, 06:00 0.600, 09:30 0.500, 21:00 0.550 mL/day" in done.stdout
    slip = tmp_path / "slip.toml"
    slip.write_text('format = 1\ndays = "Mon-Fri"\nsteps = ["00:00 0,5 mL/day"]\n')
    refused = bench.monitor("flex", url, str(slip), "--yes")
    assert refused.returncode == 2
    assert f"{slip}, line 3: steps:" in refused.stderr
    assert bench.status(url)["revision"] == 1


def test_a_reason_for_a_discrepancy_at_a_refill_is_kept(bench: Bench) -> None:
    emulator = bench.serve("--frozen", "--concentration", "500 ug/mL", "--drugs", "none")
    words = ("refill", emulator.ports["pty"], "--withdrawn", "10 mL", "--filled", "18 mL", "--yes", *NONE)
    refused = bench.monitor(*words)
    assert (refused.returncode, "8.00 mL less withdrawn than expected" in refused.stderr) == (1, True)
    assert bench.monitor(*words, "--reason", "spilled").returncode == 0
    records = [json.loads(line) for line in bench.run("audit", "list", "--json").stdout.splitlines()]
    assert "spilled" in json.dumps(records)


def test_alarms_are_acknowledged_at_the_pump(bench: Bench) -> None:
    emulator = bench.serve("--frozen", "--reservoir", "1.9 mL")
    done = bench.monitor("acknowledge", emulator.ports["pty"], "--yes")
    assert (done.returncode, done.stdout.endswith("acknowledged: low_reservoir\n")) == (0, True), done.stderr
    again = bench.monitor("acknowledge", emulator.ports["pty"], "--yes")
    assert (again.returncode, "nothing to acknowledge" in again.stderr) == (1, True)


def test_a_prime_and_the_clock_chosen_from_the_menu_reach_the_pump_and_are_read_back(bench: Bench) -> None:
    emulator = bench.serve("--frozen", "--concentration", "500 ug/mL", "--drugs", "none")
    url = emulator.ports["pty"]
    with Screen("monitor", "dashboard", url, "--keys", str(bench.keys), *NONE) as screen:
        screen.wait_for("RUNNING")
        screen.type("c")
        screen.wait_for("Bridge bolus")
        screen.type("i")
        screen.wait_for("PRIME")
        screen.type("0.2\r")
        screen.wait_for("step 2 of 2")
        screen.type("0.2\r")
        screen.wait_for("by prime")
        screen.type("\rc")  # as one who knows the way types: before the box has closed
        screen.wait_for("Bridge bolus")
        screen.type("k")
        screen.wait_for("SET CLOCK")
        screen.type("2026-01-05 00:00\r")
        screen.wait_for("step 2 of 2")
        screen.type("2026-01-05 00:00\r")
        screen.wait_for("the pump reports 2026-01-05 00:00")
        screen.type("\r")
        assert screen.quit() == 0
    assert bench.status(url)["mode"] == "prime"
