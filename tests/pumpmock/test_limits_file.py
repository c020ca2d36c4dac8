"""A file of limits is taken as it is meant or refused with the line and what to write; `pumpmock serve` says which it enforces."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from protocol.fields import specs
from protocol.messages import Limits
from protocol.strict_toml import FileError
from pumpmock.cli import main
from pumpmock.limits_file import BENCH_LIMITS, NO_LIMITS, read_limits
from tests.settings import usual_settings

RANGE = {
    "least_rate_nl_h",
    "most_rate_nl_h",
    "minimum_rate_nl_h",
}  # the pump's own, unless a file gives another
OF_THE_DRUG = {"least_bolus_ug", "most_bolus_ug"}  # by its library
EXAMPLE = Path(__file__).parents[2] / "examples" / "limits.toml"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "limits.toml"


def said(path: Path, content: str | bytes) -> str:
    """Return with which sentence a file is refused."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(FileError) as refused:
        read_limits(path)
    sentence = str(refused.value)
    assert sentence.startswith(str(path))
    assert sentence.isprintable()
    assert len(sentence) < 400 + len(str(path))
    return sentence.removeprefix(str(path))


def test_the_example_is_read_as_it_says() -> None:
    found = read_limits(EXAMPLE)
    assert found.name == str(EXAMPLE)
    assert found.figures == {
        "least_rate_nl_h": 2_000,
        "most_rate_nl_h": 1_000_000,
        "minimum_rate_nl_h": 250,
        "step_up_percent": 30,
        "step_down_percent": 50,
        "day_up_percent": 60,
        "least_dose_ug_day": 22,
        "most_dose_ug_day": 1_000,
        "most_bolus_nl": 100_000,
        "most_day_nl": 2_000_000,
        "lockout_s": 60,
        "refusals_allowed": 3,
        "refusal_window_s": 600,
        "lock_s": 600,
    }


def test_the_example_sets_every_limit_there_is() -> None:
    text = EXAMPLE.read_text()
    figures = read_limits(EXAMPLE).figures
    assert len(re.findall(r"(?m)^[a-z_]+ = ", text)) == 1 + len(figures)
    assert set(figures) == set(specs(Limits)) - {"prepare_ttl_ms", *OF_THE_DRUG}
    assert set(BENCH_LIMITS) == set(NO_LIMITS) == set(figures) - RANGE


def test_what_is_left_out_is_as_on_the_bench(path: Path) -> None:
    path.write_text('format = 1\nstep_up = "0 %"\n')
    assert read_limits(path).figures == BENCH_LIMITS | {"step_up_percent": 0}


def test_no_limits_are_those_of_a_pump_that_was_not_configured() -> None:
    assert usual_settings(**NO_LIMITS) == usual_settings()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('step_upp = "40 %"', ', line 3: "step_upp" is not a limit; did you mean "step_up"?'),
        ('zzz = "40 %"', ', line 3: "zzz" is not a limit; known are least_rate, most_rate,'),
        ('"ste\\u001bp" = 1', '"ste?p" is not a limit'),
        ("step_up = 40", ', line 3: step_up is not text with a unit: write step_up = "40 %", say'),
        ("step_up = 40.5", "step_up is not text with a unit"),
        ("step_up = nan", "step_up is not text with a unit"),
        ("step_up = true", "step_up is not text with a unit"),
        ('step_up = ["40 %"]', "step_up is not text with a unit"),
        ('step_up = {percent = "40 %"}', "step_up is not text with a unit"),
        ('[step_up]\nx = "40 %"', ", line 3: step_up is not text with a unit"),
        ('step_up.x = "40 %"', ", line 3: step_up is not text with a unit"),
        ('step_up = "40"', 'step_up: "40" has no unit: write "40 %", say'),
        ('step_up = "40 mL"', 'step_up: "mL" is not a unit of a percentage'),
        ('step_up = "-40 %"', "is negative"),
        ('step_up = "40.5 %"', "is finer than"),
        ('step_up = "1e2 %"', "has an exponent"),
        ('step_up = "65536 %"', "is more than there is: 0 % to 65535 %"),
        ('step_down = "101 %"', "is more than there is: 0 % to 100 %"),
        ('least_rate = "2 uL"', "is not a unit of a rate"),
        ('most_dose = "2 mg"', "is not a unit of a daily dose"),
        ('lockout = "1 day"', "is not a unit of a span of time"),
        ('lockout = ""', "nothing was given where a span of time was expected"),
        (
            'refusals_allowed = "3"',
            ", line 3: refusals_allowed is not a whole number: write refusals_allowed = 3",
        ),
        ("refusals_allowed = 3.0", "refusals_allowed is not a whole number"),
        ("refusals_allowed = true", "refusals_allowed is not a whole number"),
        (
            "refusals_allowed = -1",
            "the limits contradict one another: refusals_allowed is -1: it must be 0 to 255",
        ),
        ("refusals_allowed = 256", "it must be 0 to 255"),
        ('most_rate = "25 mL/day"', "most_rate_nl_h is 1041667: it must be 1 to 1000000"),
        ('most_rate = "1 uL/h"\nleast_rate = "2 uL/h"', "least_rate_nl_h is 2000: it must be 0 to 1000"),
        ('most_dose = "11 ug/day"', "least_dose_ug_day is 12: it must be 0 to 11"),
        ('lock = "10000000 h"', "lock_s is"),
        ("step_up = ", " is not TOML: "),
        ('step_up = "40 %"\nstep_up = "40 %"', " is not TOML: "),
        ("a = " + "[" * 9_000, " is not TOML: "),
        ("x = 1e999", '"x" is not a limit'),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_what_to_write(path: Path, line: str, sentence: str) -> None:
    assert sentence in said(path, f"# limits\nformat = 1\n{line}\n")


