"""Each state of the pump's screen, at each size, dark, light and without colour.

A state's golden holds its text and its alarm colours by their names once. Here the screen of every theme is held against
that one golden: a text that a theme changes, or a colour that is none of its own, is found in the theme where it is so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pytest
from rich.color import Color
from rich.style import Style
from textual.filter import monochrome_style

from monitor.errors import RefusedError
from monitor.ui.themes import DARK, LIGHT, without_colour
from tests.monitor.ui.bench import Clock, FakeSource, S, low, snapshot
from tests.monitor.ui.stage import (
    ALARM,
    GOLDENS,
    SMALL,
    WIDE,
    check,
    colours,
    page,
    press,
    run,
    settle,
    strips,
)
from tests.monitor.ui.test_screens import REFUSAL, SIZES, STALE, WHY
from tests.monitor.ui.test_unknown import OPEN

if TYPE_CHECKING:
    from rich.segment import Segment
    from textual.pilot import Pilot

    from monitor.snapshot import Snapshot
    from monitor.ui.app import DashboardApp


@dataclass(frozen=True)
class State:
    """A state of the screen: the golden that has it, what is known, and what is typed, so long after the reading."""

    golden: str
    made: Snapshot
    keys: tuple[str, ...] = ()
    after_s: int = 0
    refusal: str = ""
    sizes: tuple[tuple[int, int], ...] = (WIDE, SMALL)


STATES = {
    "normal": State("normal", snapshot()),
    "alarm": State("low", low()),
    "stale": State("stale", STALE, after_s=14),
    "refused": State("refused", low(), ("r", "0.65", "enter", *WHY), refusal=REFUSAL),
    "unknown": State("unknown", snapshot(unresolved=OPEN)),
    "too small": State("too-small", low(), sizes=((59, 40), (80, 19))),
}
CELLS = [(name, size) for name, state in STATES.items() for size in state.sizes]


class Shown(NamedTuple):
    """A page as a golden has it, and its cells, each with the segment that it is of."""

    page: str
    cells: list[list[Segment]]


def shown(state: State, size: tuple[int, int], *themes: str) -> list[Shown]:
    clock = Clock()
    clock.now_ns += state.after_s * S
    source = FakeSource(state.made, prepare_error=RefusedError(state.refusal) if state.refusal else None)
    found: list[Shown] = []

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, *state.keys)
        for theme in themes:
            app.theme = theme
            await settle(pilot)
            cells = [[segment for segment in strip for _ in segment.text] for strip in strips(app)]
            found.append(Shown(page(app), cells))

    run(source, act, size=size, clock=clock)
    return found


def golden(state: State, size: tuple[int, int]) -> str:
    return (GOLDENS / f"{state.golden}-{size[0]}x{size[1]}.txt").read_text(encoding="utf-8")


def paints(cell: Segment) -> list[Color]:
    """Return the colours of a cell's text and ground, where it has any."""
    style = cell.style
    return [] if style is None else [one for one in (style.color, style.bgcolor) if one is not None]


def rgb(color: Color) -> tuple[int, ...]:
    return tuple(color.get_truecolor())


def grey(name: str) -> tuple[int, ...]:
    """Return the grey that a colour of the dark theme is shown as where there is no colour."""
    theme = without_colour(DARK)
    base = {"foreground": theme.foreground, "background": theme.background, "surface": theme.surface}
    shade = monochrome_style(Style(color=Color.parse(str((theme.variables | base)[name])))).color
    assert shade is not None
    return rgb(shade)


def test_no_state_and_no_size_is_missing() -> None:
    assert list(STATES) == ["normal", "alarm", "stale", "refused", "unknown", "too small"]
    assert all(len(state.sizes) == len(SIZES) for state in STATES.values())
    missing = [f"{name} {size}" for name, size in CELLS if not golden(STATES[name], size).strip()]
    assert missing == []


@pytest.mark.parametrize(("name", "size"), CELLS, ids=str)
def test_a_state_reads_alike_dark_light_and_without_colour_and_is_as_urgent_in_each(
    name: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = STATES[name]
    dark, light = shown(state, size, DARK.name, LIGHT.name)
    check(f"{state.golden}-{size[0]}x{size[1]}", dark.page)
    assert light.page.replace(" l Dark ", " l Light ") == dark.page
    palette = {str(value) for value in LIGHT.variables.values()} | {LIGHT.background, LIGHT.surface}
    urgent = [cell for row in light.cells for cell in row if ALARM & set(colours(cell).split(" on "))]
    assert {f"#{bytes(rgb(one)).hex()}" for cell in urgent for one in paints(cell)} <= palette

    monkeypatch.setenv("NO_COLOR", "1")
    (plain,) = shown(state, size, DARK.name)
    assert plain.page.split("---\n")[0] == dark.page.split("---\n")[0]
    for row, as_coloured in zip(plain.cells, dark.cells, strict=True):
        for cell, named in zip(row, as_coloured, strict=True):
            greys = [rgb(one) for one in paints(cell)]
            assert all(len(set(one)) == 1 for one in greys), f"{cell.text!r} has a colour"
            names = colours(named).split(" on ")
            if ALARM & set(names):
                assert greys == [grey(name) for name in names], cell.text
