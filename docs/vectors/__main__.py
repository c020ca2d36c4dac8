"""Print the golden vectors, or bring tests/vectors up to date: `python -m docs.vectors [--write]`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from docs.vectors.changes import changes
from docs.vectors.handshakes import handshakes
from docs.vectors.malformed import malformed
from docs.vectors.messages import frames, tables
from docs.vectors.pieces import cobs, crc, keys
from docs.vectors.streams import sessions, streams

if TYPE_CHECKING:
    from collections.abc import Callable

    from docs.vectors.given import Json

FOLDER = Path(__file__).parents[2] / "tests" / "vectors"
TOPICS: tuple[Callable[[], Json], ...] = (
    *(cobs, crc, keys, tables, frames, handshakes, sessions, streams, malformed, changes),
)


def files() -> dict[str, str]:
    """Return the text of each file by its name."""
    return {f"{topic.__name__}.json": json.dumps(topic(), indent=1) + "\n" for topic in TOPICS}


if __name__ == "__main__":
    for name, text in files().items():
        if "--write" in sys.argv:
            (FOLDER / name).write_text(text, encoding="ascii")
        print(f"{name}: {len(text)} bytes")
