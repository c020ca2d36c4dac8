"""TREND: the rates over the reservoir where there is room for both, else the reservoir alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.ui.widgets import outlook, rates

if TYPE_CHECKING:
    from monitor.ui.widgets.view import View

_BOTH: Final = 14  # rows from which there is room for two charts
_APART: Final = 20  # rows from which a blank one lies between them


def draw(view: View, width: int, height: int) -> Content:
    """Draw what there is room for."""
    if height < _BOTH or view.moment.status is None:
        return outlook.draw(view, width, height)
    apart = height >= _APART
    upper = (height - apart) * 2 // 5 if not view.whole else (height - apart) // 2
    parts = [rates.draw(view, width, upper), *([Content(" " * width)] if apart else [])]
    return Content("\n").join([*parts, outlook.draw(view, width, height - upper - apart)])
