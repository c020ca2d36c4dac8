"""The commands: all that can be done now, found by a word of it; what can't be done now is not among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from monitor.ui.widgets import alarms
from monitor.ui.widgets.drawing import Drawing
from monitor.ui.widgets.too_small import TooSmall

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from monitor.ui.moment import Moment

_LABEL: Final = 16
_KEY: Final = 5
_WIDEST: Final = 72  # as the style sheet has it
_FRAME: Final = 6


@dataclass(frozen=True, slots=True)
class Command:
    """Something that can be done now.

    Attributes:
        key: the key that does it without the list; "c i" is a letter of the menu that c opens.
        label: what it is called.
        about: what it does, a few words.
        action: what to run, as Textual names it.
    """

    key: str
    label: str
    about: str
    action: str

    def matches(self, words: str) -> bool:
        """Tell whether each of these words is in what it is called or does."""
        return _has(f"{self.key} {self.label} {self.about}", words)

    def is_called(self, words: str) -> bool:
        """Tell whether each of these words is in its name."""
        return _has(self.label, words)


def _has(text: str, words: str) -> bool:
    return all(word in text.casefold() for word in words.casefold().split())


class CommandsScreen(ModalScreen[Command | None]):
    """A card over a screen, whose alarm lines stay lit. Dismissed with what was chosen, or None.

    Args:
        offered: returns what can be done now; asked again with every moment.
    """

    CSS_PATH = "commands.tcss"
    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+p", "dismiss", "Close"),
        Binding("up", "move(-1)", "Up"),
        Binding("down", "move(1)", "Down"),
    ]

    def __init__(self, offered: Callable[[], tuple[Command, ...]]) -> None:
        super().__init__()
        self._offered = offered
        self._shown: tuple[Command, ...] = ()
        self._alarms = Drawing(alarms.draw, id="alarms")
        self._words = Input(placeholder="a word of what is to be done", id="words", compact=True)
        self._words.cursor_blink = False
        self._options = OptionList(id="found", markup=False)
        self._options.can_focus = False

    def compose(self) -> ComposeResult:
        """Put the parts in their places."""
        yield self._alarms
        with Vertical(id="box") as box:
            box.border_title = Content("COMMANDS")
            box.border_subtitle = Content("what can be done now   ⏎ does it, esc closes")
            yield self._words
            yield self._options
        yield TooSmall("esc closes")

    def on_mount(self) -> None:
        """Follow the app's moment: what can be done changes with it."""
        self.watch(self.app, "moment", self._show)

    def _show(self, moment: Moment | None) -> None:
        if moment is not None:
            self._alarms.show(moment)
            self._list()

    @on(Input.Changed)
    def _list(self) -> None:
        words = self._words.value
        found = tuple(
            sorted(
                (one for one in self._offered() if one.matches(words)),
                key=lambda one: not one.is_called(words),
            )
        )
        if found == self._shown and self._options.option_count:
            return
        at = self._options.highlighted
        chosen = self._shown[at] if at is not None and self._shown else None
        self._shown = found
        room = min(self.app.size.width, _WIDEST) - _FRAME
        self._options.clear_options()
        for one in found:
            self._options.add_option(Option(_line(one).truncate(room, ellipsis=True)))
        if found:
            self._options.highlighted = found.index(chosen) if chosen in found else 0
        else:
            nothing = Content.assemble(("nothing that can be done now has these words", "$dim"))
            self._options.add_option(Option(nothing, disabled=True))

    def action_move(self, by: int) -> None:
        """Choose another one."""
        at = self._options.highlighted
        if at is not None and self._shown:
            self._options.highlighted = (at + by) % len(self._shown)

    @on(Input.Submitted)
    def _chosen(self) -> None:
        at = self._options.highlighted
        if at is not None and self._shown:
            self.dismiss(self._shown[at])

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index])


def _line(one: Command) -> Content:
    return Content.assemble(
        (f" {one.key:<{_KEY}}", "bold $action"),
        (f"{one.label:<{_LABEL}}", "$foreground"),
        (one.about, "$label"),
    )
