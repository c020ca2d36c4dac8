"""The main job, end to end: read, see it run low, change the rate, be refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from monitor.client import PumpClient
from monitor.errors import RefusedError
from monitor.keys import find_keys
from protocol.messages import Change
from protocol.vocabulary import ChangeKind, Refusal

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bench

FIELDS = {
    *(
        "serial_number",
        "state",
        "commanded_rate_nl_h",
        "measured_rate_nl_h",
        "reservoir_nl",
        "low_reservoir_nl",
    ),
    *("battery_percent", "alarms", "days_to_low", "days_to_empty", "revision", "pump_time_us", "age_s"),
    *("mode", "mode_left_s", "refusing_s", "audio_pause_s", "bench_faults", "bench_fault_names"),
}


@pytest.mark.requirement("R6.7.0(1)")
def test_a_reading_has_every_field_that_scripts_rely_on(bench: Bench, port: str) -> None:
    emulator = bench.serve("--frozen", "--reservoir", "18 mL", "--flow", "0.5 mL/day", "--battery", "80 %")
    reading = bench.status(emulator.ports[port])
    assert set(reading) == FIELDS
    assert reading["serial_number"] == emulator.ready["serial_number"]
    assert (reading["state"], reading["alarms"], reading["revision"]) == ("running", [], 0)
    assert (reading["reservoir_nl"], reading["low_reservoir_nl"]) == (18_000_000, 2_000_000)
    assert (reading["commanded_rate_nl_h"], reading["battery_percent"]) == (20_833, 80)
    assert (reading["days_to_low"], reading["days_to_empty"]) == (32.0, 33.2)


def test_the_reservoir_falls_at_exactly_the_commanded_rate(bench: Bench, port: str) -> None:
    emulator = bench.serve("--speed", "86400")
    watch = bench.start_monitor("watch", emulator.ports[port], "--json", "--count", "5", "--every", "0.2")
    readings = [json.loads(watch.line()) for _ in range(5)]
    assert watch.wait() == 0
    for reading in readings:
        delivered = reading["commanded_rate_nl_h"] * reading["pump_time_us"] // 3_600_000_000
        assert reading["reservoir_nl"] == 18_000_000 - delivered
    assert readings[-1]["reservoir_nl"] < readings[0]["reservoir_nl"]


@pytest.mark.requirement("R6.7.0(2)", "R6.8.0(9)")
def test_a_low_reservoir_is_flagged_by_itself_at_its_exact_instant(bench: Bench, port: str) -> None:
    emulator = bench.serve("--speed", "3600", "--reservoir", "2.01 mL")
    watch = bench.start_monitor("watch", emulator.ports[port], "--json", "--every", "0.1")
    reading = json.loads(watch.line_with('"low_reservoir"]'))
    watch.end()
    assert reading["reservoir_nl"] <= reading["low_reservoir_nl"]
    raised = [event for event in bench.events(emulator.ports[port]) if event["kind"] == "alarm_raised"]
    # 10,000 nL at 20,833 nL/h, to the microsecond at which the last of them has flowed.
    assert raised[0]["pump_time_us"] == -(-10_000 * 3_600_000_000 // 20_833)


def test_a_rate_within_the_bounds_goes_through_the_wire_and_comes_back_as_set(
    bench: Bench, port: str
) -> None:
    emulator = bench.serve("--frozen")
    done = bench.monitor("set-rate", emulator.ports[port], "0.6 mL/day", "--yes")
    assert done.returncode == 0, done.stderr
    assert "0.500 mL/day" in done.stdout
    assert "set: the pump reports 0.600 mL/day (revision 1)" in done.stdout
    reading = bench.status(emulator.ports[port])
    assert (reading["commanded_rate_nl_h"], reading["measured_rate_nl_h"], reading["revision"]) == (
        25_000,
        25_000,
        1,
    )


def test_a_change_made_on_one_port_is_seen_on_the_other(bench: Bench) -> None:
    emulator = bench.serve("--frozen")
    assert bench.monitor("set-rate", emulator.ports["tcp"], "25 uL/h", "--yes").returncode == 0
    assert bench.status(emulator.ports["pty"])["commanded_rate_nl_h"] == 25_000


@pytest.mark.requirement("R6.5.0(10)")
@pytest.mark.parametrize(
    ("rate", "said"), [("25 mL/day", "above the greatest rate"), ("0.04 mL/day", "below the least rate")]
)
def test_a_rate_outside_the_hard_bounds_is_refused_even_with_override(
    bench: Bench, rate: str, said: str
) -> None:
    emulator = bench.serve("--frozen")
    done = bench.monitor("set-rate", emulator.ports["pty"], rate, "--yes", "--reason", "meant")
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert bench.status(emulator.ports["pty"])["revision"] == 0


@pytest.mark.requirement("R6.5.0(9)")
def test_a_step_over_the_soft_limit_wants_override(bench: Bench) -> None:
    emulator = bench.serve("--frozen")
    done = bench.monitor("set-rate", emulator.ports["pty"], "0.7 mL/day", "--yes")
    assert done.returncode == 1
    assert "add --reason" in done.stderr
    assert (
        bench.monitor(
            "set-rate", emulator.ports["pty"], "0.7 mL/day", "--yes", "--reason", "meant"
        ).returncode
        == 0
    )


@pytest.mark.requirement("R6.5.0(10)", "R7.1.0(1)")
@pytest.mark.parametrize(("rate", "reason"), [(1_000_001, "above_most"), (1_999, "below_least")])
def test_the_pump_itself_refuses_what_a_careless_client_sends(
    bench: Bench, port: str, rate: int, reason: str
) -> None:
    emulator = bench.serve("--frozen")
    with PumpClient(emulator.ports[port], keyring=find_keys(bench.keys)) as pump:
        seen = pump.status()
        with pytest.raises(RefusedError) as refused:
            pump.prepare(Change(ChangeKind.RATE, rate), seen=seen)
        assert refused.value.reason == Refusal[reason.upper()]
        assert pump.status().status.commanded_rate_nl_h == 20_833
    assert emulator.event("refused")["reason"] == reason
    logged = [event for event in bench.events(emulator.ports[port]) if event["kind"] == "refused"]
    assert len(logged) == 1
    assert "the bound is" in logged[0]["text"]


def test_stop_and_resume_take_the_same_way_and_a_stop_is_a_state_before_it_is_an_alarm(bench: Bench) -> None:
    emulator = bench.serve("--frozen")
    url = emulator.ports["pty"]
    assert bench.monitor("stop", url, "--yes").returncode == 0
    stopped = bench.status(url)
    assert (stopped["state"], stopped["commanded_rate_nl_h"], stopped["alarms"]) == (
        "stopped",
        0,
        [],
    )
    assert stopped["days_to_low"] is None
    assert bench.monitor("stop", url, "--yes").returncode == 1
    assert bench.monitor("resume", url, "--yes").returncode == 0
    assert bench.status(url)["commanded_rate_nl_h"] == 20_833


def test_events_can_be_asked_for_from_a_number_on(bench: Bench) -> None:
    emulator = bench.serve("--frozen", "--battery", "3 %")
    done = bench.monitor("events", emulator.ports["pty"], "--json", "--since", "2")
    assert [json.loads(line)["number"] for line in done.stdout.splitlines()] == [2, 3]
    kinds = [event["kind"] for event in bench.events(emulator.ports["pty"])]
    assert kinds == ["alarm_raised", "start", "session", "session"]


def test_the_emulator_ends_at_a_signal_and_takes_its_link_along(bench: Bench) -> None:
    emulator = bench.serve()
    assert bench.link.is_symlink()
    assert emulator.end() == 0
    assert not bench.link.is_symlink()
