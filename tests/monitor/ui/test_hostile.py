from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.snapshot import Reading
from protocol.messages import Identity
from protocol.vocabulary import EventKind
from tests.monitor.ui.bench import IDENTITY, NOW_NS, STATUS, FakeSource, event, lost, snapshot, waiting
from tests.monitor.ui.stage import SMALL, WIDE, shown

HOSTILE = ("[/]", "[@click=app.quit]x", "[red]A", "\x1b[2Jx", "$value", "a\x07\rb")


def printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)


@pytest.mark.parametrize("size", [WIDE, SMALL])
@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_a_device_is_drawn_letter_by_letter(text: str, size: tuple[int, int]) -> None:
    identity = Identity(text, text, text, 0, IDENTITY.store_id, 1, IDENTITY.changes)
    made = snapshot(identity=identity, reading=Reading(text, STATUS, NOW_NS))
    page = shown(made, size=size)
    assert f"PUMP SN {printable(text)}" in page
    assert "\x1b" not in page
    if size == WIDE:
        assert f"fw {printable(text)}" in page


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_serial_number_is_drawn_literally_in_the_box_that_names_it(text: str) -> None:
    made = snapshot(reading=Reading(text, STATUS, NOW_NS))
    page = shown(made, "r")
    assert f"SET RATE  pump {printable(text)}" in page
    assert "\x1b" not in page


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_problem_is_drawn_literally(text: str) -> None:
    page = shown(waiting(problem=text))
    assert f"waiting for the pump: {printable(text)}" in page
    assert f"NO LINK  {printable(text)}" in shown(lost(waiting(), problem=text))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_refusal_is_drawn_literally(text: str) -> None:
    from monitor.errors import RefusedError  # noqa: PLC0415 - only this test refuses

    page = shown(FakeSource(snapshot(), prepare_error=RefusedError(text)), "r", "0.6", "enter")
    assert f"◆ {printable(text)}" in page
    assert "\x1b" not in page


def test_figures_at_the_ends_of_their_ranges_are_drawn_within_their_places() -> None:
    u32, u64 = 2**32 - 1, 2**64 - 1
    extremes = (
        replace(
            STATUS, clock_s=u64, delivered_nl=u64, reservoir_nl=u32, sensed_nl=u32, measured_rate_nl_h=u32
        ),
        replace(
            STATUS, capacity_nl=0, low_reservoir_nl=0, residual_nl=0, least_rate_nl_h=0, most_rate_nl_h=0
        ),
        replace(STATUS, reservoir_nl=u32, commanded_rate_nl_h=1, measured_rate_nl_h=1, residual_nl=0),
        replace(STATUS, low_reservoir_nl=u32, residual_nl=u32, capacity_nl=1),
        replace(STATUS, least_rate_nl_h=1_000_000, most_rate_nl_h=1, reservoir_nl=0),
    )
    for status in extremes:
        made = snapshot(reading=Reading("02-1187", status, NOW_NS))
        for size in (WIDE, SMALL, (60, 20)):
            lines = shown(made, size=size).splitlines()[: size[1]]
            assert all(len(line) <= size[0] for line in lines)
            assert lines[0].startswith(" PUMP SN 02-1187")
        assert "SET RATE" in shown(made, "r")


def test_unknown_details_in_the_log_are_said_to_be_unknown() -> None:
    log = (
        event(1, 40, EventKind.ALARM_RAISED, 31),
        event(2, 30, EventKind.REFUSED, 99),
    )
    page = shown(snapshot(events=log))
    assert "an alarm this version does not know (31)" in page
    assert "reason 99" in page
