"""How the menu and the forms look, at both sizes, dark, light and without colour."""

from __future__ import annotations

import pytest

from monitor.errors import OutcomeUnknownError, RefusedError
from protocol.intent import Intent
from protocol.machines import Stage
from protocol.messages import Change, Step
from protocol.vocabulary import ChangeKind, Mode
from tests.monitor.ui.bench import CLOCK_S, SERIAL, FakeSource, low
from tests.monitor.ui.stage import SMALL, WIDE, check, shown

SIZES = {"120x40": WIDE, "80x24": SMALL}
MADE = low(concentration_ug_ml=500, mode=Mode.TEMPORARY_RATE, mode_left_s=1_800)
WEEK = ((Step(0, 20_833), Step(360, 25_000)),) * 7
# The letter of the menu and what is typed up to the review; its first word alone is the empty form.
PAGES: dict[str, list[str]] = {
    "temporary": ["t", *"0.6", "enter", *"2", "space", "h", "enter"],
    "bolus": ["b", *"50", "space", *"ug", "enter", *"30", "space", *"min", "enter"],
    "flex": ["f", *("tab",) * 4, *"0.55", "enter"],
    "minimum": ["m"],
    "refill": ["e", *"1.9", "enter", *"18", "enter", *"1000", "enter", *"stronger", "enter"],
    "prime": ["i", *"0.2", "enter"],
    "bridge": ["g", *"0.25", "enter", *"0.5", "enter"],
    "clock": ["k", *"now", "enter"],
}


def source(**facts: object) -> FakeSource:
    made = FakeSource(MADE, week_answers=[WEEK, WEEK])
    for name, value in facts.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_form_and_its_review_look_as_they_did(name: str, size: str) -> None:
    letter = PAGES[name][:1]
    check(f"form-{name}-{size}", shown(source(), "c", *letter, size=SIZES[size]))
    check(f"form-{name}-review-{size}", shown(source(), "c", *PAGES[name], size=SIZES[size]))


@pytest.mark.parametrize("size", SIZES)
def test_the_menu_looks_as_it_did(size: str) -> None:
    check(f"menu-{size}", shown(low(), "c", size=SIZES[size]))
    check(f"menu-stale-{size}", shown(low(), "c", size=SIZES[size], after_s=14))


@pytest.mark.parametrize("size", SIZES)
def test_a_form_that_was_refused_and_one_without_an_outcome_look_as_they_did(size: str) -> None:
    said = RefusedError("the pump says no: 21.00 mL filled is more than the reservoir holds, 20.00 mL")
    check(f"form-refused-{size}", shown(source(prepare_error=said), "c", *PAGES["refill"], size=SIZES[size]))
    change = Change(ChangeKind.PRIME, volume_nl=200_000)
    intent = Intent(
        b"command1", SERIAL, b"store-01", CLOCK_S, change, 4, 20_833, 1_000_000, stage=Stage.RESOLVING
    )
    unknown = source(commit_answer=OutcomeUnknownError(intent, "the answer was lost"))
    keys = ("c", *PAGES["prime"], *"0.2", "enter")
    check(f"form-unknown-{size}", shown(unknown, *keys, size=SIZES[size]))


@pytest.mark.parametrize("name", ["menu", "temporary", "refill", "flex"])
def test_light_and_without_colour_a_form_says_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = ["c", *PAGES.get(name, [])]
    dark = shown(source(), *keys, size=SMALL).split("\n---")[0].splitlines()[:-1]
    light = shown(source(), "l", *keys, size=SMALL)
    assert light.split("\n---")[0].splitlines()[:-1] == dark
    check(f"form-{name}-light-80x24", light)
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown(source(), *keys, size=SMALL).split("\n---")[0].splitlines()[:-1] == dark
