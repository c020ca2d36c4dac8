"""A journal as a person reads it under a failed test: the newest lines, each with the number of its entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpmock.journal.text import Teller

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pumpmock.journal.journal import Journal

NEWEST = 60  # lines that are shown where nobody asks for more
_WIDEST = 160


def journal_text(journal: Journal, newest: int | None = NEWEST) -> str:
    """Return the newest so many lines; None for all there are. Wall time counts from the oldest entry."""
    lines = list(_told(journal))
    left_out = 0 if newest is None else max(0, len(lines) - newest)
    head = [f"... {left_out} lines before these"] if left_out else []
    return "\n".join([*head, *lines[left_out:]]) or "nothing happened"


def _told(journal: Journal) -> Iterator[str]:
    teller = Teller()
    first_ns: int | None = None
    for line in journal.lines():
        first_ns = line["wall_ns"] if first_ns is None else first_ns
        for text in teller.text(line | {"wall_ns": line["wall_ns"] - first_ns}):
            yield _cut(f"{line['n']:>5} {text}")


def _cut(line: str) -> str:
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 3]}..."
