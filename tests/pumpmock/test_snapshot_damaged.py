"""A damaged state file is refused by name, never half-loaded."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.ledger import Applied
from protocol.messages import Change
from protocol.vocabulary import ChangeKind
from pumpmock.snapshot import Memory, SnapshotError, Store
from tests.pumpmock.conftest import ONE_OF_EACH, lived_memory, new_memory

if TYPE_CHECKING:
    from collections.abc import Iterator


def content_of(memory: Memory, store: Store) -> dict[str, Any]:
    store.save(memory)
    content: dict[str, Any] = json.loads(store.path.read_text())
    return content


def test_a_file_cut_short_anywhere_is_refused_by_name(store: Store) -> None:
    store.save(lived_memory())
    text = store.path.read_bytes()
    for end in range(len(text)):
        store.path.write_bytes(text[:end])
        with pytest.raises(SnapshotError, match=r"pump\.json is not a pump's state"):
            store.load()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 2),
        ("format", None),
        ("serial_number", "pm 1"),
        ("serial_number", 7),
        ("store_id", "0102"),
        ("store_id", "01 2 3 4 5 6 7 8"),
        ("store_id", "zz02030405060708"),
        ("store_id", 1),
        ("boot", -1),
        ("boot", "1"),
        ("boot", True),
        ("boot", 2**32),
        ("revision", 3.0),
        ("revision", None),
        ("ledger", {}),
        ("ledger", ""),
        ("ledger", None),
        ("ledger", [1, 2, 3]),
        ("ledger", [[], [], []]),
        ("pump", []),
        ("pump", {}),
    ],
)
def test_a_wrong_value_is_refused_by_name(store: Store, key: str, value: object) -> None:
    content = content_of(lived_memory(), store)
    store.path.write_text(json.dumps(content | {key: value}))
    with pytest.raises(SnapshotError, match=r"pump\.json is not a pump's state: .*; move it away"):
        store.load()


@pytest.mark.parametrize(
    ("key", "value"), [("ledger", {}), ("ledger", ""), ("boot", False), ("revision", 0.0)]
)
def test_a_value_of_the_wrong_type_is_refused_even_where_it_would_do(
    store: Store, key: str, value: object
) -> None:
    content = content_of(new_memory(), store)
    store.path.write_text(json.dumps(content | {key: value}))
    with pytest.raises(SnapshotError, match=key):
        store.load()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, "00"),
        (0, 5),
        (1, 12),
        (1, 0),
        (1, True),
        (1, "RATE"),
        (2, -1),
        (2, 1_000_001),
        (2, 25e3),
        (3, None),
        (3, 2**64),
        (4, 2),
        (4, True),
        (4, None),
    ],
)
def test_a_wrong_figure_in_the_ledger_is_refused(store: Store, place: int, value: object) -> None:
    content = content_of(lived_memory(), store)
    content["ledger"][0][place] = value
    store.path.write_text(json.dumps(content))
    with pytest.raises(SnapshotError, match=r"pump\.json"):
        store.load()


def test_a_change_named_twice_in_the_ledger_is_refused(store: Store) -> None:
    content = content_of(lived_memory(), store)
    content["ledger"][1][0] = content["ledger"][0][0]
    store.path.write_text(json.dumps(content))
    with pytest.raises(SnapshotError, match="revision 2 cannot follow revision 1"):
        store.load()


def test_a_missing_or_an_unknown_key_is_refused(store: Store) -> None:
    content = content_of(lived_memory(), store)
    for key in content:
        store.path.write_text(json.dumps({name: value for name, value in content.items() if name != key}))
        with pytest.raises(SnapshotError, match=r"pump\.json"):
            store.load()
    store.path.write_text(json.dumps(content | {"colour": "blue"}))
    with pytest.raises(SnapshotError, match=r"pump\.json"):
        store.load()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b'"state"',
        b"\xff\xfe{}",
        b"\0" * 64,
        b"[" * 100_000,
        b'{"format": 1}',
        b"NaN",
    ],
)
def test_a_file_that_is_something_else_is_refused_by_name(store: Store, text: bytes) -> None:
    store.path.write_bytes(text)
    with pytest.raises(SnapshotError, match=r"pump\.json is not a pump's state"):
        store.load()


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - whatever JSON holds
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inside:
        yield from _places(child, (*at, key))


junk = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just([]), st.just({})
)


def ahead_memory() -> Memory:
    """Return a pump that was killed between the ledger and the motor."""
    memory = lived_memory()
    memory.pump.apply(Change(ChangeKind.RESUME))
    memory.ahead = ONE_OF_EACH[ChangeKind.FLEX]
    memory.ledger.append(Applied(4, b"command9", ChangeKind.FLEX, 10_000, memory.pump.clock.now_us))
    return memory


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kind", 12),
        ("kind", None),
        ("rate_nl_h", -1),
        ("rate_nl_h", 1),
        ("duration_s", 2**32),
        ("clock_s", "0"),
        ("weekdays", 0),
        ("weekdays", 128),
        ("steps", None),
        ("steps", []),
        ("steps", [{"minute": 0}]),
        ("steps", [{"minute": 1, "rate_nl_h": 25_000}]),
        ("steps", [{"minute": 0, "rate_nl_h": 1_000_001}]),
    ],
)
def test_a_damaged_change_ahead_of_the_motor_is_refused(store: Store, key: str, value: object) -> None:
    content = content_of(ahead_memory(), store)
    assert store.load() is not None
    content["ahead"][key] = value
    store.path.write_text(json.dumps(content))
    with pytest.raises(SnapshotError, match=r"pump\.json is not a pump's state: "):
        store.load()


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, dict[str, Any]]]:
    store = Store(tmp_path_factory.mktemp("state") / "pump.json")
    yield store, content_of(ahead_memory(), store)
    store.close()


@pytest.mark.requirement("R7.4.0(1-6) at the start")
@settings(deadline=None)
@given(st.data())
def test_whatever_stands_in_one_place_is_taken_as_a_state_or_refused_by_name(
    damaged: tuple[Store, dict[str, Any]], data: st.DataObject
) -> None:
    store, content = damaged
    *way, last = data.draw(st.sampled_from([place for place in _places(content) if place]))
    found = changed = copy.deepcopy(content)
    for key in way:
        found = found[key]
    found[last] = data.draw(junk)
    store.path.write_text(json.dumps(changed))
    memory, said = None, ""
    try:
        memory = store.load()
    except SnapshotError as error:
        said = str(error)
    if memory is None:
        assert str(store.path) in said
        return
    again = content_of(memory, store)
    reloaded = store.load()
    assert reloaded is not None
    assert content_of(reloaded, store) == again
