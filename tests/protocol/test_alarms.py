from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.alarms import KINDS, Alarm, Priority, mask, unmask

SETS = st.sets(st.sampled_from(list(Alarm)))


@given(SETS)
def test_a_set_of_alarms_becomes_bits_and_comes_back(alarms: set[Alarm]) -> None:
    assert {kind.alarm for kind in unmask(mask(alarms))} == alarms


@given(st.integers(0, 2**32 - 1))
def test_the_most_urgent_comes_first_and_unknown_bits_are_left_out(bits: int) -> None:
    kinds = unmask(bits)
    priorities = [kind.priority for kind in kinds]
    assert priorities == sorted(priorities, reverse=True)
    assert mask({kind.alarm for kind in kinds}) == bits & mask(set(Alarm))


def test_every_alarm_has_its_row_and_its_name() -> None:
    assert set(KINDS) == set(Alarm)
    assert {kind.name for kind in KINDS.values()} == {
        "low_reservoir",
        "empty_reservoir",
        "eri",
        "stopped",
        "eos",
        "changes_locked",
    }


def test_what_stops_the_delivery_unasked_is_of_high_priority() -> None:
    assert KINDS[Alarm.EMPTY_RESERVOIR].priority is KINDS[Alarm.EOS].priority is Priority.HIGH


def test_the_bits_are_those_of_the_wire() -> None:
    assert [mask({alarm}) for alarm in Alarm] == [1, 2, 4, 8, 16, 32]
