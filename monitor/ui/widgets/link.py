"""The link: how often and how fast the pump answers, and since when it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from monitor.snapshot import Link
from monitor.ui.widgets.blocks import name
from monitor.ui.widgets.lines import Part, spread
from monitor.ui.widgets.marks import LINK
from monitor.ui.words import BLANK, count, printable
from protocol.places import BAUD
from protocol.units import format_span

if TYPE_CHECKING:
    from monitor.ui.moment import Moment


def block(moment: Moment, width: int) -> list[Content]:
    """Return the block, three lines. Counts are the monitor's own and never stale."""
    snapshot = moment.snapshot
    title = name(moment, "LINK", LINK)
    return [
        spread(width, title, Content.assemble((_end(snapshot.url, width - title.cell_length - 1), "$dim"))),
        Content.assemble(*(_pace(moment) if moment.live else _trouble(moment, width))).truncate(
            width, ellipsis=True
        ),
        Content.assemble((count(snapshot.good), "$foreground"), (" good  ", "$label"), *_troubles(moment)),
    ]


def _end(url: str, room: int) -> str:
    """Return the end of a port's name, which tells more than its beginning, where there is no room for all of it."""
    text = printable(url)
    return text if len(text) <= room else f"…{text[1 - room :]}"


def _troubles(moment: Moment) -> list[Part]:
    lost, bad = count(moment.snapshot.lost), count(moment.snapshot.bad)
    return [(lost, "$foreground"), (" lost  ", "$label"), (bad, "$foreground"), (" bad", "$label")]


def slow(moment: Moment) -> Content:
    """Return what a small screen says of a line that is not the usual one, and nothing of one that is."""
    if moment.snapshot.baud == BAUD or not moment.live:
        return Content()
    return Content.assemble(*_pace(moment), "  ", *_troubles(moment))


def _pace(moment: Moment) -> list[Part]:
    snapshot = moment.snapshot
    period = f"{snapshot.period_ms // 1000}.{snapshot.period_ms % 1000 // 100} s"
    reply = f"{snapshot.reply_us // 1000} ms" if snapshot.reply_us else BLANK
    if snapshot.baud != BAUD:  # shorter words: the block is 40 columns wide
        return [
            *(("each ", "$label"), (period, "$foreground")),
            *((" at ", "$label"), (f"{snapshot.baud} baud", "$foreground")),
            *(("  reply ", "$label"), (reply, "$foreground")),
        ]
    return [
        *(("a reading each ", "$label"), (period, "$foreground")),
        *(("  reply in ", "$label"), (reply, "$foreground")),
    ]


def _trouble(moment: Moment, width: int) -> list[Part]:
    """Say since when there is no answer, and what is done about it; the next try only where there is room for it."""
    snapshot = moment.snapshot
    if moment.status is None:
        said = "connecting" if snapshot.link is Link.CONNECTING else "no answer yet"
        parts: list[Part] = [(said, "$label")]
    else:
        parts = [("no answer for ", "$label"), (format_span(moment.age_s), "$medium")]
    if snapshot.tries:
        parts.append((f", {snapshot.tries} {'try' if snapshot.tries == 1 else 'tries'}", "$label"))
    coming: Part = (f", next in {moment.retry_s} s", "$label")
    fits = Content.assemble(*parts, coming).cell_length <= width
    return [*parts, coming] if moment.retry_s and fits else parts
