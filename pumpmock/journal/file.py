"""A journal on the disk: a line of JSON an entry, written as it happens, after one that says whose it is.

A line is whole or not there. Where the disk is full the pump goes on, somebody is told once, and the numbers of the
entries show what is missing. docs/decisions/0038-journal.md
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from pumpmock.files import create_draft, read_ordinary
from pumpmock.journal.lines import line_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from pumpmock.journal.entry import Entry
    from pumpmock.journal.frames import Follower

FORMAT_KEY, FORMAT = "pumpmock_journal", 1
_MOST_BYTES = 2**40  # read_ordinary wants a bound; a journal is looked at by its first bytes
_HEAD = f'{{"{FORMAT_KEY}":'.encode()


class JournalError(ValueError):
    """A journal can't be written or read; the message is a sentence that names the file, and the line where there is one."""


def is_journal(data: bytes) -> bool:
    """Tell whether a file that begins like this is a journal."""
    return data.startswith(_HEAD)


class JournalFile:
    """One journal being written.

    Args:
        path: where. A journal that is there is replaced, anything else is left alone.
        facts: what the first line says of whose journal it is.
        began: the calendar time at `since_ns`.
        since_ns: the monotonic wall time that the journal calls 0.
        follower: finds the frames.
        has_pump_time: whether entries have a pump time; of somebody else's pump nobody knows it.
        warn: told once when nothing can be written, and again when it could be and can't any more.

    Raises:
        JournalError: where something that is no journal is in the way.
        OSError: where the file can't be made.
    """

    def __init__(
        self,
        path: Path,
        facts: Mapping[str, Any],
        *,
        began: datetime,
        since_ns: int,
        follower: Follower,
        warn: Callable[[str], None],
        has_pump_time: bool = True,
    ) -> None:
        _make_way(path)
        self._path = path
        self._since_ns = since_ns
        self._follower = follower
        self._warn = warn
        self._has_pump_time = has_pump_time
        self._is_failing = False
        self._size = 0
        self._file: int | None = create_draft(path)
        header = {FORMAT_KEY: FORMAT, **facts, "began": began.isoformat(timespec="microseconds")}
        self._write(_line(header))

    def take(self, entry: Entry) -> None:
        """Write an entry; to be told of each by the journal."""
        line = line_of(entry, self._follower.read(entry), self._since_ns)
        if not self._has_pump_time:
            line["pump_time_us"] = None
        self._write(_line(line))

    def close(self) -> None:
        """End the file."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def _write(self, line: bytes) -> None:
        if self._file is None:
            return
        done = 0
        try:
            while done < len(line):
                done += os.write(self._file, line[done:])
        except OSError as error:
            if done:
                os.ftruncate(self._file, self._size)  # makes a file shorter, which takes no room
                os.lseek(self._file, self._size, os.SEEK_SET)
            if not self._is_failing:
                why = error.strerror or error
                self._warn(
                    f"{self._path} can't be written ({why}): the pump goes on, its journal has a gap from here"
                )
            self._is_failing = True
        else:
            self._size += done
            self._is_failing = False


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode() + b"\n"


def _make_way(path: Path) -> None:
    """Leave alone what is no journal: a path that was mistyped may be somebody's data.

    Raises:
        JournalError: where it is something else.
        OSError: where it can't be read.
    """
    try:
        data = read_ordinary(path, _MOST_BYTES, len(_HEAD))
    except FileNotFoundError:
        return
    except ValueError as error:
        raise JournalError(f"{path} can't take a journal: {error}; choose another file") from error
    if data and not is_journal(data):
        raise JournalError(f"{path} is there and is no journal: move it away, or choose another file")
