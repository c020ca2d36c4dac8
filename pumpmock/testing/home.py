"""Where the live pumps of a process keep their keys and links, and where their hosts look: a folder of this process's own.

The environment names it as long as a pump lives, so that a host that is told nothing but the port, a program that a test
starts as well, finds the keys, and notes its changes where no other run and no real pump's monitor meets them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from protocol.keys import file_name, to_text
from protocol.places import HOME, KEYS

if TYPE_CHECKING:
    from protocol.keys import Key

_FIRST = 1


class Home:
    """The folder, made for the first pump and removed after the last.

    Attributes:
        path: where it is while there is one.
    """

    def __init__(self) -> None:
        self.path = Path()
        self._serial_numbers: set[str] = set()
        self._before: str | None = None
        self._lock = threading.Lock()

    @property
    def keys(self) -> Path:
        """The folder of the keys."""
        return self.path / KEYS

    def move_in(self, serial_number: str | None) -> str:
        """Return the serial number of one more live pump: the one asked for, or the first of PM-00001, ... that is free.

        Raises:
            ValueError: where a live pump has it already.
        """
        with self._lock:
            taken = self._serial_numbers
            if serial_number is None:
                numbers = (f"PM-{number:05d}" for number in range(_FIRST, len(taken) + _FIRST + 1))
                serial_number = next(free for free in numbers if free not in taken)
            elif serial_number in taken:
                raise ValueError(f"there is a live pump {serial_number} already: take another serial number")
            if not taken:
                self._make()
            taken.add(serial_number)
            return serial_number

    def put(self, key: Key) -> Path:
        """Return the owner-only file that a pump's key was written into."""
        path = self.keys / file_name(key.serial_number, key.role)
        # Not by `keyring`: that makes a key's file last through a power cut, and this one is gone with its test.
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
            file.write(to_text(key))
        return path

    def move_out(self, serial_number: str) -> None:
        """Take away the keys of a pump that has ended, and after the last one all the rest."""
        with self._lock:
            self._serial_numbers.remove(serial_number)
            if self._serial_numbers:
                for file in self.keys.glob(f"{serial_number}.*"):
                    file.unlink()
            else:
                self._remove()

    def _make(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="pumpmock-"))
        self.keys.mkdir(mode=0o700)
        self._before = os.environ.get(HOME)
        os.environ[HOME] = str(self.path)

    def _remove(self) -> None:
        if self._before is None:
            os.environ.pop(HOME, None)
        else:
            os.environ[HOME] = self._before
        shutil.rmtree(self.path, ignore_errors=True)  # a host that is still alive may be writing there


HOME_OF_ALL = Home()
