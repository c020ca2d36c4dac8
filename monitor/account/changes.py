"""The changes of a pump as the audit trail has them: a deed a change, from what was meant to what became of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from monitor.history.told import whose
from monitor.trail_text import wished

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.account.facts import Period
    from monitor.history.anchors import Comparison
    from monitor.history.chain import Entry
    from monitor.history.told import Pump

_ENDINGS: Final[Mapping[str, str]] = {
    "intended": "no answer to it is on record",
    "prepared": "prepared, never confirmed",
    "committing": "OUTCOME UNKNOWN",
    "no_answer": "no answer: never confirmed",
    "read_back_differs": "abandoned: the pump read back something else",
    "abandoned": "abandoned",
    "given_up": "given up without a verdict",
}
_APPLIED: Final = "APPLIED"
# What is no change and was done here all the same.
ACTS: Final = frozenset(
    {
        *("acknowledged", "audio_paused", "alarm_acknowledged", "alarm_shelved", "alarm_unshelved"),
        *("sound_paused", "sound_resumed", "disk_full"),
    }
)


@dataclass(frozen=True, slots=True)
class Deed:
    """A change that was meant here.

    Attributes:
        at_ms: when it was meant, this host's calendar clock.
        by: the key by which it was made, and its role.
        wish: what it was for: "to 0.600 mL/day"; empty where its beginning is not on record.
        old_nl_h: the rate that its operator saw; None where that is not on record.
        new_nl_h: the rate after it, or the one that was wanted; None where neither is on record.
        reason: why a soft limit was overridden; empty where none was.
        outcome: what became of it.
        applied: whether it was.
        revision: that it made; None where it made none.
        in_log: whether the pump's own log has it too; None where that does not reach, or it was not applied.
        records: the first and the last record of it.
    """

    at_ms: int
    by: str
    wish: str
    old_nl_h: int | None
    new_nl_h: int | None
    reason: str
    outcome: str
    applied: bool
    revision: int | None
    in_log: bool | None
    records: tuple[int, int]


def deeds(trail: Iterable[Entry], pump: Pump, period: Period, beside: Comparison) -> tuple[Deed, ...]:
    """Return the changes of a pump of which anything is on record within a period, in the order in which they were meant.

    Args:
        trail: the audit trail, oldest first.
        pump: whose.
        period: within which.
        beside: how the trail stands with the pump's own log.

    Raises:
        ValueError: a record is none that this program writes.
    """
    by_command: dict[str, list[tuple[Entry, dict[str, Any]]]] = {}
    for entry in trail:
        facts = cast("dict[str, Any]", entry.facts)
        if "command" in facts and whose(facts) == pump:
            by_command.setdefault(str(facts["command"]), []).append((entry, facts))
    in_log: dict[int, bool | None] = dict.fromkeys((one.seq for one in beside.missing), False)
    in_log |= dict.fromkeys((one.seq for one in beside.untold), None)
    return tuple(
        _deed(records, in_log)
        for records in by_command.values()
        if any(period.from_ms <= entry.wall_ms < period.to_ms for entry, _ in records)
    )


def acts(trail: Iterable[Entry], pump: Pump, period: Period) -> tuple[Entry, ...]:
    """Return what else was done here to a pump, or about its alarms, within a period."""
    return tuple(
        entry
        for entry in trail
        if entry.kind in ACTS
        and period.from_ms <= entry.wall_ms < period.to_ms
        and entry.facts.get("pump", pump.serial_number) == pump.serial_number
    )


def _deed(records: list[tuple[Entry, dict[str, Any]]], in_log: Mapping[int, bool | None]) -> Deed:
    try:
        return _read(records, in_log)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"record {records[0][0].seq} is none that pump-monitor writes") from error


def _read(records: list[tuple[Entry, dict[str, Any]]], in_log: Mapping[int, bool | None]) -> Deed:
    by_kind = {entry.kind: (entry, facts) for entry, facts in records}
    (first, who), last = records[0], records[-1][0]
    meant = by_kind["intended"][1] if "intended" in by_kind else None
    verdict = by_kind.get("outcome")
    applied = verdict is not None and verdict[1]["verdict"] == _APPLIED
    new = by_kind["prepared"][1]["new_rate_nl_h"] if "prepared" in by_kind else None
    return Deed(
        at_ms=first.wall_ms,
        by=f"{str(who['role']).lower()} {who['by']}",
        wish="" if meant is None else wished(meant),
        old_nl_h=None if meant is None else int(meant["seen"]["rate_nl_h"]),
        new_nl_h=int(verdict[1]["rate_nl_h"]) if applied and verdict else None if new is None else int(new),
        reason="" if meant is None else str(meant["reason"] or ""),
        outcome=_outcome(by_kind, applied=applied),
        applied=applied,
        revision=int(verdict[1]["revision"]) if applied and verdict else None,
        in_log=in_log.get(verdict[0].seq, True) if applied and verdict else None,
        records=(first.seq, last.seq),
    )


def _outcome(by_kind: Mapping[str, tuple[Entry, dict[str, Any]]], *, applied: bool) -> str:
    if "outcome" in by_kind:
        return "applied" if applied else "not applied"
    if "refused" in by_kind:
        return f"refused: {by_kind['refused'][1]['sentence']}"
    if "given_up" not in by_kind and "committing" in by_kind:
        return _ENDINGS["committing"]
    latest = max(by_kind, key=lambda kind: by_kind[kind][0].seq)
    return _ENDINGS.get(latest, latest)
