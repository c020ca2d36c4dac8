"""Doses, concentrations, spans of time, ages, voltages and shares are read as strictly as rates and volumes."""

from __future__ import annotations

import pytest

from protocol.units import (
    QuantityError,
    parse_age,
    parse_concentration,
    parse_deviation,
    parse_dose,
    parse_percent,
    parse_share,
    parse_span,
    parse_voltage,
    parse_wall,
)


@pytest.mark.parametrize(
    ("text", "ug_day"),
    [
        ("300 ug/day", 300),
        ("0 ug/day", 0),
        ("300µg/day", 300),
        ("300 μg/day", 300),
        ("0.25 mg/day", 250),
        ("1 mg/d", 1_000),
    ],
)
def test_a_daily_dose_is_read_in_micrograms(text: str, ug_day: int) -> None:
    assert parse_dose(text) == ug_day


@pytest.mark.parametrize(
    ("text", "ug_ml"), [("500 ug/mL", 500), ("2 mg/mL", 2_000), ("0.5 mg/mL", 500), ("500 µg/mL", 500)]
)
def test_a_concentration_is_read_in_micrograms_a_millilitre(text: str, ug_ml: int) -> None:
    assert parse_concentration(text) == ug_ml


@pytest.mark.parametrize(("text", "seconds"), [("60 s", 60), ("10 min", 600), ("2 h", 7_200), ("0 s", 0)])
def test_a_span_of_time_is_read_in_seconds(text: str, seconds: int) -> None:
    assert parse_span(text) == seconds


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("48 h", 48),
        ("90 days", 2_160),
        ("7 years", 61_362),
        ("0.5 years", 4_383),
        ("1 day", 24),
        ("1 year", 8_766),
    ],
)
def test_an_age_is_read_in_hours(text: str, hours: int) -> None:
    assert parse_age(text) == hours


@pytest.mark.parametrize(
    ("text", "ms"), [("300 ms", 300), ("2.5 s", 2_500), ("0.001 s", 1), ("5 min", 300_000), ("0 ms", 0)]
)
def test_a_span_of_wall_time_is_read_in_milliseconds(text: str, ms: int) -> None:
    assert parse_wall(text) == ms


def test_a_voltage_is_read_in_millivolts() -> None:
    assert parse_voltage("3100 mV") == parse_voltage("3.1 V") == 3_100


@pytest.mark.parametrize(
    ("text", "ppm"), [("14.5 %", 145_000), ("0.0001 %", 1), ("7 ppm", 7), ("100 %", 10**6)]
)
def test_a_share_is_read_in_parts_in_a_million_and_a_deviation_with_its_sign(text: str, ppm: int) -> None:
    assert parse_share(text) == parse_deviation(text) == parse_deviation(f"+{text}") == ppm
    assert parse_deviation(f"-{text}") == parse_deviation(f"\u2212{text}") == -ppm


@pytest.mark.parametrize(
    ("parse", "text", "sentence"),
    [
        (parse_wall, "300", 'write "300 ms"'),
        (parse_wall, "2 h", "it is given in ms or s or min"),
        (parse_age, "7", 'write "7 h"'),
        (parse_age, "7 yeer", 'did you mean "7 years"?'),
        (parse_voltage, "3.1001 V", "steps of 0.001 V"),
        (parse_share, "-1 %", "is negative"),
        (parse_share, "0.00001 %", "is finer than"),
        (parse_deviation, "--1 %", "is negative"),
        (parse_deviation, "- - 1 %", "is not a share"),
        (parse_deviation, "-", "nothing was given"),
        (parse_dose, "300", 'write "300 ug/day"'),
        (parse_dose, "300 ug", 'did you mean "300 ug/day"'),
        (parse_dose, "0.5 ug/day", "finer than"),
        (parse_concentration, "500 ug/ml/h", "is not a unit of a concentration"),
        (parse_concentration, "0,5 mg/mL", 'write a point, "0.5 mg/mL"'),
        (parse_span, "60 sec", "is not a unit of a span of time"),
        (parse_span, "-60 s", "is negative"),
        (parse_span, "1.5 h", "finer than"),
    ],
)
def test_anything_else_is_refused_with_what_to_write(parse: object, text: str, sentence: str) -> None:
    assert callable(parse)
    with pytest.raises(QuantityError) as refused:
        parse(text)
    assert sentence in str(refused.value)


def test_a_percentage_of_an_increase_may_be_more_than_a_hundred() -> None:
    assert parse_percent("150 %", most=300) == 150
    with pytest.raises(QuantityError, match="0 % to 300 %"):
        parse_percent("301 %", most=300)
    with pytest.raises(QuantityError, match="0 % to 100 %"):
        parse_percent("101 %")
