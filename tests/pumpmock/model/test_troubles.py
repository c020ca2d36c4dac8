"""The table of troubles: what each does, what ends it, and what is no trouble at all."""

from __future__ import annotations

import pytest

from pumpmock.model.troubles import TROUBLES, Trouble, Troubles, befallen, relieved, watched

DETECT_US = 600


def test_every_trouble_has_its_row() -> None:
    assert set(TROUBLES) == set(Trouble)


def test_a_stall_stands_the_rotor_a_hold_the_drive_and_the_others_neither() -> None:
    def rows(name: str) -> set[Trouble]:
        return {trouble for trouble, row in TROUBLES.items() if getattr(row, name)}

    assert rows("rotor_stands") == {Trouble.STALL}
    assert rows("firmware_holds") == {Trouble.HOLD}
    assert rows("path_shut") == {Trouble.OCCLUSION, Trouble.VALVE}


@pytest.mark.parametrize("trouble", Trouble)
def test_a_trouble_that_came_and_went_leaves_nothing(trouble: Trouble) -> None:
    struck = befallen(Troubles(), trouble, TROUBLES[trouble].least)
    assert trouble in struck
    assert not any(other in struck for other in Trouble if other is not trouble)
    assert relieved(struck, trouble) == Troubles()


def test_all_of_them_come_together_and_go_one_by_one() -> None:
    troubles = Troubles()
    for trouble in Trouble:
        troubles = befallen(troubles, trouble, 7 if TROUBLES[trouble].figure else 0)
    assert (troubles.rotor_stands, troubles.path_shut, troubles.firmware_holds) == (True, True, True)
    without = relieved(troubles, Trouble.OCCLUSION)
    assert without.path_shut  # by the valve
    assert not relieved(without, Trouble.VALVE).path_shut
    assert relieved(troubles, Trouble.STALL).leak_percent == 7


def test_what_is_there_cannot_come_again_but_for_a_leak_that_grows() -> None:
    with pytest.raises(ValueError, match=r"^the pump has an occlusion already, which ends by clearing"):
        befallen(befallen(Troubles(), Trouble.OCCLUSION), Trouble.OCCLUSION)
    leaking = befallen(Troubles(), Trouble.LEAK, 10)
    assert befallen(leaking, Trouble.LEAK, 20) == Troubles(leaking.present, 20)


@pytest.mark.parametrize(
    ("trouble", "figure", "said"),
    [
        (Trouble.LEAK, 0, "a leak has 1 to 100 per cent, not 0"),
        (Trouble.LEAK, 101, "a leak has 1 to 100 per cent, not 101"),
        (Trouble.VALVE, -1, "a shut valve has 0 or more nL of bolus, not -1"),
        (Trouble.STALL, 5, "a stall of the rotor has no extent, not 5"),
    ],
)
def test_an_extent_that_it_cannot_have_is_refused(trouble: Trouble, figure: int, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}$"):
        befallen(Troubles(), trouble, figure)


@pytest.mark.parametrize("trouble", Trouble)
def test_what_is_not_there_cannot_end(trouble: Trouble) -> None:
    with pytest.raises(ValueError, match=r"^the pump does not have .*: there is nothing to end$"):
        relieved(Troubles(), trouble)


def test_only_a_drive_that_turns_is_watched_and_the_time_begins_anew_with_its_next_turn() -> None:
    stalled = befallen(Troubles(), Trouble.STALL)
    assert watched(stalled, 100, drives=False, noticed=False).noticed_us(DETECT_US) is None
    driven = watched(stalled, 100, drives=True, noticed=False)
    assert driven.noticed_us(DETECT_US) == 700
    assert watched(driven, 400, drives=True, noticed=False) == driven
    assert watched(driven, 400, drives=False, noticed=False).noticed_us(DETECT_US) is None
    assert watched(driven, 700, drives=False, noticed=True) == driven
    assert watched(Troubles(), 100, drives=True, noticed=False) == Troubles()
