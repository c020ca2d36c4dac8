"""A day's pattern from a TOML file, read strictly: a slip is refused with the file, the line and what to write.

format = 1
days = "Mon-Fri"                  # or "all", or "Sat, Sun"
steps = [
"00:00  0.5 mL/day",            # the first step is at 00:00, and they rise
"06:00  0.6 mL/day",
]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from monitor.kinds.days import check_pattern, parse_days, parse_step
from protocol.strict_toml import Table, content_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from protocol.messages import Step

FORMAT = 1
MOST_BYTES = 16_384  # many times thirteen steps with their comments
_T = TypeVar("_T")


def read_flex(path: Path) -> dict[str, str]:
    """Return the texts of a file's `weekdays` and `steps`, as a person would type them.

    Raises:
        protocol.strict_toml.FileError: where it is no such file.
        OSError: where it can't be read.
    """
    name = str(path)
    with path.open("rb") as file:
        text = text_of(name, file.read(MOST_BYTES + 1), MOST_BYTES)
    table = Table(name, text, content_of(text, name, FORMAT))
    table.check_keys(("days", "steps"), "a key of a flex program")
    days, _ = table.read("days", _kept(parse_days), '"Mon-Fri"')
    read = table.read_list("steps", _kept(parse_step), '["00:00 0.5 mL/day"]')
    steps: tuple[Step, ...] = tuple(step for _, step in read)
    try:
        check_pattern(steps)
    except ValueError as error:
        raise table.error(str(error), "steps") from error
    return {"weekdays": days, "steps": ", ".join(text for text, _ in read)}


def _kept(parse: Callable[[str], _T]) -> Callable[[str], tuple[str, _T]]:
    """Return a parser that keeps the text beside what it reads."""
    return lambda text: (text, parse(text))
