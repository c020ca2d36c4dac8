"""Each form by the keyboard: what is asked, what is shown of it, what is sent, and what is said of the end."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from monitor.drugs import find_rules
from monitor.errors import LinkError, OutcomeUnknownError, RefusedError
from protocol.drugs import PatientClass
from protocol.intent import Intent
from protocol.machines import Stage
from protocol.messages import Change, Step
from protocol.vocabulary import ChangeKind, Mode, Verdict
from tests.monitor.ui.bench import CLOCK_S, SERIAL, STATUS, Clock, FakeSource, S, outcome, snapshot
from tests.monitor.ui.stage import HOST_S, SMALL, WIDE, page, press, run, settle, shown, text

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from monitor.snapshot import Snapshot
    from monitor.ui.app import DashboardApp
    from protocol.messages import Outcome

PUMP = {"concentration_ug_ml": 500, "mode": Mode.TEMPORARY_RATE, "mode_left_s": 1_800}
# The letter and what is typed, what is sent, what is typed again, and a reading that shows it.
FORMS: dict[ChangeKind, tuple[tuple[str, ...], Change, str, dict[str, Any]]] = {
    ChangeKind.TEMPORARY_RATE: (
        ("t", "0.6", "enter", "2 h", "enter"),
        Change(ChangeKind.TEMPORARY_RATE, 25_000, duration_s=7_200),
        "",
        {"commanded_rate_nl_h": 25_000, "mode": Mode.TEMPORARY_RATE, "mode_left_s": 7_199},
    ),
    ChangeKind.BOLUS: (
        ("b", "50 ug", "enter", "30 min", "enter"),
        Change(ChangeKind.BOLUS, volume_nl=100_000, duration_s=1_800),
        "50 ug",
        {"commanded_rate_nl_h": 200_000, "mode": Mode.BOLUS},
    ),
    ChangeKind.MINIMUM_RATE: (
        ("m",),
        Change(ChangeKind.MINIMUM_RATE),
        "minimum",
        {"commanded_rate_nl_h": 250, "mode": Mode.MINIMUM_RATE},
    ),
    ChangeKind.RESUME: (
        ("n",),
        Change(ChangeKind.RESUME),
        "resume",
        {"commanded_rate_nl_h": 20_833, "mode": Mode.PROGRAM},
    ),
    ChangeKind.REFILL: (
        ("e", "14.5", "enter", "18", "enter", "enter"),
        Change(ChangeKind.REFILL, withdrawn_nl=14_500_000, volume_nl=18_000_000, concentration_ug_ml=500),
        "",
        {"reservoir_nl": 17_999_000, "delivered_nl": 1_000},
    ),
    ChangeKind.PRIME: (
        ("i", "0.2", "enter"),
        Change(ChangeKind.PRIME, volume_nl=200_000),
        "0.2",
        {"commanded_rate_nl_h": 1_000_000, "mode": Mode.PRIME},
    ),
    ChangeKind.BRIDGE: (
        ("g", "0.25", "enter", "0.5", "enter"),
        Change(ChangeKind.BRIDGE, 20_833, volume_nl=250_000),
        "0.25",
        {"commanded_rate_nl_h": 20_833, "mode": Mode.BRIDGE},
    ),
    ChangeKind.CLOCK: (
        ("k", "now", "enter"),
        Change(ChangeKind.CLOCK, clock_s=HOST_S),
        "",
        {"clock_s": HOST_S},
    ),
}
PLAIN = list(FORMS)


def typed(*words: str) -> list[str]:
    """Return keys to press: what is no key by name is typed letter by letter."""
    named = {"enter", "tab", "escape", "down", "up", "right"}
    letters = [key for word in words for key in ([word] if word in named else word)]
    return [{" ": "space"}.get(key, key) for key in letters]


def sent(source: FakeSource) -> list[tuple[Any, ...]]:
    return [call for call in source.calls if call[0] not in {"start", "stop", "week"}]


def made(**more: Any) -> Snapshot:  # noqa: ANN401 - fields of several classes
    return snapshot(**(PUMP | more))


def applied(after: dict[str, Any]) -> Outcome:
    """Return the pump's verdict at the instant of the readings here."""
    verdict = outcome(Verdict.APPLIED, 5, after.get("commanded_rate_nl_h", 20_833))
    return dataclasses.replace(verdict, pump_time_us=STATUS.pump_time_us)


