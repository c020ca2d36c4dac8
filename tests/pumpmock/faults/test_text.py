"""A fault as a person writes it is what `Faults.add` takes, or a sentence that says how to write it."""

from __future__ import annotations

import pytest

from pumpmock.faults import KINDS, parse_fault, parse_fault_line
from tests.pumpmock.faults.stand import Stand


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("lose-reply on=Commit times=2", {"kind": "lose-reply", "on": "Commit", "times": 2}),
        ("lose_reply on=BOLUS times=always", {"kind": "lose-reply", "on": "BOLUS", "times": None}),
        ("delay by='300 ms'", {"kind": "delay", "by_ms": 300}),
        (
            "delay by=2.5s jitter=lognormal spread=5ms shape=80%",
            {"kind": "delay", "by_ms": 2_500, "jitter": "lognormal", "spread_ms": 5, "shape_percent": 80},
        ),
        (
            "drop way=in chance='5 %' after=3",
            {"kind": "drop", "way": "in", "chance_ppm": 50_000, "after": 3},
        ),
        (
            'occlusion first="10 min" until="2 h"',
            {"kind": "occlusion", "first_us": 600_000_000, "until_us": 7_200_000_000},
        ),
        ("clock-drift rate='-20 ppm'", {"kind": "clock-drift", "rate_ppm": -20}),
        ("sensor how=wrong by='-1 mL'", {"kind": "sensor", "how": "wrong", "by_nl": -1_000_000}),
        ("valve bolus='10 uL'", {"kind": "valve", "bolus_nl": 10_000}),
        ("unplug port=tcp for='5 s'", {"kind": "unplug", "port": "tcp", "for_ms": 5_000}),
    ],
)
def test_a_line_is_the_arguments_that_it_says(line: str, arguments: dict[str, object]) -> None:
    assert parse_fault_line(line) == arguments


def test_a_table_of_a_file_is_read_the_same_and_may_have_bare_numbers() -> None:
    told = {"on": "Commit", "times": 2, "chance": "5 %"}
    assert parse_fault("lose-reply", told) == {
        "kind": "lose-reply",
        "on": "Commit",
        "times": 2,
        "chance_ppm": 50_000,
    }


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "is not a fault: write lose-reply on=Commit times=1"),
        ("'", "is not a fault"),
        ("lose-replay", 'did you mean "lose-reply"'),
        ("lose-reply Commit", "is not a figure"),
        ("lose-reply on=Commit on=Poll", "given twice"),
        ("lose-reply tims=3", 'did you mean "times"'),
        ("lose-reply on=Comit", 'did you mean "Commit"'),
        ("lose-reply times=often", "times of lose-reply: .* is not a whole number"),
        ("lose-reply times=007", "is not a whole number"),
        ("lose-reply times=9999999999999", "too many digits"),
        ("lose-reply times=0", "once or more"),
        ("lose-reply chance=5", "has no unit"),
        ("lose-reply chance='0 %'", "1 to 1000000"),
        ("delay", "needs by: wall time"),
        ("delay by=300", "by of delay: .* has no unit"),
        ("delay by='2 h'", "is not a unit of a span of wall time"),
        ("delay by='300 ms' jitter=gauss", "can't be"),
        ("occlusion times=3", "lasts until it is cleared"),
        ("valve bolus=10", "has no unit"),
    ],
)
def test_what_can_not_be_read_is_refused_with_a_sentence(line: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_fault_line(line)


def test_every_figure_of_every_kind_can_be_written() -> None:
    written = {
        "ms": "5 ms",
        "percent": "5 %",
        "ppm": "5 ppm",
        "nl": "5 uL",
        "": "50",
    }
    words = {"version": "2.0", "port": "pty"}
    for kind in KINDS.values():
        given: dict[str, str] = {}
        for figure in kind.figures:
            word = figure.only[1] if figure.only else ""
            if word and figure.only[0] in given:
                given[figure.only[0]] = figure.only[-1]
            given[figure.key] = (
                (figure.words or (words.get(figure.key, ""),))[-1] if figure.is_word else written[figure.unit]
            )
        if kind.name == "reboot":
            given["on"] = "Poll"
        found = parse_fault(kind.name, given)
        assert {figure.name for figure in kind.figures} <= set(found)


def test_what_was_read_can_be_added() -> None:
    stand = Stand()
    for line in ("lose-reply on=Commit times=always", "delay by='300 ms' way=in", "leak share='50 %'"):
        stand.faults.add(**parse_fault_line(line))
    assert [active.kind for active in stand.faults.active] == ["lose-reply", "delay", "leak"]
