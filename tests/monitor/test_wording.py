"""Entries of the event log in words: every kind, every detail, known or not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.alarms import KINDS, Alarm
from protocol.messages import EventKind, EventRecord, Refusal, Role
from protocol.wording import clock_text, event_text

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
        ((EventKind.START,), "pump started"),
        ((EventKind.RATE_CHANGED, 0, 20_833, 25_000), "rate 0.500 mL/day -> 0.600 mL/day"),
        ((EventKind.STOPPED, 0, 20_833, 0), "stopped, from 0.500 mL/day"),
        ((EventKind.RESUMED, 0, 0, 25_000), "resumed at 0.600 mL/day"),
        ((EventKind.SESSION_OPENED, Role.TECHNICIAN), "session opened, technician"),
        ((EventKind.SESSION_OPENED, 99), "session opened, role 99"),
        ((EventKind.HANDSHAKE_REFUSED,), "handshake refused"),
        ((EventKind.ALARM_RAISED, Alarm.LOW_RESERVOIR), "low reservoir"),
        ((EventKind.ALARM_CLEARED, Alarm.STOPPED), "pump stopped cleared"),
        ((EventKind.ACKNOWLEDGED, Alarm.ERI), "battery service acknowledged"),
        ((EventKind.ALARM_RAISED, 77), "alarm 77"),
        ((EventKind.REFUSED, Refusal.ROLE), "refused: the key only reads"),
        (
            (EventKind.REFUSED, Refusal.ABOVE_MOST, 2_000_000, 1_000_000),
            "refused 48.000 mL/day: above the greatest rate, 24.000 mL/day",
        ),
        (
            (EventKind.REFUSED, Refusal.BUSY, 25_000, 9_000),
            "refused 0.600 mL/day: another change is prepared",
        ),
        ((EventKind.REFUSED, 200, 25_000, 1), "refused 0.600 mL/day: reason 200"),
    ],
)
def test_an_entry_reads_as_a_person_would_say_it(record: tuple[EventKind, int], text: str) -> None:
    assert text_of(*record) == text


@pytest.mark.parametrize("reason", Refusal)
def test_every_reason_of_a_refusal_has_words_of_its_own(reason: Refusal) -> None:
    said = text_of(EventKind.REFUSED, reason)
    assert not said.startswith(f"refused: reason {int(reason)}")
    assert (
        sum(said.split(",")[0] == text_of(EventKind.REFUSED, other).split(",")[0] for other in Refusal) == 1
    )


@pytest.mark.parametrize("alarm", Alarm)
def test_an_alarm_goes_by_its_title(alarm: Alarm) -> None:
    texts = {
        text_of(kind, alarm)
        for kind in (EventKind.ALARM_RAISED, EventKind.ALARM_CLEARED, EventKind.ACKNOWLEDGED)
    }
    assert len(texts) == 3
    assert all(text.startswith(KINDS[alarm].title.lower()) for text in texts)


def test_a_time_is_told_as_a_date_and_beyond_every_calendar_in_seconds() -> None:
    assert clock_text(1_767_225_600) == "2026-01-01 00:00:00"
    assert clock_text(2**64 - 1) == "18446744073709551615 s after 1970"
    assert clock_text(2**40) == "1099511627776 s after 1970"
