"""docs/scenarios.md says what scenarios are: its tables are made of the words, its examples run, and fail as it shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docs.scenarios import PAGE, PARTS, updated
from pumpmock.scenario.python import read_python
from pumpmock.scenario.reading import read_scenario
from pumpmock.scenario.running import run

if TYPE_CHECKING:
    from pathlib import Path

TEXT = PAGE.read_text(encoding="utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return str(found)


def test_the_tables_are_up_to_date_and_each_is_there_once() -> None:
    assert updated(TEXT) == TEXT
    assert sorted(re.findall(r"<!-- made: (\w+) -->", TEXT)) == sorted(PARTS)


def test_the_file_on_the_page_runs(tmp_path: Path) -> None:
    path = tmp_path / "lost.toml"
    path.write_text(block("toml"))

    assert run(read_scenario(path)).sentences == []


def test_without_its_fault_it_fails_as_the_page_shows(tmp_path: Path) -> None:
    """What is shown there is what comes when the fault is left out."""
    path = tmp_path / "lost.toml"
    path.write_text(re.sub(r"(?m)^fault = .*$", "goto = 'nothing'", block("toml")))
    said = run(read_scenario(path)).text.replace(str(tmp_path) + "/", "")
    (shown,) = re.findall(r"(?m)^(    FAILED .*\n(?:        .*\n)+)", TEXT)

    assert [line.removeprefix("    ") for line in shown.splitlines()] == said.splitlines()


def test_the_python_on_the_page_runs(tmp_path: Path) -> None:
    path = tmp_path / "stop.py"
    path.write_text(block("python"))
    (found,) = read_python(path)

    assert run(found).sentences == []


def test_every_scenario_that_the_page_names_is_there() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (PAGE.parent / link).exists(), link
