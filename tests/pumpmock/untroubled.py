"""What a pump must be after whatever befell it: as one that nothing befell, and that made each change in its ledger once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.vocabulary import EventKind
from pumpmock.model.pump import Pump

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocol.messages import Change
    from pumpmock.snapshot import Memory

_OF_STARTS = {EventKind.START, EventKind.SESSION}


def assert_untroubled(memory: Memory, before: dict[str, Any], changes: Mapping[bytes, Change]) -> None:
    """Hold a pump against one that was never crashed: to the last remainder of a nanolitre, and its log to the entry.

    Args:
        memory: the pump.
        before: its stored state before the first change.
        changes: what it was asked for, by command id.

    Raises:
        AssertionError: with the first part that differs.
    """
    untroubled = Pump.from_dict(before)
    for line in memory.ledger.lines:
        untroubled.advance_to(line.pump_time_us)
        untroubled.apply(changes[line.command_id], overridden=line.overridden)
    untroubled.advance_to(memory.pump.clock.now_us)
    found = memory.pump.to_dict()
    for name, value in untroubled.to_dict().items():
        if name != "events":
            assert found[name] == value, f"{name} is {found[name]}, and without a crash it is {value}"
    assert _done(memory.pump) == _done(untroubled), "the log tells of more or less than was done"


def _done(pump: Pump) -> list[tuple[int, ...]]:
    log = pump.events.since(0)
    return [
        (one.pump_time_us, one.kind, one.detail, one.a, one.b) for one in log if one.kind not in _OF_STARTS
    ]
