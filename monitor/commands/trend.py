"""`pump-monitor trend`: what was read of one pump, as many lines as a picture has columns, or as the picture."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from monitor.commands.options import Place, history_option, keys_option
from monitor.commands.stored_pump import chosen_pump
from monitor.history.past import newest_ms, points
from monitor.history.schema import opened_to_read
from monitor.trends.charts import Past
from monitor.trends.picture import picture
from monitor.trends.points import Points
from monitor.trends.table import table
from monitor.trends.window import SPANS, USUAL

if TYPE_CHECKING:
    from monitor.commands.options import Keys

_NAMES: Final = [span.name.replace(" ", "") for span in SPANS]


@click.command()
@keys_option
@history_option
@click.option(
    "--pump", "serial", metavar="SERIAL", help="Which one.  [default: the only one, or the one met last]"
)
@click.option(
    "--span",
    type=click.Choice(_NAMES),
    default=_NAMES[USUAL],
    show_default=True,
    help="How far back from its last reading.",
)
@click.option("--svg", is_flag=True, help="A picture instead.")
def trend(keys: Keys, history: Place, serial: str | None, span: str, *, svg: bool) -> None:
    """Print the trend of a pump as CSV: least and most of each rate and volume, and the gaps in which nothing was read.

    What lies ahead is not in the history: the dashboard, with the pump at hand, exports the forecast as well (x).

    \b
    pump-monitor trend --span 7d > week.csv
    pump-monitor trend --span 30d --svg > month.svg
    """  # noqa: D301 - click wants the character, it keeps the line
    chosen = SPANS[_NAMES.index(span)]
    file = history.found(bench=keys.bench)
    with opened_to_read(file) as connection:
        number, serial = chosen_pump(connection, file, serial)
        now_ms = newest_ms(connection, number) or 0
        found = points(connection, number, now_ms - chosen.ms, now_ms + 1)
    past = Past(Points(), ((chosen.ms, found),), now_ms)
    sys.stdout.write(picture(past, chosen, None, None, serial) if svg else table(past, chosen, None, None))
