"""`pumpmock profiles` tells the makes there are; `pumpmock serve --profile` serves a pump of one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pumpmock import cli
from pumpmock.commands import serve as serving
from pumpmock.options import Options, new_memory
from pumpmock.profile_file import USUAL, shipped, shipped_names
from tests.pumpmock.conftest import counting_random
from tests.pumpmock.test_serve_limits import start

if TYPE_CHECKING:
    from click.testing import Result

SHIPPED = Path(cli.__file__).parent / "profiles"


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.main, list(words))


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """Let nothing be served, and return what would have been."""
    found: list[Options] = []
    monkeypatch.setattr(serving, "serve", lambda options, _console: found.append(options))
    return found


def test_all_profiles_are_listed_by_name_and_title() -> None:
    lines = run("profiles").stdout.splitlines()
    assert [line.split(maxsplit=1) for line in lines] == [
        [name, shipped(name).title] for name in shipped_names()
    ]
    listed = [json.loads(line) for line in run("profiles", "--json").stdout.splitlines()]
    assert listed == [{"name": name, "title": shipped(name).title} for name in shipped_names()]


@pytest.mark.parametrize("name", shipped_names())
def test_each_figure_of_a_profile_is_told_with_its_source(name: str) -> None:
    text = run("profiles", name).stdout
    told = [json.loads(line) for line in run("profiles", name, "--json").stdout.splitlines()]
    assert len(told) == len(shipped(name).figures)
    for figure, line in zip(shipped(name).figures, told, strict=True):
        assert f"[{figure.section}]" in text
        row = next(row.split(maxsplit=1) for row in text.splitlines() if row.startswith(f"  {figure.key} "))
        assert row[0] == figure.key
        assert f"{figure.written} " in text
        assert figure.source in text
        keys = ("section", "key", "written", "source", "name", "value")
        assert line == {key: getattr(figure, key) for key in keys}


def test_a_file_is_told_as_a_shipped_profile_is() -> None:
    path = SHIPPED / "bench.toml"
    assert run("profiles", str(path)).stdout == run("profiles", "bench").stdout.replace("bench:", f"{path}:")


def test_a_profile_that_is_not_there_is_refused_with_exit_code_2() -> None:
    result = run("profiles", "bensh")
    assert result.exit_code == 2
    assert 'did you mean "bench"?' in result.stderr


@pytest.mark.parametrize("name", shipped_names())
def test_a_pump_of_each_profile_can_be_served_without_another_option(
    name: str, served: list[Options]
) -> None:
    result = run("serve", "--profile", name)
    assert result.exit_code == 0, result.stderr
    now = new_memory(served[0], 1_000, counting_random()).pump.sample()
    made = shipped(name).settings
    assert (now.capacity_nl, now.residual_nl, now.low_reservoir_nl) == (
        made.capacity_nl,
        made.residual_nl,
        made.low_reservoir_nl,
    )
    assert (now.least_rate_nl_h, now.most_rate_nl_h) == (made.least_rate_nl_h, made.most_rate_nl_h)
    assert (now.reservoir_nl, now.commanded_rate_nl_h) == (shipped(name).fill_nl, shipped(name).rate_nl_h)
    assert (now.alarms, now.step_up_percent) == (0, 40)


def test_options_stand_over_the_profile_and_are_held_to_it(served: list[Options]) -> None:
    assert run("serve", "--profile", "synchromed-like-40", "--reservoir", "40 mL").exit_code == 0
    assert served[0].fill_nl == 40_000_000
    assert (
        run("serve", "--profile", "bench", "--low-reservoir", "0.6 mL", "--flow", "1 mL/day").exit_code == 0
    )
    assert (served[1].low_reservoir_nl, served[1].rate_nl_h) == (600_000, 41_667)
    for option, text, said in (
        ("--reservoir", "5.1 mL", "the reservoir holds 5.00 mL"),
        ("--low-reservoir", "0.4 mL", "the alarm can be set to 0.50 mL to 5.00 mL"),
        ("--flow", "0.04 mL/day", "--limits sets others"),
    ):
        refused = run("serve", "--profile", "bench", option, text)
        assert refused.exit_code == 2
        assert said in " ".join(refused.stderr.split())
    assert run("serve", "--reservoir", "20.1 mL").exit_code == 2


def test_the_range_of_rates_is_the_profile_s_unless_the_limits_give_another(
    served: list[Options], tmp_path: Path
) -> None:
    slow = ("--profile", "prometra-like", "--flow", "0.04 mL/day")
    assert run("serve", *slow).exit_code == 0
    assert run("serve", *slow, "--limits", "none").exit_code == 0
    assert len(served) == 2
    limits = tmp_path / "limits.toml"
    limits.write_text('format = 1\nleast_rate = "0.05 mL/day"\n')
    assert run("serve", *slow, "--limits", str(limits)).exit_code == 2
    # With the least rate of this profile, though not with that of another.
    limits.write_text('format = 1\nmost_rate = "0.04 mL/day"\n')
    refused = run("serve", "--flow", "0.04 mL/day", "--limits", str(limits))
    assert refused.exit_code == 2
    assert "not with this profile: least_rate_nl_h is 2000" in " ".join(refused.stderr.split())
    assert run("serve", *slow, "--limits", str(limits)).exit_code == 0


def test_a_pump_that_goes_on_keeps_its_make_and_says_so(tmp_path: Path) -> None:
    first = start(tmp_path, "--profile", "bench")
    assert first["profile"] == "bench"
    assert first["settings"]["capacity_nl"] == 5_000_000
    again = start(tmp_path, "--profile", "prometra-like")
    assert again["profile"] == "as stored"
    assert again["settings"] == first["settings"]
    assert start(tmp_path)["settings"] == first["settings"]
    assert USUAL not in {first["profile"], again["profile"]}


def test_a_profile_that_would_be_passed_over_is_warned_about(served: list[Options], tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text("{}")
    result = run("serve", "--profile", "bench", "--state", str(state))
    assert len(served) == 1
    assert "profile, reservoir, flow and battery are as it left them" in result.stderr
