"""Records of the audit trail in words."""

from __future__ import annotations

import pytest

from monitor.history.chain import GENESIS, entry_after
from monitor.trail_text import told

LIMITS = {"low_reservoir_nl": 2_000_000, "residual_nl": 1_400_000}


@pytest.mark.parametrize(
    ("kind", "facts", "said"),
    [
        ("acknowledged", {"alarms": 0b11}, "alarms acknowledged: reservoir empty, low reservoir"),
        ("acknowledged", {"alarms": 1 << 31 | 1}, "alarms acknowledged: low reservoir, 0x80000000"),
        (
            "identified",
            {"model": "A", "firmware": "1", **LIMITS},
            "is a A, firmware 1; low at 2.00 mL, empty at 1.40 mL",
        ),
        ("bench", {"faults": 2, "names": "delay; drop"}, "its bench injects 2 faults: delay; drop"),
        ("bench", {"faults": 1, "names": ""}, "its bench injects 1 fault"),
        ("bench", {"faults": 0, "names": ""}, "its bench injects no faults any more"),
        ("bench", {}, "bench: {}"),
        ("of a later version", {"x": 1}, 'of a later version: {"x":1}'),
    ],
)
def test_a_record_is_told_in_a_sentence_and_what_is_none_as_it_stands(
    kind: str, facts: dict[str, object], said: str
) -> None:
    assert told(entry_after(GENESIS, 1, 0, kind, facts)) == said
