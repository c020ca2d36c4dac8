"""What a change does beside the rate, old beside new: volumes, concentration, the day's pattern, the end of the mode."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.kinds.days import WEEKDAYS, days_text, even_rate
from monitor.kinds.ground import Fact
from protocol.messages import NEVER_S
from protocol.units import NL_PER_ML, S_PER_H, format_rate, format_span, format_volume, ml, ml_day
from protocol.vocabulary import ChangeKind, Mode

if TYPE_CHECKING:
    from monitor.kinds.ground import Ground
    from protocol.messages import Change, Prepared, Status

NONE = "\N{EN DASH}"


def nothing(_change: Change | None, _ground: Ground, _prepared: Prepared | None) -> tuple[Fact, ...]:
    """Tell nothing beside the rate."""
    return ()


def passing(change: Change | None, ground: Ground, prepared: Prepared | None) -> tuple[Fact, ...]:
    """Tell when the mode ends, and what goes on then."""
    status = ground.status
    now = NONE if status.mode_left_s == NEVER_S else format_span(status.mode_left_s)
    if change is None or prepared is None:
        return (Fact("Mode ends in", now),)
    spanned = format_span(span_s(change, prepared.new_rate_nl_h))
    return (Fact("Mode ends in", now, spanned, f"then {format_rate(status.programmed_rate_nl_h)}"),)


def given(change: Change | None, ground: Ground, prepared: Prepared | None) -> tuple[Fact, ...]:
    """Tell the volume that is given, its dose, and when that ends."""
    return (_volume(change, ground), *passing(change, ground, prepared))


def pattern(change: Change | None, ground: Ground, _prepared: Prepared | None) -> tuple[Fact, ...]:
    """Tell what flows in a day of the pattern."""
    days = [
        day for day in range(len(WEEKDAYS)) if change is None or change.weekdays >> day & 1
    ]  # the whole week, as it is
    old = sorted({even_rate(ground.week[day]) for day in days}) if ground.week else []
    now = NONE if not old else "-".join(ml_day(rate) for rate in dict.fromkeys((old[0], old[-1])))
    if change is None:
        return Fact("mL a day", now), Fact("Days, steps", NONE)
    new = even_rate(change.steps)
    steps = f"{days_text(change.weekdays)}, {len(change.steps)}"
    return Fact("mL a day", now, ml_day(new)), Fact("Days, steps", NONE, steps)


def reservoir(change: Change | None, ground: Ground, _prepared: Prepared | None) -> tuple[Fact, ...]:
    """Tell what was in the reservoir beside what was expected there, what is in it now, and of which drug."""
    status = ground.status
    expected, held = format_volume(status.reservoir_nl), concentration_text(status.concentration_ug_ml)
    if change is None:
        return Fact("Withdrawn", expected), Fact("Reservoir", expected), Fact("Concentration", held)
    off = _off(change.withdrawn_nl - status.reservoir_nl)
    new = concentration_text(change.concentration_ug_ml)
    return (
        Fact("Withdrawn", expected, format_volume(change.withdrawn_nl), off),
        Fact("Reservoir", expected, format_volume(change.volume_nl)),
        Fact("Concentration", held, new, _dose_change(change, status)),
    )


def calendar(change: Change | None, ground: Ground, _prepared: Prepared | None) -> tuple[Fact, ...]:
    """Tell what the pump's clock says."""
    old_s = ground.status.clock_s
    if change is None:
        return (Fact("Clock", short_clock(old_s)),)
    moved = change.clock_s - old_s
    by = f"{'+' if moved >= 0 else '-'}{format_span(abs(moved))}"
    return (Fact("Clock", short_clock(old_s), short_clock(change.clock_s), by),)


def span_s(change: Change, rate_nl_h: int) -> int:
    """Return after how many seconds the mode of a change ends; the rate in nL/h is the pump's own."""
    if change.kind is ChangeKind.TEMPORARY_RATE:
        return change.duration_s
    return -(-change.volume_nl * S_PER_H // rate_nl_h) if rate_nl_h else 0


def concentration_text(concentration_ug_ml: int) -> str:
    """Write a concentration: "500 ug/mL"; 0 is not known."""
    return f"{concentration_ug_ml} ug/mL" if concentration_ug_ml else "not known"


def exact_text(volume_nl: int) -> str:
    """Write a volume to the nanolitre, two decimals at the least: "0.10 mL"."""
    whole, digits = f"{ml(volume_nl, 6)}".split(".")
    return f"{whole}.{digits[:2]}{digits[2:].rstrip('0')} mL"


def clock_text(clock_s: int) -> str:
    """Write an instant of the pump's calendar clock as it is typed: "2026-11-29 12:00:07"."""
    return f"{datetime.fromtimestamp(clock_s, UTC):%Y-%m-%d %H:%M:%S}"


def short_clock(clock_s: int) -> str:
    """Write such an instant in fifteen characters: "29 Nov 12:00:07"; a dash beyond the calendar."""
    try:
        instant = datetime.fromtimestamp(clock_s, UTC)
    except (ValueError, OverflowError, OSError):
        return NONE
    return f"{instant.day} {instant:%b %H:%M:%S}"


def dose_text(volume_nl: int, concentration_ug_ml: int) -> str:
    """Write the dose of a volume to the nearest 0.1 ug: "50.0 ug"; empty where the concentration is not known."""
    tenths = (10 * volume_nl * concentration_ug_ml + NL_PER_ML // 2) // NL_PER_ML
    return f"{tenths // 10}.{tenths % 10} ug" if concentration_ug_ml else ""


def mode_words(mode: Mode) -> str:
    """Name a mode in words: "temporary rate"."""
    return mode.name.lower().replace("_", " ")


def _volume(change: Change | None, ground: Ground) -> Fact:
    if change is None:
        return Fact("Volume", NONE)
    dose = dose_text(change.volume_nl, ground.status.concentration_ug_ml)
    return Fact("Volume", NONE, f"{ml(change.volume_nl, 4)} mL", dose)


def _off(difference_nl: int) -> str:
    sign = "-" if difference_nl < 0 else "+"
    return f"{sign}{format_volume(abs(difference_nl))}"


def _dose_change(change: Change, status: Status) -> str:
    """Return the daily dose before and after: "250 to 500 ug/day"; empty where it stays, or is not known."""
    old, new = status.concentration_ug_ml, change.concentration_ug_ml
    if not old or not new or old == new:
        return ""
    doses = [round(status.programmed_rate_nl_h * 24 * held / NL_PER_ML) for held in (old, new)]
    return f"{doses[0]} to {doses[1]} ug/day"
