"""docs/testing.md says what there is: each option with its example, each section that a host can break."""

from __future__ import annotations

import re
from pathlib import Path

from pumpmock.pytest_plugin import _MARKER
from pumpmock.testing import LivePump
from pumpmock.testing.options import _OPTIONS
from pumpmock.testing.violations import _DROPPED
from pumpmock.testing.violations_of_changes import _AFTER, _CHANGING, _ONCE

TEXT = (Path(__file__).parents[3] / "docs" / "testing.md").read_text(encoding="utf-8")


def test_each_option_stands_there_with_its_example() -> None:
    found = re.findall(r"^\| (\w+) \| `(\w+=[^`]*)` \|", TEXT, re.MULTILINE)
    assert dict(found) == {name: entry.example for name, entry in _OPTIONS.items()}


def test_the_markers_help_names_each_option() -> None:
    assert _MARKER.partition(": what the pump of a test is: ")[2].split(", ") == list(_OPTIONS)


def test_each_section_that_is_named_to_a_host_stands_there() -> None:
    named = {section for section, _ in _DROPPED.values()} | {_AFTER, _CHANGING, _ONCE}
    table = TEXT.partition("| against the section |")[2].partition("\n\n")[0]
    for section in named | {"The handshake", "Sessions", "The frame", "Requests"}:
        assert section in table


def test_whatever_a_pump_has_stands_there() -> None:
    public = {name for name in dir(LivePump) if not name.startswith("_")} - {
        "close",
        "do",
        "leave_the_journal_out",
    }
    assert {name for name in public if not re.search(rf"\b{name}\b", TEXT)} == set()
