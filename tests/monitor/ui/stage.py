"""Runs the dashboard without a terminal, and writes down what it shows as text that diffs well.

A golden is the screen's lines, then each stretch that bears an alarm's colour with the names of its colours. Set
UPDATE_GOLDENS=1 to write them anew, and read the diff.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from textual._compositor import Compositor
from textual._context import visible_screen_stack
from textual.events import Key
from textual.keys import _character_to_key

from monitor.ui.app import DashboardApp
from monitor.ui.in_turn import InTurn
from monitor.ui.themes import DARK, LIGHT
from monitor.ui.trends import Trends
from tests.monitor.ui.bench import CLOCK_S, Clock, FakeSource

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from rich.color import Color
    from rich.segment import Segment
    from textual.app import App
    from textual.message_pump import MessagePump
    from textual.pilot import Pilot
    from textual.screen import Screen
    from textual.strip import Strip

    from monitor.snapshot import Snapshot
    from monitor.ui.trends import Stored, Wanted
    from protocol.dosing import Rules

    Act = Callable[[DashboardApp, Pilot[None]], Awaitable[None]]

NOWHERE = Path("/nowhere")  # what is exported by mistake fails
GOLDENS = Path(__file__).parent / "goldens"
ALARM = {f"{name}{part}" for name in ("high", "medium", "low") for part in ("", "-fill")}
_STILL = 2  # rounds in a row after which nobody had a message to come
_ROUNDS = 6  # a key, its action, the answer to a request, the focus that moves, the layout, the paint
WIDE, SMALL = (120, 40), (80, 24)
HOST_S = CLOCK_S + 73  # the host's calendar clock; the pump's is behind


def run(
    source: FakeSource,
    act: Act,
    *,
    size: tuple[int, int] = WIDE,
    clock: Clock | None = None,
    rules: Rules | None = None,
    stored: Callable[[Wanted], Stored] | None = None,
    exports: Path | None = None,
) -> DashboardApp:
    """Run the dashboard, do something with it, and leave it."""
    at = clock or Clock()

    async def stage() -> DashboardApp:
        app = DashboardApp(
            source,
            rules=rules and (lambda: rules),
            now_ns=at,
            now_s=lambda: HOST_S,
            trends=Trends(stored, at, at.ms, exports or NOWHERE),
        )
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await read(app, pilot)
            await act(app, pilot)
        return app

    with mock.patch.object(Compositor, "render_update", _unpainted):
        return asyncio.run(stage())


def _unpainted(compositor: Compositor, *, screen_stack: list[Screen] | None = None) -> None:
    """Take a paint for done that nobody would look at, a third of all that a test does: `strips` paints what is asked of."""
    visible_screen_stack.set(screen_stack or [])
    compositor._dirty_regions.clear()


def shown(
    made: Snapshot | FakeSource,
    *keys: str,
    size: tuple[int, int] = WIDE,
    after_s: int = 0,
    rules: Rules | None = None,
    stored: Callable[[Wanted], Stored] | None = None,
) -> str:
    """Return what the screen shows after these keys, so many seconds after the reading."""
    source = made if isinstance(made, FakeSource) else FakeSource(made)
    clock = Clock()
    clock.now_ns += after_s * 1_000_000_000
    pages: list[str] = []

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, *keys)
        await read(app, pilot)
        pages.append(page(app))

    run(source, act, size=size, clock=clock, rules=rules, stored=stored)
    return pages[0]


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys, a figure digit by digit, and let what follows from each happen.

    The pilot's own way waits until the process seems idle, which is slow, and on a busy machine not enough.
    """
    for key in keys:
        for one in key if key[:1].isdigit() else [key]:
            send(pilot.app, one)
            await settle(pilot)
    await settle(pilot)


def send(app: App[None], *keys: str) -> None:
    """Have these keys come from the terminal, all at once."""
    for key in keys:
        event = Key(_character_to_key(key), key) if len(key) == 1 else Key(key, None)
        event.set_sender(app)
        app._driver.send_message(event)  # type: ignore[union-attr]


async def settle(pilot: Pilot[None]) -> None:
    """Wait until every message that is on its way, and those that follow from it, are handled; then paint."""
    app = pilot.app
    still = 0
    for _ in range(_ROUNDS):
        await pilot._wait_for_screen()
        while isinstance(app, InTurn) and app.is_running and app.takes_a_key:
            await pilot._wait_for_screen()
        still = 0 if _is_busy(app) else still + 1
        if still == _STILL:
            break
    pilot.app.screen._on_timer_update()


def _is_busy(app: App[None]) -> bool:
    """Tell whether any widget has a message to come, or is with one."""
    return any(
        not _waits(node) if node._running else not node._mounted_event.is_set()
        for node in (app, *app._registry)
    )


def _waits(node: MessagePump) -> bool:
    """Tell whether a running widget has come back for its next message, and there is none."""
    queue = node._message_queue
    waiters = queue.ready_event._waiters  # type: ignore[attr-defined] # asyncio tells it to nobody
    return bool(waiters) and queue.empty() and not node._next_callbacks


async def read(app: DashboardApp, pilot: Pilot[None]) -> None:
    """Wait until the history has told all that it is asked for."""
    await settle(pilot)
    while any(not worker.is_finished for worker in app.workers):
        await app.workers.wait_for_complete()
        await settle(pilot)


def strips(app: DashboardApp) -> list[Strip]:
    """Return the lines of the screen as they would be painted."""
    return app.screen._compositor.render_strips()


def text(app: DashboardApp) -> list[str]:
    """Return the lines of the screen as plain text."""
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips(app)]


def page(app: DashboardApp) -> str:
    """Return the screen as a golden has it."""
    coloured = [
        f"{row + 1:3} {segment.text.strip()}  [{colours(segment)}]"
        for row, strip in enumerate(strips(app))
        for segment in strip.simplify()
        if segment.text.strip() and ALARM & set(colours(segment).split(" on "))
    ]
    return "\n".join([*text(app), "---", *coloured, ""])


def colours(segment: Segment) -> str:
    """Name the colours of a segment by the theme's variables; "?" for one that is none of them."""
    style = segment.style
    assert style is not None
    return f"{_name(style.color, prefer='')} on {_name(style.bgcolor, prefer='-fill')}"


def _name(color: Color | None, prefer: str) -> str:
    if color is None or color.triplet is None:
        return "?"
    names = [name for theme in (DARK, LIGHT) for name, value in _palette(theme) if value == color.triplet.hex]
    return next((name for name in names if name.endswith(prefer)), names[0] if names else "?")


def _palette(theme: object) -> list[tuple[str, str]]:
    assert theme in (DARK, LIGHT)
    chosen = DARK if theme is DARK else LIGHT
    base = {"foreground": chosen.foreground, "background": chosen.background, "surface": chosen.surface}
    return [(name, str(value)) for name, value in (*base.items(), *chosen.variables.items())]


def check(name: str, page_shown: str) -> None:
    """Hold a page against its golden, or write the golden."""
    path = GOLDENS / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDENS"):
        path.write_text(page_shown, encoding="utf-8")
    assert page_shown == path.read_text(encoding="utf-8")
