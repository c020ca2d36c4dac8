"""Writes the trend that is shown to a folder: a table and a picture beside it. Nothing is ever written over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.trends.picture import picture
from monitor.trends.table import table
from monitor.trends.times import stamp
from monitor.ui.words import printable

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.ui.widgets.view import View


def export(view: View, folder: Path) -> str:
    """Write both files and return a sentence that says where they are, or why they are not."""
    moment = view.moment
    if moment.status is None or moment.snapshot.reading is None:
        return "there is nothing to export before the first reading"
    serial = moment.snapshot.reading.serial_number
    ahead = None if moment.forecast is None else moment.forecast.to_empty
    facts = (view.past, view.span, moment.status, ahead)
    instant = stamp(view.past.now_ms)[:19].replace(":", "")
    base = f"trend-{_for_a_file(serial)}-{instant}"
    try:
        for ending, text in (("csv", table(*facts)), ("svg", picture(*facts, printable(serial)))):
            with (folder / f"{base}.{ending}").open("x", encoding="utf-8") as file:
                file.write(text)
    except FileExistsError:
        return f"{base} was exported already"
    except OSError as error:
        return f"not exported: {error.strerror or error}: {folder.absolute()}"
    return f"exported: {folder.absolute() / base}.csv and .svg"


def _for_a_file(name: str) -> str:
    """Return a device's name fit for a file's: a hostile one may have slashes."""
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in name)
