"""docs/protocol.md says in which state this pump takes which change, which of several reasons it tells, and what it logs."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from docs.tables import PAGE
from protocol.alarms import Alarm
from protocol.bounds import Basis, Bounds
from protocol.messages import Change, Commit, Outcome, Prepare, Prepared, Rejected, Resolve, Step
from protocol.units import US_PER_H
from protocol.vocabulary import ChangeKind, EventKind, Refusal, State
from pumpmock.device import _SINGLY
from pumpmock.limits import Facts, limit_finding
from pumpmock.model.drug import DrugRules
from pumpmock.model.guard import Span
from pumpmock.model.log import LENGTH, MOST_TALK, TALK
from pumpmock.model.pump import Pump
from tests.pumpmock.conftest import RATE_NL_H, Bench, S, new_memory
from tests.settings import usual_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEXT = PAGE.read_text(encoding="utf-8")
SETTINGS = usual_settings()
STOP = Change(ChangeKind.STOP)
EMPTIED = Change(ChangeKind.REFILL, volume_nl=SETTINGS.residual_nl)
MODES = (
    Change(ChangeKind.MINIMUM_RATE),
    Change(ChangeKind.TEMPORARY_RATE, 40_000, duration_s=7_200),
    Change(ChangeKind.TEMPORARY_RATE, 2_000, duration_s=7_200),
    Change(ChangeKind.BOLUS, volume_nl=500_000, duration_s=3_600),
)
# Changes of each kind, to less and to more than any of the modes and the program.
WANTED = (
    *(Change(ChangeKind.RATE, rate) for rate in (2_000, RATE_NL_H, 50_000)),
    *(Change(kind) for kind in (ChangeKind.STOP, ChangeKind.RESUME, ChangeKind.MINIMUM_RATE)),
    *(Change(ChangeKind.TEMPORARY_RATE, rate, duration_s=60) for rate in (2_000, RATE_NL_H, 50_000)),
    Change(ChangeKind.BOLUS, volume_nl=1_000, duration_s=60),
    *(Change(ChangeKind.FLEX, weekdays=0x7F, steps=(Step(0, rate),)) for rate in (2_000, 50_000)),
    Change(ChangeKind.REFILL, volume_nl=18_000_000),
    Change(ChangeKind.PRIME, volume_nl=1_000),
    Change(ChangeKind.BRIDGE, 2_000, volume_nl=1_000),
    Change(ChangeKind.CLOCK, clock_s=1_767_225_600),
)


def states_on_the_page() -> dict[tuple[str, str], str]:
    """Return what the page's table says of each kind in each state."""
    table = TEXT.split("the answer is WRONG_STATE:\n\n")[1].split("\n\n")[0]
    heads, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n"))
    return {(row[0], state): said for row in rows for state, said in zip(heads[1:], row[1:], strict=True)}


PAGE_SAYS = states_on_the_page()


def pump_in(state: State, mode: Change | None = None, rate_nl_h: int = RATE_NL_H) -> Pump:
    """Return a pump in a state, with a mode over a program of this rate."""
    fill_nl = SETTINGS.residual_nl + 1_000_000
    charge = 0 if state is State.END_OF_SERVICE else 100
    pump = Pump(SETTINGS, fill_nl=fill_nl, rate_nl_h=rate_nl_h, battery_percent=charge)
    if mode is not None and state is not State.END_OF_SERVICE:
        pump.apply(mode)
    if state is State.STOPPED:
        pump.apply(STOP)
    if state is State.EMPTY:
        pump.apply(EMPTIED)
    if state is State.STALLED:
        pump._note(Alarm.STALL)
    return pump


def cases() -> Iterator[tuple[str, Pump, tuple[str, ...]]]:
    """Return pumps, each with the states whose columns it must keep."""
    more = {State.EMPTY: ("RUNNING", "EMPTY"), State.STALLED: ("RUNNING",)}
    for state, mode, rate_nl_h in itertools.product(State, (None, *MODES), (0, RATE_NL_H)):
        name = mode.kind.name if mode else "PROGRAM"
        pump = pump_in(state, mode, rate_nl_h)
        assert pump.sample().state is state
        yield f"{state.name} {name} {rate_nl_h}", pump, more.get(state, (state.name,))
    for rate_nl_h in (0, RATE_NL_H):
        pump = pump_in(State.STOPPED, rate_nl_h=rate_nl_h)
        pump.apply(EMPTIED)
        yield f"stopped and EMPTY {rate_nl_h}", pump, ("STOPPED", "EMPTY")
        pump = pump_in(State.STOPPED, rate_nl_h=rate_nl_h)
        pump._note(Alarm.STALL)
        yield f"stopped and STALLED {rate_nl_h}", pump, ("STOPPED",)


CASES = list(cases())


