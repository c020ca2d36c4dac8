"""What a monitoring system is told of pumps: one line, its code, and figures that it can draw."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fleet.check import Code, fields, finding, line, one_line, worst
from monitor.fleet.rows import Row, judged
from monitor.ports import is_in_use
from monitor.snapshot import Link
from protocol.alarms import Alarm, Priority, mask
from tests.monitor.ui.bench import NOW_NS, S
from tests.monitor.ui.fleet_stage import pump

# As the guidelines have it: 'label'=value[UOM];[warn];[crit];[min];[max], between spaces.
FIGURE = re.compile(r"(?:'(?:[^'=|]|'')+'|[^\s'=|]+)=-?[0-9.]+(?:s|ms|%)?(?:;[0-9.:]*){0,2}(?:;[0-9.]*){0,2}")


def row(number: int = 0, **changes: object) -> Row:
    return judged(number, *pump(number, **changes), NOW_NS)


def found(one: Row):  # noqa: ANN201 - a finding
    return finding(one, "10", {})


def said(*rows: Row) -> str:
    return line(rows, [found(one) for one in rows], NOW_NS)


def test_a_pump_at_rest_is_ok_with_its_figures() -> None:
    text, _, figures = said(row()).partition(" | ")
    assert text.startswith("PUMP OK - 02-1100 running, ")
    assert "battery" in text
    assert all(FIGURE.fullmatch(one) for one in figures.split(" "))
    assert re.search(r"reservoir_ml=[0-9.]+;2\.00:;1\.40:;0;20\.00 ", figures)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, Code.OK),
        ({"reservoir_nl": 4_000_000}, Code.WARNING),  # low within a week: low priority
        ({"alarms": mask({Alarm.LOW_RESERVOIR}), "reservoir_nl": 1_960_000}, Code.WARNING),
        ({"alarms": mask({Alarm.STALL})}, Code.CRITICAL),
        ({"alarms": mask({Alarm.STALL}), "acknowledged": mask({Alarm.STALL})}, Code.CRITICAL),
        ({"link": Link.LOST, "tries": 1, "problem": "/dev/tty0 has gone"}, Code.CRITICAL),
        ({"link": Link.CONNECTING, "reading": None}, Code.CRITICAL),
    ],
)
def test_the_code_follows_from_priority_and_link(changes: dict[str, object], code: Code) -> None:
    assert found(row(**changes)).code is code


def test_every_priority_has_a_code() -> None:
    for priority in (None, *Priority):
        assert found(replace(row(), priority=priority)).code in Code


def test_what_was_acknowledged_is_told_as_such_and_injected_faults_as_such() -> None:
    text = found(row(alarms=mask({Alarm.STALL}), acknowledged=mask({Alarm.STALL}), bench_faults=2)).said
    assert "(acknowledged)" in text
    assert text.endswith("; bench: 2 faults injected")


def test_a_reading_that_has_grown_old_is_no_link() -> None:
    late = judged(0, *pump(0), NOW_NS + 60 * S)
    assert found(late).code is Code.CRITICAL
    assert "NO LINK" in found(late).said


def test_what_keeps_the_check_from_asking_is_unknown() -> None:
    missing = finding(row(link=Link.LOST, tries=1, problem="x"), "10", {0: "there is no key in /keys"})
    assert missing == (Code.UNKNOWN, "02-1100: there is no key in /keys")
    busy = "/dev/tty0 is in use by another program: close that one first"
    assert is_in_use(busy)
    assert found(row(link=Link.LOST, tries=1, problem=busy)).code is Code.UNKNOWN


def test_of_several_the_worst_counts_and_unknown_hides_no_alarm() -> None:
    def codes(*wanted: Code) -> Code:
        return worst([found(row())._replace(code=one) for one in wanted])

    assert codes(Code.OK, Code.UNKNOWN, Code.WARNING) is Code.WARNING
    assert codes(Code.WARNING, Code.UNKNOWN, Code.CRITICAL) is Code.CRITICAL
    assert codes(Code.OK, Code.UNKNOWN) is Code.UNKNOWN
    assert codes(Code.OK) is Code.OK


def test_a_fleet_is_one_line_with_counts_and_names_only_the_first_few() -> None:
    rows = [row(number, alarms=mask({Alarm.STALL})) for number in range(9)] + [row(9)]
    text = said(*rows)
    assert text.startswith("PUMP CRITICAL - 10 pumps: 9 critical, 1 ok; 02-1100 MOTOR STALL")
    assert "; and 4 more | pumps=10;;;0 critical=9;;;0;10 " in text
    assert text.count("MOTOR STALL") == 5


@given(st.text(), st.integers(1, 3))
def test_no_name_breaks_the_line_or_its_figures(name: str, count: int) -> None:
    rows = [replace(row(number), name=name) for number in range(count)]
    text = said(*rows)
    assert text.isprintable()
    before, _, figures = text.partition(" | ")
    assert "|" not in before
    assert "|" not in figures
    assert re.fullmatch(rf"{FIGURE.pattern}(?: {FIGURE.pattern})*", figures)


def test_json_says_the_same() -> None:
    rows = [row(), row(1, alarms=mask({Alarm.STALL}))]
    told = fields(rows, [found(one) for one in rows], NOW_NS)
    assert (told["code"], told["status"]) == (2, "CRITICAL")
    assert [one["code"] for one in told["pumps"]] == [0, 2]


def test_a_line_of_its_own_is_one_line() -> None:
    assert one_line(Code.UNKNOWN, "a\nb|c") == "PUMP UNKNOWN - a?b/c"
