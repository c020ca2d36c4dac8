"""Every verb, in one table: what `pumpmock ctl`, a scenario and Python can do to a pump, by the same names.

docs/decisions/0039-control.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.units import (
    format_volume,
    parse_age,
    parse_concentration,
    parse_percent,
    parse_span,
    parse_volume,
)
from pumpmock.control import keeping, troubles
from pumpmock.control.reading import faults_of, status_of
from pumpmock.control.verb import Argument, Verb, VerbError
from pumpmock.faults.checks import kind_of
from pumpmock.faults.kinds import KINDS
from pumpmock.faults.text import parse_fault
from pumpmock.model.pump import Pump
from pumpmock.pace import REAL_SPEED, parse_speed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import IntEnum

    from pumpmock.emulator import Emulator

_US_A_S = 1_000_000
_MOST_ADVANCE_S = 20 * 366 * 86_400  # twice what such a pump lives: beyond it a figure was mistyped
_MOST_TAIL = 1_000  # entries at once: while they are told the pump waits


def _time(emulator: Emulator) -> dict[str, Any]:
    device = emulator.device
    return {"pump_time_us": device.pump.clock.now_us, "speed": device.pace.speed / REAL_SPEED}


def _advance(emulator: Emulator, span: int) -> dict[str, Any]:
    if not 0 <= span <= _MOST_ADVANCE_S:
        raise VerbError("a pump is advanced by 20 years at the most")
    emulator.advance(span * _US_A_S)
    return _time(emulator)


def _speed(emulator: Emulator, factor: int) -> dict[str, Any]:
    emulator.set_speed(factor)
    return _time(emulator)


def _freeze(emulator: Emulator) -> dict[str, Any]:
    return _speed(emulator, 0)


def _press(emulator: Emulator) -> dict[str, Any]:
    reasons: list[IntEnum | None] = []
    emulator.do(lambda: reasons.append(emulator.device.pump.press()))
    reason = reasons[0] if reasons else None
    return {"granted": reason is None, "reason": None if reason is None else reason.name.lower()}


def _set(emulator: Emulator, **facts: int) -> dict[str, Any]:
    if not facts:
        raise VerbError(f"set wants a fact: {', '.join(_FACTS)}")
    emulator.do(lambda: None)  # come to the present
    pump = emulator.device.pump
    for name in ("reservoir", "expected"):
        if facts.get(name, 0) > pump.settings.capacity_nl:
            raise VerbError(f"{name}: the reservoir holds {format_volume(pump.settings.capacity_nl)}")
    _put(Pump.from_dict(pump.to_dict()), facts)  # what can't be is found before anything is changed
    emulator.do(lambda: _put(pump, facts))
    status = status_of(emulator)
    return {"belief": status["belief"], "truth": status["truth"]}


def _put(pump: Pump, facts: Mapping[str, int]) -> None:
    deeds: dict[str, Callable[[int], None]] = {
        "reservoir": pump.find_held,
        "expected": pump.expect,
        "battery": pump.weaken_battery,
        "concentration": pump.find_drug,
        "catheter": pump.find_primed,
    }
    for name, figure in facts.items():
        deeds[name](figure)


_FACTS = {
    "reservoir": Argument("reservoir", parse_volume, "what is in the reservoir; the firmware is not told", needed=False, as_pair=True),
    "expected": Argument("expected", parse_volume, "what the firmware expects in it, logged as a refill", needed=False, as_pair=True),
    "battery": Argument("battery", parse_percent, "the charge it has at the most", needed=False, as_pair=True),
    "concentration": Argument("concentration", parse_concentration, "of the drug in it; the firmware is not told", needed=False, as_pair=True),
    "catheter": Argument("catheter", parse_concentration, "of all that is in it; 0 ug/mL is one that was not primed", needed=False, as_pair=True),
}  # fmt: skip


def _fault_add(emulator: Emulator, kind: str, **figures: str | int) -> dict[str, Any]:
    wish: dict[str, Any] = {**parse_fault(kind, figures)}
    return {"id": emulator.faults.add(**wish), "faults": faults_of(emulator)}


def _fault_list(emulator: Emulator) -> list[dict[str, Any]]:
    return faults_of(emulator)


def _fault_clear(emulator: Emulator, number: int | None = None) -> dict[str, Any]:
    cleared = emulator.faults.clear(number)
    if number is not None and not cleared:
        raise VerbError(f"there is no fault {number}: fault list shows those there are")
    return {"cleared": cleared}


def _unplug(emulator: Emulator, port: str | None = None, span: int | None = None) -> list[dict[str, Any]]:
    emulator.ports.unplug(port, None if span is None else span * 1_000_000_000)
    return emulator.ports.state()


def _replug(emulator: Emulator, port: str | None = None) -> list[dict[str, Any]]:
    emulator.ports.replug(port)
    return emulator.ports.state()


def _journal(emulator: Emulator, last: int = 20) -> list[dict[str, Any]]:
    return list(emulator.journal.lines(last))


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= _MOST_TAIL:
        raise ValueError(f'"{text}" is not a number from 1 to {_MOST_TAIL}')
    return int(text)


def _span(text: str) -> int:
    """Read "2 h", or what is longer as "90 days" or "7 years", as seconds."""
    try:
        return parse_span(text)
    except ValueError:
        try:
            return parse_age(text) * 3_600
        except ValueError:
            raise ValueError(
                f'"{text}" is not a span of time: write 30 s, 5 min, 2 h, 90 days or 7 years'
            ) from None


def _kind(text: str) -> str:
    return kind_of(text).name


# Of faults of any kind; `parse_fault` reads them with the figures of the kind.
_OF_ALL_FAULTS: tuple[tuple[str, str, type[Any]], ...] = (
    ("on", "only a request of this name, or the Commit of this kind of change", str),
    ("times", "how often; always for without end  [default: 1]", int),
    ("after", "only after so many that it could have struck", int),
    ("chance", 'with which chance, "10 %" for instance', str),
    ("first", 'not before this pump time, "2 h" for instance', str),
    ("until", "not from this pump time on", str),
)
_PORT = Argument(
    "port", str, "which port: pty or tcp, for instance; all of them where it is left out", str, needed=False
)
_TROUBLE = Argument(
    "name", troubles.check_name, f"one of {', '.join(troubles.NAMES)}", str, words=troubles.NAMES
)
_FILE = Argument("file", str, "a file", str)


VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "status",
            "Show what the firmware believes and what is so, side by side.",
            status_of,
            reads=True,
            examples=("status", "status --json"),
        ),
        Verb(
            "advance",
            "Let pump time pass at once, with all that is due in it.",
            _advance,
            (Argument("span", _span, 'how long, "2 h" for instance'),),
            examples=('advance "2 h"', 'advance "90 days"'),
        ),
        Verb(
            "speed",
            "Let pump time run so many times as fast as real time from now on; 0 freezes it.",
            _speed,
            (Argument("factor", parse_speed, "60 runs a minute a second"),),
            examples=("speed 3600",),
        ),
        Verb("freeze", "Let pump time stand still until it is given a speed.", _freeze),
        Verb(
            "set",
            "Set what is physically so, or what the firmware expects.\n\n"
            + "\n\n".join(f"{name}: {fact.help}" for name, fact in _FACTS.items()),
            _set,
            tuple(_FACTS.values()),
            examples=(
                'set reservoir="3 mL"',
                'set expected="1.9 mL"',
                'set battery="20 %" catheter="0 ug/mL"',
            ),
        ),
        Verb(
            "trouble strike",
            "Let something go wrong inside the pump; the firmware is told nothing and logs what it notices.",
            troubles.strike,
            (
                _TROUBLE,
                Argument(
                    "extent",
                    str,
                    "of a leak in per cent, of a valve the bolus that shuts it",
                    str,
                    needed=False,
                ),
            ),
            examples=("trouble strike occlusion", 'trouble strike leak --extent "30 %"'),
        ),
        Verb(
            "trouble relieve",
            "Let what went wrong inside the pump end.",
            troubles.relieve,
            (_TROUBLE,),
            examples=("trouble relieve occlusion",),
        ),
        Verb("press", "Let the patient press the button.", _press),
        Verb(
            "fault add",
            "Let something go wrong, as often as is said. The figures of its kind are NAME=VALUE, as pumpmock faults KIND lists "
            "them.",
            _fault_add,
            (
                Argument("kind", _kind, "of fault, as pumpmock faults lists them", str, words=tuple(KINDS)),
                *(Argument(name, str, said, kind, needed=False) for name, said, kind in _OF_ALL_FAULTS),
            ),
            figures=True,
            examples=("fault add lose-reply --on Commit", 'fault add delay by="300 ms" --times always'),
        ),
        Verb("fault list", "List the faults that are active.", _fault_list, reads=True),
        Verb(
            "fault clear",
            "End one fault, or all of them.",
            _fault_clear,
            (Argument("number", _count, "which one, as it is listed", needed=False),),
        ),
        Verb(
            "unplug",
            "Pull the cable out of the pump's ports: what was connected is cut off, and nobody can connect.",
            _unplug,
            (_PORT, Argument("span", _span, "plug it in again after so long, wall time", needed=False)),
            examples=('unplug --span "5 s"', "unplug --port tcp"),
        ),
        Verb("replug", "Put the cable back in.", _replug, (_PORT,)),
        Verb(
            "snapshot",
            "Write the pump's memory as it is to a file.",
            keeping.snapshot,
            (_FILE,),
            examples=("snapshot before.json",),
        ),
        Verb(
            "restore",
            "Let the pump be as a file has it, and start; every host has to greet anew.",
            keeping.restore,
            (_FILE,),
            examples=("restore before.json",),
        ),
        Verb(
            "journal tail",
            "Show the newest entries of the pump's journal.",
            _journal,
            (Argument("last", _count, "so many", needed=False),),
            reads=True,
            examples=("journal tail --last 50",),
        ),
    )
}
