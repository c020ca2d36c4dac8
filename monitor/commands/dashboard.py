"""`pump-monitor dashboard`: the screen. Its first paint waits for nothing that it can do without."""

from __future__ import annotations

import gc
import sys
import time
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.bell import Calls
from monitor.commands.options import (
    baud_option,
    every_option,
    history_option,
    keys_option,
    no_history_option,
    rules_option,
    url_argument,
)
from monitor.commands.watching import check_port, past, watcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.commands.options import Keys, Place
    from protocol.dosing import Rules


def _calls_option(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of how it calls for somebody, and call it with `calls`, a `Calls`."""

    @click.option("--no-bell", is_flag=True, help="No bell for alarms.")
    @click.option("--no-blink", is_flag=True, help="Alarms are steady.")
    @click.option(
        "--notify",
        type=click.Choice(["off", "9", "777"]),
        default="off",
        show_default=True,
        help="Tell the desktop of alarms, by OSC 9 (iTerm2, kitty, WezTerm) or OSC 777 (rxvt, foot).",
    )
    @wraps(command)
    def with_calls(*, no_bell: bool, no_blink: bool, notify: str, **options: Any) -> None:  # noqa: ANN401 - click's
        command(calls=Calls(not no_bell, not no_blink, notify), **options)

    return with_calls


@click.command()
@url_argument
@baud_option
@keys_option
@every_option
@rules_option
@history_option
@no_history_option
@_calls_option
def dashboard(
    *,
    url: str,
    baud: int,
    keys: Keys,
    period_ms: int,
    rules: Callable[[], Rules],
    history: Place,
    calls: Calls,
) -> None:
    """Show the pump on the whole terminal.

    \b
    pump-monitor dashboard /dev/ttyUSB0
    pump-monitor dashboard --no-bell --notify 9
    """  # noqa: D301 - click wants the character, it keeps the lines
    if not _is_a_terminal():
        raise click.UsageError("the dashboard needs a terminal; status and watch do without")
    check_port(url, keys)
    gc.disable()  # a tenth of the start is looking for garbage, and imports make none
    from monitor.memo import Memos, default_folder  # noqa: PLC0415 - as above
    from monitor.ui.app import DashboardApp  # noqa: PLC0415 - now that it is certain to be wanted
    from monitor.ui.terminal import has_sixteen_colours  # noqa: PLC0415 - as above
    from monitor.ui.trends import Trends, wall_ms  # noqa: PLC0415 - as above

    stored = partial(past, keys, history) if history.kept else None
    app = DashboardApp(
        watcher(url, baud, keys, period_ms, history, keys.ring),
        rules=rules,
        painted=_collect_garbage_again,
        memos=Memos(default_folder(bench=keys.bench)),
        calls=calls,
        trends=Trends(stored, time.monotonic_ns, wall_ms, Path()),
        sixteen=has_sixteen_colours(),
    )
    try:
        app.run()
    finally:
        gc.enable()
    if app.return_code:  # after a bug of ours
        raise SystemExit(app.return_code)


def _collect_garbage_again() -> None:
    """Look for garbage from now on, but not among what the start has made: that stays until the end."""
    gc.freeze()
    gc.enable()


def _is_a_terminal() -> bool:
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
