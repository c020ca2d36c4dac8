from __future__ import annotations

import dataclasses
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import pytest

from monitor.drugs import find_rules
from monitor.errors import LinkError, OutcomeUnknownError, RefusedError
from protocol.drugs import PatientClass
from protocol.messages import Change, Prepared
from protocol.vocabulary import ChangeKind, EventKind, State, Verdict
from tests.monitor.ui.bench import SERIAL, Clock, FakeSource, S, event, lost, outcome, snapshot, unresolved
from tests.monitor.ui.stage import page, press, run, shown

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from monitor.ui.app import DashboardApp

NEW = 25_000  # 0.600 mL/day, a step that is neither soft nor large
LARGE = 27_083  # 0.650 mL/day
WHY = (*"meant", "enter")  # what is typed where a soft limit is crossed


def sent(source: FakeSource) -> list[tuple[Any, ...]]:
    return [call for call in source.calls if call[0] not in ("start", "stop")]


def sentence(shown_page: str) -> str:
    """Return the inside of the box at 120 x 40 as one line, so that it does not matter where a sentence wraps."""
    rows = shown_page.split("\n---", maxsplit=1)[0].splitlines()
    return " ".join(" ".join(row[24:96].strip(" │") for row in rows).split())


def test_enter_asks_the_pump_and_shows_its_own_account() -> None:
    source = FakeSource(snapshot())
    shown_page = shown(source, "r", "0.6", "enter")
    assert sent(source) == [("prepare", Change(ChangeKind.RATE, NEW), 4, "")]
    for fact in (
        "0.500 mL/day →    0.600 mL/day  +20.0 %  x1.2",
        "25.2 →            21.0  -4.2",
        "4 days sooner",
    ):
        assert fact in shown_page
    assert "Bounds read from the pump." in shown_page


def test_enter_alone_never_sends_because_cancel_has_the_focus() -> None:
    source = FakeSource(snapshot())
    shown_page = shown(source, "r", "0.6", "enter", "enter")
    assert ("commit", NEW) not in source.calls
    assert "SET RATE" not in shown_page
    assert "abandoned: the rate is still 0.500 mL/day" in shown_page


def test_enter_is_shown_at_the_button_that_it_would_press() -> None:
    review = shown(FakeSource(snapshot()), "r", "0.6", "enter")
    assert "Cancel  ⏎" in review
    assert "Send to 02-1187  →" in review
    moved_on = shown(FakeSource(snapshot()), "r", "0.6", "enter", "right")
    assert "Cancel  esc" in moved_on
    assert "Send to 02-1187  ⏎" in moved_on


@pytest.mark.parametrize("key", ["tab", "right"])
def test_send_is_reached_by_tab_or_arrow_and_pressed_by_enter(key: str) -> None:
    source = FakeSource(snapshot())
    shown_page = shown(source, "r", "0.6", "enter", key, "enter")
    assert sent(source)[-1] == ("commit", NEW)
    assert "applied as revision 5, reading it back" in shown_page


@pytest.mark.requirement("R6.5.0(9)")
@pytest.mark.parametrize("typed", ["0.65", "0.650", "0.65 mL/day", "27.083 uL/h"])
def test_a_large_step_is_sent_only_when_the_same_figure_is_typed_again(typed: str) -> None:
    source = FakeSource(snapshot())
    shown_page = shown(source, "r", "0.65", "enter", *WHY, "enter")
    assert "+30.0 %: the step up is above its upper soft limit, 20 % (assumption). Reason: meant" in sentence(
        shown_page
    )
    assert [call[0] for call in sent(source)] == ["prepare"]
    source = FakeSource(snapshot())
    shown(source, "r", "0.65", "enter", *WHY, typed, "enter")
    assert sent(source) == [("prepare", Change(ChangeKind.RATE, LARGE), 4, "meant"), ("commit", LARGE)]


