from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocol import units
from protocol.units import (
    QuantityError,
    format_rate,
    format_span,
    format_volume,
    ml,
    ml_day,
    parse_decimal,
    parse_percent,
    parse_rate,
    parse_volume,
    time_until,
    volume_at,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PARSERS = (
    parse_rate,
    parse_volume,
    parse_percent,
    lambda typed: parse_decimal(typed, 2),
)
RATES = st.integers(0, 2_000_000)
SPANS_US = st.integers(1, 8 * 366 * units.US_PER_DAY)


@pytest.mark.parametrize(
    ("parse", "typed", "expected"),
    [
        (parse_rate, "0.5 mL/day", 20_833),
        (parse_rate, "0.5mL/d", 20_833),
        (parse_rate, " 25 uL/h ", 25_000),
        (parse_rate, "25 µL/h", 25_000),
        (parse_rate, "25 \u03bcL/h", 25_000),
        (parse_rate, "20833 nL/h", 20_833),
        (parse_rate, "0 mL/day", 0),
        (parse_rate, "24.000 mL/day", 1_000_000),
        (parse_rate, "0.006 mL/day", 250),
        (parse_rate, "0.012 mL/day", 500),
        (parse_rate, "0.003 mL/day", 125),
        (parse_rate, "0.0360 mL/day", 1_500),
        (parse_volume, "18 mL", 18_000_000),
        (parse_volume, "0.000001 mL", 1),
        (parse_volume, "1.5 µL", 1_500),
        (parse_volume, "7 nL", 7),
        (parse_percent, "80 %", 80),
        (parse_percent, "100%", 100),
    ],
)
def test_a_quantity_is_taken_exactly(parse: Callable[[str], int], typed: str, expected: int) -> None:
    assert parse(typed) == expected


@pytest.mark.parametrize(("typed", "expected"), [("2.5", 250), ("0", 0), ("7.25", 725), (" 1.500 ", 150)])
def test_a_plain_number_is_scaled_by_its_decimals(typed: str, expected: int) -> None:
    assert parse_decimal(typed, 2) == expected


@pytest.mark.parametrize(
    ("parse", "typed", "sentence"),
    [
        (parse_rate, "", 'nothing was given where a rate was expected: write "0.5 mL/day", say'),
        (parse_rate, "  ", 'nothing was given where a rate was expected: write "0.5 mL/day", say'),
        (parse_rate, "0.5", '"0.5" has no unit: write "0.5 mL/day", say'),
        (parse_volume, "18", '"18" has no unit: write "18 mL", say'),
        (parse_rate, "-1 mL/day", '"-1 mL/day" is negative; only zero or more can be taken'),
        (parse_rate, "\u22121 mL/day", '"\u22121 mL/day" is negative; only zero or more can be taken'),
        (parse_rate, "0,5 mL/day", '"0,5 mL/day" has a decimal comma: write a point, "0.5 mL/day"'),
        (parse_rate, ".5 mL/day", '".5 mL/day" lacks its leading zero: write "0.5 mL/day"'),
        (parse_rate, "05 mL/day", '"05 mL/day" has a needless leading zero, which hides slips of ten'),
        (parse_rate, "5e-1 mL/day", '"5e-1 mL/day" has an exponent: write the figure out'),
        (parse_rate, "0.5e1 mL/day", '"0.5e1 mL/day" has an exponent: write the figure out'),
        (
            parse_rate,
            "0.5001 mL/day",
            '"0.5001 mL/day" is finer than a rate can be given in mL/day: steps of 0.001 mL/day',
        ),
        (
            parse_volume,
            "0.0000001 mL",
            '"0.0000001 mL" is finer than a volume can be given in mL: steps of 0.000001 mL',
        ),
        (
            parse_rate,
            "20833.5 nL/h",
            '"20833.5 nL/h" is finer than a rate can be given in nL/h: steps of 1 nL/h',
        ),
        (parse_rate, "0.5 ml/day", '"ml/day" is not a unit of a rate; did you mean "0.5 mL/day"?'),
        (parse_volume, "18 ML", '"ML" is not a unit of a volume; did you mean "18 mL"?'),
        (
            parse_volume,
            "18 gallons",
            '"gallons" is not a unit of a volume; it is given in mL or uL or nL',
        ),
        (parse_rate, "half a mL/day", '"half a mL/day" is not a rate: write it like "0.5 mL/day"'),
        (parse_rate, "5  mL/day", '"5  mL/day" is not a rate: write it like "0.5 mL/day"'),
        (parse_rate, "+5 mL/day", '"+5 mL/day" is not a rate: write it like "0.5 mL/day"'),
        (parse_rate, "1.2.3 mL/day", '"1.2.3 mL/day" is not a rate: write it like "0.5 mL/day"'),
        (parse_percent, "101 %", '"101 %" is more than there is: 0 % to 100 %'),
        (parse_volume, "1000000000000000 mL", '"1000000000000000" has too many digits: 15 at the most'),
        (lambda typed: parse_decimal(typed, 2), "1e5", '"1e5" has an exponent: write the figure out'),
        (lambda typed: parse_decimal(typed, 2), "2.555", '"2.555" is finer than 0.01'),
        (lambda typed: parse_decimal(typed, 2), "two", '"two" is not a number: write 2.5, say'),
        (
            lambda typed: parse_decimal(typed, 2),
            "2,5",
            '"2,5" has a decimal comma: write a point, "2.5"',
        ),
    ],
)
def test_a_refusal_says_how_to_write_it(parse: Callable[[str], int], typed: str, sentence: str) -> None:
    with pytest.raises(QuantityError) as refusal:
        parse(typed)
    assert str(refusal.value) == sentence


@given(st.integers(0, 24_000))
def test_a_rate_in_steps_of_a_thousandth_prints_back_as_typed(thousandths: int) -> None:
    typed = str(Decimal(thousandths).scaleb(-3))
    assert format_rate(parse_rate(f"{typed} mL/day")) == f"{Decimal(typed):.3f} mL/day"


@given(st.integers(0, 10**9))
def test_every_nanolitre_of_a_volume_prints_back_as_typed(volume_nl: int) -> None:
    assert parse_volume(f"{ml(volume_nl, 6)} mL") == volume_nl


DIGITS_OF_THE_WORLD = "٣५９²½Ⅷ"
HOSTILE = st.one_of(
    st.text(),
    st.text(st.sampled_from("0123456789.,-+eE mLµ/dayuh%\x00\x1b\u202e\u2028" + DIGITS_OF_THE_WORLD)),
    st.builds(
        "{}{}{}".format, st.from_regex(r"[-.0]?[0-9]{1,40}[.,]?[0-9]*", fullmatch=True), st.text(), st.text()
    ),
)


@given(HOSTILE, st.sampled_from(PARSERS))
@example("1" * 31 + " mL", parse_volume)
@example("9" * 5_000, parse_rate)
@example("9" * 5_000 + " mL/day", parse_rate)
@example("1.00000000000000000000000000000000001 mL", parse_volume)
@example("1,5 \x1b[31mmL", parse_volume)
@example(".5\x1b]0;title\x07 mL", parse_volume)
@example("1 " + "\x1b" * 10_000, parse_volume)
@example("1 mL\n", parse_volume)
@example("1\nmL", parse_volume)
@example("1e999999 mL", parse_volume)
@example("\ud800 mL", parse_volume)
def test_hostile_text_is_taken_or_refused_with_a_printable_sentence(
    typed: str, parse: Callable[[str], int]
) -> None:
    try:
        taken = parse(typed)
    except QuantityError as refusal:
        sentence = str(refusal)
        assert sentence.isprintable()
        assert 0 < len(sentence) < 200
    else:
        assert taken >= 0
        assert typed.strip()[0] in "0123456789"


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("digit", DIGITS_OF_THE_WORLD)
@pytest.mark.parametrize("unit", ["", " mL", " mL/day", " %", " s"])
def test_only_the_ten_plain_digits_are_digits(parse: Callable[[str], int], digit: str, unit: str) -> None:
    with pytest.raises(QuantityError):
        parse(f"{digit}{unit}")
    with pytest.raises(QuantityError):
        parse(f"1{digit}{unit}")


def test_a_plain_number_is_not_rounded_where_decimal_would_round_it() -> None:
    with pytest.raises(QuantityError):
        parse_decimal("1." + "0" * 34 + "1", 2)


@given(RATES, st.lists(st.integers(0, units.US_PER_DAY), min_size=1, max_size=30))
def test_any_cut_of_a_time_span_delivers_the_same_volume(rate: int, cuts: list[int]) -> None:
    volume, carry = 0, 0
    for span in cuts:
        flowed, carry = volume_at(rate, span, carry)
        volume += flowed
        assert 0 <= carry < units.US_PER_H
    assert (volume, carry) == volume_at(rate, sum(cuts))
    assert volume * units.US_PER_H + carry == rate * sum(cuts)


def test_the_cutting_test_would_notice_a_lost_carry() -> None:
    whole, _ = volume_at(20_833, 3_600_000_000)
    assert sum(volume_at(20_833, 1_000_000)[0] for _ in range(3_600)) < whole


@given(st.integers(1, 2_000_000), st.integers(1, 40_000_000), st.integers(0, units.US_PER_H - 1))
def test_time_until_is_the_least_instant_at_which_the_volume_has_flowed(
    rate: int, volume: int, carry: int
) -> None:
    instant = time_until(rate, volume, carry)
    assert instant is not None
    assert volume_at(rate, instant, carry)[0] >= volume
    assert instant > 0
    assert volume_at(rate, instant - 1, carry)[0] < volume


@given(RATES, st.integers(-100, 0), st.integers(0, units.US_PER_H - 1))
def test_nothing_takes_no_time_even_at_rest(rate: int, volume: int, carry: int) -> None:
    assert time_until(rate, volume, carry) == 0


@given(st.integers(1, 40_000_000), st.integers(0, units.US_PER_H - 1))
def test_something_never_flows_at_rest(volume: int, carry: int) -> None:
    assert time_until(0, volume, carry) is None


@given(st.integers(0, 10**12), st.integers(0, 6))
def test_a_printed_volume_is_there(volume_nl: int, decimals: int) -> None:
    shown = Decimal(ml(volume_nl, decimals)) * units.NL_PER_ML
    assert shown <= volume_nl < shown + Decimal(units.NL_PER_ML).scaleb(-decimals)


@given(RATES)
def test_a_printed_rate_is_the_nearest(rate: int) -> None:
    assert abs(Decimal(ml_day(rate)) - Decimal(rate * 24) / units.NL_PER_ML) <= Decimal("0.0005")


@given(SPANS_US)
def test_a_longer_span_never_delivers_less(span: int) -> None:
    assert volume_at(20_833, span)[0] >= volume_at(20_833, span - 1)[0]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (14, "14 s"),
        (59, "59 s"),
        (60, "1 min 0 s"),
        (5_000, "1 h 23 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d 0 h"),
        (700_000, "8 d 2 h"),
    ],
)
def test_a_span_is_printed_in_its_two_largest_units(seconds: int, text: str) -> None:
    assert format_span(seconds) == text


