"""docs/control.md tells every verb with its arguments, and its examples are what a pump answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pumpmock.control.server import FOLLOW, TAIL
from pumpmock.control.verb import VerbError
from pumpmock.control.verbs import VERBS
from tests.pumpmock.stand import Stand

PAGE = (Path(__file__).parents[3] / "docs" / "control.md").read_text(encoding="utf-8")
ROWS = {row[0]: row[1] for row in re.findall(r"^\| `([a-z ]+)` \| (.*?) \|", PAGE, flags=re.MULTILINE)}


def test_every_verb_is_on_the_page_and_nothing_else() -> None:
    assert set(ROWS) == {*VERBS, FOLLOW}


@pytest.mark.parametrize("verb", [*VERBS, FOLLOW])
def test_every_argument_of_a_verb_is_on_the_page(verb: str) -> None:
    told = re.findall(r"`([a-z_]+)`", ROWS[verb])

    assert told == [one.name for one in VERBS[TAIL if verb == FOLLOW else verb].arguments]


def answered(request: dict[str, Any], stand: Stand) -> dict[str, Any]:
    try:
        return {"ok": True, "result": VERBS[request["verb"]].call(stand.emulator, request["args"])}
    except VerbError as error:
        return {"ok": False, "error": str(error)}


def test_the_examples_are_what_a_pump_answers() -> None:
    stand = Stand(speed=0)
    lines = [json.loads(line) for line in re.findall(r"^    (\{.*)$", PAGE, flags=re.MULTILINE)]

    assert len(lines) == 4
    for request, answer in zip(lines[::2], lines[1::2], strict=True):
        assert answered(request, stand) == answer
