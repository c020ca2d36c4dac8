"""A program that runs within a test and dies at a step of its own: whatever the disk, the line or the motor is asked for."""

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SHARED = Path("/dev/shm")  # noqa: S108 - folders of random names are made in it
# Where syncing costs nothing, or None: what is synced is kept account of by the test, so the disk need not be a slow one.
MEMORY = _SHARED if _SHARED.is_dir() else None


class KilledError(BaseException):
    """The program that is being tried is dead."""


@dataclass
class Doom:
    """Counts the steps of a program, and kills it at one. The dead do nothing more: each further step fails as well.

    Attributes:
        fatal: the step at which it dies; 0 for never.
        steps: what it has done so far.
        synced: what a power cut leaves, by the names in the folder.
    """

    fatal: int = 0
    steps: list[str] = field(default_factory=list)
    dead: bool = False
    synced: dict[Path, bytes] = field(default_factory=dict)

    def tick(self, what: str) -> None:
        """Die, if it is time."""
        if self.dead:
            raise KilledError
        self.steps.append(what)
        if len(self.steps) == self.fatal:
            self.dead = True
            raise KilledError

    def around(self, what: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return `work` as two steps; done by other threads, it is none."""
        owner = threading.get_ident()

        def done(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - of the system
            if threading.get_ident() != owner:
                return work(*arguments, **options)
            self.tick(f"before {what}")
            result = work(*arguments, **options)
            self.tick(f"after {what}")
            return result

        return done


@contextlib.contextmanager
def dropping_descriptors() -> Iterator[None]:
    """Close at the end whatever was opened meanwhile, as the system does when a process ends."""
    before = _descriptors()
    try:
        yield
    finally:
        for descriptor in _descriptors() - before:
            os.close(descriptor)


def _descriptors() -> set[int]:
    """Return the numbers of the open descriptors, but for the one that it takes to find them."""
    listed = [int(name) for name in os.listdir("/proc/self/fd")]  # noqa: PTH208 - /proc
    return {number for number in listed if _is_open(number)}


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
