"""The line that says that faults are injected on purpose; there only while some are, under the alarms, and no alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from monitor.notice import fault_names, injected
from monitor.ui.widgets.lines import spread
from monitor.ui.words import printable

if TYPE_CHECKING:
    from monitor.ui.moment import Moment
    from protocol.messages import Status


def line(moment: Moment, status: Status, width: int) -> Content:
    """Return how many faults are injected, marked as the bench key is, and which; with a `?` where that is not live."""
    told, names = injected(status), printable(fault_names(status, moment.snapshot.bench))
    if not moment.live:
        parts = (" ? ", "$value"), (f"BENCH: {told}", "bold $dim"), (f" when last seen  {names}", "$dim")
        return spread(width, Content.assemble(*parts))
    mark = " ", (f" BENCH: {told} ", "bold $value reverse"), (f"  {names}", "$foreground")
    return spread(width, Content.assemble(*mark))
