"""Why a kind of change can't be asked for in the pump's present state, before it is asked. docs/protocol.md has the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from protocol.units import format_span
from protocol.vocabulary import ChangeKind, Mode, State

if TYPE_CHECKING:
    from protocol.messages import Identity, Status

_LESS: Final = {ChangeKind.STOP, ChangeKind.MINIMUM_RATE}  # less drug can always be had
_NO_FLOW: Final = {ChangeKind.REFILL, ChangeKind.CLOCK}  # taken in any state
_AT_ONCE: Final = {ChangeKind.BOLUS, ChangeKind.PRIME, ChangeKind.BRIDGE}


def hindrance(status: Status, identity: Identity | None, kind: ChangeKind) -> str:
    """Return a sentence, empty where the pump can be asked. The pump has the last word, and may refuse for more."""
    if identity is not None and not identity.changes >> kind & 1:
        return "this pump does not offer it"
    if status.state is State.END_OF_SERVICE and kind not in _NO_FLOW:
        return "the pump is at its end of service: its motor is off for good"
    if status.refusing_s and kind not in _LESS:
        return f"the pump refuses changes for {format_span(status.refusing_s)}, a stop excepted"
    return "" if kind in _NO_FLOW else _of_flow(status, kind)


def _of_flow(status: Status, kind: ChangeKind) -> str:
    stopped = status.state is State.STOPPED
    what = "its rate is changed" if kind is ChangeKind.RATE else "this is changed"
    said: tuple[tuple[bool, str], ...] = (
        (stopped and kind is ChangeKind.STOP, "the pump is stopped already"),
        (stopped and kind is not ChangeKind.RESUME, f"the pump is stopped: resume it before {what}"),
        (status.state is State.EMPTY and kind in _AT_ONCE, "the reservoir is empty: refill it first"),
        (
            kind is ChangeKind.MINIMUM_RATE and status.mode is Mode.MINIMUM_RATE,
            "the pump is at its minimum rate already",
        ),
        (
            kind is ChangeKind.RESUME and not stopped and status.mode is Mode.PROGRAM,
            "it delivers by its program: nothing to resume",
        ),
    )
    return next((sentence for holds, sentence in said if holds), "")
