"""Puts what is made in its places on docs/monitor.md, and tells what on the disk is not as it is made today."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docs.walks.stage import Told

DOCS = Path(__file__).parents[1]
PAGE = "monitor.md"
PICTURES = "pictures"
_PART = re.compile(r"(<!-- made: (\w+) -->\n)(?:(?!<!-- end -->).)*(<!-- end -->)", re.DOTALL)


def files(parts: Mapping[str, Told], page: str) -> dict[str, str]:
    """Return what is made, by the path from docs/ on: the page with each part in its place, and the pictures.

    Args:
        parts: by the names that the page has in its markers.
        page: as it stands.

    Raises:
        ValueError: the page has no place for a part, or one for another.
    """
    places = [found[2] for found in _PART.finditer(page)]
    if sorted(places) != sorted(parts):
        raise ValueError(f"{PAGE} has places for {', '.join(places)}: there are {', '.join(parts)}")
    text = {name: "\n\n".join(told.parts) for name, told in parts.items()}
    made = _PART.sub(lambda found: f"{found[1]}\n{text[found[2]]}\n\n{found[3]}", page)
    pictures = {f"{PICTURES}/{name}": svg for told in parts.values() for name, svg in told.pictures.items()}
    return {PAGE: made, **pictures}


def differing(made: Mapping[str, str], docs: Path = DOCS) -> list[str]:
    """Return which files in docs/ are missing, are not as they are made, or are pictures that nothing makes any more."""
    old = {path: text for path in _present(docs) if (text := _read(docs / path)) is not None}
    return sorted(path for path in old.keys() | made.keys() if old.get(path) != made.get(path))


def write(made: Mapping[str, str], docs: Path = DOCS) -> None:
    """Make the files in docs/ what they should be."""
    (docs / PICTURES).mkdir(exist_ok=True)
    for path in differing(made, docs):
        if path in made:
            (docs / path).write_text(made[path], encoding="utf-8")
        else:
            (docs / path).unlink()


def _present(docs: Path) -> list[str]:
    return [PAGE, *(f"{PICTURES}/{path.name}" for path in (docs / PICTURES).glob("*.svg"))]


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
