"""Entries of the event log in words: every kind, every detail, known or not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.alarms import KINDS, Alarm
from protocol.messages import OVERRIDDEN, EventRecord
from protocol.vocabulary import EventKind, Mode, PressRefusal, Refusal
from protocol.wording import clock_text, event_line, event_text, event_word

u32 = st.integers(0, 2**32 - 1)


def text_of(kind: EventKind, detail: int = 0, a: int = 0, b: int = 0) -> str:
    return event_text(EventRecord(1, 0, 0, kind, detail, a, b))


@settings(deadline=None)
@given(st.sampled_from(EventKind), st.integers(0, 255), u32, u32)
def test_whatever_an_entry_holds_gives_one_printable_line(
    kind: EventKind, detail: int, a: int, b: int
) -> None:
    text = text_of(kind, detail, a, b)
    assert text
    assert text.isprintable()
    assert text == text.strip()


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_has_a_sentence_for_every_detail(kind: EventKind) -> None:
    texts = [text_of(kind, detail, 20_833, 25_000) for detail in range(256)]
    assert min(map(len, texts)) >= 7
    assert all(text.isprintable() for text in texts)


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ((EventKind.START,), "the pump started"),
        ((EventKind.RATE_CHANGED, 0, 20_833, 25_000), "0.500 -> 0.600 mL/day"),
        ((EventKind.STOPPED, 0, 20_833, 0), "delivery stopped, was 0.500 mL/day"),
        ((EventKind.RESUMED, 0, 0, 25_000), "delivery resumed at 0.600 mL/day"),
        ((EventKind.ALARM_RAISED, Alarm.LOW_RESERVOIR), "low reservoir: delivery goes on"),
        ((EventKind.ALARM_CLEARED, Alarm.STOPPED), "stopped too long"),
        ((EventKind.ACKNOWLEDGED, Alarm.ERI), "battery service"),
        (
            (EventKind.RATE_CHANGED, OVERRIDDEN, 20_833, 30_000),
            "0.500 -> 0.720 mL/day, soft limit overridden",
        ),
        ((EventKind.FLEX, 0x1F, 500_000), "flex program, 5 days, 0.50 mL a day"),
        (
            (EventKind.FLEX, 0x1F | OVERRIDDEN, 500_000),
            "flex program, 5 days, 0.50 mL a day, soft limit overridden",
        ),
        ((EventKind.MODE_ENDED, 0xFF, 0, 25_000), "by the program again, at 0.600 mL/day"),
        ((EventKind.MODE_ENDED, Mode.PATIENT_BOLUS, 600_000, 25_000), "bolus over, now 0.600 mL/day"),
        ((EventKind.PATIENT_BOLUS, 0, 50_000, 300), "bolus of 0.05 mL over 5 min 0 s"),
        ((EventKind.PATIENT_BOLUS_REFUSED, 99), "bolus refused: reason 99"),
        ((EventKind.ALARM_RAISED, 77), "an alarm this version does not know (77)"),
        ((EventKind.REFUSED, Refusal.ROLE), "the key only reads"),
        (
            (EventKind.REFUSED, Refusal.ABOVE_MOST, 2_000_000, 1_000_000),
            "48.000 mL/day: above the greatest rate, the bound is 24.000 mL/day",
        ),
        ((EventKind.REFUSED, Refusal.BUSY, 25_000, 9_000), "0.600 mL/day: another change is prepared"),
        ((EventKind.REFUSED, 200, 25_000, 1), "0.600 mL/day: reason 200"),
    ],
)
def test_an_entry_reads_as_a_person_would_say_it(record: tuple[EventKind, int], text: str) -> None:
    assert text_of(*record) == text


def test_every_reason_of_a_refusal_has_words_of_its_own() -> None:
    texts = [text_of(EventKind.REFUSED, reason) for reason in Refusal]
    assert len(set(texts)) == len(Refusal)
    assert not any(text.startswith("reason") for text in texts)


def test_every_reason_of_a_refused_press_has_words_of_its_own() -> None:
    texts = [text_of(EventKind.PATIENT_BOLUS_REFUSED, reason) for reason in PressRefusal]
    assert len(set(texts)) == len(PressRefusal)
    assert not any("reason" in text for text in texts)


@pytest.mark.parametrize("detail", [Mode.PROGRAM, Mode.BOLUS, Mode.TEMPORARY_RATE])
def test_the_end_of_another_mode_than_the_patients_bolus_is_the_programs_turn(detail: Mode) -> None:
    assert text_of(EventKind.MODE_ENDED, detail, 0, 25_000).startswith("by the program again")
    assert event_word(EventRecord(1, 0, 0, EventKind.MODE_ENDED, detail, 0, 25_000)) == "program"
    assert event_word(EventRecord(1, 0, 0, EventKind.MODE_ENDED, Mode.PATIENT_BOLUS, 0, 0)) == "patient"


@pytest.mark.parametrize("alarm", Alarm)
def test_an_alarm_goes_by_its_title(alarm: Alarm) -> None:
    kinds = (EventKind.ALARM_RAISED, EventKind.ALARM_CLEARED, EventKind.ACKNOWLEDGED)
    assert all(text_of(kind, alarm).startswith(KINDS[alarm].title.lower()) for kind in kinds)


def test_a_line_has_the_time_the_word_and_the_text() -> None:
    record = EventRecord(1, 0, 1_795_433_460, EventKind.RATE_CHANGED, 0, 20_833, 25_000)
    assert event_line(record) == "2026-11-23 11:31:00  rate     0.500 -> 0.600 mL/day"


def test_a_clock_beyond_every_calendar_is_told_in_seconds() -> None:
    assert clock_text(2**63) == f"{2**63} s after 1970"
