"""`pumpmock serve --scenario`: a scenario on real ports, against a host that knows nothing of it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from monitor.client import PumpClient
from monitor.errors import OutcomeUnknownError
from monitor.keys import bench_keyring
from protocol.messages import Change
from protocol.vocabulary import ChangeKind, Verdict
from pumpmock.control.client import Control
from tests.acceptance.conftest import WAIT_S, Emulator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.acceptance.conftest import Bench

HEAD = """format = 1
name = "served"
about = "a scenario for a host of somebody else's"
[pump]
reservoir = "2.01 mL"
flow = "0.6 mL/day"
limits = "none"
drugs = "none"
"""
LOW = """
[[step]]
at = "1 h"
expect = { alarm = "LOW_RESERVOIR" }
[[step]]
on = "Acknowledge"
goto = "seen"
[end]
at = "2 h"
expect = { in = "seen" }
"""


@pytest.fixture
def serve(bench: Bench) -> Callable[..., Emulator]:
    """Start a frozen pump that goes through a scenario: its time is moved by hand, so that no test depends on speed."""

    def start(steps: str, *options: str) -> Emulator:
        path = bench.folder / "scene.toml"
        path.write_text(HEAD + steps)
        ports = ("--pty", str(bench.link), "--tcp", "127.0.0.1:0", "--bench-key", "--frozen")
        return bench._stack.enter_context(Emulator(*ports, "--scenario", str(path), *options))

    return start


def client(emulator: Emulator, port: str = "tcp") -> PumpClient:
    return PumpClient(emulator.ports[port], keyring=bench_keyring())


def test_a_host_that_does_what_is_expected_of_it_ends_it_with_exit_code_0(
    serve: Callable[..., Emulator], bench: Bench
) -> None:
    emulator = serve(LOW)
    with Control(bench.folder / "pump.ctl") as control, client(emulator) as pump:
        control.advance("1 h")
        emulator.event("alarm_raised")
        pump.acknowledge(pump.status().status.alarms)
        control.advance("1 h")
        told = emulator.event("scenario")

    assert (told["passed"], told["checked"], told["failures"]) == (True, 2, [])
    assert emulator.wait() == 0


def test_a_host_that_does_not_ends_it_with_exit_code_1_and_the_lines_that_failed(
    serve: Callable[..., Emulator], bench: Bench
) -> None:
    emulator = serve(LOW)
    with Control(bench.folder / "pump.ctl") as control:
        control.advance("1 h")
        control.advance("1 h")
        told = emulator.event("scenario")

    lines = len(HEAD.splitlines())
    assert [(one["line"] - lines, one["text"]) for one in told["failures"]] == [
        (10, "in: expected seen, got start"),
        (5, 'the step was never taken: nothing came for on = "Acknowledge"'),
    ]
    assert emulator.wait() == 1


def test_a_fault_on_a_request_befalls_a_host_of_somebody_elses(
    serve: Callable[..., Emulator], bench: Bench
) -> None:
    emulator = serve(
        '[[step]]\non = "BOLUS"\nfault = { kind = "lose-reply", on = "BOLUS" }\n'
        '[end]\nat = "1 h"\nexpect = { events = { BOLUS = 1 }, requests = { Commit = 1, Resolve = 1 } }\n'
    )
    with Control(bench.folder / "pump.ctl") as control, client(emulator) as pump:
        wanted = Change(ChangeKind.BOLUS, volume_nl=10_000, duration_s=600)
        assert pump.commit(pump.prepare(wanted, seen=pump.status())).verdict is Verdict.APPLIED
        control.advance("1 h")
    assert emulator.wait() == 0


def test_a_cable_that_is_pulled_on_a_request_cuts_a_host_off_in_the_middle(
    serve: Callable[..., Emulator], bench: Bench
) -> None:
    emulator = serve(
        '[[step]]\non = "Commit"\nunplug = { port = "pty" }\ngoto = "pulled"\n'
        '[[step]]\nat = "30 min"\nreplug = true\n'
        '[end]\nat = "1 h"\nexpect = { in = "pulled", revision = 1, faults = { unplug = 1 } }\n'
    )
    with Control(bench.folder / "pump.ctl") as control, client(emulator, "pty") as pump:
        wanted = Change(ChangeKind.BOLUS, volume_nl=10_000, duration_s=600)
        prepared = pump.prepare(wanted, seen=pump.status())
        with pytest.raises(OutcomeUnknownError):
            pump.commit(prepared)
        control.advance("30 min")
        control.advance("30 min")
    assert emulator.wait() == 0


def test_one_that_is_ended_before_its_end_says_so_and_fails(serve: Callable[..., Emulator]) -> None:
    emulator = serve(LOW)
    emulator.process.terminate()
    told = emulator.event("scenario")

    assert told["error"] == "it was ended before its end"
    assert emulator.wait() == 1


@pytest.mark.parametrize(
    ("steps", "options", "said"),
    [
        ('[[step]]\nat = "1 h"\nhost = { poll = true }\n[end]\nat = "2 h"', (), "line 9: what a host does is played by pumpmock run only"),
        ('[end]\nat = "2 h"\nexpect = { outcome = "APPLIED" }', (), "line 11: what a host of your own knows can't be looked at: leave outcome out"),
        (LOW, ("--flow", "1 mL/day"), "--flow is not possible with --scenario"),
        (LOW, ("--state", "x"), "--state is not possible with --scenario"),
        (LOW, ("--pumps", "2"), "--pumps is not possible with --scenario"),
        (LOW, ("--scenario", __file__), "a scenario that is served is a TOML file"),
        (LOW.replace("alarm =", "alrm ="), (), 'did you mean "alarm"?'),
    ],
)  # fmt: skip
def test_what_can_not_be_served_is_refused_before_a_port_is_opened(
    tmp_path: Path, steps: str, options: tuple[str, ...], said: str
) -> None:
    path = tmp_path / "scene.toml"
    path.write_text(HEAD + steps)
    done = subprocess.run(
        [sys.executable, "-m", "pumpmock", "serve", "--bench-key", "--scenario", str(path), *options],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