def flat(shown_page: str) -> str:
    rows = shown_page.split("\n---", maxsplit=1)[0].splitlines()
    return " ".join(" ".join(row[24:96].strip(" │") for row in rows).split())


def confirm(again: str) -> list[str]:
    return typed(again, "enter") if again else ["tab", "enter"]


@pytest.mark.parametrize("kind", PLAIN)
def test_a_form_asks_reviews_sends_and_says_as_set_once_it_is_read_back(kind: ChangeKind) -> None:
    words, change, again, after = FORMS[kind]
    source = FakeSource(made(), commit_answer=applied(after))
    size = SMALL if kind % 2 else WIDE

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "c", *typed(*words))
        assert sent(source) == [("prepare", change, 4, "")]
        assert "step 2 of 2" in page(app)
        await press(pilot, *confirm(again))
        assert [call[0] for call in sent(source)] == ["prepare", "commit"]
        assert "reading it back" in page(app)
        source.publish(made(revision=5, **after))
        await settle(pilot)
        assert "✓ set" in page(app) or "✓ resumed" in page(app)
        await press(pilot, "escape")
        assert "step 2" not in page(app)

    run(source, act, size=size)


@pytest.mark.parametrize("kind", PLAIN)
def test_a_form_says_what_differs_where_the_reading_does(kind: ChangeKind) -> None:
    words, _, again, after = FORMS[kind]
    source = FakeSource(made(), commit_answer=applied(after))

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "c", *typed(*words), *confirm(again))
        source.publish(made(revision=5, commanded_rate_nl_h=9_999, clock_s=CLOCK_S - 500))
        await settle(pilot)
        assert "NOT AS SET: the pump reports" in page(app)
        assert "✓" not in page(app)

    run(source, act)


@pytest.mark.parametrize("kind", [kind for kind in PLAIN if FORMS[kind][2]])
def test_nothing_is_sent_until_the_figure_or_the_word_is_typed_again(kind: ChangeKind) -> None:
    words, _, _, _ = FORMS[kind]
    source = FakeSource(made())
    shown(source, "c", *typed(*words, "5", "enter", "enter"))
    assert [call[0] for call in sent(source)] == ["prepare"]


@pytest.mark.parametrize("kind", PLAIN)
def test_escape_at_the_review_gives_up_what_the_pump_was_asked_to_keep(kind: ChangeKind) -> None:
    source = FakeSource(made())
    shown(source, "c", *typed(*FORMS[kind][0], "escape"))
    assert [call[0] for call in sent(source)] == ["prepare", "resolve"]


@pytest.mark.parametrize("kind", PLAIN)
def test_a_refusal_is_said_and_leads_back_to_the_form(kind: ChangeKind) -> None:
    source = FakeSource(made(), prepare_error=RefusedError("the pump says no"))
    shown_page = shown(source, "c", *typed(*FORMS[kind][0]))
    assert "◆ the pump says no" in shown_page
    assert "step 1 of 2" in shown_page


def in_doubt(change: Change, new_nl_h: int) -> OutcomeUnknownError:
    intent = Intent(
        b"command1", SERIAL, b"store-01", CLOCK_S, change, 4, 20_833, new_nl_h, stage=Stage.RESOLVING
    )
    return OutcomeUnknownError(intent, "the answer was lost")


@pytest.mark.parametrize("kind", PLAIN)
def test_an_outcome_that_is_unknown_stays_on_the_screen_until_it_is_known(kind: ChangeKind) -> None:
    words, change, again, after = FORMS[kind]
    error = in_doubt(change, after.get("commanded_rate_nl_h", 20_833))
    source = FakeSource(made(), commit_answer=error, resolve_answer=LinkError("no answer"))

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "c", *typed(*words), *confirm(again))
        assert "OUTCOME UNKNOWN: the" in page(app)
        source.publish(made(unresolved=(error.intent,)))
        await press(pilot, "tab", "enter")
        assert "OUTCOME STILL UNKNOWN: no answer" in page(app)
        await press(pilot, "escape")
        assert "OUTCOME UNKNOWN" in text(app)[1]  # an alarm line, box or no box
        await press(pilot, "c")
        assert "what became of a change is not known" in page(app)
        await press(pilot, "escape")
        source.publish(made(settled=((error.intent, outcome(Verdict.NOT_APPLIED, 4, 20_833)),)))
        await settle(pilot)
        assert "OUTCOME UNKNOWN  has gone" in text(app)[1]
        assert "not applied" in text(app)[-1]

    run(source, act)


