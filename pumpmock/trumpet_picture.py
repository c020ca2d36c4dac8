"""Draws a run as the field draws it: the start-up curve above the trumpet curve. Wants matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from protocol.units import S_PER_H, format_rate
from pumpmock.trumpet import SETTLED_S, overall_ppm, percent, start_up, trumpet

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from pumpmock.trumpet import Run

_INK, _FAINT, _FLOW, _ERROR = "#22262b", "#9aa3ad", "#3f6fa3", "#b3541e"
FORMATS = (".svg", ".png", ".pdf")
_PPM_PER_PERCENT = 10_000
# The same run gives the same file, to the byte.
_STYLE: Any = {
    "svg.hashsalt": "pumpmock",
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "axes.titlecolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


def draw(run: Run, title: str, path: Path) -> None:
    """Draw start-up and trumpet curve into a file; its suffix says in which format, one of `FORMATS`.

    Raises:
        RunError: where the run is too short for a trumpet.
        OSError: where the file can't be written.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(8, 7), layout="constrained")
        above, below = figure.subplots(2, 1)
        figure.suptitle(title, color=_INK)
        _draw_start_up(above, run)
        _draw_trumpet(below, run)
        dated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(path.suffix[1:], {})
        figure.savefig(path, metadata=dated)


def _draw_start_up(axes: Axes, run: Run) -> None:
    flows = start_up(run)
    edges_h = [place * run.sample_s / S_PER_H for place in range(len(flows) + 1)]
    axes.stairs([flow / 1000 for flow in flows], edges_h, baseline=None, color=_FLOW)
    axes.axhline(run.rate_nl_h / 1000, color=_FAINT, linestyle="--", linewidth=1)
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
    axes.set(title="start-up", xlabel="since the start, h", ylabel="flow at the tip, uL/h")


def _draw_trumpet(axes: Axes, run: Run) -> None:
    windows = trumpet(run)
    hours = [window.span_s / S_PER_H for window in windows]
    least = [window.least_ppm / _PPM_PER_PERCENT for window in windows]
    most = [window.most_ppm / _PPM_PER_PERCENT for window in windows]
    whole = overall_ppm(run)
    axes.fill_between(hours, least, most, color=_ERROR, alpha=0.1, linewidth=0)
    for extremes in (least, most):
        axes.plot(hours, extremes, color=_ERROR, marker="o", markersize=4)
    axes.axhline(0, color=_FAINT, linewidth=1)
    axes.axhline(
        whole / _PPM_PER_PERCENT, color=_INK, linestyle="--", linewidth=1, label=f"whole run {percent(whole)}"
    )
    axes.set_xscale("log")
    axes.set_xticks(hours)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.legend(loc="upper right", frameon=False)
    title = f"trumpet, from {SETTLED_S // S_PER_H} h on, at {format_rate(run.rate_nl_h)}"
    axes.set(title=title, xlabel="window, h", ylabel="least and greatest error, %")
