"""The list of all alarms: acknowledge one, shelve one, take one off the shelf. The alarm lines stay lit above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from monitor.alarms import why_not_shelved
from monitor.errors import MonitorError
from monitor.ui.messages import Answered
from monitor.ui.widgets import alarm_list, alarms, keys
from monitor.ui.widgets.alarm_list import Listing
from monitor.ui.widgets.drawing import Drawing
from monitor.ui.widgets.keys import Key, Keys
from monitor.ui.widgets.too_small import TooSmall
from protocol.messages import MOST_AUDIO_PAUSE_S

if TYPE_CHECKING:
    from concurrent.futures import Future

    from textual.app import ComposeResult

    from monitor.annunciator import Annunciator
    from monitor.ui.moment import Moment


class AlarmsScreen(ModalScreen[None]):
    """The list.

    Args:
        annunciator: what becomes of alarms.
    """

    CSS_PATH = "alarms.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up"),
        Binding("down,j", "move(1)", "Down"),
        Binding("a", "acknowledge", "Ack"),
        Binding("h", "shelve", "Shelve"),
        Binding("s", "silence", "Silence"),
        Binding("escape,A,q", "dismiss", "Close"),
    ]

    def __init__(self, annunciator: Annunciator) -> None:
        super().__init__()
        self._annunciator = annunciator
        self._moment: Moment | None = None
        self._chosen = ""
        self._row = 0
        self._said = ""
        self._alarms = Drawing(alarms.draw, id="alarms")
        self._list = Drawing(alarm_list.draw, id="list")
        self._keys = Drawing(keys.draw, id="listkeys")

    def compose(self) -> ComposeResult:
        """Put the parts in their places."""
        yield self._alarms
        with Vertical(id="box") as box:
            box.border_title = Content("ALARMS")
            box.border_subtitle = Content("esc closes")
            yield self._list
            yield self._keys
        yield TooSmall("esc closes")

    def on_mount(self) -> None:
        """Follow the app's moment."""
        self.watch(self.app, "moment", self._show)

    def _show(self, moment: Moment | None) -> None:
        if moment is None:
            return
        if moment.problem and self._moment is not None and moment.problem != self._moment.problem:
            self._said = moment.problem
        self._moment = moment
        self._alarms.show(moment)
        rows = alarm_list.keys(moment)
        if self._chosen not in rows:  # it has gone: whatever stands in its place is chosen, nothing else
            self._row = min(self._row, max(0, len(rows) - 1))
            self._chosen = rows[self._row] if rows else ""
        else:
            self._row = rows.index(self._chosen)
        self._list.show(Listing(moment, self._chosen))
        self._show_keys()

    def _show_keys(self) -> None:
        moment = self._moment
        if moment is None:
            return
        entry = next((one for one in moment.alarms if one.line.key == self._chosen), None)
        shelved = any(one.key == self._chosen for one in moment.shelved)
        acts = not moment.snapshot.read_only
        may_shelve = shelved or not why_not_shelved(entry)
        offered = (
            Key("↑↓", "Choose", ready=len(alarm_list.keys(moment)) > 1),
            Key("a", "Ack", ready=acts and entry is not None and entry.acknowledgeable),
            Key("h", "Unshelve" if shelved else "Shelve", ready=acts and may_shelve),
            Key("s", "Sound" if moment.pause_s else "Silence", ready=acts),
        )
        self._keys.show(Keys(offered, self._said))

    def _only_looks(self) -> bool:
        """Tell whether nothing may be done from here, and say why."""
        why = "" if self._moment is None else self._moment.snapshot.read_only
        if why:
            self._say(why)
        return bool(why)

    def _say(self, sentence: str) -> None:
        self._said = sentence
        self._show_keys()

    def action_move(self, by: int) -> None:
        """Choose another row."""
        if self._moment is None:
            return
        rows = alarm_list.keys(self._moment)
        if rows:
            self._row = max(0, min(self._row + by, len(rows) - 1))
            self._chosen = rows[self._row]
            self._said = ""
            self._show(self._moment)

    def action_acknowledge(self) -> None:
        """Acknowledge the one that is chosen."""
        if self._only_looks():
            return
        entries = {one.line.key: one for one in self._annunciator.board.alarms}
        entry = entries.get(self._chosen)
        if entry is None or not entry.acknowledgeable:
            self._say("there is nothing to acknowledge of it")
            return
        self._said = ""
        self._follow(self._annunciator.acknowledge({self._chosen}))

    def action_silence(self) -> None:
        """Silence all alarms for ten minutes, or let them sound again."""
        if self._moment is not None and not self._only_looks():
            paused = self._moment.pause_s > 0
            self._follow(self._annunciator.silence(self._moment.now_ns, 0 if paused else MOST_AUDIO_PAUSE_S))

    def action_shelve(self) -> None:
        """Ask for how long and why the chosen one is to be shelved, or take it off the shelf."""
        moment, key = self._moment, self._chosen
        if moment is None or self._only_looks():
            return
        if any(one.key == key for one in moment.shelved):
            self._annunciator.unshelve(key)
            return
        entry = next((one for one in moment.alarms if one.line.key == key), None)
        refusal = why_not_shelved(entry)
        if entry is None or refusal:
            self._say(refusal)
            return
        from monitor.ui.screens.shelve import ShelveScreen  # noqa: PLC0415 - the list does without it

        self._said = ""
        self.app.push_screen(ShelveScreen(self._annunciator, key, entry.line.title))

    def _follow(self, future: Future[None] | None) -> None:
        if future is not None:
            future.add_done_callback(lambda ended: self.post_message(Answered(ended)))

    def on_answered(self, message: Answered) -> None:
        """Say why the pump has not taken something."""
        if message.future.cancelled():
            return
        self._annunciator.answered(message.future)
        try:
            message.future.result()
        except MonitorError as error:
            self._say(str(error))
