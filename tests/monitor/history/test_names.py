"""A change is named after all that stands on record before it: what was rewritten there, its name contradicts."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.history.chain import GENESIS, Entry, entry_after, first_break
from monitor.history.names import first_misnamed, name_of, named_after
from monitor.history.store import Store
from tests.monitor.history.bench import WALL_MS, rows

if TYPE_CHECKING:
    from pathlib import Path

FACTS: dict[str, object] = {"change": {"kind": "STOP"}, "nonce": "5a" * 16}


def trail(kinds: list[str]) -> list[Entry]:
    """Make a trail as a store does."""
    made: list[Entry] = []
    for seq, kind in enumerate(kinds, 1):
        before = made[-1].hash if made else GENESIS
        facts = FACTS | {"number": seq}
        named = kind == "intended"
        made.append(
            named_after(before, seq, WALL_MS, facts)[0]
            if named
            else entry_after(before, seq, WALL_MS, kind, facts)
        )
    return made


def rechained(entries: list[Entry]) -> list[Entry]:
    """Compute the chain anew, names apart, as whoever can write the file can."""
    made: list[Entry] = []
    for entry in entries:
        before = made[-1].hash if made else GENESIS
        made.append(entry_after(before, len(made) + 1, entry.wall_ms, entry.kind, entry.facts))
    return made


def test_a_name_is_made_as_the_page_says() -> None:
    text = json.dumps(FACTS, sort_keys=True, separators=(",", ":"))
    record = json.dumps([1, 7, WALL_MS, "intended", text], separators=(",", ":")).encode()
    expected = hashlib.sha256(b"pump-monitor names a change\0" + GENESIS + record).digest()[:8]
    entry, name = named_after(GENESIS, 7, WALL_MS, FACTS)
    assert name == expected
    assert entry.facts == FACTS | {"command": name.hex()}
    assert name_of(GENESIS, 7, WALL_MS, entry.facts) == name


def test_another_nonce_is_another_name() -> None:
    one, other = (name_of(GENESIS, 1, WALL_MS, FACTS | {"nonce": nonce}) for nonce in ("00" * 16, "01" * 16))
    assert one != other


KINDS = st.lists(st.sampled_from(["intended", "outcome", "alarm_shelved"]), min_size=2, max_size=8)


@given(KINDS, st.data())
def test_whatever_is_rewritten_before_a_change_its_name_contradicts(
    kinds: list[str], data: st.DataObject
) -> None:
    made = trail([*kinds, "intended"])
    assert first_break(made) is None
    assert first_misnamed(made) is None
    at = data.draw(st.integers(0, len(kinds) - 1))
    forged = list(made)
    if data.draw(st.booleans()):
        del forged[at]
    else:
        forged[at] = replace(made[at], body=made[at].body.replace("STOP", "RATE"))
    forged = rechained(forged)
    assert first_break(forged) is None
    found = first_misnamed(forged)
    assert found is not None
    assert found.seq > at
    assert "the trail was rewritten" in found.why


def test_a_name_of_an_earlier_program_is_told_from_one_that_was_forged() -> None:
    old = [entry_after(GENESIS, 1, WALL_MS, "intended", {"command": "00" * 8})]
    found = first_misnamed(old)
    assert found is not None
    assert found.why.startswith("record 1: the name of its change says nothing of what stands before it")


@pytest.mark.parametrize("facts", [{}, {"nonce": "00"}])
def test_a_record_without_a_name_is_none_that_this_program_writes(facts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="record 1 is none that pump-monitor writes"):
        first_misnamed([entry_after(GENESIS, 1, WALL_MS, "intended", facts)])


def test_programs_that_write_at_once_name_their_changes_after_what_really_stands_before_them(
    tmp_path: Path,
) -> None:
    file = tmp_path / "history.db"

    def write(number: int) -> list[bytes]:
        with closing(Store(file)) as store:
            names = []
            for turn in range(5):
                names.append(store.intend(WALL_MS, FACTS | {"number": 10 * number + turn}))
                store.append(WALL_MS, "outcome", {})
            return names

    with ThreadPoolExecutor(3) as programs:
        names = [name for found in programs.map(write, range(3)) for name in found]
    entries = [Entry(*row) for row in rows(file, "SELECT * FROM audit ORDER BY seq")]
    assert len(entries) == 30
    assert first_break(entries) is None
    assert first_misnamed(entries) is None
    assert {entry.facts.get("command") for entry in entries} - {None} == {name.hex() for name in names}
