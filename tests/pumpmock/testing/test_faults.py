"""Faults of a live pump are asked for by name, strike what they should, and are never held against a host."""

from __future__ import annotations

import contextlib
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from monitor.client import PumpClient
from monitor.errors import LinkError, OutcomeUnknownError, RefusedError
from protocol.messages import Change
from protocol.vocabulary import ChangeKind
from pumpmock.faults import KINDS
from pumpmock.faults.kinds import Seam
from tests.pumpmock.testing.hosts import Host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pumpmock.testing import LivePump

# Figures without which a kind is none, and shorter times than their own where a host would wait for them.
_NEEDED: dict[str, dict[str, int | str]] = {
    "delay": {"by_ms": 50},
    "unplug": {"for_ms": 200},
    "refuse-open": {"for_ms": 200},
    "deaf": {"for_ms": 200},
    "mute": {"for_ms": 200},
    "slow": {"by_ms": 50},
    "slow-start": {"for_ms": 100},
}
_ON_THE_WIRE = [kind for kind in KINDS.values() if kind.seam is not Seam.PUMP]


def _asked() -> Iterator[Any]:
    """Yield each kind on the wire with each way it has, and where it waits for a request, also for a Commit."""
    for kind in _ON_THE_WIRE:
        ways = ("in", "out") if any(figure.key == "way" for figure in kind.figures) else ("",)
        waits = (None, "Commit") if kind.seam in {Seam.FRAME, Seam.COMMAND} else (None,)
        for way, on in product(ways, waits):
            figures = _NEEDED.get(kind.name, {}) | ({"way": way} if way else {})
            yield pytest.param(kind.name, on, figures, id="-".join(filter(None, (kind.name, way, on))))


def test_a_lost_reply_makes_a_host_ask_what_became_of_its_change(pump: LivePump) -> None:
    with PumpClient(pump.url) as host:
        prepared = host.prepare(Change(ChangeKind.RATE, 25_000), seen=host.status())
        number = pump.faults.lose_reply(on="Commit")
        assert [fault.id for fault in pump.faults.active] == [number]
        with pump.expect("Resolve"):
            assert host.commit(prepared).revision == 1
    assert pump.faults.active == ()
    assert pump.journal.count("fault", kind="lose-reply") == 1


def test_a_fault_strikes_nothing_that_was_written_before_it_was_asked_for(pump: LivePump) -> None:
    with Host(pump.url, pump.key) as host:
        for _ in range(20):
            host.poll()
            pump.faults.lose_request()
            assert pump.faults.clear() == 1


def test_a_fault_of_the_pump_shows_in_its_truth(pump: LivePump) -> None:
    pump.faults.occlusion()
    pump.clock.advance("1 h")
    assert pump.truth.tip_nl == 0
    assert pump.faults.clear() == 1


def test_a_mistyped_kind_is_refused_with_what_was_meant(pump: LivePump) -> None:
    with pytest.raises(AttributeError, match='did you mean "lose-reply"'):
        _ = pump.faults.lose_replay
    with pytest.raises(ValueError, match=r"by_s"):
        pump.faults.delay(by_s=1)


def test_every_kind_is_a_name_of_the_faults(pump: LivePump) -> None:
    for name in KINDS:
        assert name.replace("-", "_") in dir(pump.faults)
        assert callable(getattr(pump.faults, name.replace("-", "_")))


@pytest.mark.pump(limits="none")
@pytest.mark.parametrize(("kind", "on", "figures"), list(_asked()))
def test_a_host_that_keeps_to_the_protocol_is_never_blamed_for_a_fault(
    pump: LivePump, kind: str, on: str | None, figures: dict[str, int | str]
) -> None:
    with contextlib.suppress(LinkError, OutcomeUnknownError, RefusedError), PumpClient(pump.url) as host:
        pump.faults.add(kind, on=on, **figures)
        with contextlib.suppress(LinkError):
            host.status()
        host.reopen()
        host.commit(host.prepare(Change(ChangeKind.RATE, 25_000), seen=host.status()))
    pump.faults.clear()
    pump.clock.advance("61 s")
    with PumpClient(pump.url) as host:  # asks about what was left in doubt
        host.commit(host.prepare(Change(ChangeKind.RATE, 21_000), seen=host.status()))
    assert pump.journal.count("fault", kind=kind) >= 1
    assert pump.violations == []
