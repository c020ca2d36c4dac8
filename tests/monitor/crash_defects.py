"""Monitors that are broken, each in one way: killed at every step of a change, each has to be found out."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any
from unittest import mock

from monitor import changing
from monitor.intents import Intents
from protocol.machines import StageEvent
from protocol.messages import Outcome
from protocol.vocabulary import Verdict
from tests.monitor.crashes import World

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def notes_are_late() -> Iterator[None]:
    """A monitor that notes a change only when its answer has come."""
    note, told = Intents.note, changing.Changes._told

    def later(self: Intents, intent: Any) -> None:  # noqa: ANN401 - an intent
        self.__dict__.setdefault("late", []).append(intent)

    def answered(self: changing.Changes, *arguments: Any, **options: Any) -> Outcome:  # noqa: ANN401 - of the monitor
        try:
            return told(self, *arguments, **options)
        finally:
            for intent in self._intents.__dict__.pop("late", []):
                note(self._intents, intent)

    with mock.patch.object(Intents, "note", later), mock.patch.object(changing.Changes, "_told", answered):
        yield


@contextlib.contextmanager
def silence_is_a_verdict() -> Iterator[None]:
    """A monitor that takes no answer for "not applied"."""
    end = changing.Changes._end

    def ended(self: changing.Changes, intent: Any, event: StageEvent) -> Any:  # noqa: ANN401 - an intent
        intent = end(self, intent, event)
        if event is StageEvent.SILENCE:
            self._learn(intent, Outcome(intent.command_id, Verdict.NOT_APPLIED, 0, 0, 0))
        return intent

    with mock.patch.object(changing.Changes, "_end", ended):
        yield


@contextlib.contextmanager
def nothing_is_synced() -> Iterator[None]:
    """A monitor that leaves it to the system when its notes reach the disk."""
    with (
        mock.patch.object(os, "fsync", return_value=None),
        mock.patch.object(World, "_syncing", lambda _world, fsync: fsync),
    ):
        yield


@contextlib.contextmanager
def notes_are_forgotten_at_the_start() -> Iterator[None]:
    """A monitor that clears its folder when it starts."""
    look = Intents.look

    def cleared(self: Intents, serial_number: str | None = None) -> Any:  # noqa: ANN401 - what was found
        for one in look(self, serial_number).noted:
            if not one.under_way:
                one.path.unlink()
        return look(self, serial_number)

    with mock.patch.object(Intents, "look", cleared):
        yield


DEFECTS = {
    "notes are late": notes_are_late,
    "silence is a verdict": silence_is_a_verdict,
    "nothing is synced": nothing_is_synced,
    "notes are forgotten at the start": notes_are_forgotten_at_the_start,
}
