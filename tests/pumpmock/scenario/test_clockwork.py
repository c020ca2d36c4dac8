"""A stage of its own time is exact, and twice the same run is the same to the byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.places import BAUD
from protocol.timeouts import handshake_timeout_ms
from pumpmock.scenario.clockwork import Clockwork
from pumpmock.scenario.pump_words import options_of, read_pump
from pumpmock.scenario.reading import read_scenario
from pumpmock.scenario.running import run
from tests.pumpmock.scenario.test_library import FILES, LIBRARY, name_of

S_US = 10**6


def stage(**pump: object) -> Clockwork:
    return Clockwork(options_of(read_pump(pump, Path()), 0))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_the_same_seed_makes_the_same_journal_to_the_byte(path: Path, tmp_path: Path) -> None:
    scenario = read_scenario(path)
    journals = []
    for name in ("one", "other"):
        run(scenario, journal=tmp_path / name)
        journals.append((tmp_path / name).read_bytes())

    assert journals[0] == journals[1]
    assert len(journals[0].splitlines()) > 3


def test_another_seed_makes_another_journal_of_the_same_course(tmp_path: Path) -> None:
    scenario = read_scenario(LIBRARY / "lost-commit-answer.toml")
    lines = []
    for seed in (1, 2):
        assert run(scenario, seed, journal=tmp_path / str(seed)).is_good
        lines.append([json.loads(line) for line in (tmp_path / str(seed)).read_text().splitlines()])

    assert lines[0] != lines[1]
    assert [line.get("what") for line in lines[0]] == [line.get("what") for line in lines[1]]


def test_a_journal_tells_of_frames_faults_and_of_what_was_done_by_hand(tmp_path: Path) -> None:
    run(read_scenario(LIBRARY / "stall-in-mri.toml"), journal=tmp_path / "j")
    whats = {json.loads(line).get("what") for line in (tmp_path / "j").read_text().splitlines()}

    assert {"start", "control", "in", "out", "session", "alarm_raised", "alarm_cleared"} <= whats


def test_what_comes_due_happens_at_its_very_instant_whatever_a_host_does_meanwhile() -> None:
    one = stage()
    came: list[tuple[int, bool]] = []
    one.emulator.faults.add("mute", port="host")
    for at_us in (10 * S_US, 10 * S_US + 333_333, 11 * S_US):
        one.agenda.add(at_us, lambda: came.append((one.now_us, one._busy)))
    one.agenda.add(10 * S_US, lambda: one.let_host("host", "poll", True), takes_time=True)
    one.go_to(20 * S_US)

    assert came == [(10_000_000, False), (10_333_333, True), (11_000_000, True)]


def test_a_host_waits_as_long_as_the_protocol_says_and_no_longer() -> None:
    """A poll of a mute pump: two greetings, each of 500 ms and the 333 bytes of a handshake; then no session to ask in."""
    one = stage()
    one.emulator.faults.add("mute", port="host")
    one.let_host("host", "poll", True)

    assert one.now_us == 2 * handshake_timeout_ms(BAUD) * 1_000 == 1_058_000
    assert one.host("host").talk.unanswered == 2


def test_what_is_polled_for_ever_ends_when_it_is_told_to() -> None:
    one = stage()
    one.let_host("host", "poll_every", 60 * S_US)
    one.go_to(150 * S_US)
    assert one.seen.requests["Poll"] == 3
    one.let_host("host", "poll_every", 0)
    one.go_to(600 * S_US)
    assert one.seen.requests["Poll"] == 3


def test_polls_that_are_due_while_the_host_is_away_are_left_out() -> None:
    one = stage()
    one.let_host("host", "poll_every", 60 * S_US)
    one.let_host("host", "vanish", True)
    one.go_to(150 * S_US)
    assert one.seen.requests["Poll"] == 1
    one.let_host("host", "reconnect", True)
    one.go_to(200 * S_US)
    assert one.seen.requests["Poll"] == 3


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3_600 * S_US), min_size=1, max_size=8))
def test_however_time_is_cut_up_the_pump_is_the_same(spans: list[int]) -> None:
    whole, cut = stage(reservoir="2.01 mL"), stage(reservoir="2.01 mL")
    for span in spans:
        cut.go_to(cut.now_us + span)
    whole.go_to(sum(spans))

    assert whole.emulator.device.pump.to_dict() == cut.emulator.device.pump.to_dict()


def test_at_another_speed_an_instant_of_pump_time_is_still_exact() -> None:
    one = stage()
    one.emulator.set_speed(86_400_000)
    came: list[int] = []
    one.agenda.add(7 * S_US + 1, lambda: came.append(one.now_us))
    one.go_to(100 * S_US)

    # The wall has whole nanoseconds, of 86.4 us of pump time each: the first one at or after the instant.
    assert 0 <= came[0] - (7 * S_US + 1) < 87
