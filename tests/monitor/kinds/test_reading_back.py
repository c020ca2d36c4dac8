from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.kinds.reading_back import is_as_set, reported
from protocol.messages import Change, Outcome, Status, Step
from protocol.vocabulary import ChangeKind, Mode, State, Verdict
from tests.monitor.conftest import STATUS

S = 1_000_000
AFTER = replace(STATUS, revision=5, pump_time_us=STATUS.pump_time_us + 10 * S, clock_s=STATUS.clock_s + 10)
PATTERN = (Step(0, 20_000), Step(360, 25_000))
WEEK = (*((PATTERN,) * 5), *(((Step(0, 20_000),),) * 2))


def applied(rate_nl_h: int) -> Outcome:
    return Outcome(b"command1", Verdict.APPLIED, 5, rate_nl_h, STATUS.pump_time_us)


def under(mode: Mode, rate_nl_h: int, **more: int) -> Status:
    return replace(AFTER, mode=mode, commanded_rate_nl_h=rate_nl_h, **more)


RATE = Change(ChangeKind.RATE, 25_000)
TEMPORARY = Change(ChangeKind.TEMPORARY_RATE, 25_000, duration_s=3_600)
BOLUS = Change(ChangeKind.BOLUS, volume_nl=100_000, duration_s=1_800)
FLEX = Change(ChangeKind.FLEX, weekdays=0x1F, steps=PATTERN)
REFILL = Change(ChangeKind.REFILL, withdrawn_nl=1, volume_nl=18_000_000, concentration_ug_ml=500)
CLOCK = Change(ChangeKind.CLOCK, clock_s=1_000)
FULL = replace(AFTER, reservoir_nl=17_999_000, delivered_nl=1_000, concentration_ug_ml=500)

AS_SET = [
    (RATE, 25_000, under(Mode.PROGRAM, 25_000), ()),
    (Change(ChangeKind.STOP), 0, replace(under(Mode.PROGRAM, 0), state=State.STOPPED), ()),
    (Change(ChangeKind.RESUME), 20_000, under(Mode.PROGRAM, 20_000), ()),
    (
        Change(ChangeKind.RESUME),
        19_000,
        under(Mode.PROGRAM, 20_000),
        (),
    ),  # the program has come to its next step
    (Change(ChangeKind.MINIMUM_RATE), 250, under(Mode.MINIMUM_RATE, 250), ()),
    (TEMPORARY, 25_000, under(Mode.TEMPORARY_RATE, 25_000), ()),
    (
        TEMPORARY,
        25_000,
        under(Mode.PROGRAM, 20_000, pump_time_us=STATUS.pump_time_us + 3_600 * S),
        (),
    ),  # over by now
    (BOLUS, 200_000, under(Mode.BOLUS, 200_000), ()),
    (BOLUS, 200_000, under(Mode.PROGRAM, 20_000, pump_time_us=STATUS.pump_time_us + 1_800 * S), ()),
    (FLEX, 25_000, under(Mode.PROGRAM, 20_000), WEEK),
    (REFILL, 20_000, FULL, ()),
    (
        REFILL,
        20_000,
        replace(FULL, state=State.STOPPED, commanded_rate_nl_h=0),
        (),
    ),  # an unknown drug stops the pump
    (CLOCK, 20_000, replace(AFTER, clock_s=1_010), ()),
]
NOT_AS_SET = [
    (RATE, 25_000, under(Mode.PROGRAM, 20_000), ()),
    (RATE, 25_000, replace(under(Mode.PROGRAM, 25_000), revision=6), ()),
    (Change(ChangeKind.STOP), 0, under(Mode.PROGRAM, 20_000), ()),
    (Change(ChangeKind.MINIMUM_RATE), 250, under(Mode.PROGRAM, 250), ()),
    (TEMPORARY, 25_000, under(Mode.PROGRAM, 20_000), ()),
    (TEMPORARY, 25_000, under(Mode.TEMPORARY_RATE, 25_001), ()),
    (BOLUS, 200_000, under(Mode.TEMPORARY_RATE, 200_000), ()),
    (FLEX, 25_000, under(Mode.PROGRAM, 20_000), ()),
    (FLEX, 25_000, under(Mode.PROGRAM, 20_000), WEEK[::-1]),
    (REFILL, 20_000, replace(FULL, concentration_ug_ml=50), ()),
    (REFILL, 20_000, replace(FULL, reservoir_nl=1_799_900), ()),
    (CLOCK, 20_000, replace(AFTER, clock_s=1_013), ()),
]


@pytest.mark.parametrize(("change", "rate_nl_h", "status", "week"), AS_SET)
def test_what_the_pump_took_over_is_as_set(
    change: Change, rate_nl_h: int, status: Status, week: tuple[tuple[Step, ...], ...]
) -> None:
    assert is_as_set(change, applied(rate_nl_h), status, week)


@pytest.mark.parametrize(("change", "rate_nl_h", "status", "week"), NOT_AS_SET)
def test_what_differs_is_not_as_set(
    change: Change, rate_nl_h: int, status: Status, week: tuple[tuple[Step, ...], ...]
) -> None:
    assert not is_as_set(change, applied(rate_nl_h), status, week)


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        (RATE, under(Mode.PROGRAM, 25_000), "the pump reports 0.600 mL/day (revision 5)"),
        (
            TEMPORARY,
            under(Mode.TEMPORARY_RATE, 25_000, mode_left_s=3_590),
            "the pump reports 0.600 mL/day by temporary rate for 59 min 50 s (revision 5)",
        ),
        (REFILL, FULL, "the pump reports 17.99 mL, 500 ug/mL, 0.480 mL/day (revision 5)"),
        (CLOCK, replace(AFTER, clock_s=7), "the pump reports 1970-01-01 00:00:07 (revision 5)"),
    ],
)
def test_it_is_said_what_the_pump_reports(change: Change, status: Status, said: str) -> None:
    assert reported(change, status) == said
