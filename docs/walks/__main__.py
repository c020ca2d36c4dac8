"""Takes the walks, and holds docs/monitor.md and docs/pictures against what the programs say and draw today.

`python -m docs.walks` names what differs, and exits with 1 then; with `--write` it brings all of it up to date.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

# What a terminal, or whoever starts this, may have set, and what a page must not depend on; read when textual is imported.
_LIKE_EVERYWHERE = {"TZ": "UTC", "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
_NOWHERE = ("NO_COLOR", "FORCE_COLOR", "PUMPMOCK_HOME", "COLUMNS", "LINES")


def main() -> int:
    """Take the walks; return the exit code."""
    for name in _NOWHERE:
        os.environ.pop(name, None)
    os.environ.update(_LIKE_EVERYWHERE)
    time.tzset()
    from docs.walks import doubt, fleet, night, pages, technician  # noqa: PLC0415 - not before that
    from docs.walks.keys import keys  # noqa: PLC0415 - as above

    parts = {"keys": keys()}
    for one in (doubt, technician, night, fleet):
        with tempfile.TemporaryDirectory() as home:
            os.chdir(home)  # ports have short names
            parts[one.__name__.rpartition(".")[2]] = asyncio.run(one.walk(Path(home)))
            os.chdir("/")
    made = pages.files(parts, (pages.DOCS / pages.PAGE).read_text(encoding="utf-8"))
    differing = pages.differing(made)
    if "--write" in sys.argv:
        pages.write(made)
        print("\n".join(f"written: docs/{path}" for path in differing) or "all as it was")
        return 0
    for path in differing:
        print(f"docs/{path} is not what the programs say and draw today: make screenshots")
    return bool(differing)


if __name__ == "__main__":
    sys.exit(main())
