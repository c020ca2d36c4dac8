"""A scenario is read strictly: each slip is told with its line and what to write, and all of them at once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.alarms import Alarm
from protocol.strict_toml import FileError
from pumpmock.scenario.actions import ACTIONS
from pumpmock.scenario.changes import CHANGES
from pumpmock.scenario.expectations import EXPECT_WORDS
from pumpmock.scenario.host_words import HOST
from pumpmock.scenario.instant import parse_time, time_text
from pumpmock.scenario.pump_words import pump_words
from pumpmock.scenario.reading import END, HEAD, ScenarioError, read_scenario
from pumpmock.scenario.triggers import TRIGGERS
from tests.pumpmock.scenario import scenes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pumpmock.scenario.words import Word

ALARMS = ", ".join(alarm.name for alarm in Alarm)
NOTHING = '[[step]]\nat = "1 min"\npress = true\n'
TABLES: dict[str, Mapping[str, Word]] = {
    "head": HEAD,
    "pump": pump_words(Path()),
    "triggers": TRIGGERS,
    "actions": {key: action.word for key, action in ACTIONS.items()},
    "host": HOST,
    "changes": CHANGES,
    "expect": EXPECT_WORDS,
    "end": END,
}


def slips(folder: Path, steps: str, end: str = scenes.END, head: str = scenes.HEAD) -> list[str]:
    """Return what is wrong with a file, each with its line counted from the first step's."""
    path = scenes.written(folder, steps, end, head)
    with pytest.raises(ScenarioError) as caught:
        read_scenario(path)
    told = []
    for said in caught.value.slips:
        start = f"{path}, line "
        assert said.startswith(start)
        line, _, sentence = said.removeprefix(start).partition(": ")
        told.append(f"{int(line) - scenes.FIRST + 1}: {sentence}")
    return told


@pytest.mark.parametrize(("table", "key"), [(table, key) for table, words in TABLES.items() for key in words])
def test_each_key_takes_its_own_example(table: str, key: str) -> None:
    word = TABLES[table][key]

    word.read(tomllib.loads(f"value = {word.example}")["value"])


@pytest.mark.parametrize(("table", "key"), [(table, key) for table, words in TABLES.items() for key in words])
def test_no_key_takes_a_date(table: str, key: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        TABLES[table][key].read(tomllib.loads("value = 2026-11-29")["value"])


def test_all_slips_of_a_file_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    steps = """[[step]]
at = "10m"
host = { pol = true }
expect = { tip = { min = "1 mL", mx = "2 mL" }, alarm = "LOW" }
[[step]]
on = "Comit"
when = "volme > 3 mL"
strike = "STAL"
[[step]]
in = "lost"
[step.expect]
state = "RUNNING"
tip = "5 ml"
"""
    assert slips(tmp_path, steps) == [
        '2: at: "m" is not a unit of a span of time; did you mean "10 min"?',
        '3: "pol" is not a verb of a host; did you mean "poll"?',
        f'4: alarm: "LOW" is not an alarm; known are {ALARMS}',
        '4: tip: "mx" is not a bound; did you mean "max"?',
        '6: on: on = "Comit" is not a request of a host, nor a kind of change; did you mean "Commit"?',
        '7: when: "volme" is no figure of a change; did you mean "volume"?',
        '8: strike: name: "STAL" is no trouble of a pump; did you mean "stall"?',
        '10: no step goes to "lost": write goto, or one of start',
        '13: tip: "ml" is not a unit of a volume; did you mean "5 mL"?',
    ]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ('[[step]]\nat = "1 min"\non = "Poll"\npress = true', "1: a step comes at a time or on a request: leave at or on out"),
        ("[[step]]\npress = true", '1: say when it comes: write at = "10 min" or on = "Commit", say'),
        ('[[step]]\nat = "1 min"\ntimes = 2\npress = true', "1: times needs a request or a period: write on or every"),
        ('[[step]]\nat = "1 min"\nwhen = "rate > 1 uL/h"\npress = true', "1: when needs a request: write on"),
        ('[[step]]\nat = "1 min"\noptional = true\npress = true', "1: a step by time always comes: leave optional out"),
        ('[[step]]\nat = "1 min"\nafter = "1 s"\npress = true', "1: after counts from a request or a state: add it to at"),
        ('[[step]]\non = "Poll"\nevery = "1 s"\npress = true', "1: every needs the time of the first: write at"),
        ('[[step]]\nat = "1 min"', "1: it does nothing: write expect, host, goto or a verb"),
        ('[[step]]\nat = "2 h"\npress = true', "2: it comes after the end, which is at 01:00:00"),
        ('[[step]]\nat = "1 min"\nevery = "0 s"\npress = true', "3: every: it would come again and again at once: write how long after"),
        ('[[step]]\nat = "1 min"\npres = true', '3: "pres" is not a key of a step; did you mean "press"?'),
        ('[[step]]\nat = "1 min"\nexpect = { who = "hots", outcome = "NONE" }', '3: no host "hots" does anything; did you mean "host"?'),
        ('[[step]]\nat = "1 min"\npress = false', "3: press: write true, or leave it out"),
        ('[[step]]\nat = "1 min"\nhost = "poll"', "3: host is a table: write it in braces, or as [host]"),
        ('[[step]]\nat = "1 min"\nhost = { change = { rate = "1 uL/h", stop = true } }', "3: change: it is one change: write one of rate, stop, resume, minimum_rate, temporary_rate, bolus, flex, refill, prime, bridge, clock in the braces"),
        ('[[step]]\nat = "1 min"\nhost = { change = { bolus = { volume = "1 uL" } } }', '3: change: bolus: duration is missing: write duration = "10 min", say'),
        ('[[step]]\nat = "1 min"\nfault = { kind = "lose-replay" }', '3: fault: "lose-replay" is no kind of fault; did you mean "lose-reply"?'),
        ('[[step]]\nat = "1 min"\nfault = "lose-reply"', '3: fault: write its kind in braces: { kind = "lose-reply", on = "Commit" }, say'),
        ('[[step]]\nat = "1 min"\nstrike = { nam = "stall" }', '3: strike: "nam" is nothing that trouble strike takes; did you mean "name"?'),
        ('[[step]]\nat = "1 min"\nset = { reservor = "3 mL" }', '3: set: "reservor" is nothing that set takes; did you mean "reservoir"?'),
        ('[[step]]\nat = "1 min"\nspeed = 60', '3: speed: it is text with a unit: write speed = "60", say'),
        ('[[step]]\nat = "1 min"\nexpect = { tip = {} }', "3: tip: write min, max or both in the braces"),
        ('[[step]]\nat = "1 min"\nexpect = { requests = 3 }', "3: requests: write names with their numbers in braces"),
        ('[[step]]\non = "Commit"\nwhen = "volume ~ 1 mL"\npress = true', '3: when: it compares a figure of the change: write "volume > 50 uL", say'),
        ('[[step]]\non = "Commit"\ntimes = 0\npress = true', '3: times: write how many, from 1 on, or "always"'),
    ],
)  # fmt: skip
def test_a_slip_is_told_with_what_to_write(tmp_path: Path, steps: str, said: str) -> None:
    assert slips(tmp_path, steps) == [said]


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("", 'it never ends: write [end] with at = "15 min", say'),
        ("[end]\nexpect = { alarms = [] }", 'it never ends: write [end] with at = "15 min", say'),
        ('[end]\nat = "1 h"\nexpect = { alarm = "X" }', '"X" is not an alarm'),
        ('[end]\nat = "1 h"\nwhen = "x"', '"when" is not a key of [end]; known are at'),
    ],
)
def test_the_end_is_read_as_strictly(tmp_path: Path, end: str, said: str) -> None:
    (told,) = slips(tmp_path, NOTHING, end)

    assert said in told


