from __future__ import annotations

from dataclasses import replace

import pytest
from textual.content import Content

from monitor.kinds.fields import RATE
from monitor.trends.axis import next_round
from monitor.ui.moment import Moment
from monitor.ui.widgets import bounds_strip, outlook
from monitor.ui.widgets.bounds_strip import Proposal
from monitor.ui.widgets.braille import Canvas
from monitor.ui.widgets.digits import big
from monitor.ui.widgets.gauges import LogScale, bar, rate_scale
from monitor.ui.widgets.lines import place, spread
from monitor.ui.widgets.view import View
from monitor.ui.words import day, days, factor, percent, time_of
from protocol.bounds import SOFT_LIMITS, Bounds
from protocol.units import QuantityError
from tests.monitor.ui.bench import CLOCK_S, NOW_NS, STATUS, snapshot

BOUNDS = Bounds(2_000, 1_000_000)


def test_a_factor_is_the_same_distance_everywhere_on_a_rate_scale() -> None:
    scale = LogScale.of(1_000, 1_000_000, 31)
    assert [scale.cell(rate) for rate in (1_000, 10_000, 100_000, 1_000_000)] == [0, 10, 20, 30]
    assert scale.cell(999) == -1
    assert scale.cell(1_000_001) == 31
    assert scale.cell(0) == -1


@pytest.mark.parametrize(("least", "most"), [(0, 0), (0, 1_000_000), (5, 5), (9, 3)])
def test_a_rate_scale_stands_limits_that_no_pump_should_have(least: int, most: int) -> None:
    scale = LogScale.of(least, most, 40)
    assert all(-1 <= scale.cell(rate) <= 40 for rate in (0, 1, 5, 417, 2**32 - 1))


def test_a_rate_outside_its_limits_is_drawn_outside_the_scale() -> None:
    assert rate_scale(replace(STATUS, measured_rate_nl_h=0), 40, "").plain[0] == "◆"
    assert rate_scale(replace(STATUS, measured_rate_nl_h=2_000_000), 40, "").plain[-1] == "◆"


def test_a_bar_is_empty_half_or_full() -> None:
    assert [bar(part, 20, 10, "").plain for part in (0, 10, 20, 99)] == [
        "──────────",
        "━━━━━─────",
        "━━━━━━━━━━",
        "━━━━━━━━━━",
    ]
    assert bar(5, 20, 10, "", (10, "")).plain == "━━───┼────"


def test_what_does_not_fit_is_cut_from_the_left_part_of_a_line() -> None:
    assert spread(12, Content("a long text"), Content("since")).plain == "a lon… since"
    assert spread(12, Content("ab")).plain == "ab          "


def test_labels_that_collide_give_way_to_the_first() -> None:
    assert (
        place(20, [(0, "now", ""), (10, "mid", ""), (11, "gone", ""), (20, "end", "")]).plain
        == "now      mid     end"
    )


def test_the_dots_of_a_braille_line_are_joined() -> None:
    canvas = Canvas(2, 1)
    canvas.line([0, 1, 3, None])
    assert [canvas.char(0, 0), canvas.char(1, 0)] == ["⠑", "⡄"]
    canvas.dot(99, 99)


def test_large_figures_fall_back_to_a_row_where_there_is_no_room() -> None:
    assert big("12.5", 20)[0] == "╺┓ ╺━┓ ┏━╸"
    assert big("103079.215", 20) == ("", "", "103079.215")


@pytest.mark.parametrize(("volume", "top"), [(18_200_000, 20_000_000), (2_310_000, 2_500_000), (1, 10_000)])
def test_a_volume_axis_ends_at_a_round_figure(volume: int, top: int) -> None:
    assert next_round(volume) == top


def test_the_outlook_reaches_the_low_limit_on_the_day_by_which_to_refill() -> None:
    lines = outlook.draw(View(Moment(snapshot(), NOW_NS)), 74, 26).plain.splitlines()
    assert len(lines) == 26
    assert {len(line) for line in lines} == {74}
    column = lines[-1].index("▲")
    low = next(line for line in lines if "low 2.00" in line)
    assert any("⠀" < char <= "⣿" for char in low[column - 3 : column + 4])
    assert "▲ 26 Jan" in lines[-1]