@pytest.mark.parametrize("typed", ["", "   "])
def test_over_a_soft_limit_the_pump_is_not_even_asked_without_a_reason(typed: str) -> None:
    source = FakeSource(snapshot())
    shown_page = shown(source, "r", "0.65", "enter", *typed, "enter")
    assert "above its upper soft limit, 20 % (assumption). Say why." in sentence(shown_page)
    assert "Reason" in shown_page
    assert sent(source) == []


def test_no_reason_is_asked_for_within_the_soft_limits_or_beyond_a_hard_one() -> None:
    for typed in ("0.6", "50"):
        assert "Reason" not in shown(snapshot(), "r", typed)


@pytest.mark.requirement("R6.5.0(9)")
@pytest.mark.parametrize("typed", ["0.6", "6.5", "0,65", "065", "stop"])
def test_another_figure_does_not_arm_send(typed: str) -> None:
    source = FakeSource(snapshot())
    shown(source, "r", "0.65", "enter", *WHY, *typed, "enter")
    assert [call[0] for call in sent(source)] == ["prepare"]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "nothing was given where a rate was expected"),
        ("0,6", 'has a decimal comma: write a point, "0.6 mL/day"'),
        (".6", "lacks its leading zero"),
        ("06", "has a needless leading zero"),
        ("0.6005", "is finer than a rate can be given in mL/day"),
        ("6e-1", "has an exponent"),
        ("50", "50.000 mL/day is above the greatest rate, 24.000 mL/day"),
        ("0.01", "0.010 mL/day is below the least rate, 0.048 mL/day"),
        ("0.5", "that is the present rate: there is nothing to change"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_sentence_that_mends_it(typed: str, why: str) -> None:
    source = FakeSource(snapshot())
    shown_page = shown(source, "r", *typed, "enter", "enter")
    assert why in sentence(shown_page)
    assert sent(source) == []


@pytest.mark.requirement("R6.5.0(10)")
def test_a_hard_bound_is_named_while_typing() -> None:
    assert "50.000 mL/day is above the greatest rate, 24.000 mL/day" in shown(snapshot(), "r", "50")


def test_twice_the_rate_asks_to_look_at_the_decimal_point() -> None:
    shown_page = shown(snapshot(), "r", "5", "enter", *WHY)
    assert "Look at the decimal point." in sentence(shown_page)
    assert "+900.0 %  x10" in shown_page


def test_as_set_is_said_once_a_reading_shows_it() -> None:
    source = FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "r", "0.6", "enter", "tab", "enter")
        source.publish(snapshot())
        await press(pilot)
        assert "reading it back" in page(app)
        source.publish(snapshot(revision=5, commanded_rate_nl_h=NEW, programmed_rate_nl_h=NEW))
        await press(pilot)
        assert "✓ set: the pump reports 0.600 mL/day (revision 5)" in page(app)
        await press(pilot, "escape")
        assert "SET RATE" not in page(app)

    run(source, act)
    assert [call[0] for call in sent(source)] == ["prepare", "commit"]


@pytest.mark.parametrize(("revision", "rate"), [(5, 20_833), (6, NEW)])
def test_not_as_set_is_said_where_the_reading_differs(revision: int, rate: int) -> None:
    source = FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "r", "0.6", "enter", "tab", "enter")
        source.publish(snapshot(revision=revision, commanded_rate_nl_h=rate))
        await press(pilot)
        assert f"NOT AS SET: the pump reports {'0.500' if rate == 20_833 else '0.600'} mL/day" in page(app)
        assert "✓" not in page(app)

    run(source, act)


def test_applied_but_not_read_back_is_said_when_the_link_is_lost_in_between() -> None:
    clock = Clock()
    source = FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "r", "0.6", "enter", "tab", "enter")
        clock.now_ns += 14 * S
        source.publish(lost(snapshot()))
        await press(pilot)
        assert "applied as revision 5, but not read back: no answer for 14 s" in page(app)

    run(source, act, clock=clock)


