"""The colours, as two themes: grey for what is as it should be, colour only for what asks for a hand.

Contrast on the panel is beside each text colour. There is no green, because nothing here says "safe"; blue is only for
what can be acted on. In the light theme yellow fails as text, so the fill stays yellow and the text turns brown.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from textual.theme import Theme

DARK: Final = Theme(
    name="bench-dark",
    dark=True,
    primary="#6f9fd8",
    foreground="#c6ccd2",  # 8.4
    background="#24272b",
    surface="#2a2e33",
    variables={
        "line": "#434a52",
        "dim": "#767f89",  # 3.4: what may be overlooked, and what is stale
        "label": "#8e97a1",  # 4.6
        "value": "#eef1f4",  # 12
        "trace": "#9db8cf",  # 6.6
        "action": "#6f9fd8",  # 5.0
        "shade": "#3a4149",
        "high": "#ff7a80",
        "high-fill": "#d92b3a",
        "high-on": "#ffffff",  # 4.8 on its fill
        "medium": "#f2c037",
        "medium-fill": "#f2c037",
        "medium-on": "#0d0f11",  # 11 on its fill
        "low": "#4cc3d6",
        "low-fill": "#4cc3d6",
        "low-on": "#0d0f11",  # 9.4 on its fill
    },
)

LIGHT: Final = Theme(
    name="bench-light",
    dark=False,
    primary="#1f5fae",
    foreground="#2a2f34",  # 10
    background="#d3d6d9",
    surface="#dfe2e4",
    variables={
        "line": "#a9b0b6",
        "dim": "#71797f",  # 3.4
        "label": "#535b63",  # 5.3
        "value": "#0d1013",  # 15
        "trace": "#2f5a80",  # 5.5
        "action": "#1f5fae",  # 4.9
        "shade": "#c3c8cd",
        "high": "#a80a24",
        "high-fill": "#d92b3a",
        "high-on": "#ffffff",  # 4.8 on its fill
        "medium": "#7a5200",  # 5.3
        "medium-fill": "#f5c518",
        "medium-on": "#0d0f11",  # 12 on its fill
        "low": "#00606f",
        "low-fill": "#4cc3d6",
        "low-on": "#0d0f11",  # 9.4 on its fill
    },
)


# A terminal of sixteen colours shows the nearest of them, and all of the greys above come to the same. What is stale and
# what is a mere line have a mark or a shape of their own, so that they may share their grey.
_SIXTEEN: Final = {
    True: {
        **dict.fromkeys(("background", "surface", "shade"), "#000000"),
        **dict.fromkeys(("line", "dim"), "#555555"),
        **dict.fromkeys(("foreground", "label"), "#aaaaaa"),
        **dict.fromkeys(("primary", "value", "trace", "action"), "#ffffff"),
        "high": "#ff5555",
        "high-fill": "#aa0000",
        "high-on": "#ffffff",
        "medium": "#ffff55",
        "medium-fill": "#ffff55",
        "medium-on": "#000000",
        "low": "#55ffff",
        "low-fill": "#55ffff",
        "low-on": "#000000",
    },
    False: {
        **dict.fromkeys(("background", "surface", "shade"), "#ffffff"),
        "line": "#aaaaaa",
        "dim": "#555555",
        **dict.fromkeys(("foreground", "label", "value"), "#000000"),
        **dict.fromkeys(("primary", "trace", "action"), "#0000aa"),
        "high": "#aa0000",
        "high-fill": "#aa0000",
        "high-on": "#ffffff",
        # Of sixteen, no yellow and no cyan can be read as text on white.
        "medium": "#aa5500",
        "medium-fill": "#ffff55",
        "medium-on": "#000000",
        "low": "#000000",
        "low-fill": "#55ffff",
        "low-on": "#000000",
    },
}


def in_sixteen(theme: Theme) -> Theme:
    """Return a theme in the sixteen colours that a poor terminal has, such as a text console."""
    colours = _SIXTEEN[theme.dark]
    return replace(
        theme,
        primary=colours["primary"],
        foreground=colours["foreground"],
        background=colours["background"],
        surface=colours["surface"],
        variables={name: colours[name] for name in theme.variables},
    )


def without_colour(theme: Theme) -> Theme:
    """Return a theme whose grey says what its colours did: the more urgent, the further from the ground.

    As a grey, the red of high priority is nearer to the ground than the yellow of medium.
    """
    fill, on = ("#ffffff", "#000000") if theme.dark else ("#000000", "#ffffff")
    low_fill, low_on = ("#6d747b", "#ffffff") if theme.dark else ("#9aa0a5", "#000000")
    medium_fill, medium_on = ("#b4bac0", "#000000") if theme.dark else ("#555b61", "#ffffff")
    fills = {"high-fill": fill, "high-on": on, "medium-fill": medium_fill, "medium-on": medium_on}
    return replace(theme, variables=theme.variables | fills | {"low-fill": low_fill, "low-on": low_on})
