"""Every key that a screen binds is pressed there, and does something: a key that is added is here by itself.

What each does is told in the tests of its screen. Here nothing is left out, and where a key needs something first (a
cursor to take away, a change in doubt to ask about) it is in the table.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

import pytest
from textual.screen import Screen

import monitor.ui.screens
from monitor.ui.screens.alarms import AlarmsScreen
from monitor.ui.screens.change import ChangeScreen
from monitor.ui.screens.commands import CommandsScreen
from monitor.ui.screens.faults import FaultsScreen
from monitor.ui.screens.fleet import FleetScreen
from monitor.ui.screens.fleet_help import FleetHelpScreen
from monitor.ui.screens.fleet_pump import FleetPumpScreen
from monitor.ui.screens.help import HelpScreen
from monitor.ui.screens.menu import ChangesMenu
from monitor.ui.screens.pump import PumpScreen
from monitor.ui.screens.shelve import ShelveScreen
from monitor.ui.screens.trend import TrendScreen
from monitor.ui.screens.trend_keys import WithTrend
from tests.monitor.ui import fleet_stage
from tests.monitor.ui.bench import FakeSource, low, snapshot
from tests.monitor.ui.stage import SMALL, WIDE, press, run, settle, strips
from tests.monitor.ui.test_alarms import FAULTS
from tests.monitor.ui.test_unknown import OPEN

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import App
    from textual.pilot import Pilot

# The keys that lead to each screen; those of the trend are pressed on the pump's.
WAYS: dict[type[Screen[Any]], tuple[str, ...]] = {
    PumpScreen: (),
    WithTrend: (),
    TrendScreen: ("t",),
    AlarmsScreen: ("A",),
    ShelveScreen: ("A", "h"),
    FaultsScreen: ("e",),
    HelpScreen: ("?",),
    ChangesMenu: ("c",),
    CommandsScreen: ("ctrl+p",),
    ChangeScreen: ("r", "0.51", "enter"),  # where the buttons have the focus
    FleetScreen: (),
    FleetHelpScreen: ("?",),
    FleetPumpScreen: ("enter",),
}
FIRST: dict[tuple[type[Screen[Any]], str], tuple[str, ...]] = {
    (PumpScreen, "escape"): ("left",),
    (WithTrend, "minus"): ("plus",),
    (WithTrend, "right"): ("left", "left"),
    (AlarmsScreen, "up"): ("down",),
    (AlarmsScreen, "k"): ("down",),
    (CommandsScreen, "up"): ("down",),
    (FleetScreen, "escape"): ("down",),
    (FleetScreen, "up"): ("down",),
    (FleetScreen, "k"): ("down",),
    (FleetScreen, "pageup"): ("down",),
    (FleetScreen, "home"): ("down",),
    (FleetScreen, "ctrl+home"): ("down",),
    (FleetScreen, "ctrl+end"): ("home",),
}
# Does nothing where no change is in doubt.
ASKS = (PumpScreen, "u")
IN_THE_FLEET = (FleetScreen, FleetHelpScreen, FleetPumpScreen)


def screens() -> set[type[Screen[Any]]]:
    """Return every screen that has keys of its own."""
    found: set[type[Screen[Any]]] = set()
    for module in pkgutil.iter_modules(monitor.ui.screens.__path__, "monitor.ui.screens."):
        names = vars(importlib.import_module(module.name)).values()
        found |= {one for one in names if isinstance(one, type) and issubclass(one, Screen)}
    return {one for one in found if one.__module__.startswith("monitor.") and "BINDINGS" in vars(one)}


def keys_of(screen: type[Screen[Any]]) -> list[str]:
    """Return its keys, those last that end the program."""
    bindings = sorted(vars(screen)["BINDINGS"], key=lambda one: one.action == "app.quit")
    return [key.strip() for binding in bindings for key in binding.key.split(",")]


def test_every_screen_is_in_the_table() -> None:
    assert screens() == set(WAYS)
    assert {(screen, key) for screen in WAYS for key in keys_of(screen)} >= {*FIRST, ASKS}


@pytest.mark.parametrize("screen", WAYS, ids=lambda one: one.__name__)
def test_every_key_of_a_screen_does_something(screen: type[Screen[Any]], tmp_path: Path) -> None:
    source = FakeSource(low(faults=FAULTS))
    idle: list[str] = []

    desk = fleet_stage.desk_of(fleet_stage.some())
    calls = desk.calls if screen in IN_THE_FLEET else source.calls

    async def act(app: Any, pilot: Pilot[None]) -> None:  # noqa: ANN401 - either app
        for key in keys_of(screen):
            while len(app.screen_stack) > 1:
                app.pop_screen()
                await settle(pilot)
            source.publish(snapshot(unresolved=OPEN) if (screen, key) == ASKS else low(faults=FAULTS))
            await press(pilot, *WAYS[screen], *FIRST.get((screen, key), ()))
            assert isinstance(app.screen, screen)
            before = (seen(app), len(calls))
            await press(pilot, key)
            if app.is_running and (seen(app), len(calls)) == before:
                idle.append(key)
        assert idle == []

    if screen in IN_THE_FLEET:
        fleet_stage.run(desk, act, size=SMALL)
    else:
        run(source, act, size=WIDE if screen is WithTrend else SMALL, exports=tmp_path)


def seen(app: App[None]) -> tuple[object, ...]:
    """Return what a person may notice, and where the focus is."""
    painted = [(segment.text, segment.style) for strip in strips(app) for segment in strip]
    return (type(app.screen), painted, app.focused and app.focused.id)
