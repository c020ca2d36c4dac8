"""What is told of a run: a line a check, what was expected beside what came, and the same for programs and build servers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from pumpmock.conform import report
from pumpmock.conform.check import Need
from pumpmock.conform.runner import Verdict
from pumpmock.conform.table import CHECKS
from tests.pumpmock.conform.defects_of_the_pump import sums_its_limits_wrongly
from tests.pumpmock.conform.plant import examined, limited_memory
from tests.pumpmock.conftest import Bench

if TYPE_CHECKING:
    from pumpmock.conform.runner import Result

FAILS = "limits_crc in Status is the CRC-32 of the payload of Limits"


@pytest.fixture(scope="module")
def results() -> list[Result]:
    """Return a run without leave to change, on a device that sums its limits wrongly."""
    with sums_its_limits_wrongly():
        return examined(Bench(limited_memory()), offered=~Need.CHANGES)


def test_a_check_has_a_line_that_begins_with_its_verdict(results: list[Result]) -> None:
    told = [next(report.lines(result)) for result in results]
    assert told[0] == "  ok       Hello, Challenge, Confirm and a Status open a session"
    assert f"  FAILED   {FAILS}" in told
    why = "changes the device: needs --allow-changes and a technician key"
    assert f"  skipped  each Prepared has a token of its own: {why}" in told


def test_a_failure_tells_what_was_expected_what_came_and_the_last_frames(results: list[Result]) -> None:
    (wrong,) = (result for result in results if result.verdict is Verdict.FAILED)
    _, expected, got, *traffic = report.lines(wrong)
    assert expected.split() == ["expected", *wrong.expected.split()]
    assert got.split() == ["got", wrong.got]
    names = [line.split()[:2] for line in traffic]
    assert names == [["->", "GetLimits"], ["<-", "Limits"], ["->", "Poll"], ["<-", "Status"]]
    frame = bytes.fromhex(traffic[0].rsplit(": ", 1)[1])
    assert b"\0" + frame + b"\0" == wrong.seen[-4].data


def test_the_summary_has_a_line_a_section_and_adds_up(results: list[Result]) -> None:
    head, *rows, empty, total = report.summary(results)
    assert (head.split()[-3:], empty) == (["ok", "failed", "skipped"], "")
    figures = [[int(figure) for figure in row.split()[-3:]] for row in rows]
    assert len(rows) == len({check.section for check in CHECKS})
    ok, failed, skipped = (sum(column) for column in zip(*figures, strict=True))
    assert total == f"{len(CHECKS)} checks: {ok} ok, {failed} failed, {skipped} skipped"
    assert failed == 1


def test_as_json_each_check_is_told_whole(results: list[Result]) -> None:
    told = [json.loads(json.dumps(report.as_json(result))) for result in results]
    assert {one["verdict"] for one in told} == {"ok", "failed", "skipped"}
    (wrong,) = (one for one in told if one["verdict"] == "failed")
    assert (wrong["section"], wrong["name"]) == ("Limits", FAILS)
    assert wrong["line"][-1]["from"] == "device"
    assert wrong["line"][-1]["says"][0].startswith("Status (session ")
    skipped = [one for one in told if one["verdict"] == "skipped"]
    assert all(one["why"] for one in skipped)


def test_junit_has_a_suite_a_section_with_its_failures_and_skips(results: list[Result]) -> None:
    root = ET.fromstring(report.junit(results, "socket://127.0.0.1:7070"))  # noqa: S314 - it was written here
    assert root.attrib["name"] == "pumpmock conform socket://127.0.0.1:7070"
    assert (root.attrib["tests"], root.attrib["failures"]) == (str(len(CHECKS)), "1")
    suites = {suite.attrib["name"]: suite for suite in root}
    assert (suites["Limits"].attrib["tests"], suites["Limits"].attrib["failures"]) == ("2", "1")
    (failure,) = root.iter("failure")
    assert failure.attrib["message"].startswith("expected Status.limits_crc ")
    assert failure.text is not None
    assert "<- Status" in failure.text
    assert len(list(root.iter("skipped"))) == int(root.attrib["skipped"])
    assert len(list(root.iter("testcase"))) == len(CHECKS)


def test_what_is_no_frame_is_told_as_what_it_is() -> None:
    (told,) = report.told_bytes(b"\0" + b"\xff" * 300 + b"\0")
    assert told == f"no frame, too short or too long: {'ff' * 48} ... 300 bytes"
