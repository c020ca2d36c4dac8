"""The box in which something is changed: propose, compare with the pump's own account, send, read back.

The steps and the sentences are `monitor.ui.flow`'s, the looks are `ChangeBox`'s; this is which key leads on, and what
is asked of the source. Letters never send, Cancel has the focus where nothing is to be typed, and the alarm lines stay
lit above the box.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from monitor.errors import MonitorError
from monitor.ui.flow import Flow, Step
from monitor.ui.messages import Answered
from monitor.ui.widgets import alarms
from monitor.ui.widgets.change_box import ChangeBox
from monitor.ui.widgets.drawing import Drawing
from monitor.ui.widgets.too_small import TooSmall
from monitor.ui.words import when
from protocol.messages import Outcome, Prepared

if TYPE_CHECKING:
    from concurrent.futures import Future

    from textual.app import ComposeResult

    from monitor.kinds.ground import Week
    from monitor.snapshot import Reading
    from monitor.ui.moment import Moment
    from monitor.ui.source import Source
    from protocol.dosing import Rules
    from protocol.vocabulary import ChangeKind


# Its verdict is known, or is asked for as soon as it can be: box or no box.
_NOT_TO_BE_GIVEN_UP: Final = (Step.READ_BACK, Step.UNKNOWN, Step.ASKING, Step.ENDED)


class ChangeScreen(ModalScreen["Future[Outcome] | None"]):
    """One change. Dismissed with the verdict to come, where a change was abandoned half way.

    Args:
        source: where requests go.
        kind: what to change.
        moment: what the operator saw when pressing the key.
        seen: the live reading in it.
        rules: by what a figure is judged.
    """

    CSS_PATH = "change.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "abandon", "Cancel"),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]

    def __init__(self, source: Source, kind: ChangeKind, moment: Moment, seen: Reading, rules: Rules) -> None:
        super().__init__()
        self._source = source
        self._flow = Flow(kind, moment, seen, rules)
        self._waiting: Future[Any] | None = None
        self._week_asked: Reading | None = None
        self._alarms = Drawing(alarms.draw, id="alarms")
        self._box = ChangeBox(self._flow)

    def compose(self) -> ComposeResult:
        """Put the parts in their places."""
        yield self._alarms
        yield self._box
        yield TooSmall("esc closes")

    def on_mount(self) -> None:
        """Begin with the first field; where there is none, the pump is asked at once."""
        self.watch(self.app, "moment", self._show)
        self._box.next_act().focus()
        if not self._flow.row.fields:
            self._lead_on()

    def _show(self, moment: Moment | None) -> None:
        if moment is not None:
            self._alarms.show(moment)
            before = self._flow.step
            self._flow.on_moment(moment)
            self._read_week(moment)
            self._draw(moved=self._flow.step is not before)

    def _read_week(self, moment: Moment) -> None:
        """Ask for the program of the week where it is wanted, once a reading: an answer may be lost."""
        if self._flow.wants_week and moment.live and self._week_asked is not moment.snapshot.reading:
            self._week_asked = moment.snapshot.reading
            self._source.week().add_done_callback(lambda ended: self.post_message(Answered(ended)))

    def _take_week(self, future: Future[Week]) -> None:
        """Take the program of the week: to begin with, its pattern of today is what is shown to be changed."""
        flow, week = self._flow, future.result()
        if not flow.wants_week:
            return
        begins = flow.step is Step.ASK
        flow.on_week(week)
        if begins:
            today = when(flow.seen.status.clock_s)
            for grid in self._box.grids.values():
                grid.fill(week[0 if today is None else today.weekday()])
        self._draw(moved=not begins)

    def _draw(self, *, moved: bool = False) -> None:
        self._box.show()
        if moved:
            self._box.next_act().focus()

    def on_descendant_focus(self) -> None:
        """Show where Enter leads from here."""
        self._box.show_buttons()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._flow.typed()
        self._draw()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        """Go to the next field that is wanted; from the last one, take the next step."""
        below = self._box.empty_after(event.input) if self._flow.step is Step.ASK else None
        if below is None:
            self._lead_on()
        else:
            below.focus()

    @on(Button.Pressed, "#go")
    def _lead_on(self) -> None:
        """Take the next step: ask, send, or ask again."""
        flow, box, source = self._flow, self._box, self._source
        if flow.step is Step.ASK and not flow.obstacle and not flow.wants_week:
            change = flow.ask(box.texts, box.reason.value)
            if change is not None:
                self._await(source.prepare(change, seen=flow.seen, reason=flow.reason))
            elif flow.lacks_reason:
                self._draw()
                box.reason.focus()
            elif flow.faulty:
                box.next_act().focus()
        elif flow.prepared is not None and flow.armed(box.again.value):
            flow.send()
            self._await(source.commit(flow.prepared))
        elif flow.prepared is not None and flow.step is Step.UNKNOWN:
            flow.ask_again()
            self._await(source.resolve(flow.prepared.command_id))
        self._draw()

    def _await(self, future: Future[Any]) -> None:
        self._waiting = future
        future.add_done_callback(lambda ended: self.post_message(Answered(ended)))

    def on_answered(self, message: Answered) -> None:
        """Take the answer to the latest request; an older one has no say any more."""
        future = message.future
        if future.cancelled():
            return
        if future is not self._waiting:
            if not future.exception() and isinstance(future.result(), tuple):
                self._take_week(future)
            return
        try:
            answer = future.result()
        except MonitorError as error:
            self._flow.on_error(error)
        else:
            if isinstance(answer, Prepared):
                self._box.again.clear()
                self._flow.on_prepared(answer, self._flow.moment.now_ns)
            elif isinstance(answer, Outcome):
                self._flow.on_outcome(answer)
        self._draw(moved=True)

    @on(Button.Pressed, "#cancel")
    def action_abandon(self) -> None:
        """Close the box. What the pump was asked to keep is given up, and its verdict is passed on."""
        flow = self._flow
        if flow.step is Step.PREPARING and self._waiting is not None:
            self._waiting.add_done_callback(self._give_up)
        if flow.prepared is None or flow.step in _NOT_TO_BE_GIVEN_UP:
            self.dismiss(None)
        else:
            self.dismiss(self._source.resolve(flow.prepared.command_id))

    def _give_up(self, ended: Future[Prepared]) -> None:
        """Free the pump's slot when the answer to a Prepare comes after the box was closed."""
        if not ended.cancelled() and ended.exception() is None:
            self._source.resolve(ended.result().command_id)
