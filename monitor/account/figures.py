"""The two figures of a page, rate and reservoir over the period, in colours that the page's style gives.

The strokes are those of `monitor.trends`; here are the axes, the limits and the marks that a table explains. Every picture
has a title and a description for who can't see it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from xml.etree.ElementTree import Element, fromstring
from xml.sax.saxutils import escape

from monitor.account.clock import ticks
from monitor.account.tags import tag
from monitor.marks import MARK
from monitor.trends.axis import HOURS_A_DAY, next_round, rate_axis
from monitor.trends.charts import RATES, VOLUMES, extent
from monitor.trends.columns import Grid, reduced
from monitor.trends.strokes import Box, hatched, line, stepped, text
from protocol.units import format_rate, format_volume, ml

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo

    from monitor.account.facts import Account
    from monitor.trends.columns import Column

WIDTH: Final = 880
_HEIGHT: Final = 250
_COUNT: Final = 720  # columns
_BOX: Final = (56, 22, WIDTH - 8, _HEIGHT - 28)  # left, top, right, bottom
_MOST_TICKS: Final = 7
_TENTHS: Final = 10
_NEAR: Final = 16  # pixels: marks that are closer than this to the last one have no sign of their own
_TRACE, _SECOND, _GRID, _LIMIT, _MARK = (
    f"var(--{name})" for name in ("trace", "second", "grid", "limit", "mark")
)
_ROUND: Final = ("1", "2", "5")


class Mark(NamedTuple):
    """A level of attention at an instant.

    Attributes:
        at_ms: where; this host's calendar clock.
        sign: the number of a change, or the shape of an alarm's priority.
        kind: how the page's style colours it.
    """

    at_ms: int
    sign: str
    kind: str


def rates(account: Account, zone: tzinfo | None) -> Element:
    """Return the figure of the rates, with a mark a change that was applied."""
    columns, times = _columns(account, RATES)
    seen = extent(columns) or (0, 0)
    axis = rate_axis(*seen)
    box = Box(*_BOX, account.period.from_ms, account.period.to_ms, axis.floor, axis.top)
    drawn = [text(box.left - 8, 11, "mL/day", anchor="end", size=11)]
    drawn += _levels(box, [(nl_day, ml(nl_day, axis.decimals)) for nl_day in axis.labels()])
    drawn += hatched(columns, times, box, "gap-rate")
    measured, commanded = (
        [(low * HOURS_A_DAY, high * HOURS_A_DAY) for low, high in _figures(columns, index)]
        for index in (1, 0)
    )
    drawn += _finely(
        stepped(
            columns, times, commanded, _fine(box), _SECOND, dash="5 3"
        ),  # below: it shows where they differ
        stepped(columns, times, measured, _fine(box), _TRACE),
    )
    marks = [
        Mark(deed.at_ms, str(number), "change")
        for number, deed in enumerate(account.deeds, 1)
        if deed.applied
    ]
    drawn += _marks(marks, box)
    said = (
        f"Set and measured, between {format_rate(seen[0])} and {format_rate(seen[1])}; {_gaps_said(account)}."
    )
    return _svg("rate", "Flow rate over the period", said, [*drawn, *_time_axis(account, box, zone)])


def reservoir(account: Account, zone: tzinfo | None) -> Element:
    """Return the figure of the volumes, with the limits as far as they are known, and a mark an alarm that was raised."""
    columns, times = _columns(account, VOLUMES)
    limits = [] if account.who is None else [account.who.low_reservoir_nl, account.who.residual_nl]
    seen = extent(columns) or (0, 0)
    top = next_round(max(seen[1], *limits, 1))
    box = Box(*_BOX, account.period.from_ms, account.period.to_ms, 0, top)
    step = _step(top)
    drawn = [text(box.left - 8, 11, "mL", anchor="end", size=11)]
    decimals = 0 if step % 1_000_000 == 0 else 1 if step % 100_000 == 0 else 2 if step % 10_000 == 0 else 3
    drawn += _levels(box, [(level, ml(level, decimals)) for level in range(0, top + 1, step)])
    drawn += hatched(columns, times, box, "gap-reservoir")
    for name, limit_nl, below in zip(("low", "empty"), limits, (-5, 13), strict=False):
        drawn.append(line(box, limit_nl, _LIMIT, dash="2 3"))
        drawn.append(
            text(box.right - 4, box.y(limit_nl) + below, f"{name} {ml(limit_nl)}", anchor="end", size=11)
        )
    drawn += _finely(
        stepped(columns, times, _figures(columns, 1), _fine(box), _SECOND, dash="2 2"),
        stepped(columns, times, _figures(columns, 0), _fine(box), _TRACE),
    )
    drawn += _marks(_alarm_marks(account), box)
    said = f"Expected and sensed, between {format_volume(seen[0])} and {format_volume(seen[1])}; {_gaps_said(account)}."
    return _svg("reservoir", "Reservoir over the period", said, [*drawn, *_time_axis(account, box, zone)])


def _fine(box: Box) -> Box:
    """Return a box in tenths of its pixels: a slope in whole ones is a stair on paper."""
    left, top, right, bottom = (_TENTHS * edge for edge in (box.left, box.top, box.right, box.bottom))
    return Box(left, top, right, bottom, box.start_ms, box.end_ms, box.low, box.high)


def _finely(*strokes: list[str]) -> list[str]:
    """Return what was drawn in a fine box at its size; the page's style keeps the strokes as wide as they are."""
    return [f'<g transform="scale({1 / _TENTHS})">', *(one for drawn in strokes for one in drawn), "</g>"]


