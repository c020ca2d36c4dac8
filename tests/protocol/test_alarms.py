from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.alarms import (
    KINDS,
    PRIORITIES,
    SINGLE_TONE,
    TWO_TONE,
    Alarm,
    Harm,
    Onset,
    Priority,
    mask,
    unmask,
)

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


@pytest.mark.requirement("R6.4.2(1-3) text")
def test_every_alarm_has_its_row_and_its_name() -> None:
    assert set(KINDS) == set(Alarm)
    assert {kind.name for kind in KINDS.values()} == {
        "low_reservoir",
        "empty_reservoir",
        "eri",
        "stopped",
        "eos",
        "changes_locked",
        "stall",
        "memory_error",
        "reset",
        "clock_lost",
        "link_watchdog",
        "drug_unknown",
    }


@pytest.mark.requirement("R6.4.1(1)")
def test_what_stops_the_delivery_unasked_is_of_high_priority() -> None:
    stopping = {Alarm.EMPTY_RESERVOIR, Alarm.EOS, Alarm.STALL, Alarm.RESET, Alarm.DRUG_UNKNOWN, Alarm.STOPPED}
    assert {alarm for alarm, kind in KINDS.items() if kind.priority is Priority.HIGH} == stopping


@pytest.mark.requirement("R6.4.1(1)")
@pytest.mark.parametrize("harm", Harm)
@pytest.mark.parametrize("onset", Onset)
def test_more_harm_and_a_sooner_onset_never_lower_the_priority(harm: Harm, onset: Onset) -> None:
    others = [(more, sooner) for more in Harm for sooner in Onset if more >= harm and sooner <= onset]
    assert all(PRIORITIES[more][sooner] >= PRIORITIES[harm][onset] for more, sooner in others)


def test_the_alarms_that_their_maker_calls_critical_sound_like_it() -> None:
    critical = {alarm for alarm, kind in KINDS.items() if kind.sound.critical}
    assert critical == {alarm for alarm, kind in KINDS.items() if kind.sound is TWO_TONE}
    assert critical >= {Alarm.EMPTY_RESERVOIR, Alarm.EOS, Alarm.STALL, Alarm.STOPPED, Alarm.RESET}
    assert not critical & {Alarm.LOW_RESERVOIR, Alarm.ERI, Alarm.MEMORY_ERROR}
    assert (SINGLE_TONE.repeat_s, TWO_TONE.repeat_s) == (3_600, 600)


def test_the_bits_are_those_of_the_wire() -> None:
    assert [mask({alarm}) for alarm in Alarm] == [1 << bit for bit in range(12)]


def test_harm_and_onset_rise_with_the_danger() -> None:
    assert [(harm.name, harm.value) for harm in Harm] == [("MINOR", 1), ("REVERSIBLE", 2), ("DEATH", 3)]


def test_the_sounds_are_two_and_what_is_assumed_of_them_is_said() -> None:
    assert [(s.critical, s.repeat_s, s.assumed) for s in (SINGLE_TONE, TWO_TONE)] == [
        (False, 3_600, False),
        (True, 600, True),
    ]
