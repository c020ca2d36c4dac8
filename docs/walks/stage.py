"""Walks through the dashboard, and writes down what was pressed and what the screen said to it.

Whatever is quoted stands on the screen at that moment, and what does not ends the walk: the page tells no more than the
program does.
"""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from docs.walks.svg import svg_of
from docs.walks.watching import HandWatcher
from monitor.drugs import DEFAULT_DRUG, find_rules
from monitor.history.past import stored
from monitor.history.told import Pump
from monitor.memo import Memos
from monitor.ui.app import DashboardApp
from monitor.ui.attention import BELL, Attention
from monitor.ui.trends import Trends
from protocol.drugs import PatientClass
from tests.monitor.ui.stage import press, read, text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.pilot import Pilot

    from docs.walks.bench import Bench
    from monitor.history.past import Stored
    from monitor.ui.app import WatchingApp
    from monitor.ui.trends import Wanted
    from protocol.dosing import Rules

SIZE = (120, 40)
_KEYS = {"enter": "Enter", "escape": "Esc", "left": "←", "right": "→", "up": "↑", "down": "↓", "tab": "Tab"}
_PANELS = re.compile("[│┌┐└┘▌─]+|━{9,}")  # what parts one from another, and fields and titles from the rest


class WalkError(Exception):
    """The screen does not say what the page says that it does."""


class Told:
    """What a walk came to.

    Attributes:
        parts: the page's, in Markdown.
        pictures: SVG by file name.
    """

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.pictures: dict[str, str] = {}

    def say(self, *parts: str) -> None:
        """Add paragraphs."""
        self.parts.extend(parts)

    def typed(self, command: str, *lines: str) -> None:
        """Add a command as it is typed, and what it printed."""
        self.say("\n".join(["```console", f"$ {command}", *lines, "```"]))

    def draw(self, name: str, app: WatchingApp, alt: str) -> None:
        """Add a picture of the screen."""
        self.pictures[f"{name}.svg"] = svg_of(app)
        self.say(f"![{alt}](pictures/{name}.svg)")


class Walk:
    """Somebody at the dashboard.

    Args:
        bench: the pump and the time.
        watcher: its read loop.
        app: the dashboard.
        pilot: who presses its keys.
        told: where all of it is written down.
        rung: what went to the terminal to call for somebody.
    """

    def __init__(
        self,
        bench: Bench,
        watcher: HandWatcher,
        app: DashboardApp,
        pilot: Pilot[None],
        told: Told,
        rung: list[str],
    ) -> None:
        self.told = told
        self._bench = bench
        self._watcher = watcher
        self._app = app
        self._pilot = pilot
        self._rung = rung
        self._pressed: list[str] = []

    async def press(self, *keys: str) -> None:
        """Press keys; a figure or a sentence is typed letter by letter. The next step tells of it."""
        for key in keys:
            is_key = key in _KEYS or len(key) == 1
            await press(self._pilot, *([key] if is_key else key))
            self._pressed.append(f"`{_KEYS.get(key, key)}`")
        await read(self._app, self._pilot)

    async def watch(self, seconds: float) -> None:
        """Let so much time pass, a look at the screen at its end."""
        self._watcher.watch(seconds)
        await read(self._app, self._pilot)

    async def watch_until(self, clock: str, *, every_s: float = 3_600) -> None:
        """Let time pass until the host's clock says this, "03:24", with a look now and then."""
        now = datetime.fromtimestamp(self._bench.now_s(), UTC)
        hour, minute = map(int, clock.split(":"))
        past_s = now.hour * 3600 + now.minute * 60 + now.second
        left_s = ((hour * 60 + minute) * 60 - past_s) % 86_400 - now.microsecond / 1_000_000
        while left_s > 0:
            await self.watch(min(left_s, every_s))
            left_s -= every_s

    def step(self, title: str, prose: str, *quotes: str, picture: str = "", alt: str = "") -> None:
        """Tell a step: what was pressed since the last one, why, and what the screen says to it.

        Args:
            title: a few words.
            prose: why, and how to read it.
            quotes: what stands on the screen; each is shown with the rest of its line within its panel.
            picture: the name of a picture of the screen; empty for none.
            alt: what is to be seen on it.

        Raises:
            WalkError: a quote does not stand there.
        """
        now = datetime.fromtimestamp(self._bench.now_s(), UTC)
        keys = [_times(key, len(list(same))) for key, same in groupby(self._pressed)]
        self._pressed.clear()
        pressed = f" Press {' '.join(keys)}." if keys else ""
        self.told.say(f"**{now:%H:%M} {title}.**{pressed} {prose}")
        if quotes:
            self.told.say("\n".join(["```text", *(self._quoted(quote) for quote in quotes), "```"]))
        if picture:
            self.told.draw(picture, self._app, alt)

    def _quoted(self, quote: str) -> str:
        for line in text(self._app):
            for part in _PANELS.split(line):
                said = " ".join(part.split())
                if quote in said:
                    return said.replace(str(self._bench.home), "~")
        raise WalkError(f"the screen does not say: {quote}\n" + "\n".join(text(self._app)))

    def rings(self) -> int:
        """Return how often the bell rang since this was asked last."""
        count = self._rung.count(BELL)
        self._rung.clear()
        return count


def _times(key: str, count: int) -> str:
    return key if count == 1 else f"{key} ({count} times)"


@asynccontextmanager
async def dashboard(bench: Bench, link: str, told: Told, *, period_ms: int = 1_000) -> AsyncIterator[Walk]:
    """Open the dashboard on a pump, and wait for its first reading."""
    watcher = HandWatcher(bench, link, period_ms=period_ms)
    file = bench.home / "history.db"

    def ask(wanted: Wanted) -> Stored:
        return stored(file, Pump(*wanted.pump), wanted.from_ms, wanted.to_ms)

    app = DashboardApp(
        watcher,
        rules=_rules,
        memos=Memos(bench.home / "memos"),
        now_ns=bench.now_ns,
        now_s=bench.now_s,
        trends=Trends(ask, bench.now_ns, bench.now_ms, bench.home),
    )
    app.animation_level = "none"
    rung: list[str] = []
    app._attention = Attention(rung.append)
    async with app.run_test(size=SIZE) as pilot:
        while watcher.snapshot.reading is None:  # it is started after the first paint
            await pilot.pause()
        await read(app, pilot)
        yield Walk(bench, watcher, app, pilot, told, rung)


def watched(bench: Bench, link: str, seconds: float, every_s: int) -> None:
    """Have `pump-monitor watch --every` run for so long: the past that a trend has."""
    watcher = HandWatcher(bench, link, period_ms=every_s * 1_000)
    watcher.start()
    watcher.watch(seconds)
    watcher.stop()


def _rules() -> Rules:
    return find_rules(None, DEFAULT_DRUG, PatientClass.SPINAL)
