"""The sections of a page, each a table, or a sentence where there is nothing to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from monitor.account.clock import instant, time
from monitor.account.records import LOGGED, NONE, entries, nothing, section
from monitor.account.tags import table, tag
from monitor.marks import MARK
from monitor.trail_text import told
from protocol.units import format_rate, format_span, format_volume, ml_day
from protocol.vocabulary import Mode, State
from protocol.wording import clock_text, event_word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo
    from enum import IntEnum
    from xml.etree.ElementTree import Element

    from monitor.account.alarms import Episode
    from monitor.account.changes import Deed
    from monitor.account.facts import Account, Sample
    from monitor.account.tags import Child
    from protocol.messages import EventRecord

# --- readings --------------------------------------------------------------------------------------------------------


def readings(account: Account, zone: tzinfo | None) -> Element:
    """Return the figures at the start and at the end, and the least and the most between them."""
    found, points = account.readings, account.points
    first, last = found.first, found.last
    extremes = [
        (min(least), max(most)) if least else None
        for least, most in zip(points.least, points.most, strict=True)
    ]
    commanded, measured, reservoir, sensed = (
        (NONE, NONE) if one is None else tuple(map(form, one))
        for one, form in zip(extremes, (format_rate, format_rate, format_volume, format_volume), strict=True)
    )
    battery = tuple(f"{one} %" for one in found.battery)
    rows = [
        ("Rate, set", *(format_rate(one.commanded_rate_nl_h) for one in (first, last)), *commanded),
        ("Rate, measured", *(format_rate(one.measured_rate_nl_h) for one in (first, last)), *measured),
        ("Reservoir, expected", *(format_volume(one.reservoir_nl) for one in (first, last)), *reservoir),
        ("Reservoir, sensed", *(format_volume(one.sensed_nl) for one in (first, last)), *sensed),
        ("Battery", *(f"{one.battery_percent} %" for one in (first, last)), *battery),
        ("State", *(_state(one) for one in (first, last)), "", ""),
        ("Revision", *(_whole(one.revision) for one in (first, last)), "", ""),
        (
            "Delivered since the last fill",
            *(NONE if one.delivered_nl is None else format_volume(one.delivered_nl) for one in (first, last)),
            "",
            "",
        ),
        (
            "Pump's clock",
            *(NONE if one.clock_s is None else clock_text(one.clock_s) for one in (first, last)),
            "",
            "",
        ),
    ]
    headings = (
        "",
        f"first, {instant(first.at_ms, zone)}",
        f"last, {instant(last.at_ms, zone)}",
        "least",
        "most",
    )
    aside = tag("p", f"{found.total:,} readings.{_coarse(first)}{_pace(first, last)}", class_="aside")
    return section("Readings", aside, table("Readings", headings, rows, figures="01111"))


def _state(one: Sample) -> str:
    state = _named(State, one.state)
    return state if one.mode in (None, Mode.PROGRAM) else f"{state}, {_named(Mode, one.mode)}"


def _named(kind: type[IntEnum], number: int | None) -> str:
    if number is None:
        return NONE
    return kind(number).name.lower().replace("_", " ") if number in set(kind) else str(number)


def _whole(figure: int | None) -> str:
    return NONE if figure is None else str(figure)


def _coarse(first: Sample) -> str:
    """Say that what is older is kept as minutes or hours only."""
    if not first.span_s:
        return ""
    return " What is older than a week is kept as minutes, what is older than a year as hours: its rate is their mean."


def _pace(first: Sample, last: Sample) -> str:
    """Say how the pump's time went beside this host's, where that was not one to one."""
    if first.pump_time_us is None or last.pump_time_us is None or last.at_ms <= first.at_ms:
        return ""
    pump_s, host_s = (
        (last.pump_time_us - first.pump_time_us) // 1_000_000,
        (last.at_ms - first.at_ms) // 1_000,
    )
    if abs(pump_s - host_s) * 10 <= host_s + 20:
        return ""
    return (
        f" In {format_span(host_s)} of this host's time {format_span(max(pump_s, 0))} of the pump's passed."
    )


# --- the link --------------------------------------------------------------------------------------------------------


def links(account: Account, zone: tzinfo | None) -> Element:
    """Return when nothing was read, and what the pump's own log has of it."""
    if not account.gaps:
        return section("Link", nothing("No readings are missing."))
    rows = []
    for gap in account.gaps:
        filled = gap.filled(account.events)
        what = ", ".join(dict.fromkeys(event_word(one) for one in filled))
        said = f"{len(filled)} entries: {what}" if filled else "nothing was logged meanwhile"
        if gap.from_event is None or gap.to_event is None:
            said = NONE
        why = gap.why or NONE
        rows.append((time(gap.from_ms, zone), time(gap.to_ms, zone), format_span(gap.seconds), why, said))
    more = None
    if account.more_gaps:
        more = tag("p", f"{account.more_gaps} shorter ones are not listed.", class_="aside")
    aside = tag(
        "p",
        "The link was lost, or no monitor ran. What the pump logged meanwhile it was asked for when it answered again.",
        class_="aside",
    )
    headings = (
        "Last reading before",
        "First reading after",
        "For",
        "Why",
        "Filled in from the pump's own log",
    )
    return section("Link", aside, table("Times without readings", headings, rows, figures="00100"), more)


