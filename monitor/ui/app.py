"""The dashboard as an app: it keeps the newest snapshot and the clock, and hands both to the screens as a moment."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from textual.reactive import var

from monitor.annunciator import Annunciator
from monitor.bell import Calls
from monitor.errors import MonitorError
from monitor.ui.attention import Attention
from monitor.ui.flash import dark, next_edge_ns
from monitor.ui.in_turn import InTurn
from monitor.ui.messages import Fetched, SnapshotArrived
from monitor.ui.moment import NS_PER_S, Moment
from monitor.ui.screens.pump import PumpScreen
from monitor.ui.screens.trend_keys import WithTrend
from monitor.ui.terminal import TerminalDriver
from monitor.ui.themes import DARK, LIGHT, in_sixteen, without_colour
from monitor.ui.trends import Trends
from monitor.ui.widgets.too_small import LEAST_HEIGHT, LEAST_WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import PurePath

    from textual.driver import Driver
    from textual.screen import Screen
    from textual.timer import Timer

    from monitor.memo import Memos
    from monitor.snapshot import Snapshot
    from monitor.ui.source import Source, Watched
    from protocol.alarms import Priority
    from protocol.dosing import Rules

_MS_PER_S: Final = 1_000
_LEAST_WAIT_S: Final = 0.05  # from one look at the clock to the next
_SHEETS: Final[list[str | PurePath]] = [
    "app.tcss",
    "screens/pump.tcss",
]  # a default screen's own sheet would not be read
# The classes that the style sheets know, from so many columns and rows on.
_WIDTHS: Final = [(0, "-tiny"), (LEAST_WIDTH, "-narrow"), (100, "-wide")]
_HEIGHTS: Final = [(0, "-low"), (LEAST_HEIGHT, "-flat"), (24, "-short"), (40, "-tall")]


class WatchingApp(InTurn):
    """What an app that watches a pump has, whatever its screens are.

    Args:
        source: the pump, watched by a thread of its own; started after the first paint, stopped on the way out.
        painted: called once after the first paint, by when nothing more is wanted of a fast start.
        memos: where is remembered what is shelved; None where that ends with the dashboard.
        calls: how it calls for somebody.
        now_ns: the host's monotonic clock in nanoseconds, the one that readings are stamped with.
        now_s: the host's calendar clock, by which alarms are shelved, seconds since 1970 UTC.
        trends: what trends are drawn from; without, what is read from now on.
        sixteen: whether the terminal has no more than sixteen colours.
    """

    TITLE = "pump-monitor"
    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = _SHEETS
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    DRIVER: ClassVar[type[Driver]] = TerminalDriver

    moment: var[Moment | None] = var(None)

    def __init__(
        self,
        source: Watched,
        *,
        painted: Callable[[], None] = lambda: None,
        memos: Memos | None = None,
        calls: Calls | None = None,
        now_ns: Callable[[], int] = time.monotonic_ns,
        now_s: Callable[[], float] = time.time,
        trends: Trends | None = None,
        sixteen: bool = False,
    ) -> None:
        super().__init__(driver_class=self.DRIVER)
        self._source = source
        self._painted = painted
        self._now_ns = now_ns
        self._memos = memos
        self._now_s = now_s
        self._trends = trends or self._without_a_past()
        self._trends.note(source.snapshot)
        self._annunciator = self._annunciator_of(source)
        self._calls = calls or Calls()
        self._attention = Attention(self._write, bell=self._calls.bell, notify=self._calls.notify)
        self._flashing: frozenset[Priority] = frozenset()
        self._flashing_since_ns = 0
        self._timer: Timer | None = None
        for theme in (DARK, LIGHT):
            fitting = in_sixteen(theme) if sixteen else theme
            self.register_theme(without_colour(fitting) if self.no_color else fitting)
        self.theme = DARK.name

    def _annunciator_of(self, source: Watched) -> Annunciator:
        """Return what tells of the alarms of a pump; one that can't be changed is never asked to acknowledge."""
        return Annunciator(cast("Source", source), self._memos, now_s=self._now_s, changed=self._tick)

    def _without_a_past(self) -> Trends:
        """Return the trends of a pump of which no history is read."""
        return Trends(None, self._now_ns, lambda: int(self._now_s() * _MS_PER_S), Path())

    def on_mount(self) -> None:
        """Draw what is known, listen, and only then have the port opened."""
        self._leave_cleanly()
        self._tick()
        self._source.subscribe(self._on_snapshot)
        self.call_after_refresh(self._on_painted)

    def _on_painted(self) -> None:
        self._painted()
        self._source.start()

    def on_unmount(self) -> None:
        """Close the port."""
        self._source.stop()

    def _on_snapshot(self, snapshot: Snapshot) -> None:
        """Pass a snapshot from the source's thread to the screen's; its reading is kept, whether it is drawn or not."""
        if snapshot.url == self._source.snapshot.url:  # and not what comes late from a pump that was closed
            self._trends.note(snapshot)
        self.post_message(SnapshotArrived(snapshot))

    def on_snapshot_arrived(self) -> None:
        """Draw a newer snapshot: the newest, of whichever pump is on the screen by now."""
        self._tick()

    def on_fetched(self, message: Fetched) -> None:
        """Draw what the history had, or say why it has nothing."""
        if isinstance(message.answer, MonitorError):
            self._trends.problem = f"no trend from before: {message.answer}"
            if isinstance(self.screen, WithTrend):
                self.screen.say(self._trends.problem)
            return
        self._trends.answered(message.wanted, message.answer)
        self._tick()

    def _tick(self) -> None:
        """Look at the clock: draw what has changed, ring, and look again when something may have changed."""
        now_ns = self._now_ns()
        annunciator, snapshot = self._annunciator, self._source.snapshot
        board = annunciator.look(snapshot, now_ns)
        moment = Moment(
            snapshot,
            now_ns,
            board,
            dark=self._dark(board.calling, now_ns),
            pause_s=annunciator.pause_s(now_ns),
            now_s=annunciator.now_s(),
            new_faults=annunciator.new_faults(snapshot),
            problem=annunciator.problem,
        )
        # The style sheets make room for one line more; that nothing else moves is theirs to see to.
        self.set_class(moment.status is not None and moment.status.bench_faults > 0, "-faulty")
        self.moment = moment
        name = "" if snapshot.identity is None else snapshot.identity.serial_number
        rings_ns = self._attention.heed(board, name, now_ns, silent=moment.pause_s > 0)
        flashes_ns = next_edge_ns(self._flashing, self._flashing_since_ns, now_ns)
        self._look_again(min(at for at in (moment.next_ns, rings_ns, flashes_ns) if at is not None) - now_ns)

    def _look_again(self, in_ns: int) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(max(_LEAST_WAIT_S, in_ns / NS_PER_S), self._tick)

    def _dark(self, calling: frozenset[Priority], now_ns: int) -> frozenset[Priority]:
        """Return the priorities that are in the dark half of their flash; whatever comes begins lit."""
        if not self._calls.blink or self.animation_level == "none":
            calling = frozenset()
        if calling != self._flashing:
            self._flashing, self._flashing_since_ns = calling, now_ns
        return dark(self._flashing_since_ns, now_ns) & calling

    def _write(self, text: str) -> None:
        """Write to the terminal, if there is one."""
        if not self.is_headless and self._driver is not None:
            self._driver.write(text)

    def action_light(self) -> None:
        """Change between the light and the dark theme."""
        self.theme = LIGHT.name if self.current_theme.dark else DARK.name

    def _fatal_error(self) -> None:
        """End after a bug of ours, with a traceback that shows no values: among the wire's there are keys."""
        from rich.segment import Segments  # noqa: PLC0415 - for the one case that should never be
        from rich.traceback import Traceback  # noqa: PLC0415 - as above

        self._exit_renderables.append(
            Segments(self.console.render(Traceback(width=None), self.console.options))
        )
        self._close_messages_no_wait()

    def _leave_cleanly(self) -> None:
        """Have a signal end the app as a key would: the terminal is restored and the port closed."""
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            # Windows has neither the handlers nor SIGHUP.
            with contextlib.suppress(NotImplementedError, AttributeError):
                loop.add_signal_handler(getattr(signal, name), self.exit)


class DashboardApp(WatchingApp):
    """The screen from which one pump is watched.

    Args:
        source: the pump; as for `WatchingApp`, which has the rest.
        rules: returns by what a rate is judged before the pump is asked; without, its hard limits and a step of 20 %.
            Asked when a rate is to be changed.
    """

    def __init__(
        self,
        source: Source,
        *,
        rules: Callable[[], Rules] | None = None,
        **options: Any,  # noqa: ANN401 - as the base has them
    ) -> None:
        super().__init__(source, **options)
        self._pump = source
        self._rules = rules or rules_without_a_drug

    def get_default_screen(self) -> Screen[None]:
        """Return the pump's screen: the first paint is the real one."""
        return PumpScreen(self._pump, self._rules, self._annunciator, self._trends)


def rules_without_a_drug() -> Rules:
    """Return the rules where nobody named a drug."""
    from protocol.dosing import Rules  # noqa: PLC0415 - after the first paint

    return Rules()
