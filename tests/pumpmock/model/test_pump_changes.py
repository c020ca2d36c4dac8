"""What a pump does when it is told to."""

from __future__ import annotations

import pytest

from protocol.alarms import Alarm
from protocol.messages import SENTENCE, Change
from protocol.units import US_PER_H
from protocol.vocabulary import ChangeKind, EventKind, Refusal, State
from pumpmock.model.pump import Pump
from tests.pumpmock.conftest import to_rate
from tests.settings import usual_settings

STOP, RESUME = Change(ChangeKind.STOP), Change(ChangeKind.RESUME)
LOW, EMPTY, ERI, STOPPED, EOS, *_ = (1 << alarm for alarm in Alarm)


def running(*, fill_nl: int = 18_000_000, battery_percent: int = 100) -> Pump:
    settings = usual_settings(epoch_s=1_000, stopped_alarm_s=0)  # its alarm comes with the stop
    return Pump(settings, fill_nl=fill_nl, rate_nl_h=25_000, battery_percent=battery_percent)


def stopped(*, fill_nl: int = 18_000_000) -> Pump:
    pump = running(fill_nl=fill_nl)
    pump.apply(STOP)
    return pump


def empty() -> Pump:
    return running(fill_nl=1_400_000)


def stopped_and_empty() -> Pump:
    return stopped(fill_nl=1_400_000)


def ended() -> Pump:
    return running(battery_percent=0)


def entries(pump: Pump) -> list[tuple[EventKind, int, int, int]]:
    return [(entry.kind, entry.detail, entry.a, entry.b) for entry in pump.events.since(0)]


def test_a_new_rate_counts_from_the_instant_of_the_change() -> None:
    pump = running()
    pump.advance(10 * US_PER_H)
    pump.apply(to_rate(30_000))
    pump.advance(10 * US_PER_H)
    sample = pump.sample()
    assert sample.delivered_nl == 550_000
    assert sample.commanded_rate_nl_h == sample.measured_rate_nl_h == sample.programmed_rate_nl_h == 30_000
    assert entries(pump) == [(EventKind.RATE_CHANGED, 0, 25_000, 30_000)]


def test_a_stop_holds_the_motor_keeps_the_programmed_rate_and_raises_its_alarm() -> None:
    pump = running()
    pump.advance(US_PER_H)
    pump.apply(STOP)
    pump.advance(US_PER_H)
    sample = pump.sample()
    assert (sample.state, sample.alarms) == (State.STOPPED, STOPPED)
    assert (sample.commanded_rate_nl_h, sample.measured_rate_nl_h, sample.programmed_rate_nl_h) == (
        0,
        0,
        25_000,
    )
    assert sample.delivered_nl == 25_000
    assert entries(pump) == [(EventKind.STOPPED, 0, 25_000, 0), (EventKind.ALARM_RAISED, Alarm.STOPPED, 0, 0)]


@pytest.mark.requirement("R6.5.0(22)")
def test_a_resume_returns_to_the_programmed_rate_and_ends_alarm_and_acknowledgement() -> None:
    pump = stopped()
    pump.acknowledge(STOPPED)
    pump.apply(RESUME)
    pump.advance(US_PER_H)
    sample = pump.sample()
    assert (sample.state, sample.alarms, sample.acknowledged) == (State.RUNNING, 0, 0)
    assert sample.commanded_rate_nl_h == sample.measured_rate_nl_h == 25_000
    assert sample.delivered_nl == 25_000
    assert entries(pump)[3:] == [
        (EventKind.RESUMED, 0, 0, 25_000),
        (EventKind.ALARM_CLEARED, Alarm.STOPPED, 0, 0),
    ]


@pytest.mark.requirement("R6.6.0(1-3) events", "R6.6.0(1-3) time")
def test_entries_carry_pump_time_and_the_calendar_clock() -> None:
    pump = running()
    pump.advance(2_500_000)
    pump.record(EventKind.REFUSED, detail=7, a=1, b=2)
    entry = pump.events.since(0)[0]
    assert (entry.number, entry.pump_time_us, entry.clock_s) == (1, 2_500_000, 1_002)
    assert (entry.kind, entry.detail, entry.a, entry.b) == (EventKind.REFUSED, 7, 1, 2)


