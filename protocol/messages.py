"""Every message: what the host may ask and what the pump may answer. One table, type code to message.

Bit 7 of the code is set on what the pump sends. All figures are unsigned and little-endian; volumes are nanolitres,
rates nanolitres per hour, pump time is microseconds since the pump's first start. docs/protocol.md prints these tables.
"""

from __future__ import annotations

from typing import cast

from protocol.codec import Codec
from protocol.fields import (
    Message,
    MessageError,
    choice,
    message,
    raw,
    record,
    records,
    text,
    u8,
    u16,
    u32,
    u64,
)
from protocol.vocabulary import ChangeKind, Log, Mode, State, Verdict

MINOR_VERSION = 1
MOST_RATE_NL_H = 1_000_000  # 24 mL/day, the top of the range in docs/protocol.md
NEVER_S = 0xFFFF_FFFF  # in a count of seconds: it will not happen at this rate
OVERRIDDEN = (
    0x80  # in the detail of a change's entry in the event log: a soft limit of the host was overridden
)
EVENTS_A_PAGE = 6  # as many records of 30 bytes as fit a payload of 200
SENTENCE = 120  # characters of a refusal's sentence
MOST_COUNTED = 0xFF  # injected faults, in the byte that counts them: so many, or more
MOST_SPEED = 0xFFFF_FFFF  # of pump time, in thousandths of wall time: 49 days a second
NAMED = 120  # characters of the names of injected faults
STEPS_A_DAY = 13  # changes of a day's pattern, as many as such pumps take (the maker's page on SynchroMed II)
MINUTES_A_DAY = 1_440
EVERY_DAY = 0x7F  # a bit a weekday, Monday lowest
MOST_AUDIO_PAUSE_S = (
    600  # paused audio returns after 10 min: R6.4.3(5) of the Open PCA Pump Requirements v1.0.0
)


# --- the handshake ------------------------------------------------------------------------------------------------


@message(0x01)
class Hello(Message):
    """The host names its key and offers a nonce."""

    key_id: bytes = raw(4, "which key of the pump's table the host holds")
    host_nonce: bytes = raw(16, "fresh random bytes")
    minor_version: int = u8("the host's minor version of the protocol; the pump answers whatever it is")


@message(0x81)
class Challenge(Message):
    """The pump names itself and offers a session and a nonce."""

    device_id: bytes = raw(8, "the serial number, padded with zero bytes")
    store_id: bytes = raw(8, "changes when the pump's memory was replaced")
    boot: int = u32("starts of the pump so far")
    session: int = u32("the session to confirm", least=1)
    device_nonce: bytes = raw(16, "fresh random bytes")
    minor_version: int = u8("the pump's minor version of the protocol")


@message(0x02)
class Confirm(Message):
    """The host proves that it answers this very challenge. The pump's answer is a Status, the first sealed frame."""


# --- reading ------------------------------------------------------------------------------------------------------


@message(0x10)
class Identify(Message):
    """Ask who is there."""


@message(0x90)
class Identity(Message):
    """Who is there."""

    serial_number: str = text(8, "serial number: capitals, digits and hyphens")
    model: str = text(24, "model name")
    firmware: str = text(16, "firmware version")
    minor_version: int = u8("minor version of the protocol")
    store_id: bytes = raw(8, "changes when the pump's memory was replaced")
    boot: int = u32("starts of the pump so far")
    changes: int = u32("the kinds of change that it offers: bit n for the ChangeKind n")


@message(0x11)
class Poll(Message):
    """Ask for a reading."""