def test_figures_are_printed_with_their_unit() -> None:
    assert format_rate(20_833) == "0.500 mL/day"
    assert format_volume(4_999_999) == "4.99 mL"
    assert ml(4_999_999) == "4.99"


@pytest.mark.parametrize("unit", ["ug/day", "mg/d", "%", "mL", "ug/mL", "min"])
def test_no_unit_is_proposed_that_is_not_one_of_the_quantity(unit: str) -> None:
    with pytest.raises(QuantityError) as caught:
        parse_rate(f"1.5 {unit}")
    proposed = str(caught.value).partition('did you mean "')[2].rstrip('"?')
    assert not proposed or parse_rate(proposed) is not None


@pytest.mark.parametrize(
    ("parse", "unit", "decimals"),
    [
        (units.parse_rate, "mL/day", 3),
        (units.parse_rate, "uL/h", 3),
        (units.parse_rate, "nL/h", 0),
        (units.parse_volume, "mL", 6),
        (units.parse_volume, "uL", 3),
        (units.parse_volume, "nL", 0),
        (units.parse_dose, "ug/day", 0),
        (units.parse_dose, "mg/day", 3),
        (units.parse_concentration, "ug/mL", 0),
        (units.parse_concentration, "mg/mL", 3),
        (units.parse_span, "s", 0),
        (units.parse_span, "min", 0),
        (units.parse_span, "h", 0),
        (units.parse_wall, "ms", 0),
        (units.parse_wall, "s", 3),
        (units.parse_wall, "min", 0),
        (units.parse_percent, "%", 0),
        (units.parse_age, "h", 0),
        (units.parse_age, "days", 0),
        (units.parse_age, "years", 3),
        (units.parse_share, "%", 4),
        (units.parse_share, "ppm", 0),
        (units.parse_voltage, "mV", 0),
        (units.parse_voltage, "V", 3),
    ],
)
def test_each_unit_has_so_many_decimals_and_no_more(
    parse: Callable[[str], int], unit: str, decimals: int
) -> None:
    finest = f"{Decimal(1).scaleb(-decimals):f}"
    parse(f"{finest} {unit}")
    finer = f"{Decimal(1).scaleb(-decimals - 1):f} {unit}"
    with pytest.raises(QuantityError, match=re.escape(f'"{finer}" is finer than ')):
        parse(finer)