def test_the_outlook_of_a_pump_that_does_not_deliver_says_so() -> None:
    made = snapshot(commanded_rate_nl_h=0, measured_rate_nl_h=0)
    assert "not delivering" in outlook.draw(View(Moment(made, NOW_NS)), 74, 26).plain


@pytest.mark.parametrize("size", [(20, 3), (40, 5), (74, 26), (200, 60)])
def test_the_outlook_fills_any_place_exactly(size: tuple[int, int]) -> None:
    width, height = size
    lines = outlook.draw(View(Moment(snapshot(), NOW_NS)), width, height).plain.split("\n")
    assert len(lines) == height
    assert {len(line) for line in lines} == {width}


def test_the_strip_shows_now_and_new_and_hatches_what_is_outside() -> None:
    strip = bounds_strip.draw(Proposal(BOUNDS, SOFT_LIMITS, 20_833, 27_083), 66, 2).plain.splitlines()
    assert strip[0].index("┃") < strip[0].index("◆")
    assert strip[0].startswith("╱╱╱ ")  # noqa: RUF001 - the hatching
    assert strip[0].endswith(" ╱╱╱")  # noqa: RUF001 - the hatching
    for word in ("0.048 least", "now", "new", "24.000 most"):
        assert word in strip[1]


def test_the_strip_hatches_beyond_the_steps_that_the_pump_allows() -> None:
    strip = bounds_strip.draw(
        Proposal(Bounds(2_000, 1_000_000, 25, 50), SOFT_LIMITS, 20_833), 66, 2
    ).plain.splitlines()
    assert strip[0].count("╱") > 40  # noqa: RUF001 - the hatching


def test_a_rate_outside_the_bounds_is_drawn_in_the_hatching() -> None:
    strip = bounds_strip.draw(Proposal(BOUNDS, SOFT_LIMITS, 20_833, 9_000_000), 66, 2).plain
    assert strip.splitlines()[0][-3:].count("◆") == 1


@pytest.mark.parametrize(
    ("new", "old", "said"),
    [
        (27_083, 20_833, "x1.3"),
        (208_333, 20_833, "x10"),
        (2_083, 20_833, "x0.10"),
        (0, 20_833, ""),
        (5, 0, ""),
    ],
)
def test_a_change_is_written_as_a_factor(new: int, old: int, said: str) -> None:
    assert factor(new, old) == said


def test_percentages_and_days_are_written_to_a_tenth() -> None:
    assert percent(20_958, 20_833) == "+0.6 %"
    assert percent(0, 20_833) == "-100.0 %"
    assert percent(1, 0) == "–"  # noqa: RUF001 - the dash that stands for nothing known
    assert days(86_400 * 7 + 8_640 * 2 + 1) == "7.2"


def test_dates_bear_their_year_and_times_their_date_only_where_they_must() -> None:
    assert day(CLOCK_S, CLOCK_S, weekday=True) == "Thu 1 Jan"
    assert day(CLOCK_S + 400 * 86_400, CLOCK_S) == "5 Feb 2027"
    assert day(2**63, CLOCK_S) == "beyond the calendar"
    assert time_of(CLOCK_S, CLOCK_S, seconds=True) == "14:32:07"
    assert time_of(CLOCK_S - 86_400, CLOCK_S) == "31 Dec 2025 14:32"


@pytest.mark.parametrize("text", ["0.6", " 0.6 ", "0.6 mL/day", "25 uL/h", "25000 nL/h", "0.6mL/day"])
def test_a_rate_is_typed_bare_or_with_its_unit(text: str) -> None:
    assert RATE.read(RATE.typed(text)) == 25_000


@pytest.mark.parametrize("text", ["", "0,6", "0.6.1", "-0.6", "1 000", "6 x"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(QuantityError):
        RATE.read(RATE.typed(text))
