"""`pump-monitor web`: the dashboard in a browser of this machine. One process watches the pump for all of its pages."""

from __future__ import annotations

import ipaddress
import sys
import time
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

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

    from monitor.annunciator import Annunciator
    from monitor.commands.options import Keys, Place
    from monitor.history.past import Stored
    from monitor.sharing import Seat
    from monitor.ui.browser import BrowserApp
    from monitor.ui.trends import Wanted
    from monitor.web.outlet import Outlet
    from protocol.dosing import Rules

_LOCALHOST = "localhost"
_READ_ONLY = "this page only looks: pump-monitor web --changes can act"
_MISSING = "the browser wants textual-serve: pip install 'pumpmock[web]'"


def _address(ctx: click.Context, param: click.Parameter, host: str) -> str:
    """Return an address of this machine that no other reaches."""
    if host == _LOCALHOST:
        return "127.0.0.1"
    try:
        if ipaddress.ip_address(host).is_loopback:
            return host
    except ValueError:
        pass
    said = f"{host} could be reached from other machines, and the pages are not encrypted: from there, bring the port over by"
    raise click.BadParameter(f"{said} ssh -L 8765:127.0.0.1:8765 with --port 8765 here", ctx, param)


class Pages(NamedTuple):
    """How pages are served.

    Attributes:
        address: of this machine, to listen on.
        port: as above; 0 for one that is free.
        changes: whether they can change the pump.
        blink: whether alarms flash.
    """

    address: str
    port: int
    changes: bool
    blink: bool


def _pages_option(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of how pages are served, and call it with `pages`, a `Pages`."""

    @click.option(
        "--port", type=click.IntRange(0, 65_535), default=0, help="To listen on.  [default: one that is free]"
    )
    @click.option(
        "--host",
        default="127.0.0.1",
        show_default=True,
        callback=_address,
        help="To listen on, of this machine: 127.0.0.1, ::1.",
    )
    @click.option("--changes", is_flag=True, help="Let the pages change the pump; without, they only look.")
    @click.option("--no-blink", is_flag=True, help="Alarms are steady.")
    @wraps(command)
    def with_pages(*, host: str, port: int, changes: bool, no_blink: bool, **options: Any) -> None:  # noqa: ANN401 - click's
        command(pages=Pages(host, port, changes, not no_blink), **options)

    return with_pages


@click.command()
@url_argument
@_pages_option
@baud_option
@keys_option
@every_option
@rules_option
@history_option
@no_history_option
def web(
    *,
    url: str,
    pages: Pages,
    baud: int,
    keys: Keys,
    period_ms: int,
    rules: Callable[[], Rules],
    history: Place,
) -> None:
    """Show the pump in a browser on this machine.

    The address is printed, with a token of this run: whoever has it is let in, as long as this runs. Pages only look
    unless --changes is given. A browser makes no sound for an alarm.

    \b
    Examples:
      pump-monitor web                          # then open the address that is printed
      pump-monitor web /dev/ttyUSB0 --changes
      ssh -t -L 8765:127.0.0.1:8765 bench pump-monitor web --port 8765
    """  # noqa: D301 - click wants the character, it keeps the lines
    try:
        import aiohttp  # noqa: F401, PLC0415 - an extra, and slow
        import textual_serve  # noqa: F401, PLC0415 - as above
    except ImportError as error:
        raise click.UsageError(_MISSING) from error
    check_port(url, keys)
    from monitor.memo import Memos, default_folder  # noqa: PLC0415 - now that they are certain to be wanted
    from monitor.sharing import Shared  # noqa: PLC0415 - as above
    from monitor.web.running import Desk, run  # noqa: PLC0415 - as above

    ring = keys.ring if pages.changes else lambda: keys.ring().for_looking()
    shared = Shared(watcher(url, baud, keys, period_ms, history, ring), "" if pages.changes else _READ_ONLY)
    stored = partial(past, keys, history) if history.kept else None
    desk = Desk(
        shared,
        Memos(default_folder(bench=keys.bench)),
        _maker(rules, stored, blink=pages.blink),
        time.monotonic_ns,
    )
    run(desk, pages.address, pages.port, partial(_announce, url, changes=pages.changes))


def _maker(
    rules: Callable[[], Rules], stored: Callable[[Wanted], Stored] | None, *, blink: bool
) -> Callable[[Seat, Outlet, Annunciator], BrowserApp]:
    """Return what makes a page."""
    from monitor.ui.browser import BrowserApp  # noqa: PLC0415 - as above
    from monitor.ui.trends import Trends, wall_ms  # noqa: PLC0415 - as above

    def page(seat: Seat, outlet: Outlet, annunciator: Annunciator) -> BrowserApp:
        trends = Trends(stored, time.monotonic_ns, wall_ms, Path())
        return BrowserApp(
            seat, outlet, annunciator, rules=rules, calls=Calls(bell=False, blink=blink), trends=trends
        )

    return page


def _announce(url: str, where: str, *, changes: bool) -> None:
    """Print where the pages are, once: the address alone on standard output, what it is on standard error."""
    may = "can change the pump" if changes else "can look at the pump; --changes lets them change it"
    said = f"watching {url}; whoever opens this address {may}. Ctrl-C ends it. A bench tool, not a medical device"
    click.echo(f"pump-monitor: {said}", err=True)
    click.echo(where)
    sys.stdout.flush()
