from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.hindrance import hindrance
from protocol.messages import Change, Step
from protocol.vocabulary import ChangeKind, Mode, State
from pumpmock.model.pump import Pump
from tests.monitor.conftest import RATE_NL_H, STATUS
from tests.settings import usual_settings

FIGURES = {
    ChangeKind.RATE: Change(ChangeKind.RATE, 21_000),
    ChangeKind.TEMPORARY_RATE: Change(ChangeKind.TEMPORARY_RATE, 21_000, duration_s=60),
    ChangeKind.BOLUS: Change(ChangeKind.BOLUS, volume_nl=1_000, duration_s=60),
    ChangeKind.FLEX: Change(ChangeKind.FLEX, weekdays=1, steps=(Step(0, 21_000),)),
    ChangeKind.REFILL: Change(ChangeKind.REFILL, volume_nl=18_000_000),
    ChangeKind.PRIME: Change(ChangeKind.PRIME, volume_nl=1_000),
    ChangeKind.BRIDGE: Change(ChangeKind.BRIDGE, 21_000, volume_nl=1_000),
    ChangeKind.CLOCK: Change(ChangeKind.CLOCK, clock_s=1_000),
}
PAST: dict[str, list[Change]] = {
    "running": [],
    "stopped": [Change(ChangeKind.STOP)],
    "minimum rate": [Change(ChangeKind.MINIMUM_RATE)],
    "temporary rate": [FIGURES[ChangeKind.TEMPORARY_RATE]],
}


@pytest.mark.parametrize("kind", ChangeKind)
@pytest.mark.parametrize("past", PAST)
def test_what_is_not_offered_is_just_what_the_pump_would_not_take(kind: ChangeKind, past: str) -> None:
    pump = Pump(usual_settings(), fill_nl=18_000_000, rate_nl_h=RATE_NL_H)
    for change in PAST[past]:
        pump.apply(change)
    sample = pump.sample()
    status = replace(STATUS, state=sample.state, mode=sample.mode)
    refused = pump.refuse(FIGURES.get(kind, Change(kind)))
    assert bool(hindrance(status, None, kind)) is (refused is not None)


@pytest.mark.parametrize("kind", ChangeKind)
def test_at_its_end_of_service_only_a_refill_and_the_clock_are_offered(kind: ChangeKind) -> None:
    said = hindrance(replace(STATUS, state=State.END_OF_SERVICE), None, kind)
    assert bool(said) is (kind not in {ChangeKind.REFILL, ChangeKind.CLOCK})


@pytest.mark.parametrize("kind", ChangeKind)
def test_while_the_pump_refuses_changes_less_drug_can_still_be_had(kind: ChangeKind) -> None:
    said = hindrance(replace(STATUS, refusing_s=60, mode=Mode.BOLUS), None, kind)
    assert bool(said) is (kind not in {ChangeKind.STOP, ChangeKind.MINIMUM_RATE})
