from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pumpmock.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def trumpet(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["trumpet", *arguments])


@pytest.mark.requirement("R5.1.0(3)")
def test_a_pump_that_runs_shows_its_strokes_in_the_mouth_and_its_rate_error_in_the_whole() -> None:
    told = trumpet("--rate-error", "+2.3 %").output.splitlines()
    assert told[0] == "synchromed-like-20, strokes of 2.5 uL, rate error +2.30 %; 0.500 mL/day for 240 h"
    # By hand: an hour at 20,833 nL/h is 8 strokes of 2,500 nL and a third of one, so 8 or 9 of 2,557.5 nL: 20,460 or
    # 23,017.5 nL, of which whole nanolitres are counted.
    assert told[2] == "     1 h    -1.79 %  +10.49 %"
    assert told[-1] == "  whole run +2.30 %"


def test_what_was_written_is_read_back_to_the_same_report(tmp_path: Path) -> None:
    written = trumpet("--flow", "0.1 mL/day", "--csv", str(tmp_path)).output
    assert {path.name for path in tmp_path.iterdir()} == {"run.csv", "start-up.csv", "trumpet.csv"}
    again = trumpet(str(tmp_path / "run.csv"), "--flow", "0.1 mL/day").output
    assert again.splitlines()[1:] == written.splitlines()[1:]


def test_a_reservoir_that_does_not_last_is_refilled_on_the_way() -> None:
    assert trumpet("--flow", "24 mL/day").output.splitlines()[-1] == "  whole run +0.00 %"


def test_the_picture_of_a_run_is_the_same_to_the_byte(tmp_path: Path) -> None:
    one, other = tmp_path / "one.svg", tmp_path / "other.svg"
    for path in (one, other):
        assert trumpet("--picture", str(path)).exit_code == 0
    assert one.read_bytes() == other.read_bytes()
    shown = one.read_text()
    for text in ("start-up", "trumpet, from 60 h on, at 0.500 mL/day", "window, h", "whole run +0.00 %"):
        assert text in shown
    assert not re.search(r"<dc:date>", shown)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--length", "3 h"), "the run is too short: 3 h, and it takes 61 h at the least"),
        (("--sample", "0 s"), "--length over --sample makes 0 samples: 1 to 100000 can be taken"),
        (("--sample", "1 s"), "--length over --sample makes 864000 samples: 1 to 100000 can be taken"),
        (("--sample", "24 h", "--flow", "24 mL/day"), "take a shorter --sample"),
        (("--flow", "0.01 mL/day"), "--flow: 0.010 mL/day is below the least rate, 0.048 mL/day"),
        (("--picture", "run.gif"), '--picture: "run.gif" must end in one of .svg, .png, .pdf'),
    ],
)
def test_what_can_not_be_reported_is_refused_in_a_sentence(arguments: tuple[str, ...], why: str) -> None:
    told = trumpet(*arguments)
    assert told.exit_code == 2
    assert why in " ".join(told.output.split())


def test_without_matplotlib_the_picture_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pumpmock.trumpet_picture", None)
    told = trumpet("--picture", "run.svg")
    assert told.exit_code == 2
    assert "pip install 'pumpmock[pictures]'" in told.output


def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = trumpet("--csv", str(tmp_path / "file" / "out"))
    assert told.exit_code == 1
    assert "Not a directory" in told.output
