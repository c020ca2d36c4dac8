"""The changes that this host has begun and knows no verdict of, on its disk: a file each, gone once the pump has told.

A file grows by a line a stage, and each line is on the disk before what it speaks of leaves for the pump. Whoever began a
change holds its file locked; a file that nobody holds was left by a monitor that ended, and the next one asks for the
verdict. docs/decisions/0026-intents.md
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import platformdirs

from protocol.fields import MessageError
from protocol.intent import Intent
from protocol.machines import Stage
from protocol.messages import Change, ChangeKind, Step, build
from protocol.places import APP

if TYPE_CHECKING:
    from pathlib import Path

_SUFFIX = ".intent"
_FORMAT = 1
_MOST_TEXT = 65_536


class IntentError(Exception):
    """An intent can't be noted or read; the message says which file and what to do."""


def default_folder() -> Path:
    """Return the folder of the open intents in the user's state."""
    return platformdirs.user_state_path(APP) / "intents"


class Intents:
    """The open intents of this user.

    Args:
        folder: where their files are; by default in the user's state.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()
        self._held: dict[bytes, int] = {}

    def note(self, intent: Intent) -> None:
        """Write down how far a change has come; on the disk when this returns.

        Raises:
            IntentError: where it can't be: then nothing of it may be sent.
        """
        try:
            descriptor = self._held.get(intent.command_id)
            if descriptor is None:
                self._begin(intent)
            else:
                _append(descriptor, _line(intent))
        except OSError as error:
            why = error.strerror or error
            said = f"the intent can't be noted in {self.folder} ({why}), and nothing is changed without it"
            raise IntentError(said) from error

    def forget(self, intent: Intent) -> None:
        """Give up the file of a change whose verdict is known."""
        path = self._path(intent)
        # Where it can't be removed, the next start asks for the verdict once more, which changes nothing.
        with contextlib.suppress(OSError):
            path.unlink()
        self._let_go(intent.command_id)

    def left_open(self, serial_number: str) -> list[Intent]:
        """Return the changes of a pump that a monitor left without a verdict, oldest first, and hold them from now on.

        Raises:
            IntentError: where a file is damaged, or can't be read.
        """
        found = [intent for path in self._paths(serial_number) if (intent := self._take(path)) is not None]
        return sorted(found, key=lambda intent: intent.noted_s)

    def close(self) -> None:
        """Give up what is held; open intents stay on the disk, for whoever asks next."""
        for command_id in list(self._held):
            self._let_go(command_id)

    def _paths(self, serial_number: str) -> list[Path]:
        try:
            return sorted(self.folder.glob(f"{serial_number}.*{_SUFFIX}"))
        except OSError as error:
            raise IntentError(f"{self.folder} can't be read: {error.strerror or error}") from error

    def _path(self, intent: Intent) -> Path:
        return self.folder / f"{intent.serial_number}.{intent.command_id.hex()}{_SUFFIX}"

    def _begin(self, intent: Intent) -> None:
        """Make the file, whole and locked before anybody else can see it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(intent)
        draft = path.with_suffix(".new")
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _append(descriptor, _line(intent))
            path.hardlink_to(draft)
            _sync_folder(self.folder)
        except OSError:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            raise
        finally:
            draft.unlink(missing_ok=True)
        self._held[intent.command_id] = descriptor

    def _take(self, path: Path) -> Intent | None:
        """Hold a file that nobody holds, and return its intent; None where somebody does, or it is ours or gone."""
        if path.name.split(".")[1] in {command_id.hex() for command_id in self._held}:
            return None
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise IntentError(f"{path} can't be read: {error.strerror or error}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.fstat(
                descriptor
            ).st_nlink:  # its holder had its verdict between our looking and our locking
                os.close(descriptor)
                return None
            data = os.pread(descriptor, _MOST_TEXT, 0)
            intent = _read(data, path)
            os.ftruncate(
                descriptor, data.rfind(b"\n") + 1
            )  # a line that was never finished would spoil the next
        except BlockingIOError:
            os.close(descriptor)
            return None
        except IntentError:
            os.close(descriptor)
            raise
        self._held[intent.command_id] = descriptor
        return intent

    def _let_go(self, command_id: bytes) -> None:
        descriptor = self._held.pop(command_id, None)
        if descriptor is not None:
            os.close(descriptor)


def _append(descriptor: int, line: bytes) -> None:
    written = os.write(descriptor, line)
    if written != len(line):
        raise OSError(28, "No space left on device")
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _line(intent: Intent) -> bytes:
    content = asdict(intent) | {
        "format": _FORMAT,
        "command_id": intent.command_id.hex(),
        "store_id": intent.store_id.hex(),
        "stage": intent.stage.name,
    }
    return json.dumps(content).encode() + b"\n"


def _read(data: bytes, path: Path) -> Intent:
    """Return the intent in the last whole line: what follows it was never finished, and nothing was sent on it."""
    try:
        *lines, _torn = data.split(b"\n")
        return _intent(json.loads(lines[-1]))
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, MessageError) as error:
        said = f"{path} is not an intent that this program wrote: a change of this pump may be unresolved"
        raise IntentError(f"{said}; look at the pump's rate, then remove the file") from error


def _intent(content: dict[str, Any]) -> Intent:
    if content.pop("format") != _FORMAT:
        raise ValueError("another format")
    wanted = content.pop("change")
    steps = tuple(Step(**step) for step in wanted.pop("steps"))
    change = Change(ChangeKind(wanted.pop("kind")), steps=steps, **wanted)
    command_id, store_id = (bytes.fromhex(content.pop(name)) for name in ("command_id", "store_id"))
    stage = Stage[content.pop("stage")]
    intent = Intent(command_id, store_id=store_id, change=change, stage=stage, **content)
    build(intent.prepare())  # refuses figures that no change can have
    return intent
