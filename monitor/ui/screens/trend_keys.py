"""What the keys of a trend do, on whichever screen it is shown: spans, the cursor, the export."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from monitor.ui.messages import Fetched
from monitor.ui.widgets.drawing import Drawing
from monitor.ui.widgets.last_line import SAID_NS, LastLine
from monitor.ui.widgets.trend import draw

if TYPE_CHECKING:
    from monitor.ui.moment import Moment
    from monitor.ui.trends import Trends
    from monitor.ui.widgets.view import View


class WithTrend(Screen[None]):
    """A screen with a trend on it, and a last line.

    Args:
        trends: what it is drawn from.
        whole: whether the trend is all that it shows.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "span(1)", "Longer"),
        Binding("minus", "span(-1)", "Shorter"),
        Binding("left", "cursor(-1)", "Cursor"),
        Binding("right", "cursor(1)", "Cursor"),
        Binding("x", "export", "Export"),
    ]
    HINT: ClassVar[str] = "- + span  ← → cursor  x export"

    def __init__(self, trends: Trends, *, whole: bool) -> None:
        super().__init__()
        self._trends = trends
        self._whole = whole
        self._moment: Moment | None = None
        self._version = -1
        self._trend: Drawing[View] = Drawing(draw, title="TREND", subtitle=self.HINT, id="trend")
        self._last_line = LastLine()

    def say(self, sentence: str, for_ns: int = SAID_NS) -> None:
        """Say something in the last line for a while."""
        if self._moment is not None:
            self._last_line.say(sentence, self._moment.now_ns, for_ns)

    def only_looks(self) -> bool:
        """Tell whether nothing may be done from here that lasts or that others see, and say why."""
        why = "" if self._moment is None else self._moment.snapshot.read_only
        if why:
            self.say(why)
        return bool(why)

    def show_trend(self, moment: Moment) -> None:
        """Draw the trend at a moment, and have the history asked for what of it is not at hand."""
        view = self._trends.view(moment, whole=self._whole)
        self._version = self._trends.version
        self._trend.show(view)
        for wanted in self._trends.wanted(view):
            self.run_worker(
                lambda one=wanted: self.app.post_message(Fetched(one, self._trends.fetch(one))), thread=True
            )

    @property
    def trend_is_old(self) -> bool:
        """Whether something else is to be shown of the trend than was drawn last."""
        return self._version != self._trends.version

    def _view(self) -> View | None:
        """Return what is shown of the trend; None where it is not."""
        if self._moment is None or not self._trend.content_size.height:
            self.say("there is no room for the trend here: t shows it")
            return None
        return self._trends.view(self._moment, whole=self._whole)

    def action_span(self, by: int) -> None:
        """Show a longer span, or a shorter one."""
        view = self._view()
        if view is not None:
            self._trends.longer(view, by)
            self._draw_again()

    def action_cursor(self, by: int) -> None:
        """Move the cursor by a column."""
        view = self._view()
        if view is not None:
            self._trends.move(view, by)
            self._draw_again()

    def action_export(self) -> None:
        """Write what is shown to a CSV file and to an SVG picture, and say where."""
        from monitor.ui.exporting import export  # noqa: PLC0415 - seldom wanted, and never for the first paint

        view = None if self.only_looks() else self._view()
        if view is not None:
            self.say(export(view, self._trends.folder))

    def _draw_again(self) -> None:
        if self._moment is not None:
            self.show_trend(self._moment)
