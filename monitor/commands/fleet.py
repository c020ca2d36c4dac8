"""`pump-monitor fleet`: many pumps on one screen, or printed once for scripts."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.commands.fleet_bench import fleet_of, from_file, members_of, print_once, ring_of, watcher_of
from monitor.commands.options import (
    baud_option,
    every_option,
    history_option,
    json_option,
    keys_option,
    no_history_option,
    rules_option,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.commands.options import Keys, Place
    from monitor.fleet.bench_file import Member
    from monitor.watch import Watcher
    from protocol.dosing import Rules


def _check(ctx: click.Context, _param: click.Parameter, file: Path | None) -> None:
    """Say what is in a bench file, and end."""
    if file is None or ctx.resilient_parsing:
        return
    members = from_file(file)
    places = {member.place for member in members if member.place}
    click.echo(f"{file}: {len(members)} pumps, {len(places)} places")
    ctx.exit()


@click.command()
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option(
    "--bench",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Bench file: name, place, port, key and limits of each pump.",
)
@click.option(
    "--check",
    type=click.Path(path_type=Path, dir_okay=False),
    is_eager=True,
    expose_value=False,
    callback=_check,
    help="Check a bench file, and open no port.",
)
@click.option("--once", is_flag=True, help="Print the table and end; exit code 1 if a pump needs a hand.")
@json_option
@baud_option
@keys_option
@every_option
@rules_option
@history_option
@no_history_option
@click.option("--no-bell", is_flag=True, help="No bell for alarms.")
@click.option("--no-blink", is_flag=True, help="Alarms are steady.")
def fleet(  # noqa: PLR0913 - an option each
    urls: tuple[str, ...],
    bench: Path | None,
    baud: int,
    keys: Keys,
    period_ms: int,
    rules: Callable[[], Rules],
    history: Place,
    *,
    once: bool,
    as_json: bool,
    no_bell: bool,
    no_blink: bool,
) -> None:
    """Watch many pumps, the most urgent first.

    Enter opens the screen of a pump, Escape returns. What the pumps say is stored before it is shown, as by the dashboard;
    with --once it is not.

    \b
    Examples:
      pump-monitor fleet /tmp/ttyPUMP* --bench-key
      pump-monitor fleet --bench examples/bench.toml
      pump-monitor fleet --check examples/bench.toml
      pump-monitor fleet --bench examples/bench.toml --once --json
    """  # noqa: D301 - click wants the character, it keeps the examples' lines
    if as_json and not once:
        raise click.UsageError("--json prints the table once: add --once")
    members = members_of(urls, bench, baud)
    folder = Path() if bench is None else bench.parent
    if once:
        print_once(fleet_of(members, keys, folder, period_ms), as_json=as_json)
        return
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise click.UsageError("the fleet's screen needs a terminal; --once does without")
    from monitor.bell import Calls  # noqa: PLC0415 - now that it is certain to be wanted
    from monitor.fleet.desk import Desk  # noqa: PLC0415 - as above
    from monitor.memo import Memos, default_folder  # noqa: PLC0415 - as above
    from monitor.ui.fleet_app import FleetApp  # noqa: PLC0415 - as above
    from monitor.ui.terminal import has_sixteen_colours  # noqa: PLC0415 - as above

    watched = fleet_of(members, keys, folder, period_ms, history)
    usual = cache(keys.ring)

    def watcher(member: Member, await_port: Callable[[], None]) -> Watcher:
        return watcher_of(member, ring_of(member.key, folder, usual), period_ms, await_port, history)

    app = FleetApp(
        Desk(watched, watcher),
        rules=rules,
        calls=Calls(bell=not no_bell, blink=not no_blink),
        memos_of=lambda bench: Memos(default_folder(bench=bench)),
        sixteen=has_sixteen_colours(),
    )
    app.run()
    if app.return_code:  # after a bug of ours
        raise SystemExit(app.return_code)