def takes(said: str, pump: Pump, change: Change) -> bool:
    """Return whether a change is taken where the page says this of its kind."""
    now = pump.sample()
    return {
        "yes": True,
        "no": False,
        "no more": pump.foresee(change).rate_nl_h <= now.commanded_rate_nl_h,
        "under a mode": now.mode.name != "PROGRAM",
        "once": now.mode.name != "MINIMUM_RATE",
    }[said]


def by_the_page(table: dict[tuple[str, str], str], case: tuple[str, Pump, tuple[str, ...]]) -> list[bool]:
    """Return of each change whether a table says that the pump of a case takes it."""
    _, pump, columns = case
    return [
        all(takes(table[change.kind.name, column], pump, change) for column in columns) for change in WANTED
    ]


def test_the_table_has_every_kind_in_every_state() -> None:
    columns = set(State) - {State.STALLED}  # which is told beside the table
    assert set(PAGE_SAYS) == {(kind.name, state.name) for kind in ChangeKind for state in columns}
    assert {change.kind for change in WANTED} == set(ChangeKind)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_a_change_is_refused_for_the_state_just_where_the_page_says_so(
    case: tuple[str, Pump, tuple[str, ...]],
) -> None:
    _, pump, _ = case
    found = [pump.refuse(change) for change in WANTED]
    assert {one.reason for one in found if one} <= {Refusal.WRONG_STATE}
    assert [one is None for one in found] == by_the_page(PAGE_SAYS, case)


@pytest.mark.parametrize("cell", PAGE_SAYS)
def test_a_word_that_is_too_much_or_too_little_is_noticed(cell: tuple[str, str]) -> None:
    for word in {"yes", "no"} - {PAGE_SAYS[cell]}:
        table = PAGE_SAYS | {cell: word}
        assert any(by_the_page(table, case) != by_the_page(PAGE_SAYS, case) for case in CASES)


def test_two_alarms_hold_back_what_the_page_says() -> None:
    reset, unknown = pump_in(State.RUNNING), pump_in(State.STOPPED)
    reset.reset_critically()
    whole_week = {change for change in WANTED if change.kind is ChangeKind.FLEX}
    part = Change(ChangeKind.FLEX, weekdays=0x3F, steps=(Step(0, RATE_NL_H),))
    kinds = {ChangeKind.RATE, ChangeKind.STOP, ChangeKind.REFILL, ChangeKind.CLOCK}
    taken = {change for change in (*WANTED, part) if reset.refuse(change) is None}
    assert taken == whole_week | {change for change in WANTED if change.kind in kinds}
    assert unknown.refuse(Change(ChangeKind.RESUME)) is None
    unknown.hold(DrugRules("library", "0" * 64, "morphine"))
    assert unknown.refuse(Change(ChangeKind.RESUME)) is not None


# --- the order ----------------------------------------------------------------------------------------------------


def order_on_the_page() -> list[Refusal]:
    """Return the limits in the order in which the page says that they are told."""
    (said,) = re.findall(r"^- limits: (.*?);$", TEXT, re.MULTILINE | re.DOTALL)
    return [Refusal[name] for name in re.findall(r"[A-Z]+(?:_[A-Z]+)*", said)]


BOUNDS = Bounds(
    5_000,
    60_000,
    step_up_percent=20,
    step_down_percent=20,
    day_up_percent=20,
    least_dose_ug_day=200,
    most_dose_ug_day=400,
    most_bolus_nl=1_000,
    most_bolus_ug=100,
    most_day_nl=1,
)
# Without this, the limit is none.
RELAXED: dict[Refusal, dict[str, int]] = {
    Refusal.BELOW_LEAST: {"least_rate_nl_h": 0},
    Refusal.BELOW_DOSE: {"least_dose_ug_day": 0},
    Refusal.STEP_DOWN: {"step_down_percent": 0},
    Refusal.ABOVE_MOST: {"most_rate_nl_h": 10**6},
    Refusal.ABOVE_DOSE: {"most_dose_ug_day": 0},
    Refusal.STEP_UP: {"step_up_percent": 0},
    Refusal.DAY_UP: {"day_up_percent": 0},
    Refusal.BOLUS_VOLUME: {"most_bolus_nl": 0},
    Refusal.BOLUS_DOSE: {"most_bolus_ug": 0},
    Refusal.DURATION: {"most_rate_nl_h": 10**9},
    Refusal.DAY_VOLUME: {"most_day_nl": 0},
}


def told(change: Change) -> list[Refusal]:
    """Return what a change crosses, in the order in which it is told where each limit told is taken away."""
    planned: Callable[[Change | None], tuple[Span, ...]] = lambda change: (  # noqa: E731 - a course of a line
        Span(0, 20_000 if change is None else 40_000),
        Span(24 * US_PER_H, 0),
    )
    facts = Facts(Basis(20_000, 500, 20_000), ((Step(0, 20_000),),) * 7, (), planned)
    bounds, reasons = BOUNDS, list[Refusal]()
    while found := limit_finding(change, facts, bounds):
        reasons.append(found.reason)
        bounds = replace(bounds, **RELAXED[found.reason])
    return reasons


