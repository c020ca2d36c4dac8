"""`pumpmock run` and `pumpmock check` as programs: what they print, and how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from pumpmock.cli import main
from tests.pumpmock.scenario import scenes

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

GOOD = '[[step]]\nat = "1 min"\npress = true\nexpect = { alarms = [] }\n'
WRONG = '[[step]]\nat = "1 min"\npress = true\nexpect = { alarms = "STALL", revision = 7 }\n'


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return scenes.written(tmp_path, GOOD).rename(tmp_path / "good.toml")


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    return scenes.written(tmp_path, WRONG).rename(tmp_path / "wrong.toml")


@pytest.fixture
def slipped(tmp_path: Path) -> Path:
    return scenes.written(tmp_path, GOOD.replace("press", "pres")).rename(tmp_path / "slipped.toml")


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """As far as a test is concerned: polled each second for five years."""
    steps = '[[step]]\nat = "1 min"\nhost = { poll_every = "1 s" }\n'
    return scenes.written(tmp_path, steps, '[end]\nat = "5 years"\n')


def pumpmock(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_line_a_scenario_and_exit_code_0_where_all_is_as_expected(good: Path) -> None:
    done = pumpmock("run", good)

    assert (done.exit_code, done.output) == (0, "ok      good.toml: a test - 01:00:00, 1 expectations\n")


def test_what_was_not_as_expected_is_told_with_its_line_and_how_to_run_it_again(
    good: Path, wrong: Path
) -> None:
    done = pumpmock("run", good, wrong, "--seed", 5)
    line = scenes.FIRST + 3

    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "ok      good.toml: a test - 01:00:00, 1 expectations",
        "FAILED  wrong.toml: a test - 01:00:00, 2 expectations",
        f"    {wrong}:{line}: at 00:01:00, alarms: expected just STALL, got none",
        f"    {wrong}:{line}: at 00:01:00, revision: expected 7, got 0",
        f"    again with: pumpmock run {wrong} --seed 5",
        "2 scenarios, 1 failed",
    ]


def test_nothing_is_run_where_one_file_can_not_be_taken(good: Path, slipped: Path) -> None:
    done = pumpmock("run", good, slipped)

    assert (done.exit_code, done.stdout) == (2, "")
    told = f'{slipped}, line {scenes.FIRST + 2}: "pres" is not a key of a step; did you mean "press"?'
    assert done.stderr == f"pumpmock: {told}\n"


def test_a_file_that_is_not_there_is_a_slip_of_the_command_line(tmp_path: Path) -> None:
    assert pumpmock("run", tmp_path / "none.toml").exit_code == 2
    assert pumpmock("run").exit_code == 2


def test_json_has_a_line_a_scenario(good: Path, wrong: Path) -> None:
    done = pumpmock("run", good, wrong, "--json")
    first, second = map(json.loads, done.stdout.splitlines())

    assert first == {
        "scenario": str(good),
        "name": "a test",
        "passed": True,
        "seed": 0,
        "checked": 1,
        "pump_time_us": 3_600_000_000,
        "failures": [],
        "error": "",
    }
    assert [one["text"] for one in second["failures"]] == [
        "alarms: expected just STALL, got none",
        "revision: expected 7, got 0",
    ]


def test_junit_counts_cases_failures_and_errors(good: Path, wrong: Path, tmp_path: Path) -> None:
    looping = tmp_path / "looping.toml"
    looping.write_text(
        good.read_text().replace('at = "1 min"\npress = true', 'in = "start"\ngoto = "b"')
        + '[[step]]\nin = "b"\ngoto = "start"\n'
    )
    report = tmp_path / "report.xml"
    assert pumpmock("run", good, wrong, looping, "--junit", report).exit_code == 1
    suite = ET.parse(report).getroot()[0]  # noqa: S314 - written a line above

    assert {key: suite.get(key) for key in ("tests", "failures", "errors")} == {
        "tests": "3",
        "failures": "1",
        "errors": "1",
    }
    assert [[child.tag for child in case] for case in suite] == [
        ["properties"],
        ["failure", "properties"],
        ["error", "properties"],
    ]
    assert "revision: expected 7, got 0" in (suite[1][0].text or "")


def test_a_report_that_can_not_be_written_is_told_and_fails(good: Path, tmp_path: Path) -> None:
    done = pumpmock("run", good, "--junit", tmp_path / "no" / "report.xml")

    assert done.exit_code == 1
    assert "No such file" in done.stderr


def test_journals_are_written_to_a_folder_and_pumpmock_decode_reads_them(good: Path, tmp_path: Path) -> None:
    assert pumpmock("run", good, "--journal", tmp_path / "out").exit_code == 0
    read = pumpmock("decode", tmp_path / "out" / "good.jsonl")

    assert read.exit_code == 0
    assert "control" in read.output


def test_a_journal_does_not_replace_what_is_none(good: Path, tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_text("precious")
    done = pumpmock("run", good, "--journal", tmp_path)

    assert done.exit_code == 1
    assert "is no journal" in done.stderr
    assert (tmp_path / "good.jsonl").read_text() == "precious"


def test_check_tells_all_slips_of_all_files_and_runs_none(good: Path, wrong: Path, slipped: Path) -> None:
    done = pumpmock("check", good, wrong)
    assert (done.exit_code, done.output) == (0, "2 scenarios, no slip\n")

    done = pumpmock("check", slipped, good, slipped)
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize("command", ["run", "check"])
def test_help_teaches_with_examples(command: str) -> None:
    said = pumpmock(command, "--help").output

    assert f"pumpmock {command} examples/scenarios/*.toml" in said
    assert "xit code" in said


def test_a_journal_that_can_not_be_written_on_ends_the_scenario_with_an_error(
    good: Path, tmp_path: Path
) -> None:
    bounded = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600)); from pumpmock.cli import main; main({['run', str(good), '--journal', str(tmp_path)]!r})"
    done = subprocess.run([sys.executable, "-c", bounded], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "good.jsonl can't be written (File too large)" in done.stdout
    assert (tmp_path / "good.jsonl").read_bytes().endswith(b"\n")


def test_on_a_terminal_a_long_run_shows_how_far_it_has_come_and_wipes_it_at_the_end(endless: Path) -> None:
    terminal, its_end = os.openpty()
    with subprocess.Popen([sys.executable, "-m", "pumpmock", "run", str(endless)], stderr=its_end) as running:
        os.close(its_end)
        shown = b""
        while b" d " not in shown:  # days of pump time
            shown += os.read(terminal, 1_000)
        running.send_signal(signal.SIGINT)
        while not shown.endswith(b"Aborted!\r\n"):
            shown += os.read(terminal, 1_000)
    os.close(terminal)

    assert b"\ra test: " in shown
    assert b"\r\x1b[K" in shown.partition(b"Aborted!")[0]


def test_ctrl_c_ends_a_long_run_at_once_without_a_traceback(tmp_path: Path, endless: Path) -> None:
    program = [sys.executable, "-m", "pumpmock", "run", str(endless), "--journal", str(tmp_path)]
    journal = tmp_path / "scene.jsonl"
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True, env=dict(os.environ)) as running:
        while not (journal.exists() and journal.stat().st_size > 100_000):
            assert running.poll() is None
            time.sleep(0.01)  # there is no event to wait for but the growth of a file
        running.send_signal(signal.SIGINT)
        _, told = running.communicate()

    assert running.returncode == 1
    assert "Traceback" not in told
    assert journal.read_bytes().endswith(b"\n")
