"""The word on how far something has come: on a terminal, after a second, and gone at the end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from monitor.commands import progress
from monitor.commands.progress import Progress

if TYPE_CHECKING:
    import pytest

S = 1_000_000_000


def shown(monkeypatch: pytest.MonkeyPatch, *at_ns: int, terminal: bool = True) -> None:
    """Run through something of which it is told at these instants."""
    clock = iter((0, *at_ns))
    monkeypatch.setattr(progress.time, "monotonic_ns", lambda: next(clock))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    with Progress() as told:
        for number, _ in enumerate(at_ns):
            told.come("checking", number * 1_000, 5_000)


def test_after_a_second_it_says_how_far_it_has_come_four_times_a_second_and_is_gone_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown(monkeypatch, S // 2, S, S + 1, S + S // 4)
    parts = capsys.readouterr().err.split("\r")
    assert [part.removesuffix("\033[K") for part in parts] == [
        "",
        "checking: 1,000 of 5,000",
        "checking: 3,000 of 5,000",
        "",
    ]


def test_in_a_second_and_without_a_terminal_it_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown(monkeypatch, S // 2)
    shown(monkeypatch, 2 * S, terminal=False)
    assert capsys.readouterr().err == ""
