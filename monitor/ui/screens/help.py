"""What the keys, the marks and the colours mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from monitor.ui.widgets import alarms
from monitor.ui.widgets.drawing import Drawing
from monitor.ui.widgets.marks import BANGS, FILL, MARK, TEXT
from monitor.ui.widgets.too_small import TooSmall
from monitor.ui.words import BLANK
from protocol.alarms import Priority

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from monitor.ui.moment import Moment
    from monitor.ui.widgets.lines import Part

_KEYS: Final = (
    ("r", "set the flow rate; the pump first says what that would do"),
    ("p", "stop delivery, or resume it"),
    ("c", "all that can be changed: bolus, refill, flex program, clock ..."),
    ("u", "ask again what became of a change whose answer was lost"),
    ("a", "acknowledge all alarms"),
    ("s", "silence them for 10 min, here and at the pump; again: sound"),
    ("A", "list all alarms: acknowledge one, shelve one (h) for a time"),
    ("e", "the pump's fault log"),
    ("t", "the trend alone: - + another span, ← → a cursor, x exports it"),
    ("l, q", "light or dark; quit, and the pump goes on as it is"),
    ("ctrl+p", "find by a word what can be done now"),
)
# What each key of the last line does, a few words.
ABOUT: Final = dict(_KEYS) | {
    "l": "light or dark",
    "?": "what the keys, the marks and the colours mean",
    "q": "the pump goes on as it is",
}
_WORDS: Final = (
    (f"?, {BLANK}", "stale: as it was when last seen, and dim; not known"),
    ("○", "an alarm that has gone; a says that you know"),
    ("╱", "no readings there"),  # noqa: RUF001 - the hatching
    ("╌", "forecast at the present rate; grey: ±14.5 % of that rate"),
)
_PRIORITIES: Final = (
    (Priority.HIGH, "high: act at once"),
    (Priority.MEDIUM, "medium: act soon"),
    (Priority.LOW, "low: know of it"),
)
_COLUMN: Final = 10


def text() -> Content:
    """Return the help as it is shown."""
    parts: list[Part] = []
    for key, meaning in _KEYS:
        parts += [(f"{key:<{_COLUMN}}", "bold $action"), (f"{meaning}\n", "$foreground")]
    for priority, meaning in _PRIORITIES:
        parts += [(f"{MARK[priority]} ", TEXT[priority]), (f" {BANGS[priority].strip():<3} ", FILL[priority])]
        parts += [" " * (_COLUMN - 7), (f"{meaning}\n", "$foreground")]
    parts.append((f"{'':{_COLUMN}}filled: nobody has acknowledged it; as text: somebody has\n", "$label"))
    for mark, meaning in _WORDS:
        parts += [(f"{mark:<{_COLUMN}}", "$value"), (f"{meaning}\n", "$foreground")]
    parts.append(("Scales of rates are logarithmic. A bench tool, not a medical device.", "$label"))
    return Content.assemble(*parts)


class HelpScreen(ModalScreen[None]):
    """A card over the pump's screen; the two alarm lines stay lit."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q,enter", "dismiss", "Close")]

    def __init__(self) -> None:
        super().__init__()
        self._alarms = Drawing(alarms.draw, id="alarms")

    def compose(self) -> ComposeResult:
        """Put the parts in their places."""
        yield self._alarms
        with VerticalScroll(id="box") as box:
            box.border_title = Content("HELP")
            box.border_subtitle = Content("esc closes")
            yield Static(text(), markup=False)
        yield TooSmall("esc closes")

    def on_mount(self) -> None:
        """Follow the app's moment."""
        self.watch(self.app, "moment", self._show)

    def _show(self, moment: Moment | None) -> None:
        if moment is not None:
            self._alarms.show(moment)