@message(0x91)
class Status(Message):
    """One reading: all that the first screen of a host needs, sampled in the step that latched the header's ack."""

    state: State = choice(State, "what the motor does")
    mode: Mode = choice(Mode, "what stands over the program; a STOP ends it")
    revision: int = u32("grows by one with each applied change")
    commanded_rate_nl_h: int = u32(
        "rate the pump was told; 0 while stopped", unit="nL/h", most=MOST_RATE_NL_H
    )
    measured_rate_nl_h: int = u32("rate the motor turns at", unit="nL/h")
    programmed_rate_nl_h: int = u32("rate of the program now", unit="nL/h", most=MOST_RATE_NL_H)
    mode_left_s: int = u32("until the mode ends by itself; 4294967295 where it does not", unit="s")
    concentration_ug_ml: int = u16("of the drug in the reservoir; 0 where it is not known", unit="ug/mL")
    reservoir_nl: int = u32("expected volume: fill less what was delivered", unit="nL")
    sensed_nl: int = u32("volume by the level sensor", unit="nL")
    sensed_band_nl: int = u32("the sensor is right within this, either way", unit="nL")
    capacity_nl: int = u32("volume of a full reservoir", unit="nL")
    low_reservoir_nl: int = u32("low-reservoir alarm at or under this", unit="nL")
    residual_nl: int = u32("volume that cannot be delivered: empty at this", unit="nL")
    delivered_nl: int = u64("delivered since the last fill", unit="nL")
    battery_percent: int = u8("charge left, rounded down", unit="%", most=100)
    battery_mv: int = u16("cell voltage", unit="mV")
    service_days: int = u16("days to end of service at the present rate, rounded down", unit="d")
    alarms: int = u32("active alarms, a bit each")
    acknowledged: int = u32("those of them that somebody acknowledged")
    audio_pause_s: int = u16(
        "until the alarm sound returns; 0 where it is on", unit="s", most=MOST_AUDIO_PAUSE_S
    )
    refusing_s: int = u32(
        "until changes are taken again, STOP and MINIMUM_RATE apart; 0 where they are", unit="s"
    )
    pump_time_us: int = u64("pump time of this sample", unit="us")
    clock_s: int = u64("the pump's calendar clock: seconds since 1970 UTC", unit="s")
    boot: int = u32("starts of the pump so far")
    newest_event: int = u32("number of the newest entry of the event log; 0 if there is none")
    least_rate_nl_h: int = u32("hard limit below", unit="nL/h", most=MOST_RATE_NL_H)
    most_rate_nl_h: int = u32("hard limit above", unit="nL/h", most=MOST_RATE_NL_H)
    step_up_percent: int = u16("hard limit of an increase; 0 for none", unit="%")
    step_down_percent: int = u8("hard limit of a decrease; 0 for none", unit="%", most=100)
    limits_crc: int = u32(
        "CRC-32 of the payload of Limits: another one means that the pump's limits are others"
    )
    frames_bad: int = u32(
        "frames dropped on this port since its host opened it: damaged, or not from a peer with a key"
    )
    bench_faults: int = u8(
        "faults that are injected on purpose now, 255 for more too; 0 in a pump that is no bench"
    )


@message(0x12)
class GetLimits(Message):
    """Ask for the limits that the pump enforces."""


@message(0x92)
class Limits(Message):
    """What the pump enforces. No message changes them: they are the pump's local configuration."""

    least_rate_nl_h: int = u32("hard limit below", unit="nL/h", most=MOST_RATE_NL_H)
    most_rate_nl_h: int = u32("hard limit above", unit="nL/h", most=MOST_RATE_NL_H)
    minimum_rate_nl_h: int = u32("rate of the mode MINIMUM_RATE", unit="nL/h", most=MOST_RATE_NL_H)
    step_up_percent: int = u16("hard limit of an increase; 0 for none", unit="%")
    step_down_percent: int = u8("hard limit of a decrease; 0 for none", unit="%", most=100)
    day_up_percent: int = u16("hard limit of all increases within 24 h of pump time; 0 for none", unit="%")
    least_dose_ug_day: int = u32("hard limit of the daily dose below; 0 for none", unit="ug/day")
    most_dose_ug_day: int = u32("hard limit of the daily dose above; 0 for none", unit="ug/day")
    most_bolus_nl: int = u32("hard limit of one bolus; 0 for none", unit="nL")
    least_bolus_ug: int = u32("hard limit of the dose of one bolus below; 0 for none", unit="ug")
    most_bolus_ug: int = u32("hard limit of the dose of one bolus above; 0 for none", unit="ug")
    most_day_nl: int = u32("hard limit of any 24 h, delivered and committed; 0 for none", unit="nL")
    lockout_s: int = u32("from an applied change to the next, pump time; 0 for none", unit="s")
    refusals_allowed: int = u8("so many changes over a limit within the window lock changes; 0 for never")
    refusal_window_s: int = u32("the window, pump time", unit="s")
    lock_s: int = u32("how long changes are locked then, pump time", unit="s")
    prepare_ttl_ms: int = u16("how long a prepared change waits for its commit", unit="ms")


@message(0x13)
class GetEvents(Message):
    """Ask for the event log or the fault log, oldest first."""

    since: int = u32("number of the first entry wanted; older ones that were overwritten are skipped")
    log: Log = choice(Log, "which log", default=Log.EVENTS)


@message()
class EventRecord(Message):
    """One entry of the event log or the fault log, each of which counts its own."""

    number: int = u32("1 for the first entry of all; never used twice", least=1)
    pump_time_us: int = u64("when", unit="us")
    clock_s: int = u64("when, by the pump's calendar clock", unit="s")
    kind: int = u8("what happened: an EventKind, or a number of a later minor version")
    detail: int = u8(
        "alarm bit, refusal code, role, mode or weekdays, by kind; of a change, bit 7: a soft limit was overridden"
    )
    a: int = u32("by kind")
    b: int = u32("by kind")


