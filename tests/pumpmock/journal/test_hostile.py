"""A journal that somebody made up is refused with its line or told in printable text; nothing else comes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import Change
from protocol.vocabulary import ChangeKind
from pumpmock.commands.decode_journal import Wanted, show
from pumpmock.journal.diff import differences, items_of, told
from pumpmock.journal.file import JournalError
from pumpmock.journal.reading import journal_in
from pumpmock.journal.replay import course_of
from tests.pumpmock.journal.test_file import Written

if TYPE_CHECKING:
    from pathlib import Path

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A short journal with a change and a program in it."""
    path: Path = tmp_path_factory.mktemp("journal") / "j"
    written = Written(path)
    written.host.change(Change(ChangeKind.RATE, 25_000))
    written.stand.emulator.journal.note("fault", "memory", id=1, kind="lose-reply")
    written.file.close()
    return path.read_text().splitlines()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - a JSON value
    """Return where something stands in a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inside for place in places(one, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:  # noqa: ANN401 - JSON values
    if not path:
        return by
    inner = dict(value) if isinstance(value, dict) else list(value)
    inner[path[0]] = replaced(inner[path[0]], path[1:], by)
    return inner


@given(data=st.data())
def test_whatever_stands_in_it_is_refused_or_told_in_printable_text(
    lines: list[str], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(lines) - 1))
    content = json.loads(lines[number])
    path = data.draw(st.sampled_from(places(content)))
    changed = replaced(content, path, data.draw(JSON))
    text = "\n".join([*lines[:number], json.dumps(changed, separators=(",", ":")), *lines[number + 1 :]])

    said: list[str] = []
    try:
        recorded = journal_in(text.encode() + b"\n", "j")
        show(recorded, Wanted(), as_json=False, say=said.append)
        other = items_of(journal_in("\n".join(lines).encode() + b"\n", "j"), events=True)
        for _, difference in differences(items_of(recorded, events=True, everything=True), other):
            said += told(difference)
        course_of(recorded)
    except JournalError as error:
        said.append(str(error))
    assert all(line.isprintable() for line in said), said


@given(st.binary(max_size=200))
def test_whatever_follows_the_beginning_of_a_journal_is_refused_with_a_line(rest: bytes) -> None:
    said = ""
    try:
        journal_in(b'{"pumpmock_journal":' + rest, "j")
    except JournalError as error:
        said = str(error)
    assert said.isprintable()
