"""The tables of `protocol.machines` as tables and diagrams for docs/protocol.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.machines import CALL, PORT, SLOT, STAGE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import Enum

_MACHINES: dict[str, Mapping[Any, Mapping[Any, Any]]] = {
    "A session, at the host": CALL,
    "A session, at the pump: one port": PORT,
    "A change, at the host": STAGE,
    "A change, at the pump: its one slot": SLOT,
}


def machines() -> str:
    """Return all of them, each as a diagram, its states in words, and its table."""
    return "\n\n".join(_machine(title, table) for title, table in _MACHINES.items())


def _machine(title: str, table: Mapping[Any, Mapping[Any, Any]]) -> str:
    return "\n\n".join(
        (f"### {title}", _diagram(table), _words("state", table), _words("event", _events(table)))
    )


def _diagram(table: Mapping[Any, Mapping[Any, Any]]) -> str:
    first, *_ = table
    arrows = [f"    [*] --> {first.name}"]
    for state, row in table.items():
        for target in dict.fromkeys(row.values()):
            events = ", ".join(event.name for event, reached in row.items() if reached is target)
            arrows.append(f"    {state.name} --> {target.name}: {events}")
        if not row:
            arrows.append(f"    {state.name} --> [*]")
    return "\n".join(("```mermaid", "stateDiagram-v2", *arrows, "```"))


def _events(table: Mapping[Any, Mapping[Any, Any]]) -> list[Enum]:
    used = {event for row in table.values() for event in row}
    return [event for event in type(next(iter(used))) if event in used]


def _words(kind: str, members: Mapping[Any, Any] | list[Enum]) -> str:
    rows = "\n".join(f"| {member.name} | {member.value} |" for member in members)
    return f"| {kind} | meaning |\n| --- | --- |\n{rows}"
