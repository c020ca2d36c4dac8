"""The pump's own screen: who it is, what is the matter, what it does now, where that leads, what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content

from monitor.errors import MonitorError
from monitor.ui.messages import Answered
from monitor.ui.moment import NS_PER_S
from monitor.ui.screens.trend_keys import WithTrend
from monitor.ui.widgets import alarms, events, identity, link, now
from monitor.ui.widgets.drawing import Drawing
from monitor.ui.widgets.keys import Key
from monitor.ui.widgets.too_small import TooSmall
from monitor.verdicts import became, either_rate, named
from protocol.messages import MOST_AUDIO_PAUSE_S, Outcome
from protocol.units import format_rate
from protocol.vocabulary import ChangeKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from textual.app import ComposeResult

    from monitor.annunciator import Annunciator
    from monitor.ui.moment import Moment
    from monitor.ui.screens.commands import Command
    from monitor.ui.source import Source
    from monitor.ui.trends import Trends
    from protocol.dosing import Rules

_LONG: Final = {"?": "question_mark"}  # as bindings name it
_HAVE_KEYS: Final = (ChangeKind.RATE, ChangeKind.STOP, ChangeKind.RESUME)  # beside the menu
_VERDICT_NS: Final = 60 * NS_PER_S  # how long a verdict is said, for somebody who has looked away meanwhile


class PumpScreen(WithTrend):
    """One pump.

    Args:
        source: where changes and acknowledgements go.
        rules: returns by what a figure is judged; asked when one is to be changed.
        annunciator: what becomes of alarms.
        trends: what the trend is drawn from.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "change_rate", "Rate"),
        Binding("p", "stop_or_resume", "Stop/Resume"),
        Binding("c", "changes", "Change"),
        Binding("u", "ask", "Ask again"),
        Binding("a", "acknowledge", "Ack"),
        Binding("s", "silence", "Silence"),
        Binding("A", "alarms", "Alarms"),
        Binding("e", "faults", "Faults"),
        Binding("t", "trend", "Trend"),
        Binding("escape", "uncursor", "No cursor"),
        Binding("l", "app.light", "Light/dark"),
        Binding("question_mark", "help", "Help"),
        Binding("ctrl+p", "commands", "Commands"),
        Binding("q", "app.quit", "Quit"),
    ]

    def __init__(
        self, source: Source, rules: Callable[[], Rules], annunciator: Annunciator, trends: Trends
    ) -> None:
        super().__init__(trends, whole=False)
        self._source = source
        self._annunciator = annunciator
        self._rules = rules
        self._problem = ""
        self._told: set[bytes] = set()
        self._identity = Drawing(identity.draw, id="identity")
        self._alarms = Drawing(alarms.draw, id="alarms")
        self._now = Drawing(now.draw, title="NOW", id="now")
        self._events = Drawing(
            events.draw, title="EVENTS", subtitle="bench tool, not a medical device", id="events"
        )
        self._live = (self._identity, self._alarms, self._now, self._events)

    def compose(self) -> ComposeResult:
        """Put the parts in their places."""
        yield self._identity
        yield self._alarms
        with Container(id="upper"):
            yield self._now
            yield self._trend
        yield self._events
        yield self._last_line
        yield TooSmall("q quits")

    def on_mount(self) -> None:
        """Follow the app's moment."""
        self.watch(self.app, "moment", self._show)
        self.watch(self.app, "theme", self._on_theme, init=False)

    def _on_theme(self) -> None:
        if self._moment is not None:
            self._show_keys(self._moment)

    def _show(self, moment: Moment | None) -> None:
        if moment is None:
            return
        self._last_line.tick(moment.now_ns)
        before, self._moment = self._moment, moment
        same = before is not None and moment.looks_like(before)
        flashes = not same and before is not None and moment.says_as(before)
        if self.trend_is_old or not (same or flashes):
            self.show_trend(moment)
        if flashes:
            self._alarms.show(moment)
        if same or flashes:
            return
        self._show_live(moment)
        self._events.border_title = events.title(moment)
        self._show_line(moment)
        if moment.problem and moment.problem != self._problem:
            self.say(moment.problem, _VERDICT_NS)
        self._problem = moment.problem
        self._show_keys(moment)
        self._tell_verdicts(moment)

    def _show_live(self, moment: Moment) -> None:
        # Each would have itself painted when its own turn comes, and one frame might say "no link" above figures without a mark.
        self._dirty_widgets.update([part for part in self._live if part.show(moment)])

    def _show_line(self, moment: Moment) -> None:
        """Say where there is no room for the link's block how slow the line is, if it is."""
        width, height = self.app.size
        small = width < now.BLOCKS_FROM[0] or height < now.BLOCKS_FROM[1]
        self._now.border_subtitle = link.slow(moment) if small else Content()

    def on_resize(self) -> None:
        """Say it, or not, as soon as the window has another size."""
        if self._moment is not None:
            self._show_line(self._moment)

    def _tell_verdicts(self, moment: Moment) -> None:
        """Say what became of changes without an answer, now that the pump has told it."""
        for intent, outcome in moment.snapshot.settled:
            if intent.command_id not in self._told:
                self._told.add(intent.command_id)
                self.say(f"{named(intent)}: {became(intent, outcome)}", _VERDICT_NS)

    def _show_keys(self, moment: Moment) -> None:
        toggle = moment.toggle
        acts = not moment.snapshot.read_only
        unseen = any(entry.acknowledgeable for entry in moment.alarms)
        changes: tuple[Key, ...] = (
            Key("r", "Rate", ready=not moment.obstacle(ChangeKind.RATE)),
            Key("p", "Stop" if toggle is ChangeKind.STOP else "Resume", ready=not moment.obstacle(toggle)),
            Key(
                "c",
                "Change",
                ready=not moment.obstacle(ChangeKind.STOP) or not moment.obstacle(ChangeKind.CLOCK),
            ),
        )
        if moment.snapshot.unresolved:
            changes = (Key("u", "Ask again"),) if moment.may_ask else ()
        offered = (
            *changes,
            Key("a", "Ack", ready=unseen and acts),
            Key("s", "Sound" if moment.pause_s else "Silence", ready=acts),
            Key("A", "Alarms"),
            Key("e", "Faults", ready=bool(moment.snapshot.faults)),
            Key("t", "Trend"),
            Key("l", "Light" if self.app.current_theme.dark else "Dark"),
            Key("?", "Help"),
            *self.ways_out(),
        )
        self._last_line.offer(offered, moment.now_ns)

    def ways_out(self) -> tuple[Key, ...]:
        """Return the keys that leave the screen."""
        return (Key("q", "Quit"),)

    # --- keys ---------------------------------------------------------------------------------------------------------

    def action_change_rate(self) -> None:
        """Open the box that sets the rate, or say why not."""
        self._open(ChangeKind.RATE)

    def action_stop_or_resume(self) -> None:
        """Open the box that stops the pump, or resumes if it is stopped, or say why not."""
        if self._moment is not None:
            self._open(self._moment.toggle)

    def action_changes(self) -> None:
        """Open the menu of all that can be changed; it says what is in the way."""
        from monitor.ui.screens.menu import ChangesMenu  # noqa: PLC0415 - as below

        self.app.push_screen(ChangesMenu(), self._on_chosen)

    def _on_chosen(self, kind: ChangeKind | None) -> None:
        if kind is not None:
            self._open(kind)

    def _open(self, kind: ChangeKind) -> None:
        moment = self._moment
        if moment is None or moment.snapshot.reading is None or moment.obstacle(kind):
            self.say(moment.obstacle(kind) if moment is not None else "")
            return
        from monitor.ui.screens.change import ChangeScreen  # noqa: PLC0415 - a tenth of the first paint, needed later

        self.app.push_screen(
            ChangeScreen(self._source, kind, moment, moment.snapshot.reading, self._rules()), self._on_closed
        )

    def _on_closed(self, abandoned: Future[Outcome] | None) -> None:
        """Say what became of a change that was abandoned, once the pump has told it."""
        if abandoned is not None:
            abandoned.add_done_callback(lambda future: self.post_message(Answered(future)))

    def action_ask(self) -> None:
        """Ask now what became of a change, or say why not."""
        if self._moment is None or not self._moment.snapshot.unresolved or self.only_looks():
            return
        if not self._moment.may_ask:
            self.say("the pump can't tell that to this key, or not any more")
            return
        self.say("asking the pump which it was …")
        future = self._source.settle()
        future.add_done_callback(lambda ended: self.post_message(Answered(ended)))

    def action_acknowledge(self) -> None:
        """Acknowledge every alarm that nobody has."""
        if self.only_looks():
            return
        keys = {entry.line.key for entry in self._annunciator.board.alarms if entry.acknowledgeable}
        if not keys:
            self.say("there is nothing to acknowledge")
            return
        self._follow(self._annunciator.acknowledge(keys))

    def action_silence(self) -> None:
        """Silence alarms for ten minutes, here and at the pump, or let them sound again."""
        if self._moment is None or self.only_looks():
            return
        paused = self._moment.pause_s > 0
        self._follow(self._annunciator.silence(self._moment.now_ns, 0 if paused else MOST_AUDIO_PAUSE_S))
        self.say("alarms sound again" if paused else "no alarm sounds for 10 min, unless one comes")

    def _follow(self, future: Future[None] | None) -> None:
        if future is not None:
            future.add_done_callback(lambda ended: self.post_message(Answered(ended)))

    def action_alarms(self) -> None:
        """List all alarms: to acknowledge one, or to shelve it."""
        from monitor.ui.screens.alarms import AlarmsScreen  # noqa: PLC0415 - as below

        self.app.push_screen(AlarmsScreen(self._annunciator))

    def action_faults(self) -> None:
        """Show the pump's fault log."""
        if self._moment is None or not self._moment.snapshot.faults:
            self.say(
                "the pump's fault log is empty"
                if self._moment and self._moment.status
                else "no faults read yet"
            )
            return
        from monitor.ui.screens.faults import FaultsScreen  # noqa: PLC0415 - as below

        self.app.push_screen(FaultsScreen(self._annunciator))

    def action_trend(self) -> None:
        """Show the trend on a screen of its own."""
        from monitor.ui.screens.trend import TrendScreen  # noqa: PLC0415 - as above

        self.app.push_screen(TrendScreen(self._trends))

    def action_uncursor(self) -> None:
        """Take the trend's cursor away."""
        if self._trends.uncursor():
            self._draw_again()

    def action_commands(self) -> None:
        """List what can be done now, to be found by a word of it."""
        from monitor.ui.screens.commands import CommandsScreen  # noqa: PLC0415 - as above

        self.app.push_screen(CommandsScreen(self._commands), self._on_command)

    def _commands(self) -> tuple[Command, ...]:
        """Return what can be done now: the keys of the last line that do something, and the kinds of change."""
        from monitor.kinds.table import ROWS  # noqa: PLC0415 - as above
        from monitor.ui.screens.commands import Command  # noqa: PLC0415 - as above
        from monitor.ui.screens.help import ABOUT  # noqa: PLC0415 - as above

        moment = self._moment
        if moment is None:
            return ()
        actions = {binding.key: binding.action for _, binding in self._bindings}
        keys = tuple(
            Command(key.name, key.label, ABOUT[key.name], actions[_LONG.get(key.name, key.name)])
            for key in self._last_line.keys
            if key.ready and key.name in ABOUT
        )
        changes = tuple(
            Command(f"c {row.letter}", row.label, row.about, f"change({row.kind.value})")
            for row in ROWS
            if row.kind not in _HAVE_KEYS and not moment.obstacle(row.kind)
        )
        return (*keys, *changes)

    async def _on_command(self, command: Command | None) -> None:
        if command is not None:
            await self.run_action(command.action)

    def action_change(self, kind: int) -> None:
        """Open the box of a kind of change."""
        self._open(ChangeKind(kind))

    def action_help(self) -> None:
        """Explain keys, marks and colours."""
        from monitor.ui.screens.help import HelpScreen  # noqa: PLC0415 - as above

        self.app.push_screen(HelpScreen())

    def on_answered(self, message: Answered) -> None:
        """Say what a request came to, where that is not seen elsewhere."""
        if message.future.cancelled():
            return
        self._annunciator.answered(message.future)
        try:
            answer = message.future.result()
        except MonitorError as error:
            self.say(str(error))
            return
        if isinstance(answer, tuple) and answer:
            self.say(f"still unknown: the rate is {either_rate(*answer)}")
        if isinstance(answer, Outcome):
            rate = format_rate(answer.rate_nl_h)
            applied = answer.verdict is Verdict.APPLIED
            self.say(f"the change was applied: {rate}" if applied else f"abandoned: the rate is still {rate}")