# --- alarms ----------------------------------------------------------------------------------------------------------


def alarms(account: Account, zone: tzinfo | None) -> Element:
    """Return the alarms, and what was done about them here."""
    children: list[Child] = []
    if account.alarms:
        headings = ("Alarm", "Priority", "Raised", "Acknowledged", "Cleared", "Consequence")
        rows = [_alarm(one, account, zone) for one in account.alarms]
        children.append(
            tag(
                "p",
                "From the pump's own log. Its clock is exact; this host's time is worked out from the readings around it.",
                class_="aside",
            )
        )
        children.append(table("Alarms", headings, rows))
    else:
        children.append(nothing("No alarm of the pump was active in this period."))
    if account.acts:
        acts = [
            (time(entry.wall_ms, zone), _by(cast("dict[str, Any]", entry.facts)), told(entry))
            for entry in account.acts
        ]
        children.append(tag("h3", "What was done about them here"))
        children.append(table("What was done about alarms here", ("Time", "By", "What"), acts))
    return section("Alarms", *children)


def _alarm(one: Episode, account: Account, zone: tzinfo | None) -> Sequence[Child]:
    priority: Child = "not known"
    if one.priority is not None:
        name = one.priority.name.lower()
        priority = tag("span", f"{MARK[one.priority]} {name}", class_=f"priority {name}")
    return (
        one.title,
        priority,
        _when(one.raised, account, zone, "before the log begins"),
        _when(one.acknowledged, account, zone, "nobody has"),
        _when(one.cleared, account, zone, "still active"),
        one.consequence,
    )


def _when(one: EventRecord | None, account: Account, zone: tzinfo | None, otherwise: str) -> Child:
    """Return when an entry was logged: about when by this host's clock, as far as that is known, and by the pump's."""
    if one is None:
        return tag("em", otherwise)
    at_ms = account.host_ms(one)
    here = None if at_ms is None else time(at_ms, zone)
    return tag("span", here, tag("small", f"pump {clock_text(one.clock_s)}", class_="clock"))


def _by(facts: dict[str, Any]) -> str:
    return f"{str(facts.get('role', '')).lower()} {facts.get('by', '')}".strip() or "this dashboard"


# --- changes ---------------------------------------------------------------------------------------------------------


def changes(account: Account, zone: tzinfo | None) -> Element:
    """Return every change that was meant here, and those of others that the pump's log has."""
    children: list[Child] = []
    if account.deeds:
        headings = ("No.", "Time", "Change", "Rate, mL/day", "Outcome", "Rev.", "In its log", "By")
        rows = [_change(number, deed, zone) for number, deed in enumerate(account.deeds, 1)]
        children.append(table("Changes", headings, rows, figures="10010100"))
    else:
        children.append(nothing("Nothing was changed from here in this period."))
    if account.others:
        children.append(tag("h3", "Changes by another host"))
        children.append(
            tag(
                "p",
                "In the pump's log, and not in this audit trail: made elsewhere, or cut from it.",
                class_="aside",
            )
        )
        children.append(
            table("Changes by another host", LOGGED, entries(account.others, account, zone), figures="1")
        )
    return section("Changes", *children)


def _change(number: int, deed: Deed, zone: tzinfo | None) -> Sequence[Child]:
    reason = tag("small", f"Reason: {deed.reason}") if deed.reason else None
    outcome = deed.outcome if deed.applied else tag("em", deed.outcome)
    in_log: Child = NONE if deed.in_log is None else "yes" if deed.in_log else tag("em", "missing")
    return (
        str(number),
        time(deed.at_ms, zone),
        tag("span", deed.wish or "its beginning is not on record", reason),
        _rates(deed),
        outcome,
        _whole(deed.revision),
        in_log,
        deed.by,
    )


def _rates(deed: Deed) -> Element:
    """Return the rate before, and after it the one that is; struck out, the one that was only wanted."""
    old = NONE if deed.old_nl_h is None else ml_day(deed.old_nl_h)
    new = NONE if deed.new_nl_h is None else ml_day(deed.new_nl_h)
    return tag("span", f"{old} \N{RIGHTWARDS ARROW} ", new if deed.applied else tag("s", new))
