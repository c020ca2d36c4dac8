"""What the monitor remembers of a pump from one start to the next: how its alarms stand, what is shelved, which faults were seen.

A file a pump in the user's state, replaced as a whole, for its owner alone. What can't be read is taken for nothing
shelved and nothing seen: then more is told, not less. docs/decisions/0047-alarm-states.md
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import platformdirs

from monitor.alarms import Entry, Shelving, State, sound
from monitor.errors import MonitorError
from monitor.judgement import AlarmLine
from protocol.alarms import Alarm, Priority
from protocol.places import APP, HOME

_VERSION = 2
_WITHOUT_ALARMS = 1  # the version before: nothing was remembered of alarms but the shelf
_MOST_BYTES = 65_536
_MOST_TEXT = 500  # characters of an alarm's words that are kept; no screen shows more


class MemoError(MonitorError):
    """A memo can't be read or written; the message says why, and what follows."""


@dataclass(frozen=True, slots=True)
class Memo:
    """What is remembered of a pump.

    Attributes:
        shelved: what is on the shelf.
        store_id: the pump's memory that had these faults and alarms; another one begins anew.
        faults_seen: the newest fault that somebody has seen, 0 for none.
        alarms: those that were not inactive, but for the shelved, in the order in which they called.
    """

    shelved: tuple[Shelving, ...] = ()
    store_id: bytes = b""
    faults_seen: int = 0
    alarms: tuple[Entry, ...] = ()


def default_folder(*, bench: bool = False) -> Path:
    """Return where memos are: in the user's state, or in the home that the environment names.

    Those of pumps that answer to the published bench key lie apart: anybody could be such a pump.
    """
    home = os.environ.get(HOME)
    where = Path(home) if home else platformdirs.user_state_path(APP)
    return where / ("bench-memos" if bench else "memos")


class Memos:
    """The memos of this user.

    Args:
        folder: where their files are; made when there is something to remember.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, serial_number: str) -> Memo:
        """Return what is remembered of a pump, nothing where there is no file.

        Raises:
            MemoError: the file can't be read, or is not what this program wrote.
        """
        path = self._path(serial_number)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                text = file.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            return Memo()
        except OSError as error:
            raise MemoError(
                f"{path} can't be read ({error.strerror}): nothing is taken for shelved"
            ) from error
        try:
            return _memo(json.loads(text))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            said = f"{path} is not what this program wrote: nothing is taken for shelved; remove it"
            raise MemoError(said) from error

    def save(self, serial_number: str, memo: Memo) -> None:
        """Remember; on the disk when this returns.

        Raises:
            MemoError: it can't be.
        """
        path = self._path(serial_number)
        draft = path.with_name(f"{path.name}.{os.getpid()}.new")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(draft, flags, 0o600), "w", encoding="ascii") as file:
                file.write(json.dumps(_fields(memo)))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
            _sync(self.folder)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            said = f"{path} can't be written ({error.strerror}): this is forgotten with the next start"
            raise MemoError(said) from error

    def _path(self, serial_number: str) -> Path:
        return self.folder / f"{quote(serial_number, safe='')}.json"


def _sync(folder: Path) -> None:
    """Have a file's new name last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fields(memo: Memo) -> dict[str, Any]:
    shelved = [
        {
            "key": one.key,
            "title": one.title,
            "priority": one.priority.name,
            "reason": one.reason,
            "from_s": one.from_s,
            "until_s": one.until_s,
        }
        for one in memo.shelved
    ]
    faults = {"store": memo.store_id.hex(), "seen": memo.faults_seen}
    alarms = [
        {
            "key": one.line.key,
            "alarm": None if one.line.alarm is None else one.line.alarm.name,
            "priority": one.line.priority.name,
            "title": one.line.title,
            "text": _kept(one.line.text),
            "since_s": one.line.since_s,
            "state": one.state.name,
        }
        for one in memo.alarms
    ]
    return {"version": _VERSION, "shelved": shelved, "faults": faults, "alarms": alarms}


def _kept(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text[:_MOST_TEXT])


def _memo(fields: dict[str, Any]) -> Memo:
    """Return a memo from its JSON values; ValueError, KeyError or TypeError where they are not one's."""
    if fields["version"] not in {_VERSION, _WITHOUT_ALARMS}:
        raise ValueError("of another version")
    found = [] if fields["version"] == _WITHOUT_ALARMS else fields["alarms"]
    alarms = tuple(_entry(order, one) for order, one in enumerate(found, 1))
    if len({one.line.key for one in alarms}) < len(alarms):
        raise ValueError("an alarm twice")
    shelved = tuple(_shelving(one) for one in fields["shelved"])
    if not all(sound(one) for one in shelved):
        raise ValueError("nobody could have shelved that")
    faults = fields["faults"]
    return Memo(shelved, bytes.fromhex(faults["store"]), _whole(faults["seen"]), alarms)


def _shelving(fields: dict[str, Any]) -> Shelving:
    texts = [fields[name] for name in ("key", "title", "reason")]
    if not all(isinstance(text, str) and text.isprintable() for text in texts):
        raise ValueError("no text")
    key, title, reason = texts
    return Shelving(
        *(key, title, Priority[fields["priority"]], reason),
        *(_whole(fields["from_s"]), _whole(fields["until_s"])),
    )


def _entry(order: int, fields: dict[str, Any]) -> Entry:
    texts = [fields[name] for name in ("key", "title", "text")]
    if not all(isinstance(text, str) and text.isprintable() for text in texts):
        raise ValueError("no text")
    key, title, text = texts
    state = State[fields["state"]]
    if state in {State.INACTIVE, State.SHELVED}:
        raise ValueError("an alarm is not remembered like that")
    alarm = None if fields["alarm"] is None else Alarm[fields["alarm"]]
    since_s = None if fields["since_s"] is None else _whole(fields["since_s"])
    return Entry(AlarmLine(key, alarm, Priority[fields["priority"]], title, text, since_s), state, order)


def _whole(figure: object) -> int:
    if not isinstance(figure, int) or isinstance(figure, bool) or figure < 0:
        raise ValueError("no whole number")
    return figure
