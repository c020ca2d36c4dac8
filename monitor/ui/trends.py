"""Keeps what the trends are drawn from: live readings as the watch has them, older ones as the history has them.

Readings are taken on the watching thread, so that the screen, which is shown only the newest of several, misses none.
"""

from __future__ import annotations

import time
from collections import deque
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from monitor.errors import MonitorError
from monitor.judgement import stale_after_ms
from monitor.snapshot import NS_PER_MS
from monitor.trends.ahead import Pacer
from monitor.trends.charts import Past
from monitor.trends.points import Points
from monitor.trends.window import SPANS
from monitor.ui.widgets.view import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.snapshot import Reading, Snapshot
    from monitor.ui.moment import Moment

_COLUMNS: Final = 64  # the cursor moves by a span over so many
Pump = tuple[str, bytes]


def wall_ms() -> int:
    """Return this host's calendar clock, milliseconds since 1970 UTC."""
    return time.time_ns() // NS_PER_MS


class Stored(Protocol):
    """What the history returns; `monitor.history.past.Stored` is one."""

    @property
    def oldest_ms(self) -> int | None:
        """Since when anything is stored."""
        ...

    @property
    def points(self) -> Points:
        """What was asked for."""
        ...


class Wanted(NamedTuple):
    """What is to be asked of the history: of a pump (serial number, memory), from one instant to another."""

    pump: Pump
    span_ms: int
    from_ms: int
    to_ms: int


class Trends:
    """The past of the pump that is watched, and what somebody wants to see of it.

    Args:
        stored: asks the history, which may take a while; None where none is kept.
        now_ns: the host's monotonic clock, the one that readings are stamped with.
        now_ms: the host's calendar clock, ms.
        folder: where exports go.

    Attributes:
        problem: why the history told nothing, one sentence; empty as long as it does.
    """

    def __init__(
        self,
        stored: Callable[[Wanted], Stored] | None,
        now_ns: Callable[[], int],
        now_ms: Callable[[], int],
        folder: Path,
    ) -> None:
        self._ask = stored
        self._now_ns = now_ns
        self._now_ms = now_ms
        self.folder = folder
        self._arrived: deque[tuple[Pump, Reading, int, int]] = deque()
        self._last: Reading | None = None
        self._pump: Pump | None = None
        self._forget()
        self.chosen: int | None = None
        self.cursor_ms: int | None = None
        self.version = 0
        self.problem = ""

    def _forget(self) -> None:
        self._live = Points()
        self._pacer = Pacer()
        self._stored: dict[int, Points] = {}
        self._asked: set[int] = set()
        self._oldest_ms: int | None = None

    # --- readings -----------------------------------------------------------------------------------------------------

    def note(self, snapshot: Snapshot) -> None:
        """Take note of a snapshot's reading; on whatever thread has it."""
        reading, identity = snapshot.reading, snapshot.identity
        if reading is None or identity is None or reading is self._last:
            return
        self._last = reading
        at_ms = self._now_ms() - (self._now_ns() - reading.asked_ns) // NS_PER_MS
        pump = (reading.serial_number, identity.store_id)
        self._arrived.append((pump, reading, at_ms, stale_after_ms(snapshot.period_ms)))

    def _take(self) -> None:
        while self._arrived:
            pump, reading, at_ms, quiet_ms = self._arrived.popleft()
            if pump != self._pump:
                self._pump = pump
                self._forget()
            self._pacer.see(at_ms, reading.status)
            self._live.add_status(at_ms, reading.status, quiet_ms)

    def wanted(self, view: View) -> list[Wanted]:
        """Return what the history is to be asked for this view, and has not been."""
        if self._ask is None or self._pump is None or not self._live.first_ms:
            return []
        spans = {view.span.ms, view.back.ms}
        new = sorted(spans - self._asked)
        self._asked |= spans
        end_ms = self._live.first_ms[0]
        return [Wanted(self._pump, span_ms, view.past.now_ms - span_ms, end_ms) for span_ms in new]

    def answered(self, wanted: Wanted, answer: Stored) -> None:
        """Take what the history had; what was asked of another pump is passed over."""
        if wanted.pump != self._pump:
            return
        self._stored[wanted.span_ms] = answer.points
        if answer.oldest_ms is not None:
            self._oldest_ms = answer.oldest_ms
        self.version += 1

    # --- what is shown ------------------------------------------------------------------------------------------------

    def view(self, moment: Moment, *, whole: bool = False) -> View:
        """Return what is to be drawn at a moment."""
        self._take()
        now_ms = self._now_ms() - (self._now_ns() - moment.now_ns) // NS_PER_MS
        status, quiet_ms = moment.status, stale_after_ms(moment.snapshot.period_ms)
        ahead_ms = 0
        if status is not None and self._live.last_ms:
            ahead_ms = status.clock_s * 1_000 - self._live.last_ms[-1]
        oldest = self._live.first_ms[0] if self._live.first_ms else None
        if self._oldest_ms is not None and oldest is not None:
            oldest = min(self._oldest_ms, oldest)
        past = Past(
            self._live,
            tuple(sorted(self._stored.items(), key=itemgetter(0))),
            now_ms,
            quiet_ms,
            ahead_ms,
            self._pacer.pace,
            oldest,
        )
        return View(moment, past, self.chosen, self.cursor_ms, whole)

    def longer(self, view: View, by: int) -> None:
        """Choose the next longer span, or a shorter one with -1."""
        self.chosen = min(max(view.index + by, 0), len(SPANS) - 1)
        self.cursor_ms = None
        self.version += 1

    def move(self, view: View, by: int) -> None:
        """Move the cursor by so many columns; right of now there is none."""
        step_ms = max(view.span.ms // _COLUMNS, 1)
        at = view.past.now_ms if self.cursor_ms is None else self.cursor_ms
        moved = at + by * step_ms
        self.cursor_ms = (
            None if moved > view.past.now_ms else max(moved, view.past.now_ms - view.span.ms + step_ms)
        )
        self.version += 1

    def uncursor(self) -> bool:
        """Take the cursor away; False where there was none."""
        had, self.cursor_ms = self.cursor_ms is not None, None
        self.version += had
        return had

    def fetch(self, wanted: Wanted) -> Stored | MonitorError:
        """Ask the history, on whatever thread; what it can't tell is returned as its error."""
        assert self._ask is not None  # noqa: S101 - else nothing is wanted of it
        try:
            return self._ask(wanted)
        except MonitorError as error:
            return error