@pytest.mark.parametrize("line", ["", "format = 2", 'format = "1"', "format = 1.0", "format = true"])
def test_a_file_of_another_format_is_refused(path: Path, line: str) -> None:
    assert "begin it with format = 1" in said(path, line)


def test_a_file_that_is_no_text_or_too_large_is_refused(path: Path) -> None:
    assert "it must be UTF-8" in said(path, b"format = 1\n\xff\xfe")
    assert "larger than 16384 bytes" in said(path, "format = 1\n" + "#" * 16_384)


def test_what_is_not_an_ordinary_file_is_refused_at_once(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(FileError, match="is not an ordinary file"):
        read_limits(path)
    with pytest.raises(FileError, match="is not an ordinary file"):
        read_limits(Path("/dev/zero"))


@given(
    st.binary(max_size=200) | st.text(alphabet='format=1\n"[]{}.,# step_up%', max_size=200).map(str.encode)
)
def test_no_content_gets_past_the_reader_but_as_limits_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(b"format = 1\n" + content)
    try:
        found = read_limits(path)
    except FileError:
        return
    assert set(BENCH_LIMITS) <= set(found.figures) <= set(BENCH_LIMITS) | RANGE


def serving(*words: str) -> tuple[int, str]:
    """Return exit code and words of a `pumpmock serve` that refuses to start."""
    done = CliRunner().invoke(main, ["serve", *words])
    return done.exit_code, " ".join(done.output.split())


def test_serve_refuses_limits_that_can_not_be_read(tmp_path: Path) -> None:
    code, output = serving("--limits", str(tmp_path / "missing"))
    assert code == 2
    assert "No such file or directory" in output
    (tmp_path / "wrong").write_text("format = 1\nstep_up = 40\n")
    code, output = serving("--limits", str(tmp_path / "wrong"))
    assert code == 2
    assert "line 2: step_up is not text with a unit" in output


def test_serve_refuses_a_flow_beyond_the_limits_and_names_the_way_out() -> None:
    # 5 mL/day at 500 ug/mL are 2,500 ug/day.
    code, output = serving("--flow", "5 mL/day")
    assert code == 2
    assert "more than 2003 ug/day" in output
    assert "--limits sets others" in output
    code, output = serving(
        "--flow", "5 mL/day", "--concentration", "70 mg/mL", "--limits", "none", "--drugs", "none"
    )
    assert code == 2
    assert "concentration_ug_ml is 70000: it must be 0 to 65535" in output


def test_the_bench_s_limits_are_taken_by_the_settings() -> None:
    settings = usual_settings(**BENCH_LIMITS)
    assert json.loads(json.dumps(BENCH_LIMITS)) == {name: getattr(settings, name) for name in BENCH_LIMITS}


def test_a_number_of_thousands_of_digits_is_refused(path: Path) -> None:
    assert "too many digits" in said(path, f"format = 1\nrefusals_allowed = {'9' * 5_000}\n")
