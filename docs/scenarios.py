"""The tables of docs/scenarios.md, made from the words that a scenario is read by.

`python -m docs.scenarios` prints the page as it should be; with `--write` it brings the page up to date.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pumpmock.scenario.actions import ACTIONS
from pumpmock.scenario.changes import CHANGES
from pumpmock.scenario.condition import FIGURES
from pumpmock.scenario.expectations import EXPECT_WORDS
from pumpmock.scenario.host_words import HOST
from pumpmock.scenario.pump_words import pump_words
from pumpmock.scenario.reading import END, HEAD
from pumpmock.scenario.running import read
from pumpmock.scenario.triggers import TRIGGERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pumpmock.scenario.words import Word

PAGE = Path(__file__).with_name("scenarios.md")
LIBRARY = PAGE.parents[1] / "examples" / "scenarios"
_PART = re.compile(r"(<!-- made: (\w+) -->\n\n)(?:[^<].*?\n\n)?(<!-- end -->)", re.DOTALL)


def updated(page: str) -> str:
    """Return the page with each of its tables as it should be."""
    return _PART.sub(lambda found: f"{found[1]}{PARTS[found[2]]()}\n\n{found[3]}", page)


def _words(words: Mapping[str, Word]) -> str:
    rows = ((f"`{key}`", f"`{word.example}`", word.says) for key, word in words.items())
    return _table(("key", "such as", "what it says"), rows)


def _library() -> str:
    rows = (
        (f"[{path.name}](../examples/scenarios/{path.name})", one.name, one.about)
        for path in sorted(LIBRARY.glob("*.*"))
        for one in read(path)
    )
    return _table(("file", "what befalls", "what it shows"), rows)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *(tuple(cell.replace("|", r"\|") for cell in row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


PARTS = {
    "head": lambda: _words(HEAD),
    "pump": lambda: _words(pump_words(Path())),
    "triggers": lambda: _words(TRIGGERS),
    "figures": lambda: ", ".join(f"`{name}`" for name in FIGURES),
    "actions": lambda: _words({key: action.word for key, action in ACTIONS.items()}),
    "host": lambda: _words(HOST),
    "changes": lambda: _words(CHANGES),
    "expect": lambda: _words(EXPECT_WORDS),
    "end": lambda: _words(END),
    "library": _library,
}


if __name__ == "__main__":
    fresh = updated(PAGE.read_text(encoding="utf-8"))
    if "--write" in sys.argv:
        PAGE.write_text(fresh, encoding="utf-8")
    else:
        sys.stdout.write(fresh)
