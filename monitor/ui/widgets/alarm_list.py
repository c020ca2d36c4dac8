"""All alarms, a row each in the order to act on them, and below them what is shelved, why, and for how long yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.alarms import State
from monitor.ui.widgets.alarms import SHORT, line
from monitor.ui.widgets.lines import spread, stack
from monitor.ui.words import printable, time_of
from protocol.units import format_span

if TYPE_CHECKING:
    from monitor.alarms import Shelving
    from monitor.ui.moment import Moment

_CURSOR: Final = 2  # columns
_WIDE: Final = 88


@dataclass(frozen=True, slots=True)
class Listing:
    """What is listed, and which of it is chosen, by its key; empty where nothing is."""

    moment: Moment
    chosen: str


def keys(moment: Moment) -> tuple[str, ...]:
    """Return the keys of the rows, from above to below."""
    return (*(one.line.key for one in moment.alarms), *(one.key for one in moment.shelved))


def draw(data: Listing, width: int, height: int) -> Content:
    """Draw the rows, so many that the chosen one is among them."""
    moment, inner = data.moment, width - _CURSOR
    rows: list[Content] = []
    at = 0
    for entry in moment.alarms:
        parts = []
        if entry.line.since_s is not None and moment.status is not None:
            parts.append(time_of(entry.line.since_s, moment.status.clock_s))
        parts.append(entry.state.value if width >= _WIDE else SHORT[entry.state])
        at = len(rows) if entry.line.key == data.chosen else at
        rows.append(_cursor(entry.line.key, data) + line(moment, entry, inner, "  ".join(parts)))
    if not rows:
        rows.append(Content.assemble(("  no active alarms", "$dim")))
    rows += [Content(""), Content.assemble(("  ON THE SHELF", "$label"))]
    active = {one.key for one in moment.conditions}
    for one in moment.shelved:
        at = len(rows) if one.key == data.chosen else at
        rows.append(_cursor(one.key, data) + _shelved(one, moment, inner, active=one.key in active))
    if not moment.shelved:
        rows.append(Content.assemble(("  nothing", "$dim")))
    first = max(0, min(at - height // 2, len(rows) - height))
    return stack(rows[first:], width, height)


def _cursor(key: str, data: Listing) -> Content:
    return Content.assemble(("> " if key == data.chosen else "  ", "bold $action"))


def _shelved(one: Shelving, moment: Moment, width: int, *, active: bool) -> Content:
    left_s = max(0, one.until_s - moment.now_s)
    left = format_span(-(-left_s // 60) * 60)
    state = State.SHELVED.value if active else "shelved, inactive"
    parts = (
        (f"{one.title}", "bold $foreground" if active else "$label"),
        (f"  {printable(one.reason)}", "$foreground"),
    )
    aside = Content.assemble((f" {state}, {left} left ", "$label"))
    return spread(width, Content.assemble("    - ", *parts), aside)
