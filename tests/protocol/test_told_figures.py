"""What is told of figures: quantities as people type them, rates against bounds, payloads that are refused.

Word for word, against told_figures.txt. After a change: `python -m tests.protocol.test_told_figures >
tests/protocol/told_figures.txt`, and read the difference.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from protocol import units
from protocol.bounds import Basis, Bounds, Finding, allowed, assess, bolus_finding, day_finding
from protocol.dissect import dissect
from protocol.fields import MessageError
from protocol.messages import (
    Challenge,
    Commit,
    Events,
    GetEvents,
    Identity,
    Outcome,
    Prepare,
    Rejected,
    build,
    parse,
)
from tests.protocol.helpers import extreme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from protocol.fields import Message

GOLDEN = Path(__file__).with_name("told_figures.txt")
NUMBERS = (
    *(
        "0",
        "1",
        "2.5",
        "0.5",
        "0.0005",
        "0.000001",
        "0.5000",
        "100",
        "100.1",
        "101",
        "65535",
        "123456789012345",
    ),
    *("1234567890123456", "-1", "\u22121", "1,5", ".5", "01", "1e3", "1.2.3", "word", "1\x1b", "9" * 50, ""),
)
UNITS = (
    *("mL/day", "ml/day", "mL/d", "uL/h", "µL/h", "μL/h", "nL/h", "mL/h", "mL", "uL", "µL", "μL", "nL", "L"),
    *("%", "ug/day", "µg/day", "μg/day", "ug/d", "mg/day", "mg/d", "ug/mL", "µg/mL", "μg/mL", "mg/mL"),
    *("s", "min", "h", "sec", "days", "years", "ppm", "mV", "V", "E3", "e-3 mL", "quite another", "m\x07"),
)
READERS: dict[str, tuple[Callable[[str], int], str]] = {
    "rate": (units.parse_rate, " mL/day"),
    "volume": (units.parse_volume, "nL"),
    "dose": (units.parse_dose, " mg/day"),
    "concentration": (units.parse_concentration, " ug/mL"),
    "span": (units.parse_span, " min"),
    "age": (units.parse_age, " years"),
    "voltage": (units.parse_voltage, " V"),
    "share": (units.parse_share, " %"),
    "deviation": (units.parse_deviation, " ppm"),
    "percent": (units.parse_percent, " %"),
    "percent to 300": (partial(units.parse_percent, most=300), "%"),
    "two decimals": (partial(units.parse_decimal, decimals=2), ""),
}
RATES = (0, 1_999, 10_417, 10_418, 13_959, 20_833, 25_001, 27_082, 27_083, 41_663, 41_664)
BOUNDS = {
    "none": Bounds(0, 1_000_000),
    "range": Bounds(2_000, 40_000),
    "steps": Bounds(0, 1_000_000, step_up_percent=30, step_down_percent=33),
    "day": Bounds(0, 1_000_000, day_up_percent=25),
    "dose": Bounds(0, 1_000_000, least_dose_ug_day=129, most_dose_ug_day=311),
    "all": Bounds(2_000, 40_000, 30, 33, 25, 129, 311, 100_000, 500_000),
}
BASES = (Basis(0), Basis(20_833, 500, 20_001), Basis(16_667, 501))


def quantities() -> Iterator[str]:
    """Read many numbers in one unit, and one number in many units; of a unit that is none for it, some times."""
    for name, (read, unit) in READERS.items():
        for number in NUMBERS:
            yield f"{name} {number!r}{unit}: {_read(read, number + unit)}"
        yield f"{name} 7: {_read(read, '7')}"
        said: dict[str, str] = {}
        for other in UNITS:
            told = _read(read, f" 1.5 {other} ")
            said.setdefault(told.partition("; ")[2] or told, f"{name} 1.5 {other!r}: {told}")
        yield from said.values()


def _read(read: Callable[[str], int], text: str) -> str:
    try:
        return str(read(text))
    except units.QuantityError as error:
        return str(error)


def prints() -> Iterator[str]:
    """Print figures."""
    for figure in (0, 1, 59, 60, 61, 3_599, 3_600, 20_833, 86_399, 86_400, 90_061, 4_999_999, 5_000_000):
        yield f"{figure}: {units.ml_day(figure)} {units.ml_day(figure, 1)} {units.format_rate(figure)}"
        yield f"{figure}: {units.ml(figure)} {units.ml(figure, 4)} {units.format_volume(figure)}"
        yield f"{figure}: {units.format_span(figure)} {units.volume_at(figure, 3_601_000_000, 7)}"
        yield f"{figure}: {units.time_until(figure, 3, 5)} {units.time_until(7, figure)} {units.time_until(7, -figure)}"


def judgements() -> Iterator[str]:
    """Judge rates, boluses and days against bounds."""
    for name, bounds in BOUNDS.items():
        for basis in BASES:
            yield f"{name}, {basis}: {allowed(basis, bounds)}"
            for rate in RATES:
                judged = assess(basis, rate, bounds)
                yield f"  {rate}: {judged.change}, retype {judged.retype}, {_found(judged.hard)}, {_found(*judged.soft)}"
        for volume, seconds in (
            (100_000, 9_000),
            (100_001, 9_000),
            (100_001, 1),
            (100_000, 360),
            (100_000, 359),
        ):
            yield f"{name}, {volume} nL in {seconds} s: {_found(bolus_finding(volume, seconds, bounds))}"
        for volume in (500_000, 500_001):
            yield f"{name}, {volume} nL a day: {_found(day_finding(volume, bounds))}"


def _found(*findings: Finding | None) -> str:
    told = [f"{each.reason.name} {each.bound}: {each.sentence}" for each in findings if each]
    return " and ".join(told) or "nothing"


def payloads() -> Iterator[str]:
    """Refuse payloads: cut short, with more behind, and with the highest and the least of every byte."""
    for kind in (Challenge, Commit, Events, GetEvents, Identity, Outcome, Prepare, Rejected):
        whole = build(extreme(kind, largest=True))
        tried = [b"\xff" * len(whole), bytes(len(whole)), whole + b"\x07"]
        tried += [whole[: part.offset + len(part.data) - 1] for part in dissect(kind, whole).parts[:7]]
        for payload in dict.fromkeys(tried):
            yield f"{kind.__name__} {len(payload)}: {_refusal(kind, payload)}: {dissect(kind, payload).defect}"


def _refusal(kind: type[Message], payload: bytes) -> str:
    try:
        return f"taken, {len(build(parse(kind.code, payload)))}"
    except MessageError as error:
        return str(error)


def told() -> str:
    """Return all of it."""
    return "\n".join([*quantities(), *prints(), *judgements(), *payloads()]) + "\n"


def test_everything_is_told_word_for_word_as_it_was_read_and_approved() -> None:
    assert told().splitlines() == GOLDEN.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    print(told(), end="")  # noqa: T201 - what it is for
