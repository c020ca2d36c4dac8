"""Doses, concentrations and spans of time are read as strictly as rates and volumes."""

from __future__ import annotations

import pytest

from protocol.units import QuantityError, parse_concentration, parse_dose, parse_percent, parse_span


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
    ("parse", "text", "sentence"),
    [
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
