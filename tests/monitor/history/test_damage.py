"""A journal of SQLite's that a power cut has torn or a disk has garbled: what is there is a whole prefix, and the chain holds."""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from monitor.history import reading
from monitor.history.chain import first_break
from monitor.history.schema import opened_to_read
from monitor.history.store import Store
from monitor.history.told import Page
from tests.monitor.history.bench import PUMP, WALL_MS, events, status

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STEPS = 12
CASES = 60


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def garble(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + chance.randbytes(min(64, len(data) - at)) + data[at + 64 :]


def blank(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes(len(data) - at)


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history and its journal as a power cut leaves them: readings, the log and the trail, a step a transaction."""
    folder = tmp_path_factory.mktemp("torn")
    with closing(Store(folder / "history.db")) as store:
        for step in range(STEPS):
            store.add(
                PUMP,
                [(WALL_MS, status(2 * step)), (WALL_MS, status(2 * step + 1))],
                Page(step + 1, events(step + 1, step + 1)),
            )
            store.append(WALL_MS, "kind", {"step": step})
        kept = folder / "kept"
        kept.mkdir()
        for name in ("history.db", "history.db-wal"):
            shutil.copy(folder / name, kept / name)
    return kept


@pytest.mark.parametrize("spoil", [cut, garble, blank])
def test_what_is_left_after_a_torn_journal_is_a_whole_prefix_that_can_be_gone_on_from(
    torn: Path, tmp_path: Path, spoil: Callable[[bytes, random.Random], bytes]
) -> None:
    chance = random.Random(11)  # noqa: S311 - the same cases each time
    left: set[int] = set()
    journal = (torn / "history.db-wal").read_bytes()
    file = tmp_path / "history.db"
    for _ in range(CASES):
        for path in tmp_path.iterdir():
            path.unlink()
        shutil.copy(torn / "history.db", file)
        (tmp_path / "history.db-wal").write_bytes(spoil(journal, chance))
        with closing(Store(file)) as store:
            assert store.broken_tail() is None
            store.add(PUMP, [(WALL_MS, status(99))])
            store.append(WALL_MS, "kind", {"step": 99})
            wanted = store.next_event(PUMP)
        with opened_to_read(file) as connection:
            trail = list(reading.entries(connection))
            assert first_break(trail) is None
            assert reading.broken_reading(connection) is None
            steps = [entry.facts["step"] for entry in trail]
            stored = reading.count(connection, "readings")
            assert reading.count(connection, "events") == wanted - 1
            assert reading.damage(connection) == ""
        assert steps == [*range(len(steps) - 1), 99]
        assert stored - 1 in {2 * (len(steps) - 1), 2 * len(steps)}
        assert wanted - 1 == (stored - 1) // 2
        left.add(len(steps))
    assert len(left) > STEPS // 2  # the cases were of many kinds
