"""Every scenario of the library holds, says where it is from, and fails as soon as any one thing that it does is left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pumpmock.scenario.reading import read_scenario
from pumpmock.scenario.running import read, run

if TYPE_CHECKING:
    from pumpmock.scenario.python import PythonScenario
    from pumpmock.scenario.steps import Scenario

LIBRARY = Path(__file__).parents[3] / "examples" / "scenarios"
FILES = sorted(LIBRARY.glob("*.toml"))
ALL = [one for path in sorted(LIBRARY.glob("*.*")) for one in read(path)]


def name_of(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("scenario", ALL, ids=[f"{one.path.name} {one.name}" for one in ALL])
def test_a_scenario_of_the_library_holds(scenario: Scenario | PythonScenario) -> None:
    result = run(scenario)

    assert result.sentences == []
    assert result.checked > 3


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_scenario_fails_when_any_one_thing_that_it_does_is_left_out(path: Path) -> None:
    whole = read_scenario(path)
    doing = [place for place, step in enumerate(whole.steps) if step.does or step.host]

    for place in doing:
        left_out = [
            replace(step, does=(), host=()) if at == place else step for at, step in enumerate(whole.steps)
        ]
        result = run(replace(whole, steps=tuple(left_out)))
        assert not result.is_good, f"line {whole.steps[place].line} makes no difference"

    assert doing, "nothing is done at all"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_scenario_says_where_it_is_from_and_teaches_what_it_is_about(path: Path) -> None:
    scenario = read_scenario(path)

    assert scenario.sources
    assert len(scenario.about) > 20
    assert path.read_text("utf-8").startswith("# ")


@pytest.mark.parametrize("seed", range(1, 30))
def test_whatever_garbage_is_on_the_line_no_change_stays_in_doubt(seed: int) -> None:
    result = run(read_scenario(LIBRARY / "garbage-on-the-line.toml"), seed)

    assert [said for said in result.sentences if "outcome" in said] == []