def _columns(account: Account, which: Sequence[int]) -> tuple[list[Column], list[int]]:
    start_ms, end_ms = account.period
    step_ms = max(-(-(end_ms - start_ms) // _COUNT), 1)
    grid = Grid(start_ms, step_ms, -(-(end_ms - start_ms) // step_ms), end_ms - 1)
    columns = reduced((account.points,), grid, which, account.quiet_ms)
    return columns, [grid.starts(index) for index in range(grid.count + 1)]


def _figures(columns: Iterable[Column], index: int) -> list[tuple[int, int]]:
    return [column.ranges[index] if column.ranges else (0, 0) for column in columns]


def _step(top: int) -> int:
    """Return from label to label of an axis that ends at a round volume: three to six labels at round volumes."""
    return next(
        (top // parts for parts in (5, 4, 3) if top % parts == 0 and str(top // parts)[0] in _ROUND), top
    )


def _levels(box: Box, labels: Iterable[tuple[int, str]]) -> list[str]:
    drawn = []
    for level, said in labels:
        drawn.append(line(box, level, _GRID))
        drawn.append(text(box.left - 8, box.y(level) + 4, said, anchor="end", size=12))
    return drawn


def _alarm_marks(account: Account) -> list[Mark]:
    found = []
    for one in account.alarms:
        at_ms = None if one.raised is None else account.host_ms(one.raised)
        if at_ms is not None and one.priority is not None and at_ms >= account.period.from_ms:
            found.append(Mark(at_ms, MARK[one.priority], one.priority.name.lower()))
    return found


def _marks(marks: Iterable[Mark], box: Box) -> list[str]:
    drawn, last = [], -_NEAR
    for at_ms, sign, kind in sorted(marks):
        x = box.x(at_ms)
        drawn.append(f'<path d="M{x} {box.top}V{box.bottom}" stroke="{_MARK}" stroke-dasharray="1 3"/>')
        if x - last >= _NEAR:
            last = x
            drawn.append(
                f'<text class="{kind}" x="{x}" y="14" text-anchor="middle" font-size="12">{escape(sign)}</text>'
            )
    return drawn


def _time_axis(account: Account, box: Box, zone: tzinfo | None) -> list[str]:
    drawn = [f'<path d="M{box.left} {box.bottom}H{box.right}" stroke="{_LIMIT}"/>']
    for at_ms, said in ticks(account.period, zone, _MOST_TICKS):
        x = box.x(at_ms)
        drawn.append(f'<path d="M{x} {box.bottom}v5" stroke="{_LIMIT}"/>')
        drawn.append(text(x, box.bottom + 20, escape(said), anchor="middle", size=12))
    return drawn


def _gaps_said(account: Account) -> str:
    count = len(account.gaps) + account.more_gaps
    return f"{count or 'no'} {'time' if count == 1 else 'times'} without readings"


def _svg(name: str, title: str, said: str, parts: Sequence[str]) -> Element:
    drawing = fromstring(f"<g>{''.join(parts)}</g>")  # noqa: S314 - our own, of figures and escaped text
    hatch = tag(
        "pattern",
        tag("path", d="M0 0V6", stroke="var(--hatch)"),
        id=f"gap-{name}",
        width="6",
        height="6",
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    )
    return tag(
        "svg",
        tag("title", title, id=f"{name}-title"),
        tag("desc", said, id=f"{name}-desc"),
        tag("defs", hatch),
        drawing,
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        viewBox=f"0 0 {WIDTH} {_HEIGHT}",
        fill="currentColor",
    )
