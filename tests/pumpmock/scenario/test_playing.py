"""What a step waits for, when it comes, and what it does: as docs/scenarios.md says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pumpmock.model.pump import Pump
from pumpmock.model.reservoir import LedgerError
from pumpmock.scenario.clockwork import Clockwork
from pumpmock.scenario.playing import Play
from pumpmock.scenario.pump_words import options_of
from pumpmock.scenario.stage import SceneError
from tests.pumpmock.scenario import scenes
from tests.pumpmock.scenario.scenes import played, scene

if TYPE_CHECKING:
    from pathlib import Path

    from pumpmock.model.truth import Truth

CHANGE = 'change = { rate = "0.7 mL/day" }'


def test_the_state_changes_when_the_request_matches_not_when_its_late_answer_arrives(tmp_path: Path) -> None:
    """The host gives up waiting and asks again while the first answer is on its way: the repetition meets the new state."""
    result = played(
        tmp_path,
        """
[[step]]
on = "Poll"
fault = { kind = "slow", by = "5 s", on = "Poll" }
goto = "slow"
[[step]]
in = "slow"
on = "Poll"
expect = { requests = { Poll = 2 } }
goto = "asked again"
[[step]]
at = "10 min"
host = { poll = true }
expect = { in = "asked again" }
""",
    )
    assert result.sentences == []


def test_a_fault_that_a_step_asks_for_on_a_request_strikes_that_very_request(tmp_path: Path) -> None:
    result = played(
        tmp_path,
        f"""
[[step]]
on = "Commit"
fault = {{ kind = "lose-reply", on = "Commit" }}
[[step]]
at = "10 min"
host = {{ {CHANGE} }}
expect = {{ outcome = "APPLIED", resolved = 1, faults = {{ lose-reply = 1 }}, requests = {{ Commit = 1 }} }}
""",
    )
    assert result.sentences == []


def test_a_goto_of_one_step_lets_no_other_match_the_same_request(tmp_path: Path) -> None:
    result = played(
        tmp_path,
        """
[[step]]
on = "Poll"
goto = "one"
[[step]]
in = "one"
on = "Poll"
goto = "two"
[[step]]
at = "1 min"
host = { poll = true }
expect = { in = "one" }
[[step]]
at = "2 min"
host = { poll = true }
expect = { in = "two" }
""",
    )
    assert result.sentences == []


def test_a_step_takes_as_many_requests_as_it_says_and_no_others(tmp_path: Path) -> None:
    steps = """
[[step]]
on = "BOLUS"
when = "volume > 20 uL"
times = {times}
fault = {{ kind = "refuse", on = "Commit", code = "LOCKED" }}
[[step]]
at = "1 min"
every = "12 min"
times = 3
host = {{ change = {{ bolus = {{ volume = "50 uL", duration = "10 min" }} }} }}
[[step]]
at = "40 min"
host = {{ change = {{ bolus = {{ volume = "20 uL", duration = "10 min" }} }} }}
[[step]]
at = "55 min"
host = {{ {change} }}
"""
    for times, refused, given in (("1", 1, 3), ("2", 2, 2), ('"always"', 3, 1)):
        end = (
            scenes.END + f"expect = {{ refused = {{ LOCKED = {refused} }}, events = {{ BOLUS = {given} }} }}"
        )
        assert played(tmp_path, steps.format(times=times, change=CHANGE), end).sentences == []


@pytest.mark.parametrize(
    ("when", "taken"),
    [
        ("rate > 0.6 mL/day", True),
        ("rate >= 0.7 mL/day", True),
        ("rate < 0.7 mL/day", False),
        ("rate <= 0.7 mL/day", True),
        ("rate == 0.7 mL/day", True),
        ("rate != 0.7 mL/day", False),
        ("kind == RATE", True),
        ("kind == BOLUS", False),
        ("volume > 0 uL", False),
    ],
)
@pytest.mark.parametrize("on", ["Prepare", "Commit", "RATE", "Commit:RATE", "Prepare:RATE"])
def test_a_condition_is_about_the_change_that_a_request_is_about(
    tmp_path: Path, on: str, when: str, *, taken: bool
) -> None:
    result = played(
        tmp_path,
        f'[[step]]\non = "{on}"\nwhen = "{when}"\ngoto = "taken"\n[[step]]\nat = "1 min"\nhost = {{ {CHANGE} }}\n',
    )
    never = f'the step was never taken: nothing came for on = "{on}"'
    assert [failure.text for failure in result.failures] == ([] if taken else [never])


def test_a_condition_never_holds_of_a_request_that_is_about_no_change(tmp_path: Path) -> None:
    result = played(
        tmp_path,
        '[[step]]\non = "Poll"\nwhen = "rate >= 0 nL/h"\ngoto = "x"\n[[step]]\nat = "1 min"\nhost = { poll = true }\n',
    )
    assert len(result.failures) == 1


def test_a_step_that_is_never_taken_is_a_failure_with_its_line(tmp_path: Path) -> None:
    result = played(
        tmp_path,
        '[[step]]\non = "Resolve"\ngoto = "there"\n[[step]]\nin = "there"\nexpect = { alarms = [] }\n',
    )
    assert [(one.line - scenes.FIRST, one.text) for one in result.failures] == [
        (0, 'the step was never taken: nothing came for on = "Resolve"'),
        (3, 'the step was never taken: nothing came for in = "there"'),
    ]


def test_a_step_that_is_optional_may_never_come(tmp_path: Path) -> None:
    steps = '[[step]]\non = "Resolve"\noptional = true\ngoto = "there"\n[[step]]\nin = "there"\noptional = true\npress = true\n'

    assert played(tmp_path, steps).sentences == []


def test_what_a_step_does_later_comes_later_and_its_state_at_once(tmp_path: Path) -> None:
    result = played(
        tmp_path,
        """
