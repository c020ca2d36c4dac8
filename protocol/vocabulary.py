"""The numbers that fields of messages take, by name. docs/protocol.md prints these tables."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """What a key may do. A property of the key in the pump's own table, never a field of a request."""

    VIEWER = 1
    TECHNICIAN = 2
    DEVELOPER = 3


class State(IntEnum):
    """What the motor does, and on whose account."""

    STOPPED = 0
    RUNNING = 1
    EMPTY = 2
    END_OF_SERVICE = 3
    STALLED = 4


class Mode(IntEnum):
    """By what a running pump delivers at this moment."""

    PROGRAM = 0
    MINIMUM_RATE = 1
    TEMPORARY_RATE = 2
    BOLUS = 3
    PRIME = 4
    BRIDGE = 5
    PATIENT_BOLUS = 6


class ChangeKind(IntEnum):
    """What a change changes. Zero is a dose: stopping takes the same two steps as any other rate."""

    RATE = 1
    STOP = 2
    RESUME = 3
    MINIMUM_RATE = 4
    TEMPORARY_RATE = 5
    BOLUS = 6
    FLEX = 7
    REFILL = 8
    PRIME = 9
    BRIDGE = 10
    CLOCK = 11


class Verdict(IntEnum):
    """What became of a change, for ever."""

    APPLIED = 1
    NOT_APPLIED = 2


class Refusal(IntEnum):
    """Why a request was refused."""

    ROLE = 1
    STALE_REVISION = 2
    STALE_RATE = 3
    BELOW_LEAST = 4
    ABOVE_MOST = 5
    STEP_UP = 6
    STEP_DOWN = 7
    BUSY = 8
    NOT_PREPARED = 9
    ALREADY_APPLIED = 10
    WRONG_STATE = 11
    UNSUPPORTED = 12
    MALFORMED = 13
    NOT_STORED = 14
    BELOW_DOSE = 15
    ABOVE_DOSE = 16
    DAY_UP = 17
    DAY_VOLUME = 18
    BOLUS_VOLUME = 19
    TOO_SOON = 20
    LOCKED = 21
    NOT_OFFERED = 22
    DURATION = 23
    VOLUME = 24
    VOID = 25
    DRUG_UNKNOWN = 26
    BOLUS_DOSE = 27


class PressRefusal(IntEnum):
    """Why the patient who pressed the button got no bolus: the first of these that holds."""

    NOT_OFFERED = 1
    STANDS = 2
    ALARM = 3
    MINIMUM_RATE = 4
    RUNNING = 5
    UNDISTURBED = 6
    LOCKOUT = 7
    DAILY_MAXIMUM = 8
    OUTSIDE_LIMITS = 9
    DAY_VOLUME = 10
    RESERVOIR = 11


class EventKind(IntEnum):
    """What an entry of the pump's event log tells; `detail`, `a` and `b` depend on it."""

    START = 1
    ALARM_RAISED = 2
    ALARM_CLEARED = 3
    ACKNOWLEDGED = 4
    RATE_CHANGED = 5
    STOPPED = 6
    RESUMED = 7
    REFUSED = 8
    MINIMUM_RATE = 9
    TEMPORARY_RATE = 10
    BOLUS = 11
    FLEX = 12
    REFILLED = 13
    PRIME = 14
    BRIDGE = 15
    CLOCK_SET = 16
    MODE_ENDED = 17
    SESSION = 18
    BAD_HANDSHAKES = 19
    AUDIO_PAUSED = 20
    REFUSALS = 21
    STORE_FAILED = 22
    STORED_AGAIN = 23
    PATIENT_BOLUS = 24
    PATIENT_BOLUS_REFUSED = 25


class Log(IntEnum):
    """Which of the pump's two logs."""

    EVENTS = 0
    FAULTS = 1
