"""The screen of one pump of a fleet: the pump's own, and a way back that tells what else needs a hand meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from monitor.ui.screens.pump import PumpScreen
from monitor.ui.widgets.fleet_head import marks_text
from monitor.ui.widgets.keys import Key

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.annunciator import Annunciator
    from monitor.ui.fleet_moment import FleetMoment
    from monitor.ui.source import Source
    from monitor.ui.trends import Trends
    from protocol.dosing import Rules


class FleetPumpScreen(PumpScreen):
    """One pump of a fleet.

    Args:
        source: the pump.
        rules: as for `PumpScreen`.
        annunciator: as for `PumpScreen`.
        trends: as for `PumpScreen`.
        number: its place in the fleet.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.close_pump", "Fleet")]

    def __init__(
        self,
        source: Source,
        rules: Callable[[], Rules],
        annunciator: Annunciator,
        trends: Trends,
        number: int,
    ) -> None:
        super().__init__(source, rules, annunciator, trends)
        self._number = number
        self._others = ""

    def on_mount(self) -> None:
        """Follow the fleet beside the pump."""
        self.watch(self.app, "fleet", self._show_others)

    def _show_others(self, fleet: FleetMoment | None) -> None:
        others = "" if fleet is None else marks_text(fleet, self._number)
        if others != self._others:
            self._others = others
            if self._moment is not None:
                self._show_keys(self._moment)

    def ways_out(self) -> tuple[Key, ...]:
        """Return the keys that leave the screen."""
        return (Key(f"esc {self._others}".rstrip(), "Fleet"), *super().ways_out())