@pytest.mark.parametrize("kind", [kind for kind in PLAIN if FORMS[kind][2]])
def test_no_form_sends_on_a_stale_reading(kind: ChangeKind) -> None:
    words, _, again, _ = FORMS[kind]
    clock = Clock()
    source = FakeSource(made())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "c", *typed(*words))
        clock.now_ns += 5 * S
        app._tick()
        await press(pilot, *confirm(again))
        assert "the reading is 5 s old: Send is off until the pump answers" in page(app)
        assert [call[0] for call in sent(source)] == ["prepare"]

    run(source, act, clock=clock)


def test_a_review_says_when_a_mode_ends_and_what_goes_on_then() -> None:
    shown_page = shown(made(), "c", *typed(*FORMS[ChangeKind.TEMPORARY_RATE][0]))
    assert "Mode ends in 30 min 0 s → 2 h 0 min then 0.500 mL/day" in flat(shown_page)
    shown_page = shown(made(), "c", *typed(*FORMS[ChangeKind.BOLUS][0]))
    assert "→ 0.1000 mL 50.0 ug" in flat(shown_page)
    assert "→ 30 min 0 s then 0.500 mL/day" in flat(shown_page)


def test_a_refill_sets_what_was_withdrawn_beside_what_was_expected() -> None:
    shown_page = shown(made(), "c", *typed("e", "14.5", "enter", "18", "enter", "1000", "enter"))
    assert "daily dose +100.0 %" in flat(shown_page)
    shown_page = shown(
        made(), "c", *typed("e", "14.5", "enter", "18", "enter", "1000", "enter", "new", "enter")
    )
    assert "14.62 mL → 14.50 mL -0.12 mL" in flat(shown_page)
    assert "500 ug/mL → 1000 ug/mL 250 to 500 ug/day" in flat(shown_page)
    assert "Conc. again" in shown_page


def test_a_soft_limit_names_itself_wants_a_reason_and_keeps_it() -> None:
    source = FakeSource(made())
    words = typed("t", "0.65", "enter", "2 h", "enter")
    assert "above its upper soft limit, 20 % (assumption). Say why." in flat(shown(source, "c", *words))
    assert sent(source) == []
    shown(source, "c", *words, *typed("meant", "enter"))
    assert sent(source) == [
        ("prepare", Change(ChangeKind.TEMPORARY_RATE, 27_083, duration_s=7_200), 4, "meant")
    ]


def test_a_bolus_over_the_drug_s_soft_limit_names_it_too() -> None:
    rules = find_rules(None, "baclofen", PatientClass.SPINAL)
    shown_page = shown(made(), "c", *typed("b", "101 ug", "enter", "2 h", "enter"), rules=rules)
    assert "the bolus dose is above its upper soft limit, 100 ug (assumption)" in flat(shown_page)
    shown_page = shown(made(), "c", *typed("b", "301 ug", "enter", "2 h", "enter"), rules=rules)
    assert "above its upper hard limit, 300 ug" in flat(shown_page)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("t", "0.6", "enter", "2", "enter"), 'has no unit: write "2 s", say'),
        (("t", "0,6", "enter", "2 h", "enter"), "has a decimal comma"),
        (("b", "50", "enter", "2 h", "enter"), "has no unit"),
        (("e", "14.5", "enter", "18 L", "enter", "enter"), "is not a unit of a volume"),
        (("k", "soon", "enter"), "is not a time"),
        (("i", "0", "tab"), ""),
    ],
)
def test_what_can_not_be_taken_is_refused_with_the_sentence_that_mends_it(
    words: tuple[str, ...], why: str
) -> None:
    source = FakeSource(made())
    assert why in flat(shown(source, "c", *typed(*words)))
    assert sent(source) == []


