"""The figures of docs/protocol.md, typed a second time: a slip in a constant would move the tests that import it along."""

from __future__ import annotations

import pytest

from protocol import alarms, changes, frame, handshake, keys, messages, session, timeouts, units

FIGURES = {
    frame: {
        "VERSION": 1,
        "MOST_PAYLOAD": 200,
        "TAG_SIZE": 16,
        "MOST_ENCODED": 236,
        "MOST_WIRE": 238,
        "FROM_DEVICE": 0x80,
    },
    session: {"LAST_COUNTER": 2_147_483_648, "LONGEST_SESSION_MS": 86_400_000},
    handshake: {
        "NONCE_SIZE": 16,
        "PENDING_MS": 5_000,
        "BAD_TAGS_ALLOWED": 3,
        "LONGEST_BACK_OFF_MS": 60_000,
    },
    timeouts: {
        "HANDSHAKE_TIMEOUT_MS": 500,
        "HANDSHAKE_TRIES": 2,
        "REPLY_TIMEOUT_MS": 1_000,
        "READ_TRIES": 2,
        "RESOLVE_TRIES": 5,
    },
    changes: {"TOKEN_SIZE": 8, "PREPARE_TTL_MS": 15_000, "NO_COMMAND": bytes(8)},
    keys: {"KEY_SIZE": 32, "KEY_ID_SIZE": 4, "DEVICE_ID_SIZE": 8, "MOST_FILE": 4_096},
    messages: {
        "MINOR_VERSION": 1,
        "MOST_RATE_NL_H": 1_000_000,
        "NEVER_S": 4_294_967_295,
        "EVENTS_A_PAGE": 6,
        "SENTENCE": 120,
        "MOST_COUNTED": 255,
        "MOST_SPEED": 4_294_967_295,
        "NAMED": 120,
        "STEPS_A_DAY": 13,
        "MINUTES_A_DAY": 1_440,
        "EVERY_DAY": 0b111_1111,
        "MOST_AUDIO_PAUSE_S": 600,
    },
    units: {
        "NL_PER_ML": 1_000_000,
        "US_PER_S": 1_000_000,
        "US_PER_H": 3_600_000_000,
        "US_PER_DAY": 86_400_000_000,
    },
}


@pytest.mark.parametrize(
    ("module", "name", "figure"),
    [(module, name, figure) for module, figures in FIGURES.items() for name, figure in figures.items()],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_figure_is_the_one_of_the_specification(module: object, name: str, figure: object) -> None:
    assert getattr(module, name) == figure


def test_a_more_urgent_alarm_counts_more() -> None:
    assert [(each.name, each.value) for each in alarms.Priority] == [("LOW", 1), ("MEDIUM", 2), ("HIGH", 3)]


def test_the_reasons_for_which_a_frame_is_dropped_go_by_these_words() -> None:
    assert {reason.name: reason.value for reason in (*frame.Damage, *session.Intrusion)} == {
        "SIZE": "too short or too long",
        "COBS": "not COBS",
        "CRC": "wrong CRC-32",
        "VERSION": "another version",
        "LENGTH": "length of the payload does not fit",
        "SESSION": "of another session",
        "DIRECTION": "not from the peer's side",
        "COUNTER": "seen before",
        "TAG": "wrong tag",
    }
