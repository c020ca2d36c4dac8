"""The app for many pumps: the fleet's screen below, and over it the screen of the one pump that is open."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from textual.reactive import var

from monitor.fleet.calling import Calls
from monitor.fleet.rows import Judge, counted
from monitor.ui.app import WatchingApp, rules_without_a_drug
from monitor.ui.attention import Attention
from monitor.ui.flash import dark
from monitor.ui.fleet_moment import FleetMoment
from monitor.ui.screens.fleet import FleetScreen
from monitor.ui.screens.fleet_pump import FleetPumpScreen
from protocol.messages import MOST_AUDIO_PAUSE_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import PurePath

    from textual.screen import Screen

    from monitor.fleet.desk import Desk
    from monitor.fleet.telling import Snapshots
    from monitor.memo import Memos
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
        memos_of: returns where is remembered how the alarms of a pump that is open stand, by whether it is watched by the
            published bench key; None where that ends with the program.
        options: as for `WatchingApp`.
    """

    CSS_PATH = _SHEETS

    fleet: var[FleetMoment | None] = var(None)

    def __init__(
        self,
        desk: Desk,
        *,
        rules: Callable[[], Rules] | None = None,
        memos_of: Callable[[bool], Memos] | None = None,
        **options: Any,  # noqa: ANN401 - as the base has them
    ) -> None:
        super().__init__(desk, **options)
        self._desk = desk
        self._rules = rules or rules_without_a_drug
        self._memos_of = memos_of
        self._judge = Judge(desk.fleet.members)
        self._judged: tuple[Snapshots, int] | None = None
        self._fleet_calls = Calls()
        self._fleet_bell = Attention(self._write, bell=self._calls.bell)
        self._silent_until_ns = self._lit_since_ns = 0
        self._open: int | None = None

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
        moment = self.fleet
        if (
            moment is None
            or self._judged is None
            or state[0] is not self._judged[0]
            or state[1] != self._judged[1]
        ):
            self._judged = state
            rows = self._judge.rows(state[0], now_ns)
            by_bench_key = any(row.snapshot.bench_key for row in rows)
            moment = FleetMoment(rows, counted(rows), now_ns, by_bench_key)
        self._call(moment, now_ns)

    def _call(self, moment: FleetMoment, now_ns: int) -> None:
        """Have the alarms of the fleet flash and ring; those of the pump that is open do so by themselves."""
        problem, before = self._desk.fleet.problem, self._fleet_calls.board
        board = self._fleet_calls.look(moment.rows, problem, beside=self._open)
        if board.calls != before.calls:  # whoever asked for silence did not know of this one
            self._silent_until_ns = 0
        if board.calling != before.calling:
            self._lit_since_ns = now_ns
        blinks = self._calls.blink and self.animation_level != "none"
        pause_s = max(0, -(-(self._silent_until_ns - now_ns) // _NS_PER_S))
        unlit = dark(self._lit_since_ns, now_ns) & board.calling if blinks else frozenset()
        calls = (problem, board.calling, unlit, pause_s)
        if moment is not self.fleet or calls != (moment.problem, moment.calling, moment.dark, moment.pause_s):
            self.fleet = replace(moment, problem=problem, calling=board.calling, dark=unlit, pause_s=pause_s)
        rings_ns = self._fleet_bell.heed(board, "", now_ns, silent=pause_s > 0)
        if rings_ns is not None and rings_ns - now_ns < _TICK_S * _NS_PER_S:
            self.set_timer(max(0, rings_ns - now_ns) / _NS_PER_S, self._ring)

    def _ring(self) -> None:
        """Ring where a pulse is due between two looks."""
        now_ns = self._now_ns()
        self._fleet_bell.heed(self._fleet_calls.board, "", now_ns, silent=self._silent_until_ns > now_ns)

    def silence(self) -> bool:
        """Make no sound for ten minutes, or end that; True where it is silent now. A new alarm ends it."""
        now_ns = self._now_ns()
        is_silent = self._silent_until_ns > now_ns
        self._silent_until_ns = 0 if is_silent else now_ns + MOST_AUDIO_PAUSE_S * _NS_PER_S
        self._look()
        return not is_silent

    def hear(self, number: int) -> None:
        """Take that somebody has heard what calls from a pump."""
        self._fleet_calls.hear(number)
        self._look()

    def on_fleet_screen_opened(self, message: FleetScreen.Opened) -> None:
        """Open a pump."""
        if not isinstance(self.screen, FleetScreen):
            return
        watcher = self._desk.open(message.number)
        self._open = message.number
        if self._memos_of is not None:
            self._memos = self._memos_of(watcher.snapshot.bench_key)
        self._annunciator, self._trends = self._annunciator_of(watcher), self._without_a_past()
        self._tick()
        self.push_screen(
            FleetPumpScreen(watcher, self._rules, self._annunciator, self._trends, message.number)
        )

    def action_close_pump(self) -> None:
        """Go back to the fleet."""
        if isinstance(self.screen, FleetPumpScreen) and self._open is not None:
            board = self._annunciator.board
            known = {entry.line.key for entry in board.entries if not entry.unseen}
            self._fleet_calls.hear(self._open, known)  # acknowledged or shelved on its own screen
            self._open = None
            self._desk.close()
            self._annunciator = self._annunciator_of(self._desk)
            self.pop_screen()
            self._tick()
            self._look()
