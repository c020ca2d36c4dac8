from __future__ import annotations

from pathlib import Path

import pytest

from monitor.flex_file import MOST_BYTES, read_flex
from monitor.kinds.days import parse_days, parse_steps
from protocol.strict_toml import FileError

EXAMPLE = Path(__file__).parents[2] / "examples" / "flex.toml"


def test_the_example_is_a_program() -> None:
    texts = read_flex(EXAMPLE)
    assert parse_days(texts["weekdays"]) == 0x1F
    assert [step.minute for step in parse_steps(texts["steps"])] == [0, 360, 570, 1_260]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("format = 1\nsteps = []\n", "days is missing"),
        ('format = 1\ndays = "Mon"\n', "steps is missing"),
        ('format = 2\ndays = "Mon"\n', "begin it with format = 1"),
        ('format = 1\nday = "Mon"\n', ', line 2: "day" is not a key of a flex program; did you mean "days"?'),
        (
            'format = 1\n\ndays = "Mom"\nsteps = []\n',
            ', line 3: days: "Mom" is not a weekday; did you mean "Mon"?',
        ),
        (
            'format = 1\ndays = "Mon"\nsteps = [\n "00:00 0,5 mL/day",\n]\n',
            ', line 3: steps: "0,5 mL/day" has a decimal comma: write a point, "0.5 mL/day"',
        ),
        ('format = 1\ndays = "Mon"\nsteps = ["06:00 0.5 mL/day"]\n', ", line 3: the first step is at 06:00"),
        ('format = 1\ndays = "Mon"\nsteps = "00:00 0.5 mL/day"\n', ", line 3: steps is not a list"),
        ("format = 1\ndays = [\n", "is not TOML"),
        ("#" * (MOST_BYTES + 1), "is larger than"),
    ],
)
def test_a_slip_is_refused_with_file_line_and_what_to_write(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "day.toml"
    path.write_text(text)
    with pytest.raises(FileError) as refused:
        read_flex(path)
    assert str(refused.value).startswith(str(path))
    assert said in str(refused.value)
