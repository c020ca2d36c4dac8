"""The app for many pumps: the fleet's screen below, and over it the screen of the one pump that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual.reactive import var

from monitor.fleet.rows import Judge, counted
from monitor.ui.app import WatchingApp, rules_without_a_drug
from monitor.ui.fleet_moment import FleetMoment
from monitor.ui.screens.fleet import FleetScreen
from monitor.ui.screens.fleet_pump import FleetPumpScreen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import PurePath

    from textual.screen import Screen

    from monitor.fleet.desk import Desk
    from monitor.fleet.telling import Snapshots
    from protocol.dosing import Rules

# A default screen's own sheet would not be read; that of a pump is wanted when one is opened.
_SHEETS: Final[list[str | PurePath]] = ["app.tcss", "screens/fleet.tcss", "screens/pump.tcss"]
_NS_PER_S: Final = 1_000_000_000
_TICK_S: Final = 0.25


class FleetApp(WatchingApp):
    """The screen from which a fleet is watched.

    Args:
        desk: the fleet, and the one pump of it that is open; started after the first paint, stopped on the way out.
        rules: as for `DashboardApp`.
        options: as for `WatchingApp`.
    """

    CSS_PATH = _SHEETS

    fleet: var[FleetMoment | None] = var(None)

    def __init__(
        self,
        desk: Desk,
        *,
        rules: Callable[[], Rules] | None = None,
        **options: Any,  # noqa: ANN401 - as the base has them
    ) -> None:
        super().__init__(desk, **options)
        self._desk = desk
        self._rules = rules or rules_without_a_drug
        self._judge = Judge(desk.fleet.members)
        self._judged: tuple[Snapshots, int] | None = None

    def on_mount(self) -> None:
        """Look at the fleet as often as it tells of itself."""
        self._look()
        self.set_interval(_TICK_S, self._look)

    def get_default_screen(self) -> Screen[None]:
        """Return the fleet's screen."""
        return FleetScreen()

    def _look(self) -> None:
        """Judge what is new; what is not can only have grown older, and ages are told in whole seconds."""
        now_ns = self._now_ns()
        state = (self._desk.fleet.snapshots, now_ns // _NS_PER_S)
        if self._judged is not None and state[0] is self._judged[0] and state[1] == self._judged[1]:
            return
        self._judged = state
        rows = self._judge.rows(state[0], now_ns)
        by_bench_key = any(row.snapshot.bench_key for row in rows)
        self.fleet = FleetMoment(rows, counted(rows), now_ns, by_bench_key)

    def on_fleet_screen_opened(self, message: FleetScreen.Opened) -> None:
        """Open a pump."""
        if not isinstance(self.screen, FleetScreen):
            return
        watcher = self._desk.open(message.number)
        self._annunciator, self._trends = self._annunciator_of(watcher), self._without_a_past()
        self._tick()
        self.push_screen(
            FleetPumpScreen(watcher, self._rules, self._annunciator, self._trends, message.number)
        )

    def action_close_pump(self) -> None:
        """Go back to the fleet."""
        if isinstance(self.screen, FleetPumpScreen):
            self._desk.close()
            self._annunciator = self._annunciator_of(self._desk)
            self.pop_screen()
            self._tick()
            self._look()
