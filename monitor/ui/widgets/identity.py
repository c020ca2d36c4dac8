"""The first line: which pump this is, what it does, how fresh that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from monitor.judgement import mode_text
from monitor.snapshot import Link
from monitor.ui.widgets.lines import Part, spread
from monitor.ui.words import clock, printable
from protocol.messages import NEVER_S
from protocol.units import format_span
from protocol.vocabulary import Mode, Role, State

if TYPE_CHECKING:
    from monitor.ui.moment import Moment
    from protocol.messages import Status

_WIDE: Final = 100
_ROOM_FOR_WARNING: Final = 120  # columns for the bench key's whole sentence beside a stale state
_ROOM_FOR_LABELS: Final = 80  # columns for labels beside the bench key's mark
_NARROW: Final = 72  # columns under which the weekday gives way to the state
STATES: Final = {
    State.RUNNING: ("▶", "RUNNING"),
    State.STOPPED: ("■", "STOPPED"),
    State.EMPTY: ("■", "EMPTY"),
    State.END_OF_SERVICE: ("■", "END OF SERVICE"),
    State.STALLED: ("■", "STALLED"),
}

_SHORT: Final = {
    Mode.MINIMUM_RATE: "minimum",
    Mode.TEMPORARY_RATE: "temp",
    Mode.BOLUS: "bolus",
    Mode.PRIME: "prime",
    Mode.BRIDGE: "bridge",
    Mode.PATIENT_BOLUS: "patient",
}


def draw(moment: Moment, width: int, _height: int) -> Content:
    """Draw the pump's name and state on the left, the link and the pump's clock on the right."""
    return spread(
        width,
        _who(moment, width),
        Content.assemble(*_link(moment, weekday=width >= _NARROW), " "),
    )


def _who(moment: Moment, width: int) -> Content:
    snapshot = moment.snapshot
    serial = "" if snapshot.reading is None else snapshot.reading.serial_number
    identity = snapshot.identity
    if identity is not None:
        serial = serial or identity.serial_number
    bench, narrow = snapshot.bench_key, width < _ROOM_FOR_LABELS
    parts: list[Part] = [" ", *_warning(width)] if bench else []
    if not (bench and narrow):
        parts += [(" PUMP ", "$label"), ("SN " if serial else "", "bold $value")]
    parts.append((printable(serial), "bold $value") if serial else (printable(snapshot.url), "$label"))
    if width >= _WIDE and identity is not None and not bench:
        parts += [
            (f"  {printable(identity.model)}", "$label"),
            (f"  fw {printable(identity.firmware)}", "$dim"),
        ]
    brief = bench and width < _WIDE
    parts += [
        " " if bench and narrow else "   ",
        *_state(moment, brief=brief, wide=width >= _WIDE and not bench),
    ]
    if snapshot.role is Role.VIEWER or snapshot.read_only:
        parts.append(("  read-only", "$label"))
    return Content.assemble(*parts)


def _warning(width: int) -> list[Part]:
    """Return the mark of the bench key, first in its line so that nothing else pushes it off the screen."""
    from protocol.keys import BENCH_WARNING  # noqa: PLC0415 - after the first paint, for whoever has keys

    text = BENCH_WARNING if width >= _ROOM_FOR_WARNING else BENCH_WARNING.partition(":")[0]
    return [(f" {text} ", "bold $value reverse"), " "]


def _state(moment: Moment, *, brief: bool, wide: bool) -> list[Part]:
    if moment.status is None:
        return []
    shape, name = STATES[moment.status.state]
    if not moment.live:
        return [("? ", "$value"), (name, "bold $dim"), ("" if brief else " when last seen", "$dim")]
    return [(f"{shape} {name}", "bold $value"), (_mode(moment.status, wide=wide), "$label")]


def _mode(status: Status, *, wide: bool) -> str:
    """Return by what the pump delivers and for how long: " temporary rate, 2 h 10 min left"; empty by its program."""
    if status.mode is Mode.PROGRAM:
        return ""
    if wide:
        return f" {mode_text(status)}"
    left = "" if status.mode_left_s == NEVER_S else f" {format_span(status.mode_left_s)}"
    return f" {_SHORT[status.mode]}{left}"


def _link(moment: Moment, *, weekday: bool) -> list[Part]:
    if moment.status is None:
        word = "connecting" if moment.snapshot.link is Link.CONNECTING else "no link"
        return [("○ ", "$label"), (word, "$label")]
    time = clock(moment.status.clock_s, weekday=weekday)
    if not moment.live:
        age = format_span(moment.age_s)
        return [(f"◆ no link {age}", "bold $medium"), (f"   {time} ?", "$dim")]
    age = f"{moment.age_s} s" if moment.age_s else "< 1 s"
    return [("● link ", "$label"), (f"{age} ago", "$foreground"), (f"   {time}", "$foreground")]
