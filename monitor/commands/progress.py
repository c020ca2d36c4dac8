"""Says on a terminal how far something has come that takes more than a second; elsewhere, and in a second, nothing."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_NS_A_S = 1_000_000_000


class Progress:
    """A line on standard error that is written over, and gone at the end."""

    def __init__(self) -> None:
        self._next_ns = time.monotonic_ns() + _NS_A_S
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            click.echo("\r\033[K", nl=False, err=True)

    def come(self, what: str, done: int, of: int) -> None:
        """Tell that `done` of `of` have been done."""
        now_ns = time.monotonic_ns()
        if now_ns >= self._next_ns and sys.stderr.isatty():
            self._next_ns = now_ns + _NS_A_S // 4
            self._shown = True
            click.echo(f"\r{what}: {done:,} of {of:,}\033[K", nl=False, err=True)
