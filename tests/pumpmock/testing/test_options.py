"""What a pump is asked to be is read strictly, in the words of `pumpmock serve`; a slip is told with what was meant."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from protocol.vocabulary import Role
from pumpmock.profile_file import shipped_names
from pumpmock.testing.options import _OPTIONS, Asked, OptionError, read_options
from pumpmock.testing.spans import pump_span_us, span_us, text_of

EXAMPLES = Path(__file__).parents[3] / "examples"


def test_without_a_word_it_is_the_usual_pump_frozen_and_exact() -> None:
    asked = read_options({})
    pump = asked.pump
    assert (pump.speed, pump.seed, pump.rate_error_ppm, pump.repeatable) == (0, 1, 0, True)
    assert (asked.transport, asked.role, asked.strict) == ("pty", Role.TECHNICIAN, True)
    assert (pump.fill_nl, pump.rate_nl_h) == (18_000_000, 20_833)


@pytest.mark.parametrize("name", shipped_names())
def test_each_make_is_to_be_had_by_its_name(name: str) -> None:
    assert read_options({"profile": name}).pump.profile.name == name


def test_files_are_taken_by_text_and_by_path() -> None:
    path = EXAMPLES / "limits.toml"
    by_text, by_path = (read_options({"limits": limits}).pump.limits for limits in (str(path), path))
    assert by_text == by_path
    assert by_text is not None


@pytest.mark.parametrize(
    ("options", "speed"),
    [({"frozen": False}, 1_000), ({"speed": 60}, 60_000), ({"speed": 0.5}, 500), ({"speed": "2.5"}, 2_500)],
)
def test_pump_time_runs_where_it_is_asked_to(options: dict[str, Any], speed: int) -> None:
    assert read_options(options).pump.speed == speed


def test_a_drive_is_off_by_what_was_said_or_by_what_the_seed_draws() -> None:
    assert read_options({"rate_error": "-2.4 %"}).pump.rate_error_ppm == -24_000
    assert read_options({"rate_error": "drawn"}).pump.rate_error_ppm is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"reservior": "3 mL"}, '"reservior" is not an option of a pump; did you mean "reservoir"?'),
        ({"flux": 1}, '"flux" is not an option of a pump; known are transport, profile'),
        ({"reservoir": 20}, 'reservoir=20 is not what a pump can be asked for: write reservoir="18 mL", say'),
        ({"seed": True}, "seed=True is not what a pump can be asked for: write seed=7, say"),
        ({"seed": -1}, "seed: a seed is 0 to"),
        ({"strict": "no"}, "strict='no' is not what a pump can be asked for: write strict=False, say"),
        ({"reservoir": "3 ml/day"}, "reservoir: "),
        ({"reservoir": "30 mL"}, "reservoir: the reservoir holds 20.00 mL"),
        ({"low_reservoir": "1 mL"}, "low_reservoir: the alarm can be set to 1.40 mL to 20.00 mL"),
        ({"rate": "20 mL/day"}, "rate: "),
        ({"transport": "ptty"}, 'transport: "ptty" is no transport; did you mean "pty"?'),
        ({"key_role": "technican"}, 'key_role: "technican" is no role of a key; did you mean "technician"?'),
        ({"limits": "nowhere.toml"}, "limits: nowhere.toml: No such file"),
        ({"profile": "prometra"}, 'did you mean "prometra-like"?'),
        ({"baud": 1}, 'baud: "1" is no baud rate: write 9600, say'),
        ({"latency": 20}, 'latency=20 is not what a pump can be asked for: write latency="20 ms", say'),
        ({"chunk": 0}, "chunk: bytes arrive 1 to 4096 at a time"),
        ({"frozen": True, "speed": 60}, "frozen and speed exclude each other: leave one out"),
        ({"serial_number": "pm 1"}, 'serial_number: "pm 1" is no serial number'),
    ],
)
def test_a_slip_is_told_with_what_to_write(options: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError) as caught:
        read_options(options)
    assert said in str(caught.value)


def test_what_each_option_looks_like_is_what_it_takes() -> None:
    for name, entry in _OPTIONS.items():
        options = eval(f"dict({entry.example})")  # noqa: S307 - our own table
        assert isinstance(read_options(options), Asked)
        assert set(options) == {name}


@pytest.mark.parametrize(
    ("span", "us"),
    [
        ("90 s", 90_000_000),
        ("5 min", 300_000_000),
        ("8 h", 28_800_000_000),
        ("30 days", 2_592_000_000_000),
        ("7 years", 7 * 8_766 * 3_600_000_000),
        (timedelta(milliseconds=1), 1_000),
        (5, 5),
    ],
)
def test_a_span_is_text_with_a_unit_or_a_timedelta_or_microseconds(span: Any, us: int) -> None:  # noqa: ANN401 - as a test writes it
    assert pump_span_us(span) == us


@pytest.mark.parametrize("span", ["5m", "", "-5 s", timedelta(seconds=-1), -1, 2.5, None])
def test_what_is_no_span_is_refused(span: Any) -> None:  # noqa: ANN401 - as above
    with pytest.raises(ValueError, match=r"."):
        pump_span_us(span)


def test_a_bare_number_is_no_span_of_wall_time() -> None:
    with pytest.raises(ValueError, match='write "90 s", say'):
        span_us(10)  # type: ignore[arg-type]


def test_a_span_reads_as_it_was_written() -> None:
    assert (text_of("5 min"), text_of(timedelta(milliseconds=1_500))) == ("5 min", "1.5 s")