[[step]]
on = "Poll"
after = "10 min"
strike = "occlusion"
goto = "polled"
[[step]]
in = "polled"
after = "20 min"
relieve = "occlusion"
[[step]]
at = "1 min"
host = { poll = true }
expect = { in = "polled", troubles = [] }
[[step]]
at = "10 min 59 s"
expect = { troubles = [] }
[[step]]
at = "11 min 1 s"
expect = { troubles = "OCCLUSION" }
[[step]]
at = "20 min 59 s"
expect = { troubles = "OCCLUSION" }
[[step]]
at = "21 min 1 s"
expect = { troubles = [] }
""",
    )
    assert result.sentences == []


def test_a_step_by_time_comes_only_in_its_state(tmp_path: Path) -> None:
    result = played(
        tmp_path,
        """
[[step]]
at = "1 min"
in = "start"
strike = "occlusion"
goto = "occluded"
[[step]]
at = "2 min"
in = "start"
relieve = "occlusion"
""",
        scenes.END + 'expect = { troubles = "OCCLUSION" }',
    )
    assert result.sentences == []


def test_what_is_expected_and_is_not_so_is_told_with_line_and_pump_time_and_the_run_goes_on(
    tmp_path: Path,
) -> None:
    result = played(
        tmp_path,
        '[[step]]\nat = "10 min"\nexpect = { tip = { max = "1 uL" }, alarms = "STALL", state = "STOPPED" }\n',
        scenes.END + 'expect = { rate = { min = "1 mL/day", max = "2 mL/day" } }',
    )
    path = tmp_path / "scene.toml"
    least, most, seen = "1.000 mL/day (41667 nL/h)", "2.000 mL/day (83333 nL/h)", "0.600 mL/day (25000 nL/h)"
    assert result.sentences == [
        f"{path}:{scenes.FIRST + 2}: at 00:10:00, tip: expected 0.001000 mL or less, got 0.002500 mL",
        f"{path}:{scenes.FIRST + 2}: at 00:10:00, alarms: expected just STALL, got none",
        f"{path}:{scenes.FIRST + 2}: at 00:10:00, state: expected STOPPED, got RUNNING",
        f"{path}:{scenes.FIRST + 6}: at 01:00:00, rate: expected {least} or more and {most} or less, got {seen}",
    ]
    assert not result.is_good
    assert result.checked == 4


def test_a_verb_that_is_not_possible_then_is_a_failure_of_its_step(tmp_path: Path) -> None:
    result = played(tmp_path, '[[step]]\nat = "1 min"\nrelieve = "stall"\n')

    assert [one.text for one in result.failures] == [
        "the pump does not have a stall of the rotor: there is nothing to end"
    ]


def test_states_that_follow_one_another_without_end_are_an_error_and_no_hang(tmp_path: Path) -> None:
    result = played(
        tmp_path,
        '[[step]]\nin = "start"\ngoto = "a"\n[[step]]\nin = "a"\ngoto = "b"\n[[step]]\nin = "b"\ngoto = "a"\n',
    )
    assert "again and again" in result.error
    assert result.pump_time_us == 0


def test_a_request_that_brings_itself_about_without_end_is_an_error_and_no_hang(tmp_path: Path) -> None:
    steps = '[[step]]\non = "Poll"\ntimes = "always"\nhost = { poll = true }\n[[step]]\nat = "5 min"\nhost = { poll = true }\n'
    result = played(tmp_path, steps)

    assert "at 00:05:00 steps bring one another about again and again" in result.error


def test_a_cable_that_is_pulled_on_a_request_lets_the_request_be_carried_out_and_its_answer_be_lost(
    tmp_path: Path,
) -> None:
    result = played(
        tmp_path,
        f"""
