"""The list of commands, and the last line: both tell what can be done now, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.kinds.table import ROWS
from monitor.ui.moment import Moment
from monitor.ui.screens.change import ChangeScreen
from monitor.ui.screens.commands import Command, CommandsScreen
from monitor.ui.screens.pump import PumpScreen
from protocol.alarms import Alarm, mask
from protocol.vocabulary import ChangeKind, Role, State
from tests.monitor.ui.bench import NOW_NS, FakeSource, lost, low, snapshot, still, waiting
from tests.monitor.ui.stage import SMALL, press, run, settle, shown
from tests.monitor.ui.test_alarms import FAULTS
from tests.monitor.ui.test_unknown import OPEN

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from monitor.snapshot import Snapshot
    from monitor.ui.app import DashboardApp

STATES: dict[str, Snapshot] = {
    "running": snapshot(),
    "low": low(faults=FAULTS),
    "stopped": still(State.STOPPED),
    "end of service": snapshot(state=State.END_OF_SERVICE, alarms=mask({Alarm.EOS})),
    "read-only": low(role=Role.VIEWER),
    "in doubt": snapshot(unresolved=OPEN),
    "in doubt, read-only": snapshot(unresolved=OPEN, role=Role.VIEWER),
    "no link": lost(low()),
    "waiting": waiting(),
    "no history": snapshot(history_problem="the disk is full"),
}
DONE = ("low", "in doubt")  # where each is not only told of, but done
KIND_OF = {"r": ChangeKind.RATE, "c t": ChangeKind.TEMPORARY_RATE}
CHANGING = ("r", "p", "c")
HAVE_KEYS = (ChangeKind.RATE, ChangeKind.STOP, ChangeKind.RESUME)


def offered(screen: PumpScreen) -> dict[str, Command]:
    return {one.key: one for one in screen._commands()}


@pytest.mark.parametrize("name", STATES)
def test_what_can_be_done_is_ready_in_the_last_line_and_among_the_commands_and_else_in_neither(
    name: str,
) -> None:
    made = STATES[name]
    moment = Moment(made, NOW_NS)

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        screen = app.screen
        assert isinstance(screen, PumpScreen)
        ready = {key.name: key.ready for key in screen._last_line.keys}
        commands = offered(screen)
        if made.unresolved:
            assert not ready.keys() & set(CHANGING)
            assert ready.get("u", False) is moment.may_ask
        else:
            assert ready["r"] is not bool(moment.obstacle(ChangeKind.RATE))
            assert ready["p"] is not bool(moment.obstacle(moment.toggle))
        assert {one for one, can in ready.items() if can} == {
            key for key in commands if not key.startswith("c ")
        }
        changes = {row for row in ROWS if not moment.obstacle(row.kind)}
        assert {key for key in commands if key.startswith("c ")} == {
            f"c {row.letter}" for row in changes if row.kind not in HAVE_KEYS
        }
        # And each of them does what it says: none ends in a sentence of why it can't be done.
        for key, command in commands.items():
            if name not in DONE or key == "q":
                continue
            await screen.run_action(command.action)
            await settle(pilot)
            said = screen._last_line._said
            assert not any(said == moment.obstacle(kind) != "" for kind in ChangeKind), f"{key}: {said}"
            while len(app.screen_stack) > 1:
                app.pop_screen()
                await settle(pilot)

    run(FakeSource(made), act, size=SMALL)


def test_a_command_is_found_by_a_word_and_done_by_enter_those_called_so_first() -> None:
    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "ctrl+p", *"bol")
        assert isinstance(app.screen, CommandsScreen)
        assert [one.label for one in app.screen._shown] == ["Bolus", "Bridge bolus", "Change"]

    run(FakeSource(snapshot()), act)
    assert "BOLUS  pump 02-1187" in shown(snapshot(), "ctrl+p", *"bol", "enter", size=SMALL)
    assert "HELP" in shown(snapshot(), "ctrl+p", *"colours", "enter")


def test_the_commands_follow_what_can_be_done_and_the_alarms_stay_lit_above() -> None:
    source = FakeSource(low())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "ctrl+p", *"rate")
        screen = app.screen
        assert isinstance(screen, CommandsScreen)
        assert [one.key for one in screen._shown][:2] == ["r", "c t"]
        source.publish(lost(low()))
        await settle(pilot)
        assert not [one for one in screen._shown if one.key in KIND_OF]
        await press(pilot, "enter")
        assert not isinstance(app.screen, ChangeScreen)

    run(source, act)
    page = shown(lost(snapshot()), "ctrl+p", size=SMALL, after_s=14)
    assert "!! ◆ NO LINK" in page.splitlines()[1]
    assert "medium-on on medium-fill" in page


def test_words_that_nothing_has_find_nothing_and_do_nothing() -> None:
    page = shown(snapshot(), "ctrl+p", *"teleport", "enter", size=SMALL)
    assert "nothing that can be done now has these words" in page
    assert "nothing that can be done now" in shown(snapshot(), "ctrl+p", *"screenshot")
