"""Readings: what the device says in one answer agrees with what it says in the others."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from protocol.messages import (
    NEVER_S,
    EventRecord,
    Events,
    GetEvents,
    GetLimits,
    GetProgram,
    Identify,
    Identity,
    Limits,
    Poll,
    Program,
    Statistics,
    Status,
)
from protocol.vocabulary import ChangeKind, Log, Mode, State
from pumpmock.conform.check import Check, SkippedError, demand, ensure
from pumpmock.conform.forge import turned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pumpmock.conform.rig import Rig

_MOST_PAGES = 200  # of six entries: the emulator's log has 1,000 places, another's may have a few more
_AHEAD = 1_000
_SHARED = ("least_rate_nl_h", "most_rate_nl_h", "step_up_percent", "step_down_percent")


def _status(rig: Rig) -> Status:
    return rig.ask(Poll(), Status)


# --- Identity -------------------------------------------------------------------------------------------------------


def _offers_changes(rig: Rig) -> None:
    offered = rig.ask(Identify(), Identity).changes
    ensure(so=not offered & 1, expected="bit 0 of changes clear: there is no kind 0", got=f"0x{offered:x}")
    for kind in (ChangeKind.RATE, ChangeKind.STOP):
        ensure(
            so=bool(offered >> kind & 1), expected=f"a device that offers {kind.name}", got=f"0x{offered:x}"
        )


def _same_store(rig: Rig) -> None:
    first, status = rig.ask(Identify(), Identity), _status(rig)
    demand(first.boot, status.boot, "boot in Identity and Status:")
    demand(rig.ask(Identify(), Identity), first, "the same Identity again:")


# --- Status ---------------------------------------------------------------------------------------------------------


def _time_goes_on(rig: Rig) -> None:
    readings = [_status(rig) for _ in range(4)]
    for name in ("pump_time_us", "newest_event", "revision"):
        found = [getattr(one, name) for one in readings]
        ensure(so=found == sorted(found), expected=f"{name} that never goes back", got=found)


def _volumes(rig: Rig) -> None:
    now = _status(rig)
    ensure(
        so=now.reservoir_nl <= now.capacity_nl,
        expected="reservoir_nl within capacity_nl",
        got=now.reservoir_nl,
    )
    within = now.residual_nl <= now.low_reservoir_nl <= now.capacity_nl
    volumes = (now.residual_nl, now.low_reservoir_nl, now.capacity_nl)
    ensure(so=within, expected="residual_nl <= low_reservoir_nl <= capacity_nl", got=volumes)


def _alarms(rig: Rig) -> None:
    now = _status(rig)
    beside = now.acknowledged & ~now.alarms
    demand(beside, 0, "acknowledged alarms that are not active: bits")


def _stands_at_nothing(rig: Rig) -> None:
    now = _status(rig)
    if now.state is not State.STOPPED:
        raise SkippedError(f"the device is {now.state.name}, not STOPPED")
    demand((now.commanded_rate_nl_h, now.mode), (0, Mode.PROGRAM), "rate and mode while STOPPED:")


def _mode_left(rig: Rig) -> None:
    now = _status(rig)
    if now.mode is Mode.PROGRAM:
        demand(now.mode_left_s, NEVER_S, "mode_left_s of the program:")
        if now.state is State.RUNNING:
            demand(now.commanded_rate_nl_h, now.programmed_rate_nl_h, "commanded rate by the program:")
    elif now.mode is Mode.MINIMUM_RATE:
        demand(now.mode_left_s, NEVER_S, "mode_left_s of the minimum rate:")


# --- Limits ---------------------------------------------------------------------------------------------------------


def _limits_crc(rig: Rig) -> None:
    session = rig.open_session
    rig.send(session.seal(GetLimits.code))
    (frame,) = rig.until(session.sent)
    rig.opened(frame)
    demand(_status(rig).limits_crc, zlib.crc32(frame.payload), "Status.limits_crc")


def _limits_in_status(rig: Rig) -> None:
    limits, now = rig.ask(GetLimits(), Limits), _status(rig)
    for name in _SHARED:
        demand(getattr(now, name), getattr(limits, name), f"Status.{name}, as in Limits:")
    ensure(so=limits.least_rate_nl_h <= limits.most_rate_nl_h, expected="least rate <= most rate", got=limits)


def _prepare_ttl(rig: Rig) -> None:
    demand(rig.ask(GetLimits(), Limits).prepare_ttl_ms, 15_000, "prepare_ttl_ms")


# --- Events ---------------------------------------------------------------------------------------------------------


def _pages(rig: Rig, log: Log) -> Iterator[Events]:
    since = 1
    for _ in range(_MOST_PAGES):
        page = rig.ask(GetEvents(since, log), Events)
        yield page
        if not page.events or page.events[-1].number >= page.newest:
            return
        since = page.events[-1].number + 1
    raise SkippedError(f"the log has more than {_MOST_PAGES} pages")


def entries(rig: Rig, log: Log = Log.EVENTS) -> list[EventRecord]:
    """Return a whole log, oldest first."""
    return [entry for page in _pages(rig, log) for entry in page.events]


def _log(rig: Rig, log: Log) -> None:
    found: list[EventRecord] = []
    newest = 0
    for page in _pages(rig, log):
        demand(page.log, log, "log in the answer:")
        found += page.events
        newest = page.newest
    numbers = [one.number for one in found]
    ensure(so=numbers == sorted(set(numbers)), expected="entry numbers that rise", got=numbers)
    demand(numbers[-1] if numbers else 0, newest, "the last entry is the newest, number")
    times = [one.pump_time_us for one in found]
    ensure(so=times == sorted(times), expected="entries in the order of pump time", got=times)


def _event_log(rig: Rig) -> None:
    _log(rig, Log.EVENTS)
    before = _status(rig).newest_event
    newest = rig.ask(GetEvents(1), Events).newest
    ensure(so=newest >= before, expected=f"newest of at least {before}, as Status.newest_event", got=newest)


def _fault_log(rig: Rig) -> None:
    _log(rig, Log.FAULTS)


def _from_zero(rig: Rig) -> None:
    demand(
        rig.ask(GetEvents(0), Events).events,
        rig.ask(GetEvents(1), Events).events,
        "entries from 0, as from 1:",
    )


def _beyond(rig: Rig) -> None:
    newest = rig.ask(GetEvents(1), Events).newest
    demand(rig.ask(GetEvents(newest + _AHEAD), Events).events, (), "entries beyond the newest:")


def _from_the_middle(rig: Rig) -> None:
    first = rig.ask(GetEvents(1), Events).events
    if len(first) < 2:  # noqa: PLR2004 - a middle takes two
        raise SkippedError("the event log has fewer than two entries")
    found = rig.ask(GetEvents(first[1].number), Events).events
    demand(found[: len(first) - 1], first[1:], "entries from the second on:")


# --- Program --------------------------------------------------------------------------------------------------------


def _program(rig: Rig) -> None:
    for weekday in range(7):
        before = _status(rig)
        day = rig.ask(GetProgram(weekday), Program)
        after = _status(rig)
        demand(day.weekday, weekday, "weekday in the answer:")
        minutes = [step.minute for step in day.steps]
        ensure(so=minutes[:1] == [0], expected="a first step at minute 0", got=minutes)
        ensure(so=minutes == sorted(set(minutes)), expected="steps that rise by their minute", got=minutes)
        if before.mode is after.mode:
            demand(day.mode, after.mode, "mode, as in Status:")
        if day.mode is Mode.PROGRAM:
            demand((day.mode_rate_nl_h, day.mode_left_s), (0, NEVER_S), "rate and time of no mode:")


def _programmed_rate(rig: Rig) -> None:
    before = _status(rig)
    rates = {step.rate_nl_h for day in range(7) for step in rig.ask(GetProgram(day), Program).steps}
    found = _status(rig).programmed_rate_nl_h
    if before.revision == _status(rig).revision:
        ensure(so=found in rates, expected=f"programmed_rate_nl_h that is in the program, {rates}", got=found)


# --- Statistics -----------------------------------------------------------------------------------------------------


def _accepted(rig: Rig) -> None:
    rig.open(rig.open_session.key)
    demand(rig.statistics().accepted, 1, "accepted in a new session:")
    _status(rig)
    demand(rig.statistics().accepted, 3, "accepted after three requests:")


def _sums_up(rig: Rig) -> None:
    session = rig.open_session
    rig.silence(turned(session.seal(Poll.code), -2))
    rig.silence(session.seal(Poll.code, session=session.number ^ 1))
    count = rig.statistics()
    dropped = sum(getattr(count, name) for name in Statistics.__slots__ if name.startswith("bad_"))
    demand(_status(rig).frames_bad, dropped, "Status.frames_bad, the sum of what Statistics counts:")


def _sessions(rig: Rig) -> None:
    before = rig.statistics().sessions
    rig.open(rig.open_session.key)
    demand(rig.statistics().sessions - before, 1, "sessions risen by")


CHECKS = (
    Check("Identity", "boot is that of the Status, and nothing changes from one to the next", _same_store),
    Check(
        "Identity", "the kinds of change that it offers are kinds, RATE and STOP among them", _offers_changes
    ),
    Check("Status", "pump time, revision and newest event never go back", _time_goes_on),
    Check("Status", "volumes are in order", _volumes),
    Check("Status", "only active alarms are acknowledged", _alarms),
    Check("Status", "a stopped device commands nothing, by no mode", _stands_at_nothing),
    Check("Status", "the program has no end, and is what is commanded", _mode_left),
    Check("Limits", "limits_crc in Status is the CRC-32 of the payload of Limits", _limits_crc),
    Check("Limits", "what Status tells of the limits is in Limits", _limits_in_status),
    Check("Time-outs", "a prepared change waits 15 s", _prepare_ttl),
    Check(
        "Events", "the event log is read in pages to its newest entry, numbers and times rising", _event_log
    ),
    Check("Events", "the fault log is, too", _fault_log),
    Check("Events", "number 0 is taken as 1", _from_zero),
    Check("Events", "a page begins with the number that was asked for", _from_the_middle),
    Check("Events", "beyond the newest entry there is an empty page", _beyond),
    Check("Program", "each weekday has steps that rise from minute 0", _program),
    Check("Program", "the programmed rate of Status is in it", _programmed_rate),
    Check("Statistics", "accepted counts this session's requests", _accepted),
    Check("Statistics", "frames_bad of Status is the sum", _sums_up),
    Check("Statistics", "sessions counts those that opened", _sessions),
)
