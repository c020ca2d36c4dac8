"""docs/history.md: what it says of the file is so, and its check finds what ours finds."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.history import store as module
from monitor.history.store import Store
from monitor.trail_text import WORDS
from tests.monitor.history.bench import PUMP, WALL_MS, rows, status
from tests.monitor.history.test_store import forge

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "history.md").read_text(encoding="utf-8")


@pytest.fixture
def check() -> Callable[[Path], None]:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102 - the page's own example
    found: Callable[[Path], None] = names["check"]
    return found


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A history of which a part was folded."""
    monkeypatch.setattr(module, "CHUNK", 5)
    made = tmp_path / "history.db"
    with closing(Store(made)) as store:
        store.intend(WALL_MS, {"reason": "café", "nonce": "00" * 16})
        store.add(PUMP, [(WALL_MS, status(number)) for number in range(20)])
        store.fold(WALL_MS + 8 * 86_400_000)
        store.append(WALL_MS, "outcome", {})
    return made


def test_the_check_on_the_page_finds_a_sound_history_sound(file: Path, check: Callable[[Path], None]) -> None:
    check(file)
    assert rows(file, "SELECT count(*) FROM readings") == [(15,)]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE audit SET kind = 'other' WHERE seq = 1", "audit record 1"),
        ("DELETE FROM audit WHERE seq = 1", "audit record 1"),
        ("UPDATE audit SET body = replace(body, '00', '01') WHERE seq = 1", "audit record 1"),
        ("UPDATE readings SET alarms = 1 WHERE seq = 9", "reading 9"),
        ("DELETE FROM readings WHERE seq = 6", "reading 6"),
    ],
)
def test_the_check_on_the_page_finds_what_was_altered(
    file: Path, check: Callable[[Path], None], sql: str, said: str
) -> None:
    forge(file, sql)
    with pytest.raises(AssertionError, match=said):
        check(file)


def test_the_page_tells_of_every_table_and_of_every_kind_of_record(file: Path) -> None:
    tables = {name for (name,) in rows(file, "SELECT name FROM sqlite_schema WHERE type = 'table'")}
    told = set(re.findall(r"^\| `(\w+)` \|", PAGE.partition("## What")[0], re.MULTILINE))
    assert told == tables
    kinds = PAGE.partition("## What")[2].partition("## The chain")[0]
    told_kinds = {
        name
        for line in re.findall(r"^\| (`.*?) \|", kinds, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", line)
    }
    assert told_kinds == set(WORDS)
