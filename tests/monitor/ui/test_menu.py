from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.kinds.table import ROWS
from protocol.vocabulary import ChangeKind, Mode, Role, State
from tests.monitor.ui.bench import Clock, FakeSource, S, lost, low, snapshot, still, unresolved, waiting
from tests.monitor.ui.stage import SMALL, page, press, run, settle, shown, text

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from monitor.snapshot import Snapshot
    from monitor.ui.app import DashboardApp

RUNNING = snapshot(mode=Mode.TEMPORARY_RATE)  # in which state every kind of change is taken


def opened(made: Snapshot, size: tuple[int, int] = (120, 40), after_s: int = 0) -> dict[str, str]:
    """Return what the screen shows after each letter of the menu, each from the pump's screen anew."""
    pages: dict[str, str] = {}
    clock = Clock()
    clock.now_ns += after_s * S

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        for row in ROWS:
            await press(pilot, "c", row.letter)
            pages[row.letter] = page(app)
            await press(pilot, "escape")
            assert not app.screen.is_modal

    run(FakeSource(made), act, size=size, clock=clock)
    return pages


def flat(shown_page: str) -> str:
    """Return the inside of the card at 120 x 40 as one line, so that it does not matter where a sentence wraps."""
    rows = shown_page.split("\n---", maxsplit=1)[0].splitlines()
    return " ".join(" ".join(row[24:96].strip(" │") for row in rows).split())


def test_each_letter_opens_the_box_of_its_change() -> None:
    pages = opened(RUNNING)
    for row in ROWS:
        assert f"{row.title}  pump 02-1187" in pages[row.letter]


def test_the_arrows_and_enter_choose_too_and_what_can_not_be_chosen_is_passed_over() -> None:
    assert "BOLUS  pump 02-1187" in shown(RUNNING, "c", "down", "down", "enter")
    assert "SET CLOCK  pump" in shown(
        still(State.STOPPED), "c", "down", "down", "enter"
    )  # resume, refill, clock


@pytest.mark.parametrize("size", [(120, 40), SMALL, (60, 20)])
def test_a_click_chooses_too(size: tuple[int, int]) -> None:
    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "c")
        row = next(number for number, line in enumerate(text(app)) if " e  Refill" in line)
        await pilot.click(offset=(size[0] // 2, row))
        await settle(pilot)
        assert "REFILL  pump 02-1187" in page(app)

    run(FakeSource(RUNNING), act, size=size)


@pytest.mark.parametrize("key", ["escape", "c"])
def test_the_menu_closes_and_nothing_was_asked(key: str) -> None:
    source = FakeSource(RUNNING)
    assert "nothing changes yet" not in shown(source, "c", key)
    assert [call[0] for call in source.calls] == ["start", "stop"]


@pytest.mark.parametrize(
    ("made", "after_s", "why"),
    [
        (snapshot(role=Role.VIEWER), 0, "this key only reads: a change needs a technician key"),
        (snapshot(), 4, "the reading is 4 s old: a change needs a live one"),
        (lost(snapshot()), 14, "the reading is 14 s old: a change needs a live one"),
        (waiting(), 0, "no reading from the pump yet: nothing can be changed"),
        (snapshot(unresolved=(unresolved(),)), 0, "what became of a change is not known"),
        (snapshot(history_problem="the disk is full"), 0, "no change is made: the disk is full"),
        (snapshot(notes_problem="the folder is gone"), 0, "no change is made: the folder is gone"),
    ],
)
def test_where_nothing_can_be_changed_the_menu_says_why_and_opens_nothing(
    made: Snapshot, after_s: int, why: str
) -> None:
    pages = opened(made, after_s=after_s)
    for row in ROWS:
        assert why in flat(pages[row.letter])
        assert f"{row.title}  pump" not in pages[row.letter]


@pytest.mark.parametrize(
    ("made", "offered"),
    [
        (snapshot(), "rtbfmpeigk"),
        (RUNNING, "rtbfmpneigk"),
        (still(State.STOPPED), "nek"),
        (snapshot(mode=Mode.MINIMUM_RATE), "rtbfpneigk"),
        (snapshot(state=State.EMPTY), "rtfmpek"),
        (snapshot(state=State.END_OF_SERVICE), "ek"),
        (snapshot(refusing_s=60), "mp"),
    ],
)
def test_only_what_the_pump_would_take_is_offered(made: Snapshot, offered: str) -> None:
    pages = opened(made)
    assert "".join(row.letter for row in ROWS if f"{row.title}  pump" in pages[row.letter]) == offered


def test_what_a_pump_does_not_offer_is_said() -> None:
    made = snapshot()
    assert made.identity is not None
    poor = replace(made, identity=replace(made.identity, changes=1 << ChangeKind.RATE))
    assert "Bolus: this pump does not offer it" in shown(poor, "c", "b")


def test_the_menu_follows_what_happens_to_the_pump() -> None:
    clock = Clock()
    source = FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "c")
        clock.now_ns += 5 * S
        app._tick()
        await settle(pilot)
        assert "the reading is 5 s old" in page(app)
        clock.now_ns += 2 * S
        app._tick()
        await settle(pilot)
        assert "the reading is 7 s old" in page(app)
        clock.now_ns -= 7 * S
        source.publish(low())
        await settle(pilot)
        assert "a change needs a live one" not in page(app)
        assert "LOW RESERVOIR" in text(app)[1]
        await press(pilot, "enter")
        assert "SET RATE  pump" in page(app)

    run(source, act, clock=clock)


@pytest.mark.parametrize(("size", "faults"), [((120, 40), 1), (SMALL, 0), ((60, 24), 1), ((60, 20), 0)])
def test_no_box_hides_an_alarm_line_nor_loses_a_button_on_the_smallest_terminal(
    size: tuple[int, int], faults: int
) -> None:
    made = low(mode=Mode.TEMPORARY_RATE, bench_faults=faults)
    plain = shown(made, size=size).splitlines()[: 3 + faults]
    menu = shown(made, "c", size=size)
    assert menu.splitlines()[: 3 + faults] == plain
    assert "esc closes ─┘" in menu
    assert " k  Clock" in menu
    for letter, shown_page in opened(made, size).items():
        assert shown_page.splitlines()[: 3 + faults] == plain, letter
        assert "step 1 of 2" in shown_page or "step 2 of 2" in shown_page, letter
        assert "  pump 02-1187" in shown_page, letter
        assert "nothing changes until you press Send ─┘" in shown_page, letter