def test_an_unknown_outcome_names_both_rates_and_can_only_be_asked_about() -> None:
    error = OutcomeUnknownError(unresolved(), "the answer was lost")
    source = FakeSource(snapshot(), commit_answer=error)
    shown_page = shown(source, "r", "0.6", "enter", "tab", "enter")
    assert "OUTCOME UNKNOWN: the rate is 0.500 or 0.600 mL/day" in shown_page
    assert "Ask again" in shown_page

    source = FakeSource(snapshot(), commit_answer=error, resolve_answer=LinkError("no answer from the port"))
    shown_page = shown(source, "r", "0.6", "enter", "tab", "enter", "tab", "enter")
    assert "OUTCOME STILL UNKNOWN: no answer from the port" in shown_page

    source = FakeSource(
        snapshot(), commit_answer=error, resolve_answer=outcome(Verdict.NOT_APPLIED, 4, 20_833)
    )
    shown_page = shown(source, "r", "0.6", "enter", "tab", "enter", "tab", "enter")
    assert "not applied: the rate is still 0.500 mL/day" in shown_page

    source = FakeSource(snapshot(), commit_answer=error, resolve_answer=outcome(Verdict.APPLIED, 5, NEW))
    shown_page = shown(source, "r", "0.6", "enter", "tab", "enter", "tab", "enter")
    assert "applied as revision 5, reading it back" in shown_page


@pytest.mark.parametrize("error", [RefusedError("the pump is busy"), LinkError("the port is gone")])
def test_a_refused_send_says_so_and_goes_back_to_the_first_step(error: Exception) -> None:
    source = FakeSource(snapshot(), commit_answer=error)
    shown_page = shown(source, "r", "0.6", "enter", "tab", "enter")
    assert f"◆ {error}" in shown_page
    assert "step 1 of 2" in shown_page


def test_a_pump_that_understood_another_figure_gets_nothing_sent() -> None:
    source = FakeSource(snapshot(), new_rate_nl_h=250_000)
    shown_page = shown(source, "r", "0.6", "enter")
    assert "the pump understood 6.000 mL/day, not 0.600 mL/day: it was not sent" in sentence(shown_page)
    assert "commit" not in [call[0] for call in sent(source)]


@pytest.mark.requirement("EC24")
def test_an_offer_that_expired_goes_back_to_the_first_step() -> None:
    clock = Clock()
    source = FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "r", "0.6", "enter")
        source.publish(snapshot())
        clock.now_ns += 15 * S
        app._tick()
        await press(pilot)
        assert "step 1 of 2" in page(app)

    run(source, act, clock=clock)


def test_send_is_disarmed_while_the_reading_is_stale() -> None:
    clock = Clock()
    source = FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "r", "0.65", "enter", *WHY, "0.65")
        clock.now_ns += 5 * S
        app._tick()
        await press(pilot, "enter")
        assert "the reading is 5 s old: Send is off until the pump answers" in page(app)
        assert [call[0] for call in sent(source)] == ["prepare"]
        clock.now_ns -= 5 * S
        app._tick()
        await press(pilot, "enter")
        assert [call[0] for call in sent(source)] == ["prepare", "commit"]

    run(source, act, clock=clock)


def test_send_is_disarmed_when_the_settings_change_under_the_box() -> None:
    source = FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "r", "0.65", "enter", *WHY, "0.65")
        source.publish(snapshot(revision=5))
        await press(pilot, "enter")
        assert "settings changed since this box opened (revision 4, now 5)" in sentence(page(app))

    run(source, act)
    assert [call[0] for call in sent(source)] == ["prepare"]


def test_the_alarm_lines_stay_lit_above_the_box() -> None:
    lines = shown(snapshot(alarms=1), "r")
    bars = [line for line in lines.split("---")[1].splitlines() if "medium-on on medium-fill" in line]
    assert "LOW RESERVOIR" in bars[0]


def test_escape_gives_up_what_the_pump_was_asked_to_keep() -> None:
    source = FakeSource(snapshot())
    assert "abandoned: the rate is still 0.500 mL/day" in shown(source, "r", "0.65", "enter", *WHY, "escape")
    assert sent(source)[-1] == ("resolve", b"command1")


def test_escape_before_anything_was_asked_asks_nothing() -> None:
    source = FakeSource(snapshot())
    shown(source, "r", "0.65", "escape")
    assert sent(source) == []


