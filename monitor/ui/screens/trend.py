"""The trend on a screen of its own: rates and reservoir over the same span, as large as the terminal allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from monitor.ui.screens.trend_keys import WithTrend
from monitor.ui.widgets import alarms, identity
from monitor.ui.widgets.drawing import Drawing
from monitor.ui.widgets.keys import Key
from monitor.ui.widgets.too_small import TooSmall

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from monitor.ui.moment import Moment
    from monitor.ui.trends import Trends


class TrendScreen(WithTrend):
    """Rates and reservoir; identity and alarms stay where they are.

    Args:
        trends: what it is drawn from.
    """

    CSS_PATH = "trend.tcss"
    HINT = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding("t", "app.pop_screen", "Back"),
        Binding("l", "app.light", "Light/dark"),
        Binding("q", "app.quit", "Quit"),
    ]
    _KEYS: ClassVar[tuple[Key, ...]] = (
        *(Key("-", "Shorter"), Key("+", "Longer"), Key("← →", "Cursor")),
        *(Key("x", "Export"), Key("t", "Back"), Key("q", "Quit")),
    )

    def __init__(self, trends: Trends) -> None:
        super().__init__(trends, whole=True)
        self._identity = Drawing(identity.draw, id="identity")
        self._alarms = Drawing(alarms.draw, id="alarms")

    def compose(self) -> ComposeResult:
        """Put the parts in their places."""
        yield self._identity
        yield self._alarms
        yield self._trend
        yield self._last_line
        yield TooSmall("t goes back")

    def on_mount(self) -> None:
        """Follow the app's moment."""
        self.watch(self.app, "moment", self._show)
        if self._trends.problem:
            self.say(self._trends.problem)

    def _show(self, moment: Moment | None) -> None:
        if moment is None:
            return
        same = self._moment is not None and moment.looks_like(self._moment)
        self._moment = moment
        self._last_line.offer(self._KEYS, moment.now_ns)
        if same and not self.trend_is_old:
            return
        self._identity.show(moment)
        self._alarms.show(moment)
        self.show_trend(moment)

    def action_back(self) -> None:
        """Take the cursor away, or else go back."""
        if self._trends.uncursor():
            self._draw_again()
        else:
            self.app.pop_screen()
