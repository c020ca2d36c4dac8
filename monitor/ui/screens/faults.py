"""The pump's fault log, newest first. To have opened it is to have seen it. The alarm lines stay lit above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from monitor.ui.widgets import alarms
from monitor.ui.widgets.drawing import Drawing
from monitor.ui.widgets.too_small import TooSmall
from monitor.ui.words import printable, time_of
from protocol.wording import event_text, event_word

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from monitor.annunciator import Annunciator
    from monitor.ui.moment import Moment


class FaultsScreen(ModalScreen[None]):
    """The log.

    Args:
        annunciator: is told that somebody has seen it.
    """

    CSS_PATH = "faults.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,e,q,enter", "dismiss", "Close")]

    def __init__(self, annunciator: Annunciator) -> None:
        super().__init__()
        self._annunciator = annunciator
        self._newest = 0
        self._alarms = Drawing(alarms.draw, id="alarms")
        self._log = Static(id="log", markup=False)

    def compose(self) -> ComposeResult:
        """Put the parts in their places."""
        yield self._alarms
        with VerticalScroll(id="box") as box:
            box.border_title = Content("FAULT LOG")
            box.border_subtitle = Content("esc closes")
            yield self._log
        yield TooSmall("esc closes")

    def on_mount(self) -> None:
        """Follow the app's moment."""
        self.watch(self.app, "moment", self._show)

    def _show(self, moment: Moment | None) -> None:
        if moment is None:
            return
        self._alarms.show(moment)
        faults = moment.snapshot.faults
        if faults and moment.status is not None and faults[-1].number != self._newest:
            new, now_s = moment.new_faults, moment.status.clock_s
            self._newest = faults[-1].number
            times = [time_of(one.clock_s, now_s, seconds=True) for one in faults]
            widest = max(len(time) for time in times)
            rows = [
                Content.assemble(
                    ("new  " if place < new else "     ", "bold $value"),
                    (f"{one.number:5}  {time:>{widest}}  ", "$dim"),
                    (f"{event_word(one):<9}", "$label"),
                    (printable(event_text(one)), "$foreground"),
                )
                for place, (one, time) in enumerate(zip(reversed(faults), reversed(times), strict=True))
            ]
            self._log.update(Content("\n").join(rows))
            if not moment.snapshot.read_only:
                self._annunciator.see_faults(moment.snapshot)