def test_an_answer_that_comes_after_the_box_was_closed_is_given_up_too() -> None:
    class Slow(FakeSource):
        pending: Future[Prepared] = Future()

        def prepare(self, change: Change, **_: object) -> Future[Prepared]:
            self.calls.append(("prepare", change))
            return self.pending

    source = Slow(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "r", "0.6", "enter")
        assert "asking the pump what it would do" in page(app)
        await press(pilot, "escape")
        status = snapshot().reading
        assert status is not None
        source.pending.set_result(source.prepared(Change(ChangeKind.RATE, NEW), status.status))
        await press(pilot)

    run(source, act)
    assert sent(source)[-1] == ("resolve", b"command1")


def test_a_stop_asks_for_its_word() -> None:
    source = FakeSource(snapshot())
    shown_page = shown(source, "p", "enter")
    assert "Nothing is delivered while the pump is stopped." in shown_page
    assert 'Type "stop"' in shown_page
    assert sent(source) == [("prepare", Change(ChangeKind.STOP), 4, "")]

    source = FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "p", *"stop", "enter")
        source.publish(snapshot(revision=5, commanded_rate_nl_h=0, measured_rate_nl_h=0, state=State.STOPPED))
        await press(pilot)
        assert "✓ stopped: the pump reports 0.000 mL/day (revision 5)" in page(app)

    run(source, act)
    assert sent(source)[-1] == ("commit", 0)


@pytest.mark.requirement("R6.5.0(22)")
def test_a_resume_asks_for_its_word() -> None:
    stopped = snapshot(state=State.STOPPED, commanded_rate_nl_h=0, measured_rate_nl_h=0)
    source = FakeSource(stopped)
    assert "Delivery goes on at 0.500 mL/day." in shown(source, "p", *"stop", "enter")
    assert [call[0] for call in sent(source)] == ["prepare"]
    source = FakeSource(stopped)
    shown(source, "p", *"resume", "enter")
    assert sent(source)[-1] == ("commit", 20_833)


def test_the_box_names_the_pump_it_would_send_to() -> None:
    shown_page = shown(snapshot(), "r", "0.6", "enter")
    assert f"SET RATE  pump {SERIAL}" in shown_page
    assert f"Send to {SERIAL}" in shown_page


def test_by_a_drug_library_the_box_names_parameter_bound_and_source_of_each_soft_limit() -> None:
    source = FakeSource(snapshot(concentration_ug_ml=2_000, pump_time_us=900 * 3_600 * 1_000_000))
    shown_page = shown(source, "r", "0.66", rules=find_rules(None, "baclofen", PatientClass.SPINAL))
    said = "+32.0 %: the step up is above its upper soft limit, 30 % (Saulino 2016; upper hard an assumption), and 1 more."
    assert said in sentence(shown_page)
    assert "Reason" in shown_page
    shown_page = shown(source, "r", "0.75", rules=find_rules(None, "baclofen", PatientClass.SPINAL))
    assert "0.750 mL/day is more than +40 % in one step: 0.700 mL/day at the most" in sentence(shown_page)
    assert "Reason" not in shown_page


def test_an_increase_in_the_log_is_seen_by_the_box() -> None:
    raised = event(8, 3_600, EventKind.RATE_CHANGED, 0, 18_750, 20_833)
    made = snapshot(concentration_ug_ml=500, pump_time_us=(90_000 * 1_000_000), events=(raised,))
    shown_page = shown(made, "r", "0.6", rules=find_rules(None, "baclofen", PatientClass.SPINAL))
    assert "one increase in 24 h (Saulino 2016)" not in sentence(
        shown_page
    )  # at pump time 0, more than a day before
    late = dataclasses.replace(raised, pump_time_us=(90_000 - 3_600) * 1_000_000)
    made = dataclasses.replace(made, events=(late,))
    shown_page = shown(made, "r", "0.6", rules=find_rules(None, "baclofen", PatientClass.SPINAL))
    assert "one increase in 24 h (Saulino 2016): 23 h 0 min left" in sentence(shown_page)
