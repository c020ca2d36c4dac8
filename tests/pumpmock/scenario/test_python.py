"""Scenarios in Python have the same words as those in TOML, and tell their failures in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pumpmock.scenario.python import read_python
from pumpmock.scenario.running import run

if TYPE_CHECKING:
    from pathlib import Path

    from pumpmock.scenario.results import Result

HEAD = (
    "from pumpmock.scenario import Script, scenario\n@scenario('x', reservoir='18 mL', flow='0.6 mL/day')\n"
)


def played(folder: Path, body: str) -> Result:
    path = folder / "scene.py"
    path.write_text(f"{HEAD}def one(stage: Script) -> None:\n    '''What it shows.'''\n{body}\n")
    (found,) = read_python(path)
    return run(found)


def test_the_verbs_of_a_step_are_there_under_the_same_names(tmp_path: Path) -> None:
    result = played(
        tmp_path,
        """
    stage.at('10 min')
    stage.fault('lose-reply', on='Commit')
    host = stage.host().change(rate='0.7 mL/day')
    assert host.resolved == 1
    stage.do(strike={'name': 'leak', 'extent': '60 %'})
    stage.host('second').poll()
    stage.after('50 min')
    stage.expect(who='host', outcome='APPLIED', troubles='LEAK', faults={'lose-reply': 1})
    assert stage.truth.leaked_nl > 0
    assert stage.status.commanded_rate_nl_h == 29_167
    stage.host().prepare(rate='0.8 mL/day')
    stage.host().vanish()
    stage.host().reconnect()
    stage.expect(outcome='NOT_APPLIED', sessions=2)
""",
    )
    assert result.sentences == []
    assert result.checked == 5


def test_what_is_not_as_expected_is_told_with_the_line_of_the_function(tmp_path: Path) -> None:
    result = played(
        tmp_path, "    stage.at('1 min')\n    stage.expect(revision=1)\n    assert stage.now == 3, 'no'"
    )

    assert [(one.line, one.at_us) for one in result.failures] == [(6, 60_000_000)]
    assert result.error == "line 7: AttributeError: 'Script' object has no attribute 'now'"


def test_an_assertion_that_does_not_hold_is_a_failure_and_not_an_error(tmp_path: Path) -> None:
    result = played(tmp_path, "    assert stage.status.alarms, 'no alarm yet'")

    assert (result.sentences, result.error) == ([f"{tmp_path}/scene.py:5: at 00:00:00, no alarm yet"], "")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("stage.do(strik='stall')", '"strik" is not a verb; did you mean "strike"?'),
        ("stage.expect(tipp='1 mL')", '"tipp" is not a key of expect; did you mean "tip"?'),
        ("stage.host().do(pol=True)", '"pol" is not a verb of a host; did you mean "poll"?'),
        ("stage.at('10 m')", 'did you mean "10 min"?'),
        ("stage.fault('lose-replay')", 'did you mean "lose-reply"?'),
    ],
)
def test_a_slip_is_told_with_what_was_meant(tmp_path: Path, line: str, said: str) -> None:
    result = played(tmp_path, f"    {line}")

    assert said in result.error
    assert not result.is_good


def test_a_file_may_have_dataclasses_of_its_own_and_import_what_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "rich.py"
    path.write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass Plan:\n    rate: str\n" + HEAD + "def one(stage):\n"
        "    assert stage.host().change(rate=Plan('0.7 mL/day').rate).fate.name == 'APPLIED'\n"
        "    assert stage.emulator.device.memory.revision == 1\n"
    )
    (found,) = read_python(path)

    assert run(found).sentences == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("x = 1\n", "has no scenario: mark a function with @scenario"),
        ("import nothing_of_that_name\n", "line 1: ModuleNotFoundError"),
        ("def x(:\n", "SyntaxError"),
        (HEAD.replace("18 mL", "18 ml") + "def one(stage): pass\n", 'did you mean "18 mL"?'),
        (HEAD.replace("reservoir", "reservor") + "def one(stage): pass\n", 'did you mean "reservoir"?'),
    ],
)
def test_a_file_that_can_not_be_run_is_refused_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "bad.py"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"bad\.py") as caught:
        read_python(path)
    assert said in str(caught.value)
