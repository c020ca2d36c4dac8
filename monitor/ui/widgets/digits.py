"""Figures three rows high, read from across the bench."""

from __future__ import annotations

from typing import Final

_WIDTH: Final = 3
_ROWS: Final = (
    "┏━┓╺┓ ╺━┓╺━┓╻ ╻┏━╸┏━╸╺━┓┏━┓┏━┓",
    "┃ ┃ ┃ ┏━┛ ━┫┗━┫┗━┓┣━┓  ┃┣━┫┗━┫",
    "┗━┛╺┻╸┗━╸╺━┛  ╹╺━┛┗━┛  ╹┗━┛╺━┛",
)
_GLYPHS: Final = {
    **{str(n): tuple(row[_WIDTH * n : _WIDTH * (n + 1)] for row in _ROWS) for n in range(10)},
    ".": (" ", " ", "\N{BULLET}"),
    "\N{EN DASH}": ("   ", "╺━╸", "   "),
}


def big(figure: str, room: int) -> tuple[str, str, str]:
    """Return the three rows of a figure; on one row, as it is, where `room` cells are too few for it."""
    rows = tuple("".join(_GLYPHS[char][row] for char in figure) for row in range(3))
    if len(rows[0]) > room:
        return "", "", figure
    return rows[0], rows[1], rows[2]
