"""The examples in docs/pump.md are reproduced as they stand there."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from protocol.alarms import Alarm
from protocol.messages import Change, Step
from protocol.units import US_PER_DAY, US_PER_H
from protocol.vocabulary import ChangeKind, EventKind
from pumpmock.model.pump import Pump
from pumpmock.model.troubles import Trouble
from tests.settings import usual_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = Path(__file__).resolve().parents[3] / "docs" / "pump.md"


def a_pump(
    *, fill_nl: int, rate_nl_h: int, battery_percent: int = 100, concentration_ug_ml: int = 0, **figures: int
) -> Pump:
    return Pump(
        usual_settings(**figures),
        fill_nl=fill_nl,
        rate_nl_h=rate_nl_h,
        battery_percent=battery_percent,
        concentration_ug_ml=concentration_ug_ml,
    )


def instant_of(pump: Pump, alarm: Alarm) -> int:
    """Let time pass until an alarm was raised, event by event, and return when that was."""
    while True:
        for entry in pump.events.since(0):
            if entry.kind == EventKind.ALARM_RAISED and entry.detail == alarm:
                return entry.pump_time_us
        due_us = pump.clock.next_due_us
        assert due_us is not None, f"{alarm.name} is never raised"
        pump.advance_to(due_us)


KNOWN: Mapping[str, Any] = {
    "a_pump": a_pump,
    "instant_of": instant_of,
    "mL": 1_000_000,
    "H": US_PER_H,
    "DAY": US_PER_DAY,
    "Alarm": Alarm,
    "Change": Change,
    "ChangeKind": ChangeKind,
    "Step": Step,
    "Trouble": Trouble,
}


def sections() -> list[tuple[str, str]]:
    head, *others = PAGE.read_text(encoding="utf-8").split("\n## ")
    assert ">>>" not in head
    return [(text.splitlines()[0], text) for text in others]


def failures(name: str, text: str) -> int:
    example = doctest.DocTestParser().get_doctest(text, dict(KNOWN), name, str(PAGE), 0)
    assert example.examples
    return doctest.DocTestRunner().run(example).failed


@pytest.mark.parametrize(("name", "text"), sections(), ids=[name for name, _ in sections()])
def test_what_was_worked_out_by_hand_is_what_the_pump_does(name: str, text: str) -> None:
    assert failures(name, text) == 0


def test_there_are_ten_examples_numbered_in_order() -> None:
    assert [name.partition(".")[0] for name, _ in sections()] == [str(number) for number in range(1, 11)]


def test_a_microsecond_or_a_nanolitre_less_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    (_, low), (_, empty), *_ = sections()
    assert failures("1", low.replace("    2764844237508", "    2764844237507")) == 1
    assert failures("2", empty.replace("    13000080", "    13000081")) == 1
    assert "Expected" in capsys.readouterr().out
