"""The journal of a served pump on the disk: what `pumpmock serve --journal FILE` adds to the pump."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpmock.journal.file import JournalFile
from pumpmock.journal.frames import Follower
from pumpmock.ready import Ready

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from protocol.keys import Key
    from pumpmock.emulator import Emulator
    from pumpmock.options import Options

_NOT_ITS_OWN = frozenset(
    {"ports", "control", "keys", "pid"}
)  # of what is told when a pump is ready: where it runs


def write_journal(
    path: Path,
    options: Options,
    emulator: Emulator,
    keys: Mapping[bytes, Key],
    *,
    began: datetime,
    warn: Callable[[str], None],
) -> JournalFile:
    """Have everything that happens to a pump from now on written to a file.

    Args:
        path: where.
        options: what the pump was asked for.
        emulator: the pump, before it is started.
        keys: its table of keys.
        began: the calendar time now.
        warn: told where nothing can be written.

    Raises:
        JournalError: where something that is no journal is in the way.
        OSError: where the file can't be made.
    """
    facts = {
        name: value
        for name, value in Ready(options, emulator, {}).facts().items()
        if name not in _NOT_ITS_OWN
    }
    file = JournalFile(
        path,
        facts,
        began=began,
        since_ns=emulator.wall.now_ns(),
        follower=Follower(keys, is_pumps=True),
        warn=warn,
    )
    emulator.journal.heard_by.append(file.take)
    return file
