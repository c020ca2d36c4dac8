"""Whatever TOML holds, a scenario is read or refused with a sentence: it is never our own mistake that ends the program."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pumpmock.faults import KINDS
from pumpmock.scenario.actions import ACTIONS
from pumpmock.scenario.changes import CHANGES
from pumpmock.scenario.expectations import EXPECT_WORDS
from pumpmock.scenario.host_words import HOST
from pumpmock.scenario.pump_words import pump_words
from pumpmock.scenario.reading import HEAD, ScenarioError, _Reader
from pumpmock.scenario.running import run
from pumpmock.scenario.triggers import TRIGGERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pumpmock.scenario.steps import Scenario
    from pumpmock.scenario.words import Word

TEXTS = st.sampled_from(
    [
        *(
            "",
            "all",
            "always",
            "every day",
            "true",
            "Commit",
            "BOLUS",
            "Prepare:BOLUS",
            "STALL",
            "stall",
            "LEAK",
        ),
        *("10 min", "0 s", "2 days", "1 mL", "50 uL", "0.6 mL/day", "500 ug/mL", "5 %", "-5 %", "60", "none"),
        *(
            "volume > 50 uL",
            "kind == BOLUS",
            "2026-01-01 00:00",
            "08:00",
            "Monday",
            "APPLIED",
            "host",
            "start",
            "\0",
        ),
        *KINDS,
    ]
)
PLAIN = (
    TEXTS
    | st.integers(-5, 5)
    | st.integers()
    | st.booleans()
    | st.floats()
    | st.just(dt.date(2026, 11, 29))
    | st.just(dt.time(1, 2))
)


def tables(keys: Iterable[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(sorted(keys)) | TEXTS, values, max_size=4)


INNER = (
    "min",
    "max",
    "kind",
    "on",
    "way",
    "by",
    "name",
    "extent",
    "for",
    "port",
    "rate",
    "volume",
    "duration",
    "days",
    "steps",
)
NESTED = st.recursive(
    PLAIN,
    lambda values: st.lists(values, max_size=3) | tables((*INNER, *CHANGES, "alarms", "watchdog"), values),
    max_leaves=6,
)
STEPS = tables(
    (*TRIGGERS, *ACTIONS, "host", "expect"), NESTED | tables(HOST, NESTED) | tables(EXPECT_WORDS, NESTED)
)
FILES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(HEAD, NESTED),
        "pump": tables(pump_words(Path()), NESTED) | NESTED,
        "step": st.lists(STEPS | NESTED, max_size=3) | NESTED,
        "end": tables(("at", "expect"), NESTED | tables(EXPECT_WORDS, NESTED)) | NESTED,
        "junk": NESTED,  # and never a name and what it is about together with an end: none of them can be taken
    },
)


def read(content: dict[str, Any]) -> Scenario | list[str]:
    """Return the scenario in a file of that content, or what is wrong with it."""
    try:
        return _Reader(Path("x.toml"), "").read(content)
    except ScenarioError as error:
        return error.slips


@settings(max_examples=300, deadline=None)
@given(FILES)
def test_whatever_a_file_holds_it_is_refused_with_sentences(content: dict[str, Any]) -> None:
    found = read(content)

    assert isinstance(found, list)
    assert found
    assert all(slip.startswith("x.toml, line ") and slip.isprintable() for slip in found)


POLLED = {"at": "90 s", "host": {"change": {"bolus": {"volume": "50 uL", "duration": "10 min"}}}}


@settings(max_examples=300, deadline=None)
@given(STEPS, st.sampled_from(["at", "on", "in"]))
def test_whatever_a_step_holds_it_is_refused_with_sentences_or_played_to_a_result(
    step: dict[str, Any], trigger: str
) -> None:
    good = {"at": "1 min", "on": "Commit", "in": "start"}
    steps = [{trigger: good[trigger], **step}, POLLED]
    found = read({"name": "n", "about": "a", "step": steps, "end": {"at": "1 h"}})
    if isinstance(found, list):
        assert all(slip.isprintable() for slip in found)
    else:
        assert all(said.isprintable() for said in run(found).sentences)


def examples(words: Mapping[str, Word]) -> dict[str, Any]:
    return {key: tomllib.loads(f"value = {word.example}")["value"] for key, word in words.items()}


def some_of(words: Mapping[str, Word], *without: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return tables of a few keys with their examples."""
    found = {key: example for key, example in examples(words).items() if key not in without}
    return st.lists(st.sampled_from(sorted(found)), max_size=3, unique=True).map(
        lambda keys: {key: found[key] for key in keys}
    )


WHEN = (
    st.integers(0, 180).map(lambda second: {"at": f"{second} s"})
    | st.sampled_from(["Poll", "Prepare", "Commit", "Resolve", "BOLUS"]).map(
        lambda on: {"on": on, "times": "always", "optional": True}
    )
    | st.sampled_from([{"in": "start"}, {"in": "there", "optional": True}])
)
VERBS_OF_STEPS = {key: action.word for key, action in ACTIONS.items() if key not in ("fault", "speed")}
FAULTS = st.sampled_from([{}, *({"fault": {"kind": name}} for name in KINDS)])
GOOD_STEPS = st.builds(
    lambda when, does, fault, host, expect, goto: {
        **when,
        **does,
        **fault,
        "host": host,
        "expect": expect,
        "goto": goto,
    },
    WHEN,
    some_of(VERBS_OF_STEPS),
    FAULTS,
    some_of(HOST),
    some_of(EXPECT_WORDS, "who"),
    st.sampled_from(["start", "there"]),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(GOOD_STEPS, min_size=1, max_size=6), st.integers(0, 3))
def test_whatever_steps_do_together_they_are_played_to_a_result_and_twice_to_the_same(
    steps: list[dict[str, Any]], seed: int
) -> None:
    content = {"name": "n", "about": "a", "pump": {"limits": "none"}, "end": {"at": "3 min"}}
    found = read({**content, "seed": seed, "step": [*steps, POLLED]})
    if isinstance(found, list):
        assert all("fault" in slip or "goes to" in slip for slip in found), (
            found
        )  # one that wants more figures
        return
    results = [run(found) for _ in range(2)]

    assert results[0] == results[1]
