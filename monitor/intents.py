"""The changes that this host has begun and knows no verdict of, on its disk: a file each, gone once the pump has told.

A file grows by a line a stage, and each line is on the disk before what it speaks of leaves for the pump. Whoever has a
change under way holds its file locked. One that nobody holds was left without a verdict, by a monitor that ended or
whose answer was lost, and any monitor may ask about it. docs/decisions/0026-intents.md
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import platformdirs

from monitor.intent_text import DamagedError, from_lines, to_line
from protocol.machines import StageEvent
from protocol.places import APP, HOME

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from protocol.intent import Intent

_SUFFIX = ".intent"
_DRAFT = ".new"
_MOST_TEXT = 65_536  # two lines are a thousand characters, five thousand with a day's pattern


class IntentError(Exception):
    """An intent can't be noted; the message says why, and that nothing is changed without it."""


class Noted(NamedTuple):
    """An intent as it was found on the disk.

    Attributes:
        intent: how far it has come.
        path: its file.
        under_way: whether a monitor is about to carry it out, and will ask for its verdict by itself.
    """

    intent: Intent
    path: Path
    under_way: bool


class Found(NamedTuple):
    """What is noted.

    Attributes:
        noted: the intents, oldest first.
        problems: a sentence for each file, or for the folder, that can't be read: there may be more than was found.
    """

    noted: tuple[Noted, ...]
    problems: tuple[str, ...]


def default_folder(*, bench: bool = False) -> Path:
    """Return the folder of the open intents: in the user's state, or in the home that the environment names.

    What was begun with the published bench key lies apart: anybody can answer to that key, and must not be believed
    about the change of a pump that has a key of its own.
    """
    home = os.environ.get(HOME)
    where = Path(home) if home else platformdirs.user_state_path(APP)
    return where / ("bench-intents" if bench else "intents")


class Intents:
    """The open intents of this user.

    Args:
        folder: where their files are; by default in the user's state.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()
        self._held: dict[bytes, int] = {}

    def note(self, intent: Intent) -> None:
        """Write down how far a change has come; on the disk when this returns, and held from the first time on.

        Raises:
            IntentError: where it can't be: then nothing of it may be sent.
        """
        try:
            descriptor = self._held.get(intent.command_id)
            if descriptor is None:
                self._begin(intent)
            else:
                _append(descriptor, to_line(intent))
        except OSError as error:
            why = error.strerror or error
            said = f"the change can't be noted in {self.folder} ({why}), and nothing is changed without that"
            raise IntentError(said) from error

    def let_go(self, intent: Intent) -> None:
        """Hold a change no longer that only its verdict is missing of: whoever reaches the pump first may ask."""
        descriptor = self._held.pop(intent.command_id, None)
        if descriptor is not None:
            os.close(descriptor)

    def forget(self, intent: Intent) -> None:
        """Give up the file of a change whose verdict is known."""
        # Where it can't be removed, the next start asks for the verdict once more, which changes nothing.
        with contextlib.suppress(OSError):
            self._path(intent).unlink()
        self.let_go(intent)

    def close(self) -> None:
        """Give up what is held; open intents stay on the disk, for whoever asks next."""
        while self._held:
            os.close(self._held.popitem()[1])

    def look(self, serial_number: str | None = None) -> Found:
        """Return what is noted of a pump, or of all pumps; removes what was never begun."""
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except FileNotFoundError:
            return Found((), ())
        except OSError as error:
            said = f"{self.folder} can't be read ({error.strerror}): changes may be noted there"
            return Found((), (said,))
        if any(name.endswith(_DRAFT) for name in names):
            self._remove_drafts(names)
        noted: list[Noted] = []
        problems: list[str] = []
        for name in names:
            if name.endswith(_SUFFIX) and serial_number in {None, name.split(".")[0]}:
                try:
                    found = _read(self.folder / name)
                except ValueError as error:
                    problems.append(str(error))
                else:
                    noted += [found] if found else []
        return Found(tuple(sorted(noted, key=lambda one: one.intent.noted_s)), tuple(problems))

    def left_in_doubt(self, serial_numbers: Collection[str] | None) -> tuple[tuple[Intent, ...], str]:
        """Return the changes of these pumps, None for all, that may or may not have been applied, oldest first.

        Beside them, why there may be more, a sentence; empty where all could be read.
        """
        found = self.look()
        left = [one.intent.after(StageEvent.RESTART) for one in found.noted if not one.under_way]
        of_whom = {one.serial_number for one in left} if serial_numbers is None else serial_numbers
        wanted = [one for one in left if one.in_doubt and one.serial_number in of_whom]
        return tuple(wanted), "; ".join(found.problems)

    def _path(self, intent: Intent) -> Path:
        return self.folder / _name(intent)

    def _begin(self, intent: Intent) -> None:
        """Make the file, whole and locked before anybody else can see it."""
        _make(self.folder)
        path = self._path(intent)
        draft = path.with_suffix(_DRAFT)
        with _opened(self.folder, os.O_RDONLY) as folder:
            fcntl.flock(folder, fcntl.LOCK_SH)  # nobody takes the draft for one that was left
            descriptor = os.open(
                draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600
            )
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _append(descriptor, to_line(intent))
                path.hardlink_to(draft)
                try:
                    os.fsync(folder)
                except OSError:
                    path.unlink()
                    raise
            except BaseException:
                os.close(descriptor)
                raise
            finally:
                with contextlib.suppress(OSError):
                    draft.unlink()
        self._held[intent.command_id] = descriptor

    def _remove_drafts(self, names: list[str]) -> None:
        """Remove what a monitor left that was killed before its first line was whole: nothing of it was sent."""
        with contextlib.suppress(OSError), _opened(self.folder, os.O_RDONLY) as folder:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for name in names:
                if name.endswith(_DRAFT):
                    (self.folder / name).unlink()


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _make(folder: Path) -> None:
    """Make a folder and those above it, so that they last."""
    if folder.is_dir():
        return
    _make(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    with _opened(folder.parent, os.O_RDONLY) as parent:
        os.fsync(parent)


def _append(descriptor: int, line: bytes) -> None:
    size = os.fstat(descriptor).st_size
    try:
        _write(descriptor, line)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, size)
        raise


def _write(descriptor: int, line: bytes) -> None:
    if os.write(descriptor, line) != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(descriptor)


def _read(path: Path) -> Noted | None:
    """Return the intent in a file; None where it has gone meanwhile.

    Raises:
        ValueError: where it can't be read or is damaged, with a sentence for a person.
    """
    try:
        with _opened(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK) as descriptor:
            under_way = _is_held(descriptor)
            found = os.fstat(descriptor)
            if not found.st_nlink:
                return None
            if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_TEXT:
                raise ValueError(_damaged(path))
            intent = from_lines(os.read(descriptor, _MOST_TEXT))
    except DamagedError as error:
        raise ValueError(_damaged(path)) from error
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(
            f"{path} can't be read ({error.strerror}): a change may be without a verdict"
        ) from error
    if path.name != _name(intent):
        raise ValueError(_damaged(path))
    return Noted(intent, path, under_way)


def _name(intent: Intent) -> str:
    return f"{intent.serial_number}.{intent.command_id.hex()}{_SUFFIX}"


def _is_held(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _damaged(path: Path) -> str:
    said = f"{path} is not what this program wrote: a change of a pump may be without a verdict"
    return f"{said}; look at the pump's rate, then remove the file"
