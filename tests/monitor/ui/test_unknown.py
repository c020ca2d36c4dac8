"""A change without a verdict: both rates stay on the screen, nothing but asking is offered, and the verdict is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.errors import LinkError, OutcomeUnknownError, RefusedError
from monitor.judgement import alarm_lines
from protocol.alarms import Priority
from protocol.messages import Change
from protocol.vocabulary import ChangeKind, Role, State, Verdict
from tests.monitor.ui.bench import Clock, FakeSource, S, lost, outcome, snapshot, unresolved, waiting
from tests.monitor.ui.stage import SMALL, WIDE, check, page, press, run, settle, shown, text

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from monitor.snapshot import Snapshot
    from monitor.ui.app import DashboardApp
    from protocol.intent import Intent
    from protocol.messages import Outcome

NEW = 25_000
OPEN = (unresolved(),)
ERROR = OutcomeUnknownError(unresolved(), "the answer was lost")
SIZES = {"120x40": WIDE, "80x24": SMALL}
RATES = "the rate is 0.500 or 0.600 mL/day"
APPLIED = (unresolved(), outcome(Verdict.APPLIED, 5, NEW))
NOT_APPLIED = (unresolved(), outcome(Verdict.NOT_APPLIED, 4, 20_833))
TO_UNKNOWN = ("r", "0.6", "enter", "tab", "enter")


def last_line(shown_page: str) -> str:
    return shown_page.split("\n---", maxsplit=1)[0].splitlines()[-1]


def alarm(shown_page: str) -> str:
    return shown_page.splitlines()[1]


def box(shown_page: str) -> str:
    """Return the inside of the box at 120 x 40 as one line."""
    rows = shown_page.split("\n---", maxsplit=1)[0].splitlines()
    return " ".join(" ".join(row[24:96].strip(" │") for row in rows).split())


def asked(source: FakeSource) -> list[str]:
    return [call[0] for call in source.calls if call[0] not in ("start", "stop")]


# --- the look -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_a_change_in_doubt_looks_as_it_did(size: str) -> None:
    gone = lost(snapshot(unresolved=OPEN))
    check(f"unknown-stale-{size}", shown(gone, size=SIZES[size], after_s=14))
    absent = waiting(unresolved=OPEN, problem="no such port: /dev/pts/7")
    check(f"unknown-waiting-{size}", shown(absent, size=SIZES[size]))


@pytest.mark.parametrize("size", SIZES)
def test_the_box_of_a_change_in_doubt_looks_as_it_did(size: str) -> None:
    source = FakeSource(snapshot(), commit_answer=ERROR)
    pages: list[str] = []

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, *TO_UNKNOWN)
        source.publish(snapshot(unresolved=OPEN))
        await press(pilot)
        pages.append(page(app))

    run(source, act, size=SIZES[size])
    check(f"rate-unknown-{size}", pages[0])


def test_nothing_moves_when_a_change_comes_into_doubt_and_out_of_it() -> None:
    source = FakeSource(snapshot())
    pages: list[list[str]] = []

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        for made in (snapshot(), snapshot(unresolved=OPEN), snapshot(settled=(APPLIED,))):
            source.publish(made)
            await settle(pilot)
            pages.append(text(app))

    run(source, act)
    inner = [[line for line in shown_page[4:-1] if "FLOW RATE" not in line] for shown_page in pages]
    assert inner[0] == inner[1] == inner[2]


# --- the alarm ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (snapshot(unresolved=OPEN), f"{RATES}: the pump does not say, and is asked again"),
        (lost(snapshot(unresolved=OPEN)), f"{RATES}: the pump is asked as soon as it answers"),
        (waiting(unresolved=OPEN), f"02-1187: {RATES}: the pump is asked as soon as it answers"),
        (snapshot(unresolved=OPEN, role=Role.VIEWER), f"{RATES}: only a technician key can ask"),
        (
            snapshot(unresolved=(unresolved(store_id=b"store-00"),)),
            f"{RATES}: memory replaced, see pump-monitor unresolved",
        ),
        (
            lost(snapshot(unresolved=(unresolved(0, change=Change(ChangeKind.STOP)),))),
            "the rate is 0.500 or 0.000 mL/day: the pump is asked as soon as it answers",
        ),
        (
            lost(snapshot(unresolved=(*OPEN, unresolved(30_000, command_id=b"command2")))),
            "the rate is 0.500, 0.600 or 0.720 mL/day: the pump is asked as soon as it answers",
        ),
        (
            lost(snapshot(unresolved=(unresolved(20_833, change=Change(ChangeKind.CLOCK, clock_s=9)),))),
            "the change of the clock was applied or not: the pump is asked as soon as it answers",
        ),
    ],
)
def test_a_change_in_doubt_is_a_high_alarm_that_says_every_rate_and_who_asks(
    made: Snapshot, said: str
) -> None:
    line = alarm_lines(made, Clock().now_ns)[0]
    assert (line.key, line.priority, line.text) == ("outcome_unknown", Priority.HIGH, said)
    assert alarm(shown(made)).startswith(f"!!! ▲ OUTCOME UNKNOWN  {said}"[:100])  # its state is never cut


def test_it_can_be_acknowledged_and_stays_until_the_verdict() -> None:
    source = FakeSource(snapshot(unresolved=OPEN))
    assert "UNACKNOWLEDGED" in alarm(shown(source))
    seen = alarm(shown(source, "a"))
    assert seen.startswith("!!! ▲ OUTCOME UNKNOWN")
    assert seen.rstrip().endswith(" acknowledged")
    assert asked(source) == []  # it is the monitor's own
    assert "OUTCOME" not in shown(snapshot(settled=(APPLIED,)))


def test_the_figure_in_doubt_is_marked() -> None:
    assert "▲ FLOW RATE" in shown(snapshot(unresolved=OPEN))


def test_notes_that_can_not_be_used_are_an_alarm_and_no_change_is_begun() -> None:
    problem = "/home/x/intents can't be read (Permission denied): changes may be noted there"
    source = FakeSource(snapshot(notes_problem=problem))
    shown_page = shown(source, "r")
    assert alarm(shown_page).startswith(
        " !! ◆ NOTES UNUSABLE  no change is made: /home/x/intents can't be read"
    )
    assert "no change is made: /home/x/intents can't be read" in last_line(shown_page)
    assert "SET RATE" not in shown_page
    assert asked(source) == []


# --- the keys -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "keys"),
    [
        (
            snapshot(unresolved=OPEN),
            " u Ask again  a Ack  s Silence  A Alarms  e Faults  t Trend  l Light  ? Help  q Quit",
        ),
        (
            lost(snapshot(unresolved=OPEN)),
            " u Ask again  a Ack  s Silence  A Alarms  e Faults  t Trend  l Light  ? Help  q Quit",
        ),
        (
            waiting(unresolved=OPEN),
            " u Ask again  a Ack  s Silence  A Alarms  e Faults  t Trend  l Light  ? Help  q Quit",
        ),
        (
            snapshot(unresolved=OPEN, role=Role.VIEWER),
            " a Ack  s Silence  A Alarms  e Faults  t Trend  l Light  ? Help  q Quit",
        ),
        (
            snapshot(unresolved=(unresolved(store_id=b"store-00"),)),
            " a Ack  s Silence  A Alarms  e Faults  t Trend  l Light  ? Help  q Quit",
        ),
    ],
)
def test_only_asking_is_offered_and_only_where_there_is_an_answer(made: Snapshot, keys: str) -> None:
    assert last_line(shown(made)) == keys


@pytest.mark.parametrize("key", ["r", "p"])
def test_nothing_is_changed_while_a_change_is_in_doubt(key: str) -> None:
    source = FakeSource(snapshot(unresolved=OPEN))
    shown_page = shown(source, key)
    assert "what became of a change is not known: nothing else is changed before that is" in last_line(
        shown_page
    )
    assert "pump 02-1187" not in shown_page
    assert asked(source) == []


def test_u_asks_again_now() -> None:
    source = FakeSource(snapshot(unresolved=OPEN))
    assert f"still unknown: {RATES}" in last_line(shown(source, "u"))
    assert asked(source) == ["settle"]


def test_u_without_a_link_says_that_it_is_tried_now() -> None:
    error = LinkError("there is no link to the pump: trying again now")
    source = FakeSource(lost(snapshot(unresolved=OPEN)), settle_answer=error)
    assert last_line(shown(source, "u")).endswith("there is no link to the pump: trying again now")


def test_u_says_why_where_asking_is_of_no_use_and_does_nothing_without_a_change_in_doubt() -> None:
    source = FakeSource(snapshot(unresolved=OPEN, role=Role.VIEWER))
    assert "the pump can't tell that to this key" in last_line(shown(source, "u"))
    assert asked(source) == []
    source = FakeSource(snapshot())
    assert shown(source, "u") == shown(snapshot())
    assert asked(source) == []


# --- the verdict ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settled", "said"),
    [
        (APPLIED, "the change to 0.600 mL/day: applied as revision 5"),
        (NOT_APPLIED, "the change to 0.600 mL/day: not applied: the rate is still 0.500 mL/day"),
    ],
)
def test_a_verdict_that_was_learned_by_reconnecting_is_told_once_in_the_last_line(
    settled: tuple[Intent, Outcome], said: str
) -> None:
    clock = Clock()
    source = FakeSource(lost(snapshot(unresolved=OPEN)))

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        assert "revision 5" not in page(app)
        source.publish(snapshot(settled=(settled,)))
        await press(pilot)
        assert last_line(page(app)).endswith(f"{said}")
        assert alarm(page(app)).startswith("    ○ OUTCOME UNKNOWN  has gone")
        clock.now_ns += 50 * S
        source.publish(snapshot(settled=(settled,)))
        await press(pilot)
        assert last_line(page(app)).endswith(f"{said}")  # for somebody who looks away for less than a minute
        clock.now_ns += 11 * S
        source.publish(snapshot(settled=(settled,)))
        await press(pilot)
        assert said not in page(app)

    run(source, act, clock=clock)


def test_a_verdict_that_was_learned_at_the_start_is_told_too() -> None:
    assert "applied as revision 5" in last_line(shown(snapshot(settled=(APPLIED,))))


@pytest.mark.parametrize("asking", [False, True])
def test_the_box_takes_a_verdict_that_was_learned_by_reconnecting(*, asking: bool) -> None:
    source = FakeSource(
        snapshot(), commit_answer=ERROR, resolve_answer=LinkError("there is no link to the pump")
    )

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, *TO_UNKNOWN)
        source.publish(lost(snapshot(unresolved=OPEN)))
        await press(pilot, *(["tab", "enter"] if asking else []))
        said = "OUTCOME STILL UNKNOWN: there is no link" if asking else f"OUTCOME UNKNOWN: {RATES}"
        assert said in box(page(app))
        source.publish(snapshot(settled=(APPLIED,)))
        await press(pilot)
        assert "applied as revision 5, reading it back" in page(app)
        source.publish(
            snapshot(settled=(APPLIED,), revision=5, commanded_rate_nl_h=NEW, programmed_rate_nl_h=NEW)
        )
        await press(pilot)
        assert "✓ set: the pump reports 0.600 mL/day (revision 5)" in page(app)
        assert "applied as revision 5" in last_line(page(app))

    run(source, act)
    assert asked(source) == ["prepare", "commit"] + ["resolve"] * asking


def test_the_box_takes_a_verdict_of_not_applied_and_never_calls_it_set() -> None:
    source = FakeSource(snapshot(), commit_answer=ERROR)

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, *TO_UNKNOWN)
        source.publish(snapshot(settled=(NOT_APPLIED,)))
        await press(pilot)
        assert "not applied: the rate is still 0.500 mL/day" in box(page(app))
        assert "✓" not in page(app)

    run(source, act)


def test_a_verdict_on_another_change_leaves_the_box_in_doubt() -> None:
    source = FakeSource(snapshot(), commit_answer=ERROR)
    other = (unresolved(command_id=b"command2"), replace(APPLIED[1], command_id=b"command2"))

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, *TO_UNKNOWN)
        source.publish(snapshot(unresolved=OPEN, settled=(other,)))
        await press(pilot)
        assert f"OUTCOME UNKNOWN: {RATES}" in box(page(app))

    run(source, act)


def test_closing_the_box_leaves_the_alarm_and_asks_nothing_by_itself() -> None:
    source = FakeSource(snapshot(), commit_answer=ERROR)

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, *TO_UNKNOWN)
        source.publish(lost(snapshot(unresolved=OPEN)))
        await press(pilot, "escape")
        assert "SET RATE" not in page(app)
        assert alarm(page(app)).startswith(f"!!! ▲ OUTCOME UNKNOWN  {RATES}")
        assert last_line(page(app)).startswith(" u Ask again")

    run(source, act)
    assert asked(source) == ["prepare", "commit"]


def test_a_change_that_meets_an_earlier_one_in_doubt_is_not_sent_and_says_so() -> None:
    source = FakeSource(snapshot(), prepare_error=ERROR)
    shown_page = shown(source, "r", "0.6", "enter")
    assert f"an earlier change is in doubt: {RATES}" in box(shown_page)
    assert asked(source) == ["prepare"]


def test_a_late_answer_takes_nothing_back_from_a_verdict() -> None:
    from monitor.ui.flow import Flow, Step  # noqa: PLC0415 - only this test speaks to the flow itself
    from monitor.ui.moment import Moment  # noqa: PLC0415 - as above
    from protocol.dosing import Rules  # noqa: PLC0415 - as above

    made = snapshot()
    assert made.reading is not None
    moment = Moment(made, Clock().now_ns)
    flow = Flow(ChangeKind.RATE, moment, made.reading, Rules())
    flow.ask({"rate_nl_h": "0.6"})
    source = FakeSource(made)
    flow.on_prepared(source.prepared(Change(ChangeKind.RATE, NEW), made.reading.status), moment.now_ns)
    flow.send()
    flow.on_error(ERROR)
    flow.on_outcome(NOT_APPLIED[1])
    for late in (ERROR, RefusedError("no"), LinkError("gone")):
        flow.on_error(late)
    flow.on_outcome(APPLIED[1])
    assert (flow.step, flow.said) == (Step.ENDED, "not applied: the rate is still 0.500 mL/day")


def test_a_stopped_pump_in_doubt_is_not_resumed_either() -> None:
    stopped = snapshot(
        state=State.STOPPED,
        commanded_rate_nl_h=0,
        measured_rate_nl_h=0,
        unresolved=(unresolved(0, change=Change(ChangeKind.STOP)),),
    )
    assert "RESUME DELIVERY" not in shown(stopped, "p")
