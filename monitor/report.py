"""Readings, events and changes as text and as JSON values: what the commands without a screen print."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from monitor.judgement import S_PER_DAY, days, forecast, mode_text
from monitor.notice import fault_names, notice
from protocol.alarms import unmask
from protocol.messages import NEVER_S
from protocol.units import format_rate, format_span, format_volume, ml
from protocol.vocabulary import EventKind
from protocol.wording import clock_text, event_line, event_text

if TYPE_CHECKING:
    from monitor.judgement import Span
    from monitor.kinds.ground import Fact
    from monitor.snapshot import Reading
    from protocol.messages import Bench, EventRecord, Outcome, Prepared, Status
    from protocol.vocabulary import State


def state_text(state: State) -> str:
    """Return a state as JSON names it: "running"."""
    return state.name.lower()


def reading_fields(reading: Reading, now_ns: int, bench: Bench | None = None) -> dict[str, Any]:
    """Return a reading, with the faults that are injected, as JSON values; the names are a contract with scripts."""
    status = reading.status
    ahead = forecast(status)
    return {
        "serial_number": reading.serial_number,
        "state": state_text(status.state),
        "commanded_rate_nl_h": status.commanded_rate_nl_h,
        "measured_rate_nl_h": status.measured_rate_nl_h,
        "reservoir_nl": status.reservoir_nl,
        "low_reservoir_nl": status.low_reservoir_nl,
        "battery_percent": status.battery_percent,
        "alarms": [kind.name for kind in unmask(status.alarms)],
        "days_to_low": days(ahead.to_low),
        "days_to_empty": days(ahead.to_empty),
        "revision": status.revision,
        "pump_time_us": status.pump_time_us,
        "mode": status.mode.name.lower(),
        "mode_left_s": None if status.mode_left_s == NEVER_S else status.mode_left_s,
        "refusing_s": status.refusing_s,
        "audio_pause_s": status.audio_pause_s,
        "bench_faults": status.bench_faults,
        "bench_fault_names": fault_names(status, bench),
        "age_s": reading.age_ms(now_ns) / 1000,
    }


def reading_text(reading: Reading, url: str, bench: Bench | None = None) -> str:
    """Return a reading as a few lines for a person; that faults are injected is the first."""
    status = reading.status
    ahead = forecast(status)
    mode = mode_text(status)
    alarms = ", ".join(kind.title.lower() for kind in unmask(status.alarms)) or "none"
    told = notice(status, bench)
    lines = {
        **({"BENCH": told} if told else {}),
        "pump": f"{reading.serial_number}, {state_text(status.state)}{f' by {mode}' if mode else ''}, on {url}",
        "rate": f"{format_rate(status.commanded_rate_nl_h)} set, {format_rate(status.measured_rate_nl_h)} measured",
        "reservoir": f"{ml(status.reservoir_nl)} of {format_volume(status.capacity_nl)}, "
        f"low at {ml(status.low_reservoir_nl)}, empty at {ml(status.residual_nl)}",
        "low": _when(ahead.to_low, status.clock_s),
        "empty": _when(ahead.to_empty, status.clock_s),
        "battery": f"{status.battery_percent} %, {status.service_days} days to end of service",
        "alarms": f"{alarms}, sound off for {format_span(status.audio_pause_s)}"
        if status.audio_pause_s
        else alarms,
        "clock": f"{clock_text(status.clock_s)}, revision {status.revision}, start {status.boot}",
    }
    if status.refusing_s:
        lines["changes"] = f"refused for {format_span(status.refusing_s)}, a stop excepted"
    return "\n".join(f"{name:10} {text}" for name, text in lines.items())


def reading_line(reading: Reading, bench: Bench | None = None) -> str:
    """Return a reading in one line; that faults are injected is its end."""
    status = reading.status
    low = days(forecast(status).to_low)
    told = notice(status, bench)
    alarms = ", ".join(kind.title for kind in unmask(status.alarms)) or "no alarms"
    columns = (
        clock_text(status.clock_s),
        f"{state_text(status.state):8}",
        f"{format_rate(status.measured_rate_nl_h):>13}",
        f"{format_volume(status.reservoir_nl):>9}",
        f"{status.battery_percent:3} %",
        "never low     " if low is None else f"low in {low:6.2f} d",
        alarms,
        *((f"BENCH: {told}",) if told else ()),
    )
    return "  ".join(columns)


def event_fields(record: EventRecord) -> dict[str, Any]:
    """Return an entry of the event log as JSON values."""
    return {
        "number": record.number,
        "pump_time_us": record.pump_time_us,
        "clock_s": record.clock_s,
        "kind": EventKind(record.kind).name.lower() if record.kind in set(EventKind) else record.kind,
        "detail": record.detail,
        "a": record.a,
        "b": record.b,
        "text": event_text(record),
    }


def numbered_event(record: EventRecord) -> str:
    """Return an entry of the event log in one line, with its number."""
    return f"{record.number:5}  {event_line(record)}"


def review_text(prepared: Prepared, change: str, facts: tuple[Fact, ...] = ()) -> str:
    """Return a prepared change as the pump read it back: old beside new, and what follows.

    Args:
        prepared: the pump's account of it.
        change: how far the rate goes, in words.
        facts: what it does beside the rate.
    """
    rows = (
        ("", "now", "new"),
        *(
            (f"{one.name[:1].lower()}{one.name[1:]}", one.now, f"{one.new or one.now}  {one.change}")
            for one in facts
        ),
        ("rate", format_rate(prepared.old_rate_nl_h), f"{format_rate(prepared.new_rate_nl_h)}  {change}"),
        ("low in", _span_text(prepared.old_to_low_s), _span_text(prepared.new_to_low_s)),
        ("empty in", _span_text(prepared.old_to_empty_s), _span_text(prepared.new_to_empty_s)),
    )
    wide = max(10, *(len(name) for name, _, _ in rows))
    return "\n".join(f"{name:{wide}} {now:>14}    {new}".rstrip() for name, now, new in rows)


def outcome_fields(prepared: Prepared, outcome: Outcome, now: Status, *, as_set: bool) -> dict[str, Any]:
    """Return what became of a change as JSON values; the names are a contract with scripts."""
    return {
        "change": prepared.change.kind.name.lower(),
        "command_id": outcome.command_id.hex(),
        "revision": outcome.revision,
        "old_rate_nl_h": prepared.old_rate_nl_h,
        "new_rate_nl_h": outcome.rate_nl_h,
        "to_low_s": None if prepared.new_to_low_s == NEVER_S else prepared.new_to_low_s,
        "to_empty_s": None if prepared.new_to_empty_s == NEVER_S else prepared.new_to_empty_s,
        "mode": now.mode.name.lower(),
        "mode_left_s": None if now.mode_left_s == NEVER_S else now.mode_left_s,
        "as_set": as_set,
    }


def _span_text(span_s: int) -> str:
    return "never" if span_s == NEVER_S else f"{span_s * 10 // S_PER_DAY / 10} days"


def _when(span: Span | None, clock_s: int) -> str:
    if span is None:
        return "never at the present rate"
    said = f"in {days(span)} days"
    try:
        date = datetime.fromtimestamp(clock_s + span.expected_s, UTC)
    except (ValueError, OverflowError, OSError):  # later than any calendar
        return said
    return f"{said}, {date:%a %-d %b %Y} by the pump's clock"