@pytest.mark.parametrize(
    ("pump", "change", "said"),
    [
        (stopped(), to_rate(30_000), "the pump is stopped: resume it first"),
        (stopped(), STOP, "the pump is stopped already"),
        (running(), RESUME, "not stopped"),
        (empty(), to_rate(25_001), "the reservoir is empty"),
        (empty(), RESUME, "not stopped"),
        (stopped_and_empty(), RESUME, "the reservoir is empty"),
        (stopped_and_empty(), to_rate(20_000), "the pump is stopped: resume it first"),
        (ended(), to_rate(2_000), "end of service"),
        (ended(), STOP, "end of service"),
        (ended(), RESUME, "end of service"),
    ],
)
def test_what_the_state_forbids_is_refused_and_changes_nothing(pump: Pump, change: Change, said: str) -> None:
    before = pump.to_dict()
    refused = pump.refuse(change)
    assert refused is not None
    assert (refused.reason, refused.bound) == (Refusal.WRONG_STATE, 0)
    assert said in refused.sentence
    assert len(refused.sentence) <= SENTENCE
    with pytest.raises(ValueError, match=said):
        pump.apply(change)
    assert pump.to_dict() == before


@pytest.mark.parametrize(
    ("build", "change"),
    [
        (running, to_rate(1_000_000)),
        (running, to_rate(25_000)),
        (running, STOP),
        (stopped, RESUME),
        (empty, to_rate(25_000)),
        (empty, to_rate(2_000)),
        (empty, STOP),
    ],
)
def test_what_the_state_allows_is_taken(build: object, change: Change) -> None:
    assert callable(build)
    pump = build()
    assert pump.refuse(change) is None
    pump.apply(change)
    assert pump.events.newest > 0


@pytest.mark.parametrize("rate_nl_h", [1, 1_999, 1_000_001])
def test_a_rate_at_which_the_pump_cannot_turn_is_never_applied(rate_nl_h: int) -> None:
    pump = running()
    before = pump.to_dict()
    with pytest.raises(ValueError, match=r"the (least|greatest) rate"):
        pump.apply(to_rate(rate_nl_h))
    assert pump.to_dict() == before


def test_an_empty_pump_that_was_stopped_still_says_that_it_is_empty() -> None:
    assert stopped_and_empty().sample().state is State.EMPTY
    assert stopped_and_empty().sample().commanded_rate_nl_h == 0


def test_a_lower_rate_for_an_empty_pump_moves_nothing() -> None:
    pump = empty()
    pump.apply(to_rate(2_000))
    pump.advance(US_PER_H)
    sample = pump.sample()
    assert (sample.commanded_rate_nl_h, sample.measured_rate_nl_h, sample.delivered_nl) == (2_000, 0, 0)


def test_only_news_of_active_alarms_is_acknowledged_and_logged_one_by_one() -> None:
    pump = stopped_and_empty()
    logged = pump.events.newest
    assert pump.acknowledge(LOW | STOPPED | ERI | 1 << 31) == LOW | STOPPED
    assert pump.acknowledge(LOW | EMPTY) == EMPTY
    assert pump.acknowledge(LOW | EMPTY) == 0
    assert pump.sample().acknowledged == pump.sample().alarms == LOW | EMPTY | STOPPED
    assert entries(pump)[logged:] == [
        (EventKind.ACKNOWLEDGED, Alarm.LOW_RESERVOIR, 0, 0),
        (EventKind.ACKNOWLEDGED, Alarm.STOPPED, 0, 0),
        (EventKind.ACKNOWLEDGED, Alarm.EMPTY_RESERVOIR, 0, 0),
    ]


def test_an_alarm_that_comes_again_asks_for_attention_anew() -> None:
    pump = stopped()
    pump.acknowledge(STOPPED)
    pump.apply(RESUME)
    pump.apply(STOP)
    assert (pump.sample().alarms, pump.sample().acknowledged) == (STOPPED, 0)


def test_replanning_for_ever_leaves_one_plan_on_the_clock() -> None:
    pump = running()
    for _ in range(100):
        pump.apply(to_rate(25_000))
    assert len(pump.clock._queue) == 1
