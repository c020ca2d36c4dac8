"""Records of the audit trail in words, one sentence each. What is no record of ours is told as it stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from monitor.verdicts import wish
from protocol.alarms import mask, unmask
from protocol.messages import Change, Step
from protocol.units import format_rate, format_volume
from protocol.vocabulary import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.history.chain import Entry


def told(entry: Entry) -> str:
    """Return what a record tells; text of the device in it is as it came."""
    try:
        return WORDS[entry.kind](cast("dict[str, Any]", entry.facts))
    except (KeyError, TypeError, ValueError):  # of a later version, or of nobody's making; verify tells
        return f"{entry.kind}: {entry.body}"


def wished(facts: dict[str, Any]) -> str:
    """Return what the change of an "intended" record is for: "to 0.600 mL/day".

    Raises:
        KeyError, TypeError, ValueError: it is none that this program writes.
    """
    rest = dict(facts["change"])
    kind = ChangeKind[rest.pop("kind")]
    steps = tuple(Step(**step) for step in rest.pop("steps", ()))
    return wish(Change(kind, steps=steps, **rest))


def _intended(facts: dict[str, Any]) -> str:
    said = f"change {wished(facts)}, seen {format_rate(facts['seen']['rate_nl_h'])}"
    return f"{said}; over a soft limit: {facts['reason']}" if facts["reason"] else said


def _outcome(facts: dict[str, Any]) -> str:
    rate = format_rate(facts["rate_nl_h"])
    if facts["verdict"] == "APPLIED":
        return f"applied as revision {facts['revision']}: {rate}"
    return f"not applied: {rate}"


def _identified(facts: dict[str, Any]) -> str:
    low, empty = format_volume(facts["low_reservoir_nl"]), format_volume(facts["residual_nl"])
    return f"is a {facts['model']}, firmware {facts['firmware']}; low at {low}, empty at {empty}"


def _bench(facts: dict[str, Any]) -> str:
    count, names = facts["faults"], facts["names"]
    if not count:
        return "its bench injects no faults any more"
    return f"its bench injects {count} fault{'' if count == 1 else 's'}{f': {names}' if names else ''}"


def _alarms(bits: int) -> str:
    known = unmask(bits)
    left = bits & ~mask({kind.alarm for kind in known})
    return ", ".join([*(kind.title.lower() for kind in known), *([f"{left:#x}"] if left else [])])


def _clock(wall_s: int) -> str:
    return f"{datetime.fromtimestamp(wall_s, UTC).astimezone():%Y-%m-%d %H:%M}"


WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "intended": _intended,
    "prepared": lambda f: f"the pump would go to {format_rate(f['new_rate_nl_h'])}",
    "committing": lambda f: f"confirmed: {format_rate(f['rate_nl_h'])}",
    "outcome": _outcome,
    "refused": lambda f: f"refused by the pump: {f['sentence']}",
    "no_answer": lambda _: "no answer",
    "read_back_differs": lambda _: "the pump's read-back differs",
    "abandoned": lambda _: "abandoned",
    "given_up": lambda _: "given up without a verdict",
    "acknowledged": lambda f: f"alarms acknowledged: {_alarms(f['alarms'])}",
    "audio_paused": lambda f: f"alarm sound paused for {f['seconds']} s",
    "alarm_acknowledged": lambda f: f"acknowledged here: {', '.join(f['alarms'])}",
    "alarm_shelved": lambda f: f"shelved {f['alarm']} until {_clock(f['until_s'])}: {f['reason']}",
    "alarm_unshelved": lambda f: f"{f['alarm']} left the shelf {f['how']}",
    "sound_paused": lambda f: f"bell paused for {f['seconds']} s",
    "sound_resumed": lambda _: "bell on again",
    "folded": lambda f: f"readings {f['first']} to {f['last']} folded into minutes",
    "disk_full": lambda f: f["problem"],
    "identified": _identified,
    "bench": _bench,
}
