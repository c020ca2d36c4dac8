"""The tables of docs/protocol.md, made from the declarations in `protocol`.

`python -m docs.tables` prints the page as it should be; with `--write` it brings the page up to date.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import construct

from docs.machines import machines
from protocol.alarms import KINDS, Alarm
from protocol.fields import specs
from protocol.frame import FROM_DEVICE
from protocol.messages import MESSAGES, USED, Change, EventRecord, Step
from protocol.vocabulary import (
    ChangeKind,
    EventKind,
    Log,
    Mode,
    PressRefusal,
    Refusal,
    Role,
    State,
    Verdict,
)
from pumpmock.model.alarms import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from enum import IntEnum

    from protocol.alarms import AlarmKind, Sound
    from protocol.fields import Spec
    from pumpmock.model.alarms import Rule

PAGE = Path(__file__).with_name("protocol.md")

MEANINGS: dict[type[IntEnum], dict[Any, str]] = {
    Role: {
        Role.VIEWER: "reads",
        Role.TECHNICIAN: "reads and changes",
        Role.DEVELOPER: "the same today; kept for what only a bench may do",
    },
    State: {
        State.STOPPED: "stopped, by a change or by an alarm, until RESUME",
        State.RUNNING: "delivering",
        State.EMPTY: "at the residual volume: nothing is delivered",
        State.END_OF_SERVICE: "the motor is off for good",
        State.STALLED: "the motor was told to turn and stands",
    },
    Mode: {
        Mode.PROGRAM: "the program: a rate, or a pattern by weekday",
        Mode.MINIMUM_RATE: "the minimum rate of `Limits`, until RESUME",
        Mode.TEMPORARY_RATE: "a temporary rate, for its duration",
        Mode.BOLUS: "a bolus, for its duration",
        Mode.PRIME: "a prime: fills the way to the catheter's tip",
        Mode.BRIDGE: "a bridge bolus: pushes the old drug out of the catheter",
        Mode.PATIENT_BOLUS: "a bolus that the patient had by the button, until its volume is delivered",
    },
    ChangeKind: {
        ChangeKind.RATE: "program one rate for all days",
        ChangeKind.STOP: "stop the motor; the program is kept",
        ChangeKind.RESUME: "run by the program again",
        ChangeKind.MINIMUM_RATE: "run at the minimum rate of `Limits`",
        ChangeKind.TEMPORARY_RATE: "run at a rate for a while, then by the program",
        ChangeKind.BOLUS: "deliver a volume within a duration, then run by the program",
        ChangeKind.FLEX: "program a day's pattern for some weekdays",
        ChangeKind.REFILL: "tell what was taken out of the reservoir and filled in",
        ChangeKind.PRIME: "deliver a volume as fast as the pump does, then run by the program",
        ChangeKind.BRIDGE: "deliver a volume at a rate, then run by the program",
        ChangeKind.CLOCK: "set the calendar clock",
    },
    Verdict: {
        Verdict.APPLIED: "applied, at the revision that is told",
        Verdict.NOT_APPLIED: "not applied; prepared no longer",
    },
    Refusal: {
        Refusal.ROLE: "the key only reads; bound 0",
        Refusal.STALE_REVISION: "decided on another revision; bound: the present one",
        Refusal.STALE_RATE: "decided on another commanded rate; bound: the present one, nL/h",
        Refusal.BELOW_LEAST: "rate below the hard limit; bound: the limit, nL/h",
        Refusal.ABOVE_MOST: "rate above the hard limit; bound: the limit, nL/h",
        Refusal.STEP_UP: "too large an increase; bound: the greatest rate in this step, nL/h",
        Refusal.STEP_DOWN: "too large a decrease; bound: the least rate in this step, nL/h",
        Refusal.BUSY: "another change is prepared; bound: it expires in so many ms",
        Refusal.NOT_PREPARED: "no such id and token in this session, or expired; bound 0",
        Refusal.ALREADY_APPLIED: "a Prepare of a change that was applied; bound: the present revision",
        Refusal.WRONG_STATE: "the pump's state forbids it; bound 0",
        Refusal.UNSUPPORTED: "a type that this pump does not know; bound 0",
        Refusal.MALFORMED: "a wrong size, or a field outside its range; bound 0",
        Refusal.NOT_STORED: "the change could not be stored, so it was not made; bound 0",
        Refusal.BELOW_DOSE: "daily dose below the hard limit; bound: the limit, ug/day",
        Refusal.ABOVE_DOSE: "daily dose above the hard limit; bound: the limit, ug/day",
        Refusal.DAY_UP: "too large an increase within 24 h; bound: the greatest rate now, nL/h",
        Refusal.DAY_VOLUME: "too much within 24 h, delivered and committed; bound: the limit, nL",
        Refusal.BOLUS_VOLUME: "too large a bolus; bound: the limit, nL",
        Refusal.TOO_SOON: "too soon after the last change; bound: s left",
        Refusal.LOCKED: "changes are locked after too many refusals; bound: s left",
        Refusal.NOT_OFFERED: "this pump does not offer this kind of change; bound 0",
        Refusal.DURATION: "too short or too long; bound: the least or the greatest duration, s",
        Refusal.VOLUME: "a volume that the pump can't hold or deliver; bound: the limit, nL",
        Refusal.VOID: "a Prepare of a change that was resolved as not applied; bound 0",
        Refusal.DRUG_UNKNOWN: "a RESUME with a drug or a concentration that the pump's drug library does not have; bound: the concentration, ug/mL",
        Refusal.BOLUS_DOSE: "dose of one bolus outside the hard limits; bound: the limit, ug",
    },
    PressRefusal: {
        PressRefusal.NOT_OFFERED: "this pump offers no patient bolus",
        PressRefusal.STANDS: "the motor stands: stopped, held, or at a temporary rate of 0",
        PressRefusal.ALARM: "an alarm is active that lessens the flow",
        PressRefusal.MINIMUM_RATE: "the minimum rate was commanded",
        PressRefusal.RUNNING: "another patient bolus runs",
        PressRefusal.UNDISTURBED: "a prime or a bridge runs, which nothing may interrupt",
        PressRefusal.LOCKOUT: "too soon after the last one that was granted",
        PressRefusal.DAILY_MAXIMUM: "as many as may be had in 24 h were granted within 24 h",
        PressRefusal.OUTSIDE_LIMITS: "volume or dose outside the limits of one bolus, or faster than the greatest rate",
        PressRefusal.DAY_VOLUME: "too much within 24 h, delivered and committed",
        PressRefusal.RESERVOIR: "more than the reservoir can give",
    },
    EventKind: {
        EventKind.START: "the pump started",
        EventKind.ALARM_RAISED: "detail: bit of the alarm",
        EventKind.ALARM_CLEARED: "detail: bit of the alarm",
        EventKind.ACKNOWLEDGED: "detail: bit of the alarm",
        EventKind.RATE_CHANGED: "a: old rate, b: new rate, nL/h",
        EventKind.STOPPED: "a: rate before, nL/h",
        EventKind.RESUMED: "b: rate after, nL/h",
        EventKind.REFUSED: "detail: refusal, a: rate that was wanted, nL/h, b: bound",
        EventKind.MINIMUM_RATE: "a: rate before, b: rate after, nL/h",
        EventKind.TEMPORARY_RATE: "a: rate, nL/h, b: duration, s",
        EventKind.BOLUS: "a: volume, nL, b: duration, s",
        EventKind.FLEX: "detail: weekdays, a bit each, a: volume of the day, nL",
        EventKind.REFILLED: "a: volume withdrawn, b: volume filled, nL",
        EventKind.PRIME: "a: volume, nL",
        EventKind.BRIDGE: "a: volume, nL, b: rate, nL/h",
        EventKind.CLOCK_SET: "a: what the calendar clock said before, s",
        EventKind.MODE_ENDED: "detail: the mode that ended, a: its rate, b: rate after, nL/h",
        EventKind.SESSION: "sessions were opened; detail: their role, a: how many",
        EventKind.BAD_HANDSHAKES: "a: handshake frames with a wrong tag",
        EventKind.AUDIO_PAUSED: "a: the pause, s; 0 where the sound is on again",
        EventKind.REFUSALS: "refusals beyond those told one by one; detail: role, a: how many",
        EventKind.STORE_FAILED: "the state could not be stored; detail: error number of the system",
        EventKind.STORED_AGAIN: "the state could be stored again; a: tries that failed",
        EventKind.PATIENT_BOLUS: "the patient pressed; a: volume, nL, b: duration, s",
        EventKind.PATIENT_BOLUS_REFUSED: "the patient pressed; detail: press refusal",
    },
    Log: {
        Log.EVENTS: "the event log: what the pump did, and what was asked of it",
        Log.FAULTS: "the fault log: alarms of faults, raised and cleared, and failures to store",
    },
}


def tables() -> str:
    """Return all tables, as they stand between the markers of the page."""
    parts = [_message_table(kind) for kind in (*MESSAGES.values(), Change, Step, EventRecord)]
    parts += [_used_table(), *(_enum_table(kind) for kind in MEANINGS), _alarm_table(), _rules_table()]
    return "\n\n".join(parts)


def updated(page: str) -> str:
    """Return the page with the tables and diagrams of today.

    Raises:
        ValueError: where the page has not each marker once, in order.
    """
    for name, made in (("machines", machines()), ("tables", tables())):
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, rest = page.split(f"{begin}\n")
        _, after = rest.split(end)
        page = f"{before}{begin}\n\n{made}\n\n{end}{after}"
    return page


def _message_table(kind: type[Any]) -> str:
    sender = "pump → host" if kind.code & FROM_DEVICE else "host → pump"
    title = f"{kind.__name__}, 0x{kind.code:02X}, {sender}" if kind.code else f"{kind.__name__}, a record"
    head = f"#### {title}\n\n{_sentence(kind)}"
    if not specs(kind):
        return f"{head} The payload is empty."
    return f"{head}\n\n{_table(('offset', 'size', 'type', 'field', 'unit', 'range', 'meaning'), _rows(kind))}"


def _sentence(kind: type[Any]) -> str:
    return (kind.__doc__ or "").strip().split("\n")[0]


def _rows(kind: type[Any]) -> Iterator[tuple[str, ...]]:
    offset: int | None = 0
    for name, spec in specs(kind).items():
        size = _fixed_size(spec)
        place = "then" if offset is None else str(offset)
        yield (place, *_layout(spec), f"`{name}`", spec.unit, _range(spec), spec.doc)
        offset = None if offset is None or size is None else offset + size


def _fixed_size(spec: Spec) -> int | None:
    if spec.record is not None and spec.most is None:
        sizes = [_fixed_size(one) for one in specs(spec.record).values()]
        return None if None in sizes else sum(size or 0 for size in sizes)
    return None if spec.text or spec.record else int(spec.subcon.length)


def _layout(spec: Spec) -> tuple[str, str]:
    if spec.record is not None:
        fields = specs(spec.record).values()
        size = sum(_fixed_size(one) or 0 for one in fields)
        if spec.most is not None:
            return f"1 + {size} n", f"u8 n, then n {spec.record.__name__}"
        varying = " + ".join(_layout(one)[0] for one in fields if _fixed_size(one) is None)
        return f"{size} + {varying}" if varying else str(size), spec.record.__name__
    if spec.text:
        return "1 + n", "u8 n, then n characters"
    size = spec.subcon.length
    return str(size), "bytes" if isinstance(spec.subcon, construct.Bytes) else f"u{8 * size}"


def _range(spec: Spec) -> str:
    if spec.choices is not None:
        return spec.choices.__name__
    if spec.record is not None:
        return "any" if spec.most is None else f"n ≤ {spec.most}"
    if spec.text:
        return f"n ≤ {spec.most}, 0x20 to 0x7E"
    if spec.most is None or (not spec.least and spec.most == (1 << 8 * spec.subcon.length) - 1):
        return "any"
    most = "" if spec.most == (1 << 8 * spec.subcon.length) - 1 else f" to {spec.most}"
    return f"{spec.least}{most or ' or more'}"


def _used_table() -> str:
    rows = (
        (kind.name, ", ".join(f"`{name}`" for name in specs(Change) if name in USED[kind]) or "none")
        for kind in ChangeKind
    )
    head = "#### Kinds of change\n\nThe fields of a Change that each kind uses, beside `kind`; all others are 0 or empty."
    return f"{head}\n\n{_table(('kind', 'fields'), rows)}"


def _enum_table(kind: type[IntEnum]) -> str:
    rows = ((str(int(member)), member.name, MEANINGS[kind][member]) for member in kind)
    return f"#### {kind.__name__}\n\n{_sentence(kind)}\n\n{_table(('value', 'name', 'meaning'), rows)}"


def _alarm_table() -> str:
    rows = (
        (str(int(kind.alarm)), kind.alarm.name, *_urgency(kind), kind.consequence, kind.action)
        for kind in sorted(KINDS.values(), key=lambda kind: kind.alarm)
    )
    head = (
        "#### Alarms\n\nThe bit of each in `Status.alarms`, `Status.acknowledged` and `Acknowledge.alarms`."
    )
    heads = ("bit", "name", "priority", "harm", "onset", "what follows", "what to do")
    return f"{head}\n\n{_table(heads, rows)}"


def _urgency(kind: AlarmKind) -> tuple[str, ...]:
    return kind.priority.name.lower(), kind.harm.name.lower(), kind.onset.name.lower()


def _rules_table() -> str:
    rows = ((alarm.name, *_rule(RULES[alarm]), _sound(KINDS[alarm].sound)) for alarm in Alarm)
    head = (
        "#### What this pump does in an alarm\n\n"
        "The wire does not depend on it: another pump may do otherwise. An occluded, leaking or disconnected catheter "
        "raises no alarm, as in such pumps: the motor turns, and nothing inside the pump can tell."
    )
    heads = ("name", "condition", "rate", "latches", "ended by the change", "fault log", "sound")
    return f"{head}\n\n{_table(heads, rows)}"


def _rule(rule: Rule) -> tuple[str, ...]:
    ended_by = " or ".join(kind.name for kind in sorted(rule.ended_by)) or "none"
    return rule.condition, rule.effect.value, rule.latch.value, ended_by, "yes" if rule.fault else "no"


def _sound(sound: Sound) -> str:
    assumed = " (an assumption)" if sound.assumed else ""
    return f"{sound.name}, every {sound.repeat_s // 60} min{assumed}"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    fresh = updated(PAGE.read_text(encoding="utf-8"))
    if "--write" in sys.argv:
        PAGE.write_text(fresh, encoding="utf-8")
    else:
        sys.stdout.write(fresh)
