"""The box in which an alarm is shelved: for how long, and why. The alarm lines stay lit above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from monitor.alarms import MOST_SHELVED_S
from monitor.errors import MonitorError
from monitor.ui.widgets import alarms
from monitor.ui.widgets.drawing import Drawing
from monitor.ui.widgets.too_small import TooSmall
from protocol.intent import MOST_REASON
from protocol.units import QuantityError, parse_span

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from monitor.annunciator import Annunciator
    from monitor.ui.moment import Moment

_USUAL = "1 h"


class ShelveScreen(ModalScreen[None]):
    """One shelving.

    Args:
        annunciator: what becomes of alarms.
        key: the alarm, by `AlarmLine.key`.
        title: what it is called.
    """

    CSS_PATH = "shelve.tcss"
    AUTO_FOCUS = "#why"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]

    def __init__(self, annunciator: Annunciator, key: str, title: str) -> None:
        super().__init__()
        self._annunciator = annunciator
        self._key = key
        self._title = title
        self._alarms = Drawing(alarms.draw, id="alarms")
        self._span = Input(_USUAL, id="span", compact=True)
        self._why = Input(id="why", compact=True, max_length=MOST_REASON)
        self._sentence = Static(self._hint(), id="sentence", markup=False)

    def compose(self) -> ComposeResult:
        """Put the parts in their places."""
        yield self._alarms
        with Vertical(id="box") as box:
            box.border_title = Content(f"SHELVE  {self._title}")
            box.border_subtitle = Content("⏎ shelves, esc closes")
            for name, field in (("For how long", self._span), ("Why", self._why)):
                with Horizontal(classes="row"):
                    yield Static(name, classes="name", markup=False)
                    yield field
            yield self._sentence
        yield TooSmall("esc closes")

    def on_mount(self) -> None:
        """Follow the app's moment."""
        self.watch(self.app, "moment", self._show)

    def _show(self, moment: Moment | None) -> None:
        if moment is not None:
            self._alarms.show(moment)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._sentence.update(self._hint())

    @on(Input.Submitted)
    def _shelve(self) -> None:
        """Shelve it, or say why not."""
        try:
            self._annunciator.shelve(self._key, self._why.value, parse_span(self._span.value.strip()))
        except QuantityError as error:
            self._refuse(str(error), self._span)
        except MonitorError as error:
            self._refuse(str(error), self._why)
        else:
            self.dismiss(None)

    def _refuse(self, why: str, field: Input) -> None:
        self._sentence.update(Content.assemble((why, "$medium")))
        field.focus()

    def _hint(self) -> Content:
        most = f"{MOST_SHELVED_S // 3_600} h"
        said = f"It is not told of until then, {most} at the most. It returns by itself, and at once if it gets more urgent."
        return Content.assemble((said, "$label"))
