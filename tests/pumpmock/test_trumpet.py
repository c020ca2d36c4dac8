from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.units import S_PER_H
from pumpmock.run_file import read_run, write_run
from pumpmock.trumpet import Run, RunError, Window, error_ppm, overall_ppm, percent, start_up, trumpet

if TYPE_CHECKING:
    from pathlib import Path

RATE = 36_000  # nL/h, 10 nL a second


def steady(samples: int, *, sample_s: int = 1_800, error_nl: int = 0) -> Run:
    each = RATE * sample_s // S_PER_H + error_nl
    return Run(RATE, sample_s, tuple(each * place for place in range(samples + 1)))


def test_an_exact_flow_makes_a_flat_trumpet() -> None:
    assert trumpet(steady(240)) == tuple(Window(h * 3_600, 0, 0) for h in (1, 2, 5, 11, 19, 31))


def test_an_even_error_narrows_nothing() -> None:
    run = steady(240, error_nl=180)  # 1 % of 18,000 nL
    assert {(w.least_ppm, w.most_ppm) for w in trumpet(run)} == {(10_000, 10_000)}
    assert overall_ppm(run) == 10_000


def test_strokes_make_the_mouth_wide_and_leave_the_whole_exact() -> None:
    # One stroke of 54,000 nL every three samples of 18,000 nL: by hand, an hour holds one or none of them.
    volumes = tuple(54_000 * (place // 3) for place in range(241))
    first, second, third = trumpet(Run(RATE, 1_800, volumes))[:3]
    assert first == Window(3_600, -1_000_000, 500_000)  # 0 or 54,000 of 36,000 nL
    assert second == Window(7_200, -250_000, 500_000)  # 54,000 or 108,000 of 72,000 nL
    assert third == Window(18_000, -100_000, 200_000)  # 162,000 or 216,000 of 180,000 nL
    assert overall_ppm(Run(RATE, 1_800, volumes)) == 0


def test_what_was_delivered_before_the_flow_has_settled_counts_for_the_start_up_alone() -> None:
    late = Run(RATE, 1_800, tuple(max(0, 18_000 * (place - 100)) for place in range(300)))
    assert start_up(late)[:101] == (0,) * 100 + (RATE,)
    assert set(trumpet(late)) == {Window(h * 3_600, 0, 0) for h in (1, 2, 5, 11, 19, 31)}


@given(st.lists(st.integers(0, 50_000), min_size=130, max_size=200))
def test_no_window_is_further_off_than_the_samples_in_it(steps: list[int]) -> None:
    volumes = tuple(sum(steps[:place]) for place in range(len(steps) + 1))
    run = Run(RATE, 1_800, volumes)
    errors = [error_ppm(step, RATE, 1_800) for step in steps[120:]]
    for window in trumpet(run):
        assert min(errors) <= window.least_ppm <= window.most_ppm <= max(errors)


def test_a_run_that_is_too_short_says_how_long_it_must_be() -> None:
    with pytest.raises(RunError, match=r"^the run is too short: 60 h, and it takes 61 h at the least$"):
        trumpet(steady(120))
    with pytest.raises(RunError, match=r"^the run is too short: it ends before 60 h$"):
        overall_ppm(steady(120))


@pytest.mark.parametrize(
    ("rate", "sample_s", "volumes", "why"),
    [
        (0, 60, (0, 1), "a run has a rate and an interval above 0"),
        (1, 0, (0, 1), "a run has a rate and an interval above 0"),
        (1, 60, (0,), "a run has two samples at the least"),
        (1, 60, (0, 5, 4), "sample 2 is 4 nL after 5 nL: what was delivered never falls"),
    ],
)
def test_what_is_no_run_is_refused(rate: int, sample_s: int, volumes: tuple[int, ...], why: str) -> None:
    with pytest.raises(RunError, match=rf"^{why}$"):
        Run(rate, sample_s, volumes)


@pytest.mark.parametrize(
    ("ppm", "text"),
    [(0, "+0.00 %"), (-145_000, "-14.50 %"), (12_349, "+1.23 %"), (-49, "+0.00 %"), (-50, "-0.01 %")],
)
def test_errors_are_printed_in_per_cent_with_their_sign(ppm: int, text: str) -> None:
    assert percent(ppm) == text


def test_a_run_survives_its_file(tmp_path: Path) -> None:
    run = steady(130)
    write_run(tmp_path / "run.csv", run)
    assert read_run(tmp_path / "run.csv", RATE) == run


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("time,volume\n0,0\n", 'run.csv, line 1: the first line must be "time_s,delivered_nl"'),
        (
            "time_s,delivered_nl\n0,0\n60,1.5\n",
            "run.csv, line 3: delivered_nl is not a whole number from 0 on",
        ),
        ("time_s,delivered_nl\n0,0\n60\n", "run.csv, line 3: 1 figures where there must be 2"),
        (
            "time_s,delivered_nl\n0,0\n60,1\n180,2\n",
            "run.csv, line 4: time_s is 180 where 120 follows: samples are at regular instants from 0",
        ),
        (
            "time_s,delivered_nl\n0,0\n0,1\n",
            "run.csv, line 3: time_s is 0 where 0 follows: samples are at regular instants from 0",
        ),
        (
            "time_s,delivered_nl\n0,9\n60,8\n",
            "run.csv, line 3: delivered_nl is 8 after 9: what was delivered never falls",
        ),
        ("time_s,delivered_nl\n0,0\n", "run.csv has 1 samples: a run has two at the least"),
        ("", "run.csv has 0 samples: a run has two at the least"),
    ],
)
def test_a_file_that_is_no_run_is_refused_with_its_line(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "run.csv").write_text(text)
    with pytest.raises(RunError) as refused:
        read_run(tmp_path / "run.csv", RATE)
    assert str(refused.value).endswith(why)
