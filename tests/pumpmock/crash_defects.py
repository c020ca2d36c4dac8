"""Pumps that are broken, each in one way: crashed at every step of a change, each has to be found out."""

from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from unittest import mock

from pumpmock import snapshot
from pumpmock.snapshot import Memory, Store
from tests.model.defects import (
    the_motor_turns_before_the_change_is_stored,
    the_pump_answers_before_it_has_stored,
)
from tests.pumpmock.cut_disk import Disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from protocol.ledger import Applied
    from protocol.messages import Change


@contextmanager
def nothing_is_synced() -> Iterator[None]:
    """A pump that leaves it to the system when its state reaches the disk."""
    first = Store.save

    def save(store: Store, memory: Memory) -> None:
        if memory.boot == 0:  # the pump as it was handed over
            first(store, memory)
            return
        with mock.patch.object(os, "fsync", return_value=None):
            first(store, memory)

    with mock.patch.object(Store, "save", save):
        yield


@contextmanager
def the_name_is_not_synced() -> Iterator[None]:
    """A pump that syncs what it writes, and not the folder in which it is renamed."""
    first = Disk.sync_names

    def sync_names(disk: Disk) -> None:
        if not disk._synced:  # the pump as it was handed over
            first(disk)

    with mock.patch.object(Disk, "sync_names", sync_names):
        yield


@contextmanager
def the_state_is_written_in_place() -> Iterator[None]:
    """A pump that writes over its old state."""

    def save(store: Store, memory: Memory) -> None:
        with store.path.open("w", encoding="utf-8") as file:
            json.dump(snapshot.dumped_memory(memory), file, separators=(",", ":"))
            os.fsync(file.fileno())

    with mock.patch.object(Store, "save", save):
        yield


@contextmanager
def a_start_takes_the_line_ahead_for_followed() -> Iterator[None]:
    """A pump that counts the revision up where its motor was not told yet."""
    load = Store.load

    def counted(memory: Memory, line: Applied) -> None:
        memory.revision, memory.ahead = line.revision, None

    def loaded(store: Store) -> Memory | None:
        with mock.patch.object(Memory, "follow", counted):
            return load(store)

    with mock.patch.object(Store, "load", loaded):
        yield


@contextmanager
def what_was_followed_is_stored_as_ahead() -> Iterator[None]:
    """A pump that stores that its motor is to follow once it has."""
    content, follow = snapshot.dumped_memory, Memory.follow
    followed: dict[int, Change] = {}

    def noted(memory: Memory, line: Applied) -> None:
        if memory.ahead is not None:
            followed[line.revision] = memory.ahead
        follow(memory, line)

    def stored(memory: Memory) -> dict[str, Any]:
        said = content(memory)
        if memory.ahead is None and memory.revision in followed:
            said |= {"revision": memory.revision - 1, "ahead": asdict(followed[memory.revision])}
        return said

    with mock.patch.object(snapshot, "dumped_memory", stored), mock.patch.object(Memory, "follow", noted):
        yield


DEFECTS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "the reply leaves before the change is stored": the_pump_answers_before_it_has_stored,
    "the motor turns before the change is stored": the_motor_turns_before_the_change_is_stored,
    "nothing is synced": nothing_is_synced,
    "the name of the file is not synced": the_name_is_not_synced,
    "the state is written in place": the_state_is_written_in_place,
    "a start takes the line ahead for followed": a_start_takes_the_line_ahead_for_followed,
    "what was followed is stored as ahead": what_was_followed_is_stored_as_ahead,
}
