"""In which line of a file something stands that TOML has read: the steps of a list, and what is in braces in them."""

from __future__ import annotations

import re

from protocol.strict_toml import line_of

_HEADER = re.compile(r"\s*\[\[?\s*([^\]]*?)\s*\]")


class Lines:
    """The lines of a file.

    Args:
        text: all of it.
        listed: the name of its list of tables.
    """

    def __init__(self, text: str, listed: str) -> None:
        lines = text.splitlines()
        self._all = text
        self._starts: list[int] = []
        owner = None
        parts: list[list[str]] = []
        for number, line in enumerate(lines):
            header = _HEADER.match(line)
            if header is not None:
                name = header[1].split(".")[0].strip().strip("\"'")
                if name != listed:
                    owner = None
                elif line.lstrip().startswith("[[") and header[1].strip("\"'") == listed:
                    owner = len(parts)
                    self._starts.append(number + 1)
                    parts.append([""] * len(lines))
            if owner is not None:
                parts[owner][number] = line
        self._parts = ["\n".join(part) for part in parts]
        self._listed = listed

    def of(self, *path: str) -> int:
        """Return the line of a key outside of the list, or of the nearest thing that holds it; 1 where none is found."""
        return _found(self._all, path) or 1

    def of_listed(self, place: int, *path: str) -> int:
        """Return the same of a key in one of the list's tables; by itself that is where the table begins."""
        if place >= len(self._starts):
            return 1  # a list that is not written in headers
        return (_found(self._parts[place], (self._listed, *path)) if path else None) or self._starts[place]


def _found(text: str, path: tuple[str, ...]) -> int | None:
    for length in range(len(path), 0, -1):
        said = line_of(text, *path[:length])
        if said:
            return int(said.rpartition(" ")[2])
    return None
