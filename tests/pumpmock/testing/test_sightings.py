"""What a test looks for is a name that there is, with fields that it has; a slip is told at once."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.messages import Change, Identify
from protocol.vocabulary import ChangeKind
from pumpmock.ports.memory import MemoryPort
from pumpmock.testing.sightings import Wanted
from tests.pumpmock.stand import Host, Stand


@pytest.fixture
def stand() -> Stand:
    stand = Stand(speed=0)
    host = Host(MemoryPort(stand.emulator.plug()))
    host.ask(Identify())
    host.change(Change(ChangeKind.RATE, 25_000))
    return stand


@pytest.mark.parametrize(
    ("name", "fields", "count"),
    [
        ("Identify", {}, 1),
        ("Poll", {}, 1),
        ("Status", {}, 2),  # the handshake's, too
        ("Status", {"revision": 0}, 2),
        ("Prepare", {"kind": "RATE", "rate_nl_h": 25_000}, 1),
        ("Prepare", {"kind": ChangeKind.BOLUS}, 0),
        ("Outcome", {"verdict": "APPLIED"}, 1),
        ("Hello", {}, 1),
        ("Resolve", {}, 0),
        ("rate_changed", {"new_rate_nl_h": 25_000}, 1),
        ("rate_changed", {"new_rate_nl_h": 1}, 0),
        ("session", {"role": "developer"}, 1),
        ("alarm_raised", {}, 0),
    ],
)
def test_it_is_found_by_its_name_and_its_fields(
    stand: Stand, name: str, fields: dict[str, Any], count: int
) -> None:
    assert len(Wanted(name, fields).seen(stand.emulator.journal)) == count


def test_what_was_before_is_left_out(stand: Stand) -> None:
    (poll,) = Wanted("Poll", {}).seen(stand.emulator.journal)
    assert Wanted("Poll", {}).seen(stand.emulator.journal, after=poll.number) == []


def test_a_frame_that_was_dropped_was_none(stand: Stand) -> None:
    host = Host(MemoryPort(stand.emulator.plug()))
    asked, _ = host.end.ask(Identify())
    host.port.write(asked)
    host.port.write(asked)
    assert len(Wanted("Identify", {}).seen(stand.emulator.journal)) == 2


@pytest.mark.parametrize(
    ("name", "fields", "said"),
    [
        ("Comit", {}, '"Comit" is neither a message nor an event; did you mean "Commit"?'),
        ("alarm_rased", {}, 'did you mean "alarm_raised"?'),
        ("Prepare", {"rate": 1}, '"rate" is no field of Prepare; did you mean'),
        ("Commit", {"kind": "RATE"}, '"kind" is no field of Commit; known are'),
    ],
)
def test_a_slip_is_told_with_what_was_meant(name: str, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Wanted(name, fields)
    assert said in str(caught.value)


def test_what_is_wanted_reads_as_it_was_written() -> None:
    assert str(Wanted("Prepare", {"kind": "RATE"})) == "Prepare(kind='RATE')"
    assert str(Wanted("Poll", {})) == "Poll"