@pytest.mark.parametrize(
    "change",
    [
        Change(ChangeKind.RATE, 4_000),
        Change(ChangeKind.RATE, 70_000),
        Change(ChangeKind.TEMPORARY_RATE, 70_000, duration_s=60),
        Change(ChangeKind.BRIDGE, 4_000, volume_nl=100),
        Change(ChangeKind.BOLUS, volume_nl=500_000, duration_s=60),
        Change(ChangeKind.PRIME, volume_nl=500_000),
    ],
    ids=lambda change: change.kind.name,
)
def test_of_several_limits_the_first_by_the_page_is_told(change: Change) -> None:
    reasons = told(change)
    assert len(reasons) >= 2
    assert reasons == [reason for reason in order_on_the_page() if reason in reasons]


def test_the_page_names_every_limit_and_each_is_crossed_by_some_change() -> None:
    changes = (Change(ChangeKind.RATE, rate) for rate in (4_000, 70_000))
    crossed = {reason for change in changes for reason in told(change)}
    crossed |= set(told(Change(ChangeKind.BOLUS, volume_nl=500_000, duration_s=60)))
    assert crossed == set(order_on_the_page()) == set(RELAXED)
    assert len(order_on_the_page()) == len(RELAXED)


def steps_on_the_page(what: str) -> list[str]:
    """Return the reasons that the page lists for a request, in order; limits and state stand for theirs."""
    (said,) = re.findall(rf"^- of a {what}: (.*?);$", TEXT, re.MULTILINE | re.DOTALL)
    return re.findall(r"[A-Z]+(?:_[A-Z]+)+|VOID|MALFORMED|BUSY|LOCKED|limits|state", said)


def test_of_several_reasons_against_a_prepare_the_first_by_the_page_is_told() -> None:
    hold = {"lockout_s": 7_200, "refusals_allowed": 1, "refusal_window_s": 60, "lock_s": 3_600}
    bench = Bench(new_memory(**hold))
    reasons: list[Refusal] = []

    def ask(number: int, change: Change, revision: int | None = None, rate_nl_h: int | None = None) -> None:
        now = bench.status()
        seen = (now.revision if revision is None else revision, rate_nl_h or now.commanded_rate_nl_h)
        reasons.append(Refusal(bench.serve(Prepare(identify(number), *seen, 0, change), Rejected).reason))

    def make(number: int, change: Change) -> None:
        prepared = bench.serve(offer(number, change), Prepared)
        bench.serve(Commit(identify(number), prepared.token), Outcome)

    def identify(number: int) -> bytes:
        return b"change" + number.to_bytes(2, "big")

    def offer(number: int, change: Change) -> Prepare:
        now = bench.status()
        return Prepare(identify(number), now.revision, now.commanded_rate_nl_h, 0, change)

    over, unfit = Change(ChangeKind.RATE, 1_000_001), Change(ChangeKind.RATE, 1_000_001, duration_s=1)
    bench.serve(offer(9, over), Rejected)  # which locks all but STOP and MINIMUM_RATE
    make(1, Change(ChangeKind.MINIMUM_RATE))  # which makes the next one too soon
    bench.serve(Resolve(identify(2)), Outcome)
    bench.serve(offer(3, STOP), Prepared)
    ask(1, unfit, revision=99)
    ask(2, unfit, revision=99)
    ask(4, unfit, revision=99, rate_nl_h=1)
    ask(4, over, revision=99, rate_nl_h=1)
    ask(4, over, rate_nl_h=1)
    ask(4, over)
    bench.serve(Resolve(identify(3)), Outcome)
    ask(4, over)
    bench.now_ns += 3_600 * S
    ask(4, over)
    make(5, STOP)
    bench.now_ns += 7_200 * S
    ask(4, over)
    bench.now_ns += 3_600 * S
    ask(4, Change(ChangeKind.RATE, RATE_NL_H))
    *first, limit, state = [reason.name for reason in reasons]
    told = [*first, "limits", "state"]
    assert (limit, state) == ("ABOVE_MOST", "WRONG_STATE")
    assert told == [name for name in steps_on_the_page("Prepare") if name != "NOT_OFFERED"]


def test_the_page_says_how_much_of_the_log_is_for_what_others_cause() -> None:
    plain = " ".join(TEXT.split())
    assert f"has {MOST_TALK} of the log's {LENGTH:,} places" in plain
    (names,) = re.findall(r"What others cause as often as they like \((.+?)\)", plain)
    assert {EventKind[name] for name in re.findall("[A-Z_]{2,}", names)} == TALK
    assert _SINGLY == 5
    assert "the first five of a minute have an entry REFUSED each" in plain
