"""Pumps as a check of a monitoring system: one line, its exit code, and performance data. Pure.

Codes, order of severity and the form of the line are those of the Monitoring Plugins Development Guidelines
(https://www.monitoring-plugins.org/doc/guidelines.html), which Nagios, Icinga, Naemon and Checkmk read.
docs/decisions/0053-report-and-check.md
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from monitor.fleet.report import low_in, row_fields
from monitor.notice import injected
from monitor.ports import is_in_use
from protocol.alarms import Priority
from protocol.units import format_rate, format_volume, ml, ml_day

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from monitor.fleet.rows import Row

_MOST_NAMED: Final = 5  # pumps that are told of one by one, so that the line stays one
_TELLS_APART: Final = str.maketrans(
    {"|": "/", "'": "", "=": "-", ";": ","}
)  # what performance data is cut at


class Code(IntEnum):
    """The exit codes of a check."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


_WORST: Final = (Code.CRITICAL, Code.WARNING, Code.UNKNOWN, Code.OK)
_BY_PRIORITY: Final = {
    None: Code.OK,
    Priority.LOW: Code.WARNING,
    Priority.MEDIUM: Code.WARNING,
    Priority.HIGH: Code.CRITICAL,
}


class Finding(NamedTuple):
    """What the check makes of one pump, or of all.

    Attributes:
        code: how it is.
        said: why, for a person.
    """

    code: Code
    said: str


def finding(row: Row, timeout_s: str, unable: Mapping[int, str]) -> Finding:
    """Judge a pump.

    Args:
        row: the pump.
        timeout_s: how long was waited for it, for the sentence.
        unable: by the number of a row, what keeps the check itself from asking (no key).
    """
    name, problem = row.name, row.snapshot.problem
    if row.number in unable:
        return Finding(Code.UNKNOWN, f"{name}: {unable[row.number]}")
    if is_in_use(problem):
        return Finding(Code.UNKNOWN, f"{name}: {problem}")
    if row.lost or not row.live:
        why = problem or (f"no answer within {timeout_s} s" if row.status is None else "its reading is old")
        return Finding(Code.CRITICAL, f"{name} NO LINK: {why}")
    said = "; ".join(
        f"{line.title}: {line.text}{' (acknowledged)' if line.acknowledged else ''}" for line in row.lines
    )
    return Finding(_BY_PRIORITY[row.priority], f"{name} {said or _at_rest(row)}{_faults(row)}")


def worst(findings: Collection[Finding]) -> Code:
    """Return the code of the whole: CRITICAL before WARNING before UNKNOWN before OK."""
    return next(code for code in _WORST if code is Code.OK or any(one.code is code for one in findings))


def line(rows: Sequence[Row], findings: Sequence[Finding], now_ns: int) -> str:
    """Return the line: the code in words, what is the matter, and after a bar the performance data.

    Args:
        rows: the pumps, the most urgent first.
        findings: of each.
        now_ns: the host's monotonic clock.
    """
    code = worst(findings)
    if len(rows) == 1:
        return one_line(code, findings[0].said, _figures(rows[0], now_ns))
    counts = {one: sum(found.code is one for found in findings) for one in _WORST}
    told = [found.said for one in _WORST[:-1] for found in findings if found.code is one]
    more = [f"and {len(told) - _MOST_NAMED} more"] if len(told) > _MOST_NAMED else []
    said = ", ".join(f"{count} {one.name.lower()}" for one, count in counts.items() if count)
    return one_line(
        code, "; ".join([f"{len(rows)} pumps: {said}", *told[:_MOST_NAMED], *more]), _counts(rows, counts)
    )


def one_line(code: Code, said: str, performance: str = "") -> str:
    """Return a line, whatever a device has written into a name: printable, and with the one bar that means something."""
    text = "".join(char if char.isprintable() else "?" for char in said).replace("|", "/")
    return f"PUMP {code.name} - {text}" + (f" | {performance}" if performance else "")


def fields(rows: Sequence[Row], findings: Sequence[Finding], now_ns: int) -> dict[str, Any]:
    """Return the same as JSON values; the names are a contract with scripts."""
    pumps = [
        {"code": int(found.code), "said": found.said} | row_fields(row, now_ns)
        for row, found in zip(rows, findings, strict=True)
    ]
    code = worst(findings)
    return {"code": int(code), "status": code.name, "pumps": pumps}


def _at_rest(row: Row) -> str:
    status = row.status
    if status is None:
        return row.state
    return (
        f"{row.state}, {format_rate(status.measured_rate_nl_h)}, {format_volume(status.reservoir_nl)}, "
        f"low in {low_in(row.low_s)}, battery {status.battery_percent} %"
    )


def _faults(row: Row) -> str:
    said = "" if row.status is None else injected(row.status)
    return f"; bench: {said}" if said else ""


def _figures(row: Row, now_ns: int) -> str:
    """Return the performance data of a pump; warning and critical are its own limits, below which it alarms."""
    status, reading = row.status, row.snapshot.reading
    if status is None or reading is None:
        return ""
    low, empty = f"{ml(status.low_reservoir_nl)}:", f"{ml(status.residual_nl)}:"
    found = [
        f"reservoir_ml={ml(status.reservoir_nl)};{low};{empty};0;{ml(status.capacity_nl)}",
        f"rate_ml_day={ml_day(status.measured_rate_nl_h)};;;0",
        f"battery={status.battery_percent}%;;;0;100",
        *([] if row.low_s is None else [f"low_in={row.low_s}s;;;0"]),
        f"alarms={len(row.lines)};;;0",
        f"bench_faults={status.bench_faults};;;0",
        f"age={reading.age_ms(now_ns)}ms;;;0",
    ]
    return " ".join(found)


def _counts(rows: Sequence[Row], counts: Mapping[Code, int]) -> str:
    found = [f"pumps={len(rows)};;;0"]
    found += [f"{code.name.lower()}={count};;;0;{len(rows)}" for code, count in counts.items()]
    low = [row for row in rows if row.low_s is not None]
    if low:
        soonest = min(low, key=lambda row: row.low_s or 0)
        label = soonest.name.translate(_TELLS_APART)
        label = "".join(char if char.isprintable() else "?" for char in label)
        found.append(f"'{label} low_in'={soonest.low_s}s;;;0")
    return " ".join(found)