@message(0x93)
class Events(Message):
    """A page of one of the logs."""

    log: Log = choice(Log, "of the request")
    newest: int = u32("number of the newest entry there is; ask again until it was seen")
    events: tuple[EventRecord, ...] = records(EventRecord, EVENTS_A_PAGE, "the entries, oldest first")


@message(0x14)
class GetProgram(Message):
    """Ask for the program of a weekday, and for what stands over it now."""

    weekday: int = u8("0 for Monday", most=6)


@message()
class Step(Message):
    """One step of a day's pattern."""

    minute: int = u16("of the day, by the pump's calendar clock, UTC", unit="min", most=MINUTES_A_DAY - 1)
    rate_nl_h: int = u32("from that minute on", unit="nL/h", most=MOST_RATE_NL_H)


@message(0x94)
class Program(Message):
    """The program of a weekday: a simple continuous rate is one step at minute 0, the same every day."""

    mode: Mode = choice(Mode, "what stands over the program now")
    mode_rate_nl_h: int = u32("rate of that mode; 0 for PROGRAM", unit="nL/h", most=MOST_RATE_NL_H)
    mode_left_s: int = u32("until it ends by itself; 4294967295 where it does not", unit="s")
    weekday: int = u8("of the request", most=6)
    steps: tuple[Step, ...] = records(Step, STEPS_A_DAY, "the day's pattern; the first step is at minute 0")


@message(0x15)
class GetStatistics(Message):
    """Ask what the pump has counted on this port."""


@message(0x95)
class Statistics(Message):
    """What the pump has counted on this port since its host opened it: frames by what became of them."""

    accepted: int = u32("accepted in the present session, this request among them")
    bad_size: int = u32("dropped: too short or too long")
    bad_cobs: int = u32("dropped: not COBS")
    bad_crc: int = u32("dropped: wrong CRC-32")
    bad_version: int = u32("dropped: another version")
    bad_length: int = u32("dropped: length of the payload does not fit")
    bad_session: int = u32("dropped: of another session")
    bad_direction: int = u32("dropped: not from the host's side")
    bad_counter: int = u32("dropped: seen before")
    bad_tag: int = u32("dropped: wrong tag in a session")
    bad_handshake: int = u32("dropped: handshake frames with a wrong tag")
    sessions: int = u32("sessions opened")
    deaf_ms: int = u16("handshakes are ignored for so long", unit="ms")


@message(0x16)
class GetBench(Message):
    """Ask the bench what it does to the pump. A pump that is no bench answers UNSUPPORTED."""


@message(0x96)
class Bench(Message):
    """What the bench does on purpose: how fast pump time goes, and which faults are injected now."""

    speed: int = u32("of pump time, in thousandths of wall time; 0 where it stands still")
    faults: int = u8("faults that are injected now, 255 for more too")
    names: str = text(NAMED, "their names for a person, cut where they are too many")


# --- changing -----------------------------------------------------------------------------------------------------


@message()
class Change(Message):
    """What is to be changed. Which fields a kind uses is told in "Kinds of change"; all others are 0."""

    kind: ChangeKind = choice(ChangeKind, "what to change")
    rate_nl_h: int = u32("rate wanted", unit="nL/h", default=0)
    volume_nl: int = u32("of a bolus, prime, bridge or fill", unit="nL", default=0)
    duration_s: int = u32("of a bolus or a temporary rate, pump time", unit="s", default=0)
    withdrawn_nl: int = u32("taken out of the reservoir before it was filled", unit="nL", default=0)
    concentration_ug_ml: int = u16("of the drug that was filled", unit="ug/mL", default=0)
    # In 2106 it ends: an entry of the event log has four bytes for the clock that was.
    clock_s: int = u64("seconds since 1970 UTC", unit="s", most=0xFFFF_FFFF, default=0)
    weekdays: int = u8("a bit a weekday, Monday lowest", most=EVERY_DAY, default=0)
    steps: tuple[Step, ...] = records(
        Step, STEPS_A_DAY, "a day's pattern: the first at minute 0, rising", default=()
    )


# The fields of a Change that each kind uses, beside the kind itself.
USED: dict[ChangeKind, frozenset[str]] = {
    ChangeKind.RATE: frozenset({"rate_nl_h"}),
    ChangeKind.STOP: frozenset(),
    ChangeKind.RESUME: frozenset(),
    ChangeKind.MINIMUM_RATE: frozenset(),
    ChangeKind.TEMPORARY_RATE: frozenset({"rate_nl_h", "duration_s"}),
    ChangeKind.BOLUS: frozenset({"volume_nl", "duration_s"}),
    ChangeKind.FLEX: frozenset({"weekdays", "steps"}),
    ChangeKind.REFILL: frozenset({"withdrawn_nl", "volume_nl", "concentration_ug_ml"}),
    ChangeKind.PRIME: frozenset({"volume_nl"}),
    ChangeKind.BRIDGE: frozenset({"volume_nl", "rate_nl_h"}),
    ChangeKind.CLOCK: frozenset({"clock_s"}),
}


