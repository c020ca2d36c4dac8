"""Rows as text for a terminal, and as the page docs/trust.md. Every figure on either was counted by a run."""

from __future__ import annotations

import platform
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.campaigns.runner import Row

_WIDTH = 110
_LABEL = 12

_PAGE = """# What was tried, and what held

Each row is a promise and what was done to break it. The figures were counted by runs with Python {python} on {system},
each at the size that its command names; `make trust` runs every row in full. The command of a row repeats it, figure for
figure, time aside, and what has a ~ before it, in which real processes have a hand. A control is the same campaign
against something broken on purpose: it has to report failures, or the campaign proves nothing. Controls run at the size
that `make test` runs.

| | promise | achieved | failures | controls found out | seed | seconds | again |
| --- | --- | --- | --- | --- | --- | --- | --- |
{rows}
"""


def text(row: Row) -> str:
    """Return a row as some lines, the first of which says whether it passed."""
    verdict = "FAILED" if not row.kept else "passed" if row.convincing else "PROVES NOTHING"
    lines = [f"{row.campaign.number:>3}  {row.campaign.name}: {verdict}"]
    parts = {
        "promise": row.campaign.promise,
        "achieved": "; ".join(_figures(row)),
        "failures": "; ".join([f"{row.achieved.failures:,}", *row.achieved.examples]),
        "controls": "; ".join(_controls(row)),
        "again": f"{row.command}  ({row.seconds:.1f} s)",
    }
    for label, said in parts.items():
        indent = " " * 5
        lines += textwrap.wrap(
            said,
            _WIDTH,
            initial_indent=indent + label.ljust(_LABEL),
            subsequent_indent=indent + " " * _LABEL,
            break_on_hyphens=False,
        )
    return "\n".join(lines)


def page(rows: Sequence[Row]) -> str:
    """Return docs/trust.md."""
    lines = [_line(row) for row in rows]
    return _PAGE.format(
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        rows="\n".join(lines),
    )


def _line(row: Row) -> str:
    cells = (
        str(row.campaign.number),
        f"**{row.campaign.name}**: {row.campaign.promise}",
        "<br>".join(_figures(row)),
        f"{row.achieved.failures:,}",
        "<br>".join(_controls(row)),
        str(row.seed),
        f"{row.seconds:.1f}",
        f"`{row.command}`",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _figures(row: Row) -> list[str]:
    sure = [f"{count:,} {what}" for what, count in row.achieved.figures.items()]
    return sure + [f"~{count:,} {what}" for what, count in row.achieved.varying.items()]


def _controls(row: Row) -> list[str]:
    found = sum(count > 0 for count in row.controls.values())
    each = (f"{broken}: {count:,} failures" for broken, count in row.controls.items())
    return [f"{found} of {len(row.controls)}", *each]
