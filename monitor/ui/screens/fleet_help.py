"""What the keys and the marks of the fleet mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from monitor.ui.widgets import fleet_head
from monitor.ui.widgets.drawing import Drawing
from monitor.ui.widgets.marks import MARK, TEXT
from monitor.ui.widgets.too_small import TooSmall
from protocol.alarms import Priority

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from monitor.ui.fleet_moment import FleetMoment
    from monitor.ui.widgets.lines import Part

_KEYS: Final = (
    ("enter", "open the pump under the cursor; esc comes back"),
    ("n", "go to the next pump that needs a hand"),
    ("/", "show only pumps with these words in name, place or state; esc shows all"),
    ("o", "sort by urgency, days to low, place, name or age"),
    ("m", "the map: every pump as one mark, place by place"),
    ("a", "heard: this pump rings no more here; the pump is not told"),
    ("s", "no sound for 10 min, or sound again; something new ends it"),
    ("l", "light or dark"),
    ("q", "quit; the pumps go on as they are"),
)
_PRIORITIES: Final = (
    (Priority.HIGH, "high: act at once"),
    (Priority.MEDIUM, "medium: act soon"),
    (Priority.LOW, "low: know of it"),
)
_WORDS: Final = (
    ("?", "no link; behind a figure: when last seen"),
    ("○", "not read yet"),
    ("·", "nothing is the matter"),
    ("+1", "one thing more is the matter: open the pump"),
    ("┿", "on the bar: the pump's low-reservoir volume"),
)
_COLUMN: Final = 8


def text() -> Content:
    """Return the help as it is shown."""
    parts: list[Part] = []
    for key, meaning in _KEYS:
        parts += [(f"{key:<{_COLUMN}}", "bold $action"), (f"{meaning}\n", "$foreground")]
    parts.append("\n")
    for priority, meaning in _PRIORITIES:
        parts += [(f"{MARK[priority]:<{_COLUMN}}", TEXT[priority]), (f"{meaning}\n", "$foreground")]
    for mark, meaning in _WORDS:
        parts += [(f"{mark:<{_COLUMN}}", "$value"), (f"{meaning}\n", "$foreground")]
    parts.append(("Bold: nobody has acknowledged it. A bench tool, not a medical device.", "$label"))
    return Content.assemble(*parts)


class FleetHelpScreen(ModalScreen[None]):
    """A card over the fleet; its counts stay in sight."""

    CSS_PATH = "fleet_help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q,enter", "dismiss", "Close")]

    def __init__(self) -> None:
        super().__init__()
        self._head = Drawing(fleet_head.draw, id="head")

    def compose(self) -> ComposeResult:
        """Put the parts in their places."""
        yield self._head
        with VerticalScroll(id="box") as box:
            box.border_title = Content("HELP")
            box.border_subtitle = Content("esc closes")
            yield Static(text(), markup=False)
        yield TooSmall("esc closes")

    def on_mount(self) -> None:
        """Follow the app's fleet."""
        self.watch(self.app, "fleet", self._show)

    def _show(self, moment: FleetMoment | None) -> None:
        if moment is not None:
            self._head.show(moment)