@message(0x20)
class Prepare(Message):
    """Say what is wanted, and what the operator saw when deciding it. Changes nothing."""

    command_id: bytes = raw(8, "fresh random bytes: names this change for ever")
    expect_revision: int = u32("the revision that the operator saw")
    expect_rate_nl_h: int = u32("the commanded rate that the operator saw", unit="nL/h")
    overridden: int = u8("1 where a soft limit of the host was overridden: told in the event log", most=1)
    change: Change = record(Change, "what is wanted")


@message(0xA0)
class Prepared(Message):
    """The change as the pump understood it, what limits it, and what follows. The host compares before it commits."""

    command_id: bytes = raw(8, "of the Prepare")
    revision: int = u32("present revision")
    old_rate_nl_h: int = u32("present commanded rate", unit="nL/h")
    new_rate_nl_h: int = u32("commanded rate right after the commit", unit="nL/h")
    least_rate_nl_h: int = u32("least rate that the limits allow now", unit="nL/h")
    most_rate_nl_h: int = u32("greatest rate that the limits allow now", unit="nL/h")
    old_to_low_s: int = u32(
        "to the low-reservoir volume as it is; 0 where it is there, 4294967295 for never", unit="s"
    )
    new_to_low_s: int = u32("the same after the commit", unit="s")
    old_to_empty_s: int = u32("to the residual volume as it is", unit="s")
    new_to_empty_s: int = u32("the same after the commit", unit="s")
    token: bytes = raw(8, "what the Commit must name")
    ttl_ms: int = u16("the token is good for this long", unit="ms")
    change: Change = record(Change, "the change as it was understood")


@message(0x21)
class Commit(Message):
    """Apply what was prepared."""

    command_id: bytes = raw(8, "of the Prepare")
    token: bytes = raw(8, "from Prepared")


@message(0x22)
class Resolve(Message):
    """Abort the change unless it was applied, and say which. The verdict is final."""

    command_id: bytes = raw(8, "of the Prepare")


@message(0xA2)
class Outcome(Message):
    """What became of a change."""

    command_id: bytes = raw(8, "of the Prepare")
    verdict: Verdict = choice(Verdict, "applied or not, for ever")
    revision: int = u32("the revision it made; the present one where it was not applied")
    rate_nl_h: int = u32("commanded rate at that revision", unit="nL/h")
    pump_time_us: int = u64("when it was applied; now where it was not", unit="us")


@message(0x23)
class Acknowledge(Message):
    """Say that somebody has seen these alarms. Answered by a Status."""

    alarms: int = u32("a bit an alarm; those that are not active are passed over")


@message(0x24)
class AudioPause(Message):
    """Silence the alarm sound for a while; alarms stay lit. Answered by a Status."""

    seconds: int = u16("pump time; 0 ends a pause", unit="s", most=MOST_AUDIO_PAUSE_S)


@message(0xAF)
class Rejected(Message):
    """A request was refused; nothing changed."""

    request: int = u8("type code of the request")
    command_id: bytes = raw(8, "of the request, zero bytes where it has none")
    reason: int = u8("why: a Refusal")
    bound: int = u32("the bound that was crossed, in the unit of the field that crossed it")
    sentence: str = text(SENTENCE, "the same for a person")


MESSAGES: dict[int, type[Message]] = {
    kind.code: kind
    for kind in (
        *(Hello, Challenge, Confirm),
        *(Identify, Identity, Poll, Status, GetLimits, Limits, GetEvents, Events),
        *(GetProgram, Program, GetStatistics, Statistics, GetBench, Bench),
        *(Prepare, Prepared, Commit, Resolve, Outcome, Acknowledge, AudioPause, Rejected),
    )
}
_CODECS = {code: Codec(kind) for code, kind in MESSAGES.items()}
_NO_CODEC = "type 0x{:02x} is not a message of this version"


def build(body: Message) -> bytes:
    """Return the payload of a message.

    Raises:
        MessageError: where a field is outside its range.
    """
    return _CODECS[body.code].build(body)


def parse(code: int, payload: bytes) -> Message:
    """Return the message of type `code` in `payload`.

    Raises:
        MessageError: where the type is unknown, the size is wrong or a field is outside its range.
    """
    codec = _CODECS.get(code)
    if codec is None:
        raise MessageError(_NO_CODEC.format(code))
    return cast("Message", codec.parse(payload))


def construct_of(code: int) -> object:
    """Return the construct declaration of a message's body, for readers of the wire other than this package."""
    return _CODECS[code].construct
