"""A screen as an SVG: cells, colours and nothing else. No window around it, and no font that would have to be fetched."""

from __future__ import annotations

import io
import re
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import App

_WIDTH, _HEIGHT, _TOP = 12.2, 24.4, 1.5  # of a cell, and above the first one: Rich's
# Whatever monospace font the reader has; each run of text is given the width of its cells. A font as wide as DejaVu Sans Mono
# or Menlo fills a cell at 21 px, so that lines drawn by characters meet, if it begins a pixel lower.
_FONTS = "'DejaVu Sans Mono', Menlo, ui-monospace, Consolas, 'Liberation Mono', monospace"
_FORMAT = f"""\
<style>
.{{unique_id}}-matrix {{{{ font: 21px {_FONTS} }}}}
{{styles}}
</style>
{{backgrounds}}
<g class="{{unique_id}}-matrix" transform="translate(0 1)">
{{matrix}}
</g>
"""
_CLIP = re.compile(r' clip-path="[^"]*"')  # would cut the characters that draw lines
_END_OF_LINE = re.compile(r"<text [^>]*>\s*</text>")
_CELLS = re.compile(r'<rect fill="([^"]*)" x="([^"]*)" y="([^"]*)" width="([^"]*)"[^>]*/>')


def svg_of(app: App[None]) -> str:
    """Return what the screen shows."""
    width, height = app.size
    console = Console(
        width=width,
        height=height,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
        safe_box=False,
    )
    console.print(app.screen._compositor.render_update(full=True))
    drawn = console.export_svg(title="", code_format=_FORMAT, unique_id="s")
    drawn = _END_OF_LINE.sub("", _CLIP.sub("", drawn))
    stripes = _CELLS.findall(drawn)
    first, last = drawn.index("<rect"), drawn.rindex("<rect")
    drawn = drawn[:first] + "\n".join(_stripes(stripes)) + drawn[drawn.index("\n", last) :]
    lines = [line.strip() for line in drawn.replace("</text><text", "</text>\n<text").splitlines()]
    return "\n".join(
        [
            f'<svg viewBox="0 {_TOP} {_WIDTH * width:g} {_HEIGHT * height:g}" xmlns="http://www.w3.org/2000/svg">',
            *(line for line in lines if line),
            "</svg>\n",
        ]
    )


def _stripes(cells: list[tuple[str, str, str, str]]) -> Iterator[str]:
    """Draw cells of one colour beside one another as one, over the colour that most have: no seam is seen between them."""
    colours = [fill for fill, *_ in cells]
    most = max(sorted(set(colours)), key=colours.count)
    yield f'<rect fill="{most}" y="{_TOP}" width="100%" height="100%"/>'
    for (fill, y), stripe in groupby(cells, key=lambda cell: (cell[0], cell[2])):
        found = list(stripe)
        if fill != most:
            x = float(found[0][1])
            width = float(found[-1][1]) + float(found[-1][3]) - x
            yield f'<rect fill="{fill}" x="{x:g}" y="{y}" width="{width:g}" height="24.65" shape-rendering="crispEdges"/>'
