"""What is physically so, stored and damaged: refused by the name of what is wrong, as the rest of the state is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import Change
from protocol.units import US_PER_H, US_PER_S
from protocol.vocabulary import ChangeKind
from pumpmock.model.catheter import MOST_SEGMENTS
from pumpmock.model.pump import Pump
from pumpmock.model.troubles import Trouble
from tests.pumpmock.model.test_stored import paths, put
from tests.settings import usual_settings

LEAK, STALL = 1 << Trouble.LEAK, 1 << Trouble.STALL
SINCE_US = 102 * US_PER_H


def stored() -> dict[str, Any]:
    """Return the state of a pump with two drugs in its catheter, that leaks, and whose rotor has stalled unnoticed."""
    settings = usual_settings(stroke_nl=1_000, rate_error_ppm=333, catheter_nl=395_000, stall_detect_s=7_200)
    pump = Pump(settings, fill_nl=18_000_000, rate_nl_h=25_000, concentration_ug_ml=500)
    pump.advance(100 * US_PER_H)
    refill = Change(
        ChangeKind.REFILL, withdrawn_nl=15_400_000, volume_nl=18_000_000, concentration_ug_ml=2_000
    )
    pump.apply(refill)
    pump.strike(Trouble.LEAK, 37)
    pump.advance(2 * US_PER_H)
    pump.strike(Trouble.STALL)
    pump.advance(US_PER_H + 5)
    return pump.to_dict()


def test_the_state_as_it_stands_is_taken_and_is_what_it_is_said_to_be() -> None:
    data = stored()
    true = data["hydraulics"]
    assert true["troubles"] == {"present": LEAK | STALL, "leak_percent": 37, "driven_us": SINCE_US}
    assert [concentration for _, concentration in true["catheter"]] == [500, 2_000]
    assert (true["leak_carry"] > 0, true["strokes"]["carry"] > 0, true["lost_nl"] != 0) == (True, True, True)
    assert Pump.from_dict(data).to_dict() == data


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("filled_nl", 36_000_001),
        ("held_nl", 20_000_001),
        ("concentration_ug_ml", 65_536),
        ("tip_nl", 0),
        ("tip_pg", 2**60),
        ("leaked_nl", 0),
        ("leak_carry", 100),
        ("withdrawn_nl", 0),
        ("lost_nl", 0),
        ("strokes.phase_nl", 1_000),
        ("strokes.carry", 1_000_000),
        ("catheter", []),
        ("catheter", [[395_000]]),
        ("catheter", [[395_000, 500, 0]]),
        ("catheter", [[395_001, 500]]),
        ("catheter", [[395_000, 65_536]]),
        ("catheter", [[395_000, 500], [0, 2_000]]),
        ("catheter", [[200_000, 500], [195_000, 500]]),
        ("catheter", [[-1, 500], [395_001, 2_000]]),
        (
            "catheter",
            [[1, place] for place in range(MOST_SEGMENTS)] + [[395_000 - MOST_SEGMENTS, MOST_SEGMENTS]],
        ),
        ("troubles.present", 1 << len(Trouble)),
        ("troubles.present", LEAK),
        ("troubles.present", STALL),
        ("troubles.present", LEAK | STALL | 1 << Trouble.HOLD),
        ("troubles.leak_percent", 0),
        ("troubles.leak_percent", 101),
        ("troubles.driven_us", None),
        ("troubles.driven_us", SINCE_US - US_PER_H * 2),
        ("troubles.driven_us", SINCE_US + US_PER_S),
    ],
)
def test_figures_that_contradict_one_another_are_refused(path: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"^(hydraulics|drive|alarms|now_us)\S* \S"):
        Pump.from_dict(put(stored(), f"hydraulics.{path}", value))


@pytest.mark.parametrize(
    "names", [("filled_nl", "held_nl"), ("withdrawn_nl", "lost_nl"), ("filled_nl", "leaked_nl")]
)
def test_what_adds_up_and_is_not_what_the_pump_was_told_is_refused(names: tuple[str, str]) -> None:
    damaged = stored()
    one, other = names
    damaged["hydraulics"][one] += 1
    damaged["hydraulics"][other] += 1 if one == "filled_nl" else -1
    with pytest.raises(ValueError, match=f"^hydraulics.{one} is not what was"):
        Pump.from_dict(damaged)


@given(
    st.sampled_from([path for path in paths(stored()) if path.startswith("hydraulics.")]),
    st.one_of(st.integers(-(2**70), 2**70), st.integers(-200, 200), st.none(), st.booleans()),
)
def test_any_other_figure_gives_a_refusal_or_a_pump_whose_truth_adds_up(path: str, value: object) -> None:
    try:
        pump = Pump.from_dict(put(stored(), path, value))
    except ValueError:
        return
    pump.advance(2_000 * US_PER_H)
    pump.relieve(Trouble.STALL)
    pump.advance(2_000 * US_PER_H)
    truth = pump.truth()
    withdrawn_nl = pump.to_dict()["hydraulics"]["withdrawn_nl"]
    assert truth.held_nl + truth.tip_nl + truth.leaked_nl + truth.lost_nl + withdrawn_nl == 36_000_000
