"""How campaigns are run and told: what passes, what doesn't, and what an interrupted run leaves."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.campaigns.__main__ import tell
from tests.campaigns.campaign import Achieved, Campaign
from tests.campaigns.progress import Progress
from tests.campaigns.report import page, text
from tests.campaigns.runner import Row, run_all

if TYPE_CHECKING:
    from tests.campaigns.campaign import Run


def keeps(size: int, seed: int) -> Achieved:
    achieved = Achieved()
    achieved.add("things tried", size)
    achieved.most("the highest", seed)
    return achieved


def breaks(size: int, seed: int) -> Achieved:
    achieved = keeps(size, seed)
    for number in range(size):
        achieved.fail(f"thing {number} broke")
    return achieved


def raises(_size: int, _seed: int) -> Achieved:
    raise OSError(28, "No space left")


def is_interrupted(_size: int, _seed: int) -> Achieved:
    raise KeyboardInterrupt


def campaign(run: Run = keeps, control: Run = breaks, number: int = 7) -> Campaign:
    return Campaign(
        number, "things", "nothing | breaks", run, {"a broken thing": control}, "things", 5, 1_000
    )


def rows(*campaigns: Campaign) -> list[Row]:
    ticks = itertools.count(0.0, 1.5)
    said: list[str] = []
    return list(run_all(campaigns, lambda one: one.full, 3, say=said.append, clock=lambda: next(ticks)))


def told(*campaigns: Campaign) -> int:
    return tell(campaigns, lambda one: one.full, 3, Progress(io.StringIO(), time.monotonic), markdown=False)


def test_a_kept_promise_with_a_control_found_out_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(campaign()) == 0
    out = capsys.readouterr().out
    assert "7  things: passed" in out
    assert "1,000 things tried; 3 the highest" in out
    assert "1 of 1; a broken thing: 5 failures" in out
    assert "python -m tests.campaigns 7 --seed 3 --size 1000" in out


@pytest.mark.parametrize(
    ("run", "control", "verdict"),
    [
        (breaks, breaks, "FAILED"),
        (raises, breaks, "FAILED"),
        (keeps, keeps, "PROVES NOTHING"),
        (keeps, raises, "PROVES NOTHING"),
    ],
)
def test_a_broken_promise_or_a_control_not_found_out_is_exit_code_1(
    run: Run, control: Run, verdict: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(campaign(), campaign(run, control), campaign(number=8)) == 1
    out = capsys.readouterr().out
    assert f"things: {verdict}" in out
    assert out.count("passed") == 2


def test_a_campaign_without_a_control_proves_nothing() -> None:
    bare = Campaign(9, "bare", "nothing", keeps, {}, "things", 1, 2)
    assert told(bare) == 1


def test_a_failure_is_counted_and_the_first_few_are_told() -> None:
    (row,) = rows(campaign(breaks))
    assert row.achieved.failures == 1_000
    assert "1,000; thing 0 broke; thing 1 broke; thing 2 broke" in text(row)


def test_an_interrupted_run_keeps_its_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(campaign(), campaign(is_interrupted), campaign(number=8)) == 130
    assert capsys.readouterr().out.count("passed") == 1


def test_the_page_has_a_line_a_row_with_what_was_counted_and_measured() -> None:
    (row,) = rows(campaign())
    assert page([row]).splitlines()[-1] == (
        r"| 7 | **things**: nothing \| breaks | 1,000 things tried<br>3 the highest | 0 "
        r"| 1 of 1<br>a broken thing: 5 failures | 3 | 1.5 | `python -m tests.campaigns 7 --seed 3 --size 1000` |"
    )


def test_the_command_of_a_row_runs_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.campaigns", "1", "--seed", "5", "--size", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "1  bit flips: passed" in done.stdout) == (0, True)
    assert "1 bit flips: 1 pairs" in done.stderr
    assert all(line.startswith("1 bit flips") for line in done.stderr.splitlines())


@pytest.mark.parametrize("arguments", [["99"], ["x"], ["--size", "some"], ["--seed", "-1"]])
def test_a_campaign_or_a_size_that_does_not_exist_is_a_usage_error(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.campaigns", *arguments], capture_output=True, check=False
    )
    assert done.returncode == 2
