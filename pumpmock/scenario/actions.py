"""What a step of a scenario does beside its host: one table, for the files and for Python.

What is done to a pump by hand is done by the verbs of `pumpmock ctl`, under the same names and with the same words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pumpmock.control.verbs import VERBS
from pumpmock.faults import KINDS, parse_fault
from pumpmock.scenario.instant import parse_time
from pumpmock.scenario.words import Word, flag, name_in, quantity, read_table, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.scenario.stage import Stage

_ALL = "all"
_US_A_MS = 1_000
_UNPLUG = "unplug"


@dataclass(frozen=True, slots=True)
class Action:
    """A verb: how its value is written, and what it does to the stage with that."""

    word: Word
    do: Callable[[Stage, Any], object]


def _by_hand(name: str, example: str, says: str) -> Action:
    """Return a verb of `VERBS`: written as a table of its arguments, as the first of them alone, or as true without any."""
    verb = VERBS[name]
    name_in_file = name.rpartition(" ")[2]

    def read(value: object) -> dict[str, Any]:
        if isinstance(value, dict):
            given = value
        elif verb.arguments and verb.arguments[0].needed:
            given = {verb.arguments[0].name: value}
        else:
            flag(value)
            given = {}
        if not all(isinstance(one, str) for one in given.values()):
            raise ValueError(f"it is text with a unit: write {name_in_file} = {example}, say")
        verb.read(given)
        return given

    return Action(Word(read, example, says), lambda stage, given: verb.call(stage.emulator, given))


def _fault(value: object) -> dict[str, Any]:
    """Read a fault: its kind, and the rest as `pumpmock.faults` has it."""
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        raise ValueError('write its kind in braces: { kind = "lose-reply", on = "Commit" }, say')  # noqa: TRY004 - a slip in a file
    return parse_fault(value["kind"], {key: one for key, one in value.items() if key != "kind"})


def _kind(value: object) -> str | None:
    return None if value == _ALL else name_in(KINDS, "a kind of fault")(value)


_UNPLUG_WORDS = {
    "for": Word(quantity(parse_time, '"5 s"'), '"5 s"', "it is plugged in again so much later, wall time"),
    "port": Word(
        text, '"second"', "which port: here those of the hosts, by their names; all where it is left out"
    ),
}


def _unplug(value: object) -> dict[str, Any]:
    found = {} if value is True else read_table(value, _UNPLUG_WORDS, f"key of {_UNPLUG}")
    said: dict[str, Any] = {"kind": _UNPLUG, "port": found.get("port", "")}
    return said | ({"for_ms": found["for"] // _US_A_MS} if "for" in found else {})


def _clear(stage: Stage, kind: str | None) -> None:
    faults = stage.emulator.faults
    if kind is None:
        faults.clear()
    for one in faults.active:
        if one.kind == kind:
            faults.clear(one.id)


ACTIONS: dict[str, Action] = {
    "fault": Action(
        Word(
            _fault,
            '{ kind = "lose-reply", on = "Commit" }',
            "let something go wrong",
        ),
        lambda stage, said: stage.emulator.faults.add(**said),
    ),
    "clear": Action(Word(_kind, '"occlusion"', 'take back the faults of a kind, or "all"'), _clear),
    "strike": _by_hand("trouble strike", '{ name = "leak", extent = "60 %" }', "a trouble befalls the pump"),
    "relieve": _by_hand("trouble relieve", '"stall"', "it ends"),
    "press": _by_hand("press", "true", "the patient presses the button"),
    "set": _by_hand("set", '{ reservoir = "3 mL" }', "set what is physically so, as `pumpmock ctl set` does"),
    "speed": _by_hand("speed", '"60"', "pump time against wall time; a host waits in wall time"),
    _UNPLUG: Action(
        Word(_unplug, '{ for = "5 s" }', "the cable is pulled; true: until it is plugged in"),
        lambda stage, said: stage.emulator.faults.add(**said),
    ),
    "replug": Action(
        Word(flag, "true", "what is unplugged is plugged in again"), lambda stage, _: _clear(stage, _UNPLUG)
    ),
}
