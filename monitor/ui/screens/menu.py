"""The menu of changes: each with its letter; what can't be asked for now is dim, and it is said why."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from monitor.kinds.table import ROWS
from monitor.ui.widgets import alarms
from monitor.ui.widgets.drawing import Drawing
from monitor.ui.widgets.too_small import TooSmall
from protocol.vocabulary import ChangeKind

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Key

    from monitor.kinds.table import Kind
    from monitor.ui.moment import Moment

_LABEL: Final = 16
_WIDEST: Final = 72  # as the style sheet has it
_FRAME: Final = 6


class ChangesMenu(ModalScreen[ChangeKind | None]):
    """A card over the pump's screen, whose alarm lines stay lit. Dismissed with the kind that was chosen, or None."""

    CSS_PATH = "menu.tcss"
    AUTO_FOCUS = "OptionList"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,c", "dismiss", "Close")]

    def __init__(self) -> None:
        super().__init__()
        self._obstacles: dict[ChangeKind, str] | None = None
        self._alarms = Drawing(alarms.draw, id="alarms")
        self._options = OptionList(id="kinds", markup=False)
        self._why = Static(markup=False, id="why")

    def compose(self) -> ComposeResult:
        """Put the parts in their places."""
        yield self._alarms
        with Vertical(id="box") as box:
            box.border_title = Content("CHANGE")
            box.border_subtitle = Content("nothing changes yet   esc closes")
            yield self._options
            yield self._why
        yield TooSmall("esc closes")

    def on_mount(self) -> None:
        """Follow the app's moment."""
        self.watch(self.app, "moment", self._show)

    def _show(self, moment: Moment | None) -> None:
        if moment is None:
            return
        self._alarms.show(moment)
        obstacles = {row.kind: moment.obstacle(row.kind) for row in ROWS}
        before, self._obstacles = self._obstacles, obstacles
        if _alike(obstacles) != _alike(before):
            self._list(obstacles)
        if _common(obstacles) or _alike(obstacles) != _alike(before):
            self._say_common(obstacles)

    def _list(self, obstacles: dict[ChangeKind, str]) -> None:
        at = self._options.highlighted
        common = _common(obstacles)
        room = min(self.app.size.width, _WIDEST) - _FRAME
        self._options.clear_options()
        for row in ROWS:
            why = obstacles[row.kind]
            line = _line(row, "" if common else why, dim=bool(why)).truncate(room, ellipsis=True)
            self._options.add_option(Option(line, disabled=bool(why)))
        ready = [index for index, row in enumerate(ROWS) if not obstacles[row.kind]]
        self._options.highlighted = at if at in ready else next(iter(ready), None)

    def _say_common(self, obstacles: dict[ChangeKind, str]) -> None:
        """Say what is in the way of all of them, where one thing is."""
        self._say(_common(obstacles))

    def _say(self, why: str) -> None:
        self._why.update(
            Content.assemble(("◆ ", "$medium"), (why, "bold $medium")) if why else "", layout=False
        )

    def on_key(self, event: Key) -> None:
        """Choose by letter."""
        for row in ROWS:
            if event.character == row.letter:
                event.stop()
                self._choose(row)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._choose(ROWS[event.option_index])

    def _choose(self, row: Kind) -> None:
        why = (self._obstacles or {}).get(row.kind, "")
        if not why:
            self.dismiss(row.kind)
        else:
            self._say(why if _common(self._obstacles or {}) else f"{row.label}: {why}")


def _common(obstacles: dict[ChangeKind, str]) -> str:
    reasons = set(obstacles.values())
    return next(iter(reasons)) if len(reasons) == 1 else ""


def _alike(obstacles: dict[ChangeKind, str] | None) -> object:
    """Return what decides how the list looks: a reason that grows older, "4 s old", draws nothing anew but itself."""
    if obstacles is None:
        return None
    return "all" if _common(obstacles) else obstacles


def _line(row: Kind, why: str, *, dim: bool) -> Content:
    letter, label = ("$dim", "$dim") if dim else ("bold $action", "$foreground")
    about = why or row.about
    return Content.assemble(
        (f" {row.letter}  ", letter), (f"{row.label:<{_LABEL}}", label), (about, "$dim" if dim else "$label")
    )
