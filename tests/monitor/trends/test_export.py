from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.judgement import forecast
from monitor.trends.ahead import Pace
from monitor.trends.charts import Past
from monitor.trends.picture import picture
from monitor.trends.points import Points
from monitor.trends.table import HEADER, table
from monitor.trends.window import SPANS, Span
from tests.monitor.ui.bench import CLOCK_S, STATUS

NOW_MS = CLOCK_S * 1_000
HOUR = SPANS[1]
TO_EMPTY = forecast(STATUS).to_empty
SVG = "{http://www.w3.org/2000/svg}"


def past(*ago_s: int, quiet_ms: int = 60_000) -> Past:
    """Make a past of readings so long ago, the rate of each by its place: 20,001 nL/h, 20,002 ..."""
    live = Points()
    for number, ago in enumerate(ago_s, 1):
        status = replace(STATUS, measured_rate_nl_h=20_000 + number)
        live.add_status(NOW_MS - ago * 1_000, status, quiet_ms)
    return Past(live, (), NOW_MS, quiet_ms)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def polygons(text: str, kind: str) -> list[ET.Element]:
    root = ET.fromstring(text)  # noqa: S314 - our own
    return [one for one in root.iter() if one.get("class") == kind]


def test_a_table_has_what_was_read_and_what_is_missing_in_order() -> None:
    found = rows(table(past(3_000, 2_990, 600, 590, 0), HOUR, STATUS, None))
    assert [one["kind"] for one in found] == ["read", "read", "gap", "read", "read", "gap", "read"]
    assert [one["measured_most_nl_h"] for one in found if one["kind"] == "read"] == [
        str(rate) for rate in range(20_001, 20_006)
    ]
    for one, other in pairwise(found):
        assert one["to"] <= other["from"]
    gap = found[2]
    assert not any(gap[name] for name in HEADER[3:])
    assert gap["from"] < gap["to"]


def test_a_gap_that_lasts_until_now_ends_now() -> None:
    last = rows(table(past(3_000, 2_990), HOUR, STATUS, None))[-1]
    assert (last["kind"], last["to"]) == ("gap", "2026-01-01T14:32:07.000Z")


def test_the_forecast_goes_on_from_the_last_reading() -> None:
    ahead = [one for one in rows(table(past(10, 0), HOUR, STATUS, TO_EMPTY)) if one["kind"] == "forecast"]
    assert ahead[0]["reservoir_expected_nl"] == str(STATUS.reservoir_nl)
    assert len(ahead) == 480
    volumes = [int(one["reservoir_expected_nl"]) for one in ahead]
    assert volumes == sorted(volumes, reverse=True)
    for one in ahead:
        low, high = int(one["reservoir_least_nl"]), int(one["reservoir_most_nl"])
        assert low <= int(one["reservoir_expected_nl"]) <= high


def test_before_the_first_reading_a_table_is_its_header() -> None:
    assert table(Past(Points(), (), NOW_MS), HOUR, None, None) == ",".join(HEADER) + "\n"


def test_a_picture_has_an_area_for_each_stretch_and_hatching_for_each_gap() -> None:
    svg = picture(past(3_000, 2_990, 600, 590, 0), HOUR, STATUS, None, "02-1187")
    # Three stretches of four quantities, two gaps in two charts.
    assert len(polygons(svg, "read")) == 12
    assert len(polygons(svg, "gap")) == 4


def test_a_picture_names_the_pump_the_quantities_and_their_units() -> None:
    svg = picture(past(10, 0), HOUR, STATUS, TO_EMPTY, "02-1187")
    said = [one.text for one in ET.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314 - our own
    assert said[0] == "Pump 02-1187, 1 h up to 2026-01-01T14:32:07.000Z"
    for part in ("mL/day", "mL:", "low 2.00", "empty 1.40", "now", "15:00"):
        assert any(part in (one or "") for one in said), part


def test_a_hostile_name_stays_text() -> None:
    svg = picture(past(0), HOUR, STATUS, TO_EMPTY, '</text><script>alert("1")</script>&')
    assert not list(ET.fromstring(svg).iter(f"{SVG}script"))  # noqa: S314 - our own


@given(st.sampled_from(SPANS), st.lists(st.integers(0, 500_000), max_size=30), st.integers(1, 100_000))
def test_any_past_can_be_exported(span: Span, ago: list[int], fast: int) -> None:
    made = replace(past(*sorted(ago, reverse=True)), pace=Pace(fast * 1_000, 1_000))
    ET.fromstring(picture(made, span, STATUS, TO_EMPTY, "x"))  # noqa: S314 - our own
    lines = csv.reader(io.StringIO(table(made, span, STATUS, TO_EMPTY)))
    assert {len(one) for one in lines} == {len(HEADER)}


def test_where_the_pumps_time_runs_fast_a_picture_says_so_and_the_forecast_keeps_its_pace() -> None:
    made = replace(past(10, 0), pace=Pace(2_000_000, 1_000))
    svg = picture(made, HOUR, STATUS, TO_EMPTY, "x")
    assert "pump time x2000" in svg
    assert " ago<" in svg
    last = rows(table(made, HOUR, STATUS, TO_EMPTY))[-1]
    assert int(last["reservoir_expected_nl"]) == STATUS.residual_nl  # within the hour
