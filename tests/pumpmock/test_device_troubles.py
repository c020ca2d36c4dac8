"""What a host can and can't see of a trouble, and what of it outlives the process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protocol.messages import (
    Events,
    GetEvents,
    GetLimits,
    GetProgram,
    Identify,
    Identity,
    Limits,
    Poll,
    Program,
    Status,
)
from pumpmock.model.troubles import Trouble
from tests.pumpmock.conftest import RATE_NL_H, Bench

if TYPE_CHECKING:
    from protocol.fields import Message

HOUR_NS = 3_600 * 10**9


@pytest.mark.parametrize(("request_", "kind"), [(Poll(), Status), (Identify(), Identity)])
def test_an_interrogation_ends_a_hold_and_the_answer_is_that_of_a_pump_that_turns(
    bench: Bench, request_: Message, kind: type[Message]
) -> None:
    bench.device.pump.strike(Trouble.HOLD)
    bench.now_ns += HOUR_NS
    bench.serve(request_, kind)
    assert bench.device.pump.truth().motor_rate_nl_h == RATE_NL_H
    status = bench.status()
    assert (status.measured_rate_nl_h, status.delivered_nl) == (RATE_NL_H, 0)


@pytest.mark.parametrize(
    ("request_", "kind"), [(GetEvents(1), Events), (GetLimits(), Limits), (GetProgram(0), Program)]
)
def test_reading_something_else_is_no_interrogation(
    bench: Bench, request_: Message, kind: type[Message]
) -> None:
    bench.device.pump.strike(Trouble.HOLD)
    bench.serve(request_, kind)
    assert Trouble.HOLD in bench.device.pump.troubles


def test_an_occlusion_shows_to_a_host_in_nothing_but_what_is_sensed(bench: Bench) -> None:
    sound = Bench()
    bench.device.pump.strike(Trouble.OCCLUSION)
    for either in (bench, sound):
        either.now_ns += 100 * HOUR_NS
    occluded, plain = bench.status(), sound.status()
    assert occluded.sensed_nl == 18_000_000
    assert (
        occluded.sensed_nl - plain.sensed_nl
        == sound.device.pump.truth().strokes * sound.memory.pump.settings.stroke_nl
    )
    names = [name for name in Status.__slots__ if getattr(occluded, name) != getattr(plain, name)]
    assert names == ["sensed_nl"]


def test_a_trouble_that_comes_or_goes_within_one_instant_is_stored(bench: Bench) -> None:
    pump = bench.device.pump
    bench.device.persist()
    assert len(bench.saves) == 1
    pump.strike(Trouble.LEAK, 10)
    bench.device.persist()
    pump.strike(Trouble.LEAK, 20)
    bench.device.persist()
    pump.strike(Trouble.HOLD)
    bench.device.persist()
    bench.status()
    bench.device.persist()
    assert len(bench.saves) == 5
    pump.weaken_battery(50)
    bench.device.persist()
    assert len(bench.saves) == 6
    bench.device.persist()
    assert len(bench.saves) == 6