def test_a_pump_that_can_not_be_is_refused_where_it_is_described(tmp_path: Path) -> None:
    head = 'format = 1\nname = "n"\nabout = "a"\n[pump]\nreservoir = "300 mL"\n'
    (told,) = slips(tmp_path, NOTHING, head=head)

    assert told.endswith("there is no such pump: reservoir: the reservoir holds 20.00 mL")


def test_figures_of_the_make_can_be_others_and_a_slip_in_one_is_told(tmp_path: Path) -> None:
    good = scenes.scene(
        tmp_path, NOTHING, head=scenes.HEAD + 'figures = { alarms = { watchdog = "12 h" } }\n'
    )
    assert good.pump["figures"] == {"alarms": {"watchdog": "12 h"}}
    (told,) = slips(tmp_path, NOTHING, head=scenes.HEAD + 'figures = { alarms = { watchdgo = "12 h" } }\n')
    assert "watchdgo" in told
    assert 'did you mean "watchdog"?' in told


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("format = 2", "it with format = 1"),
        ("format = 1\nname = ", "is not TOML"),
        ("[[step]]", "it with format = 1"),
        ("\0", "is not TOML"),
    ],
)
def test_what_is_no_scenario_at_all_is_refused_with_its_file(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(content)
    with pytest.raises(FileError, match=said) as caught:
        read_scenario(path)
    assert str(path) in str(caught.value)


def test_a_folder_or_a_file_without_end_is_no_scenario(tmp_path: Path) -> None:
    with pytest.raises((FileError, OSError)):
        read_scenario(tmp_path)
    with pytest.raises(FileError):
        read_scenario(Path("/dev/zero"))


def test_lines_are_told_after_multi_line_text_and_lists(tmp_path: Path) -> None:
    steps = """[[step]]
at = "1 min"
host = { acknowledge = [
  "STALL",
  "EMPTY_RESERVOR",
] }
"""
    (told,) = slips(tmp_path, steps)
    assert told.startswith(
        '3: acknowledge: "EMPTY_RESERVOR" is not an alarm; did you mean "EMPTY_RESERVOIR"?'
    )


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("10 min", 600_000_000),
        ("300 ms", 300_000),
        ("1 day", 86_400_000_000),
        ("40 days 2 h 30 min", 3_465_000_000_000),
        ("1 years", 8_766 * 3_600_000_000),
        ("0 s", 0),
        ("5s", 5_000_000),
    ],
)
def test_spans_are_written_in_parts(text: str, us: int) -> None:
    assert parse_time(text) == us


@pytest.mark.parametrize(
    "text", ["", "10", "min", "10 m", "1,5 h", "10 min 5", "5 fortnights", "-5 s", "1e3 s"]
)
def test_what_is_no_span_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|expected|unit|did you mean|only"):
        parse_time(text)


@given(st.integers(0, 10**15))
def test_an_instant_is_printed_as_what_it_is(us: int) -> None:
    days, _, clock = time_text(us).rpartition(" d ")
    hour, minute, second = clock.split(":")
    whole, _, fraction = second.partition(".")
    seconds = (int(days or 0) * 24 + int(hour)) * 3_600 + int(minute) * 60 + int(whole)
    assert seconds * 10**6 + int(fraction or 0) == us
