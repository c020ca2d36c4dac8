"""The states of both ends, as tables: what the code runs by and what the diagrams of docs/protocol.md are drawn from.

A table says, for each state, which events may come and where they lead. What is not in the table is a defect of the
caller, and is told so: an event from the wire is checked before it is put to a table.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

_S = TypeVar("_S", bound=Enum)
_E = TypeVar("_E", bound=Enum)


def step(table: Mapping[_S, Mapping[_E, _S]], state: _S, event: _E) -> _S:
    """Return the state that follows.

    Raises:
        ValueError: where the event can't come in this state.
    """
    following = table[state].get(event)
    if following is None:
        raise ValueError(f"{event.name} cannot come while {state.name}")
    return following


# --- a session, at the pump: one port ------------------------------------------------------------------------------


class Port(Enum):
    """What a port of the pump is in."""

    CLOSED = "no session"
    CHALLENGED = "no session, one is offered"
    OPEN = "a session"
    REPLACING = "a session, the next one is offered"


class PortEvent(Enum):
    """What changes it."""

    HELLO = "a good Hello, which is challenged"
    CONFIRM = "a good Confirm within 5 s"
    LATE = "5 s without a good Confirm"
    ENDED = "24 h, 2^31 frames, the port closed, or the pump started again"


PORT: Mapping[Port, Mapping[PortEvent, Port]] = {
    Port.CLOSED: {PortEvent.HELLO: Port.CHALLENGED},
    Port.CHALLENGED: {
        PortEvent.HELLO: Port.CHALLENGED,
        PortEvent.CONFIRM: Port.OPEN,
        PortEvent.LATE: Port.CLOSED,
    },
    Port.OPEN: {PortEvent.HELLO: Port.REPLACING, PortEvent.ENDED: Port.CLOSED},
    Port.REPLACING: {
        PortEvent.HELLO: Port.REPLACING,
        PortEvent.CONFIRM: Port.OPEN,
        PortEvent.LATE: Port.OPEN,
        PortEvent.ENDED: Port.CHALLENGED,
    },
}


# --- a session, at the host ------------------------------------------------------------------------------------------


class Call(Enum):
    """How far a host has come in opening a session."""

    GREETING = "Hello sent"
    CONFIRMING = "Confirm sent"
    OPEN = "the pump has proved itself"
    ENDED = "nothing more may be sent"


class CallEvent(Enum):
    """What changes it."""

    CHALLENGE = "a good Challenge, which is confirmed"
    SEALED = "a frame opens under the session's key"
    USED_UP = "24 h or 2^31 frames"


CALL: Mapping[Call, Mapping[CallEvent, Call]] = {
    Call.GREETING: {CallEvent.CHALLENGE: Call.CONFIRMING},
    Call.CONFIRMING: {CallEvent.CHALLENGE: Call.CONFIRMING, CallEvent.SEALED: Call.OPEN},
    Call.OPEN: {CallEvent.SEALED: Call.OPEN, CallEvent.USED_UP: Call.ENDED},
    Call.ENDED: {},
}


# --- a change, at the pump: its one slot ---------------------------------------------------------------------------


class Slot(Enum):
    """What the pump's one place for a prepared change holds."""

    FREE = "nothing is prepared"
    TAKEN = "a change is prepared"


class SlotEvent(Enum):
    """What changes it."""

    PREPARE = "a good Prepare, or the same one again"
    COMMIT = "its Commit: applied, or refused by limits, state or store"
    RESOLVE = "its Resolve: not applied, for ever"
    EXPIRY = "15 s"
    RELEASE = "its session ended"


SLOT: Mapping[Slot, Mapping[SlotEvent, Slot]] = {
    Slot.FREE: {SlotEvent.PREPARE: Slot.TAKEN},
    Slot.TAKEN: {
        SlotEvent.PREPARE: Slot.TAKEN,
        SlotEvent.COMMIT: Slot.FREE,
        SlotEvent.RESOLVE: Slot.FREE,
        SlotEvent.EXPIRY: Slot.FREE,
        SlotEvent.RELEASE: Slot.FREE,
    },
}


# --- a change, at the host -------------------------------------------------------------------------------------------


class Stage(Enum):
    """How far a change has come, as its host knows."""

    INTENDED = "noted lastingly, nothing sent"
    PREPARING = "Prepare sent"
    PREPARED = "read back as wished; the operator decides"
    COMMITTING = "noted lastingly, Commit sent"
    RESOLVING = "only Resolve may be sent: both rates are possible"
    APPLIED = "applied, for ever"
    NOT_APPLIED = "not applied, for ever"


class StageEvent(Enum):
    """What changes it."""

    SEND = "Prepare leaves"
    ECHO = "Prepared, equal to the wish"
    DIFFERENT = "Prepared, not equal to the wish"
    APPROVE = "the operator confirms"
    ABANDON = "the operator abandons, or the 15 s are over"
    SILENCE = "no answer"
    RESTART = "the host was started again, or lost its session"
    SPENT = "Rejected ALREADY_APPLIED or VOID: its verdict is there, and is to be asked for"
    REFUSED = "Rejected for any other reason"
    APPLIED = "Outcome APPLIED"
    NOT_APPLIED = "Outcome NOT_APPLIED"


STAGE: Mapping[Stage, Mapping[StageEvent, Stage]] = {
    Stage.INTENDED: {StageEvent.SEND: Stage.PREPARING, StageEvent.RESTART: Stage.RESOLVING},
    Stage.PREPARING: {
        StageEvent.ECHO: Stage.PREPARED,
        StageEvent.DIFFERENT: Stage.RESOLVING,
        StageEvent.SPENT: Stage.RESOLVING,
        StageEvent.REFUSED: Stage.NOT_APPLIED,
        StageEvent.SILENCE: Stage.RESOLVING,
        StageEvent.RESTART: Stage.RESOLVING,
    },
    Stage.PREPARED: {
        StageEvent.APPROVE: Stage.COMMITTING,
        StageEvent.ABANDON: Stage.RESOLVING,
        StageEvent.RESTART: Stage.RESOLVING,
    },
    Stage.COMMITTING: {
        StageEvent.APPLIED: Stage.APPLIED,
        StageEvent.SPENT: Stage.RESOLVING,
        StageEvent.REFUSED: Stage.NOT_APPLIED,
        StageEvent.SILENCE: Stage.RESOLVING,
        StageEvent.RESTART: Stage.RESOLVING,
    },
    Stage.RESOLVING: {
        StageEvent.APPLIED: Stage.APPLIED,
        StageEvent.NOT_APPLIED: Stage.NOT_APPLIED,
        StageEvent.SPENT: Stage.RESOLVING,
        StageEvent.REFUSED: Stage.RESOLVING,
        StageEvent.SILENCE: Stage.RESOLVING,
        StageEvent.RESTART: Stage.RESOLVING,
    },
    Stage.APPLIED: {},
    Stage.NOT_APPLIED: {},
}