[[step]]
on = "Commit"
unplug = {{ for = "1 s" }}
[[step]]
at = "1 min"
host = {{ {CHANGE} }}
expect = {{ outcome = "APPLIED", resolved = 1, sessions = 2 }}
""",
    )
    assert result.sentences == []


def test_what_two_hosts_are_to_do_at_once_is_done_one_after_the_other(tmp_path: Path) -> None:
    """The first waits for its answer while the second's turn comes: it begins when the first has done."""
    result = played(
        tmp_path,
        f"""
[[step]]
at = "1 min"
fault = {{ kind = "lose-reply", on = "Commit" }}
[[step]]
at = "1 min"
host = {{ {CHANGE} }}
expect = {{ outcome = "APPLIED", resolved = 1 }}
[[step]]
at = "1 min 500 ms"
strike = "occlusion"
[[step]]
at = "1 min 500 ms"
host = {{ who = "second", change = {{ rate = "0.8 mL/day" }} }}
expect = {{ who = "second", outcome = "APPLIED", revision = 2, resolved = 0, troubles = "OCCLUSION" }}
""",
    )
    assert result.sentences == []


def test_a_host_that_vanishes_in_the_middle_of_a_wait_does_nothing_more_until_it_is_back(
    tmp_path: Path,
) -> None:
    result = played(
        tmp_path,
        f"""
[[step]]
at = "1 min"
fault = {{ kind = "lose-reply", on = "Commit" }}
[[step]]
at = "1 min"
host = {{ {CHANGE} }}
[[step]]
at = "1 min 200 ms"
host = {{ vanish = true }}
[[step]]
at = "2 min"
expect = {{ outcome = "UNKNOWN", requests = {{ Resolve = 0 }}, revision = 1 }}
[[step]]
at = "3 min"
host = {{ reconnect = true }}
expect = {{ outcome = "APPLIED", resolved = 1 }}
""",
    )
    assert result.sentences == []


def test_what_a_busy_host_keeps_waiting_beyond_the_end_is_a_failure_and_no_hang(tmp_path: Path) -> None:
    """Each poll of a mute pump takes a second, and one is due each half second: not all can be done."""
    steps = """
[[step]]
at = "0 s"
fault = { kind = "mute" }
[[step]]
at = "1 s"
every = "500 ms"
host = { poll = true }
"""
    result = played(tmp_path, steps, '[end]\nat = "10 s"\n')

    assert [one.text for one in result.failures] == [
        "the end came before all was done: what was due at 00:00:05.500000 had to wait for a host"
    ]
    assert 10_000_000 <= result.pump_time_us <= 11_000_000


def test_a_frozen_pump_never_comes_to_the_next_step_and_says_so(tmp_path: Path) -> None:
    given = scene(tmp_path, '[[step]]\nat = "1 min"\npress = true\n')
    stage = Clockwork(options_of(given.pump, 0))
    Play(given, stage, stage.let_host)
    stage.emulator.set_speed(0)
    with pytest.raises(SceneError, match="frozen"):
        stage.go_to(given.end_us)


def test_a_pump_that_stops_for_its_volumes_ends_the_run_with_that_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_pump: Pump) -> Truth:
        raise LedgerError("a nanolitre is missing")

    monkeypatch.setattr(Pump, "truth", lost)
    result = played(tmp_path, '[[step]]\nat = "1 min"\nexpect = { tip = "1 uL" }\n')

    assert result.error == "the pump has stopped: a nanolitre is missing"
    assert result.pump_time_us == 60_000_000
    assert not result.is_good
