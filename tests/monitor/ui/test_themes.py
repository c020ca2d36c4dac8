from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from rich._palettes import STANDARD_PALETTE
from textual.color import Color

from monitor.ui.themes import DARK, LIGHT, in_sixteen, without_colour

if TYPE_CHECKING:
    from textual.theme import Theme

THEMES = {"dark": DARK, "light": LIGHT}
TEXTS = ("label", "value", "trace", "action", "high", "medium", "low")


def contrast(one: str | None, other: str | None) -> float:
    """Return the contrast ratio of two colours, as WCAG defines it."""

    def luminance(text: str | None) -> float:
        assert text is not None
        parts = [part / 255 for part in Color.parse(text).rgb]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES.keys())
def test_every_text_can_be_read_on_the_panel(theme: Theme) -> None:
    for name in TEXTS:
        assert contrast(theme.variables[name], theme.surface) >= 4.5, name
    assert contrast(theme.foreground, theme.surface) >= 7
    assert contrast(theme.variables["dim"], theme.surface) >= 3


@pytest.mark.requirement("R6.4.2(1-3) colour")
@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES.keys())
def test_every_alarm_can_be_read_on_its_fill(theme: Theme) -> None:
    for name in ("high", "medium", "low"):
        text, fill = theme.variables[f"{name}-on"], theme.variables[f"{name}-fill"]
        assert contrast(text, fill) >= 4.5, name


@pytest.mark.requirement("R6.4.2(1-3) colour")
@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES.keys())
def test_high_is_red_medium_is_yellow_and_low_is_cyan(theme: Theme) -> None:
    hues = {"high": 0, "medium": 60, "low": 180}  # in degrees, of the colours that IEC 60601-1-8 names
    for (name, hue), style in itertools.product(hues.items(), ("", "-fill")):
        found = Color.parse(theme.variables[name + style]).hsl.h * 360
        assert abs((found - hue + 180) % 360 - 180) < 25, f"{name}{style} is at {found:.0f} degrees"


def test_both_themes_name_the_same_colours() -> None:
    assert DARK.variables.keys() == LIGHT.variables.keys()


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES.keys())
def test_no_colour_is_green(theme: Theme) -> None:
    for name, value in theme.variables.items():
        red, green, blue = Color.parse(value).rgb
        assert green <= max(red, blue) + 8, name


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES.keys())
def test_without_colour_the_more_urgent_bar_stands_out_more(theme: Theme) -> None:
    grey = without_colour(theme)
    apart = [contrast(grey.variables[f"{name}-fill"], grey.background) for name in ("low", "medium", "high")]
    assert apart == sorted(apart)
    assert all(later >= 1.5 * earlier for earlier, later in itertools.pairwise([1, *apart]))
    for name in ("high", "medium", "low"):
        assert contrast(grey.variables[f"{name}-on"], grey.variables[f"{name}-fill"]) >= 4.5, name


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES.keys())
def test_in_sixteen_colours_each_is_one_of_them_and_is_read_on_its_ground(theme: Theme) -> None:
    poor = in_sixteen(theme)
    assert poor.variables.keys() == theme.variables.keys()
    palette = {f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in STANDARD_PALETTE._colors}
    assert {poor.foreground, poor.background, poor.surface, *poor.variables.values()} <= palette
    for name in ("label", "value", "trace", "action", "high", "low"):
        assert contrast(poor.variables[name], poor.surface) >= 4.5, name
    for name in ("high", "medium", "low"):
        assert contrast(poor.variables[f"{name}-on"], poor.variables[f"{name}-fill"]) >= 4.5, name
    # The nearest of sixteen to what is between: a brown, a grey.
    assert contrast(poor.variables["medium"], poor.surface) >= 4.5
    assert contrast(poor.variables["dim"], poor.surface) >= 2.7
    assert contrast(poor.variables["dim"], poor.variables["shade"]) >= 2.7