def test_enter_goes_to_the_next_empty_field_and_asks_from_the_last() -> None:
    source = FakeSource(made())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "c", *typed("t", "0.6", "enter"))
        assert app.focused is not None
        assert app.focused.id == "duration_s"
        assert sent(source) == []

    run(source, act)


def test_a_box_can_be_led_by_mouse_alone_but_for_what_is_typed() -> None:
    source = FakeSource(made())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "c", *typed("e", "14.5", "tab", "18"))
        await pilot.click("#go")
        await settle(pilot)
        await pilot.click("#go")
        await settle(pilot)
        assert [call[0] for call in sent(source)] == ["prepare", "commit"]
        await pilot.click("#cancel")
        await settle(pilot)
        assert "REFILL  pump" not in page(app)

    run(source, act)


# --- a flex program -----------------------------------------------------------------------------------------------

DAY = (Step(0, 20_833), Step(360, 25_000))
WEEK = (DAY,) * 7


def test_the_table_begins_with_the_program_of_today_and_a_row_is_added_by_typing() -> None:
    source = FakeSource(made(), week_answers=[WEEK])

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "c", "f")
        assert "06:00 ▌ 0.600" in flat(page(app))
        await press(pilot, *typed("Mon", *("tab",) * 5, "12:00", "tab", "0.55", "enter"))
        assert sent(source) == [
            ("prepare", Change(ChangeKind.FLEX, weekdays=1, steps=(*DAY, Step(720, 22_917))), 4, "")
        ]
        assert "Mon, 3" in page(app)
        assert "mL a day 0.575 → 0.550" in flat(page(app))

    run(source, act)


def test_it_is_as_set_once_the_program_reads_back_so() -> None:
    new = (Step(0, 20_833), Step(360, 22_917))
    for after, said in (((new, *WEEK[1:]), "✓ set"), (WEEK, "NOT AS SET")):
        source = FakeSource(made(), week_answers=[WEEK, after])

        async def act(
            app: DashboardApp, pilot: Pilot[None], source: FakeSource = source, said: str = said
        ) -> None:
            await press(pilot, "c", *typed("f", "Mon", *("tab",) * 4, "0.55", "enter", "tab", "enter"))
            assert [call[0] for call in sent(source)] == ["prepare", "commit"]
            source.publish(made(revision=5, mode=Mode.PROGRAM))
            await press(pilot)
            assert said in page(app)

        run(source, act)


def test_without_the_week_nothing_is_asked_and_the_next_reading_asks_for_it_again() -> None:
    source = FakeSource(made(), week_answers=[LinkError("no answer"), WEEK])

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "c", "f", "enter")
        assert "reading the program of the week" in page(app)
        assert sent(source) == []
        source.publish(made())
        await press(pilot)
        assert "06:00 ▌ 0.600" in flat(page(app))

    run(source, act)


def test_a_program_of_twice_as_much_is_typed_again_by_its_volume_of_a_day() -> None:
    source = FakeSource(made(), week_answers=[WEEK])
    words = typed("f", *("tab",) * 4, "1.6", "enter", "meant", "enter")
    shown_page = shown(source, "c", *words)
    assert 'Type "1.325"' in shown_page
    shown(source := FakeSource(made(), week_answers=[WEEK]), "c", *words, *typed("1.325", "enter"))
    assert [call[0] for call in sent(source)] == ["prepare", "commit"]


def test_a_slip_in_a_row_is_named_by_its_step() -> None:
    source = FakeSource(made(), week_answers=[WEEK])
    shown_page = shown(source, "c", *typed("f", *("tab",) * 4, "0,55", "enter"))
    assert 'step 2: "0,55 mL/day" has a decimal comma' in flat(shown_page)
    same = shown(FakeSource(made(), week_answers=[WEEK]), "c", "f", "enter")
    assert "that is the program of these days: there is nothing to change" in flat(same)


def test_a_pump_that_is_at_its_end_of_the_calendar_is_drawn_too() -> None:
    far = dataclasses.replace(made(), reading=made(clock_s=2**40).reading)
    assert "REFILL" in shown(far, "c", "e")
    assert "SET CLOCK" in shown(far, "c", "k")
    assert "FLEX PROGRAM" in shown(far, "c", "f")
