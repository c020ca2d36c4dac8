"""The last line: the keys that do something here, and for a while what was just said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.content import Content

from monitor.ui.widgets.lines import Part, spread
from monitor.ui.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Key:
    """A key, what it does, and whether it can do it now."""

    name: str
    label: str
    ready: bool = True


@dataclass(frozen=True, slots=True)
class Keys:
    """What the line shows; `said` stands beside the keys, or where there is no room instead of them.

    Where there is no room for all names either, the last keys have none: the help has them.
    """

    keys: tuple[Key, ...]
    said: str = ""


def draw(data: Keys, width: int, _height: int) -> Content:
    """Draw the line."""
    keys = Content.assemble(*_parts(_fitting(data.keys, width)))
    if not data.said:
        return spread(width, keys)
    said = Content.assemble((f"{printable(data.said)} ", "$value"))
    if keys.cell_length + 2 + said.cell_length <= width:
        return spread(width, keys, said)
    return spread(width, Content.assemble(" ", said))


def _fitting(keys: tuple[Key, ...], width: int) -> tuple[Key, ...]:
    for named in range(len(keys), -1, -1):
        fitting = (*keys[:named], *(replace(key, label="") for key in keys[named:]))
        if Content.assemble(*_parts(fitting)).cell_length <= width:
            return fitting
    return keys


def _parts(keys: Iterable[Key]) -> list[Part]:
    parts: list[Part] = []
    for key in keys:
        name, label = ("bold $action", "$label") if key.ready else ("$dim", "$dim")
        parts += [(f" {key.name}", name), (f" {key.label} " if key.label else " ", label)]
    return parts
