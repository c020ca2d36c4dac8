"""Faults are added, listed and cleared by verbs, written as `pumpmock faults` says or by their names in Python."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from pumpmock import cli
from pumpmock.control.verb import VerbError
from pumpmock.control.verbs import VERBS
from tests.pumpmock.stand import Stand


def do(stand: Stand, verb: str, **given: Any) -> Any:  # noqa: ANN401 - JSON values
    return VERBS[verb].call(stand.emulator, given)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"kind": "lose-reply", "on": "Commit", "times": "2"}, "1 lose-reply on Commit, 2 times more"),
        ({"kind": "lose_reply", "times": 2}, "1 lose-reply, 2 times more"),
        (
            {"kind": "delay", "by": "300 ms", "times": "always"},
            "1 delay way=out by_ms=300, until cleared",
        ),
        ({"kind": "delay", "by_ms": 300, "chance": "5 %"}, "1 delay way=out by_ms=300, once more"),
        ({"kind": "occlusion", "until": "2 h"}, "1 occlusion, until cleared"),
        ({"kind": "occlusion", "first_us": 5}, "1 occlusion, until cleared"),
    ],
)
def test_a_fault_is_added_as_it_was_said(given: dict[str, Any], text: str) -> None:
    stand = Stand()
    found = do(stand, "fault add", **given)
    assert found["id"] == 1
    assert [one["text"] for one in found["faults"]] == [text]
    assert do(stand, "fault list") == found["faults"]
    assert do(stand, "fault clear", number="1") == {"cleared": 1}
    assert do(stand, "fault list") == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"kind": "lose-replay"}, 'did you mean "lose-reply"'),
        ({"kind": "delay", "by": "300"}, "has no unit"),
        ({"kind": "delay"}, "needs by: wall time"),
        ({"kind": "lose-reply", "chance": "5"}, "has no unit"),
        ({"kind": "lose-reply", "on": "Comit"}, 'did you mean "Commit"'),
        ({"kind": "unplug"}, "none is attached"),
    ],
)
def test_what_can_not_be_is_refused_with_a_sentence(given: dict[str, Any], sentence: str) -> None:
    stand = Stand()
    with pytest.raises(VerbError, match=sentence):
        do(stand, "fault add", **given)
    assert do(stand, "fault list") == []


def test_what_is_not_there_can_not_be_cleared() -> None:
    with pytest.raises(VerbError, match="there is no fault 7"):
        do(Stand(), "fault clear", number=7)


def test_a_slip_on_the_command_line_is_refused_before_any_pump_is_asked() -> None:
    result = CliRunner().invoke(cli.main, ["ctl", "fault", "add", "occlussion"])
    assert (result.exit_code, 'did you mean "occlusion"' in result.stderr) == (2, True)
