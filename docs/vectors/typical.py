"""Messages as they are in use: at least one of each type, with figures that a pump could have."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from docs.vectors.given import BOOT, DEVICE_NONCE, HOST_NONCE, SERIAL_NUMBER, SESSION, STORE_ID, TECHNICIAN
from protocol.keys import device_id
from protocol.messages import (
    MINOR_VERSION,
    NEVER_S,
    Acknowledge,
    AudioPause,
    Bench,
    Challenge,
    Change,
    Commit,
    Confirm,
    EventRecord,
    Events,
    GetBench,
    GetEvents,
    GetLimits,
    GetProgram,
    GetStatistics,
    Hello,
    Identify,
    Identity,
    Limits,
    Outcome,
    Poll,
    Prepare,
    Prepared,
    Program,
    Rejected,
    Resolve,
    Statistics,
    Status,
    Step,
    build,
)
from protocol.vocabulary import ChangeKind, EventKind, Log, Mode, Refusal, Role, State, Verdict

if TYPE_CHECKING:
    from protocol.fields import Message

COMMAND_ID = bytes(range(0xC0, 0xC8))
TOKEN = bytes(range(0xD0, 0xD8))
RATE_NL_H = 20_833
CLOCK_S = 1_767_225_600  # 2026-01-01 00:00:00, a Thursday
DAY = (Step(0, 18_000), Step(360, 25_000), Step(1_320, 18_000))
# A change of each kind that a pump can take.
CHANGES = {
    ChangeKind.RATE: Change(ChangeKind.RATE, rate_nl_h=25_000),
    ChangeKind.STOP: Change(ChangeKind.STOP),
    ChangeKind.RESUME: Change(ChangeKind.RESUME),
    ChangeKind.MINIMUM_RATE: Change(ChangeKind.MINIMUM_RATE),
    ChangeKind.TEMPORARY_RATE: Change(ChangeKind.TEMPORARY_RATE, rate_nl_h=30_000, duration_s=7_200),
    ChangeKind.BOLUS: Change(ChangeKind.BOLUS, volume_nl=100_000, duration_s=600),
    ChangeKind.FLEX: Change(ChangeKind.FLEX, weekdays=0b001_1111, steps=DAY),
    ChangeKind.REFILL: Change(
        ChangeKind.REFILL, volume_nl=20_000_000, withdrawn_nl=2_150_000, concentration_ug_ml=500
    ),
    ChangeKind.PRIME: Change(ChangeKind.PRIME, volume_nl=250_000),
    ChangeKind.BRIDGE: Change(ChangeKind.BRIDGE, rate_nl_h=15_000, volume_nl=220_000),
    ChangeKind.CLOCK: Change(ChangeKind.CLOCK, clock_s=CLOCK_S),
}
LIMITS = Limits(
    least_rate_nl_h=2_000,
    most_rate_nl_h=1_000_000,
    minimum_rate_nl_h=250,
    step_up_percent=40,
    step_down_percent=50,
    day_up_percent=60,
    least_dose_ug_day=20,
    most_dose_ug_day=900,
    most_bolus_nl=500_000,
    least_bolus_ug=1,
    most_bolus_ug=300,
    most_day_nl=1_500_000,
    lockout_s=300,
    refusals_allowed=3,
    refusal_window_s=600,
    lock_s=600,
    prepare_ttl_ms=15_000,
)
READING = Status(
    state=State.RUNNING,
    mode=Mode.PROGRAM,
    revision=7,
    commanded_rate_nl_h=RATE_NL_H,
    measured_rate_nl_h=20_800,
    programmed_rate_nl_h=RATE_NL_H,
    mode_left_s=NEVER_S,
    concentration_ug_ml=500,
    reservoir_nl=17_400_000,
    sensed_nl=17_300_000,
    sensed_band_nl=400_000,
    capacity_nl=20_000_000,
    low_reservoir_nl=2_000_000,
    residual_nl=1_000_000,
    delivered_nl=2_600_000,
    battery_percent=81,
    battery_mv=2_905,
    service_days=1_900,
    alarms=0b100001,
    acknowledged=0b000001,
    audio_pause_s=90,
    refusing_s=540,
    pump_time_us=90_000_000_000,
    clock_s=CLOCK_S,
    boot=BOOT,
    newest_event=42,
    least_rate_nl_h=2_000,
    most_rate_nl_h=1_000_000,
    step_up_percent=40,
    step_down_percent=50,
    limits_crc=zlib.crc32(build(LIMITS)),
    frames_bad=5,
    bench_faults=2,
)
IDENTITY = Identity(SERIAL_NUMBER, "Bench", "1.0", MINOR_VERSION, STORE_ID, BOOT, changes=0b1111_1111_1110)
BENCH = Bench(60_000, 2, "lose-reply on Commit x1; delay 300 ms")
STATISTICS = Statistics(1_000, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1_500)
PROGRAM = Program(Mode.TEMPORARY_RATE, 30_000, 3_600, 3, DAY)
EVENTS = Events(
    Log.EVENTS,
    42,
    (
        EventRecord(40, 80_000_000_000, CLOCK_S - 10_000, EventKind.SESSION, Role.TECHNICIAN, 0, 0),
        EventRecord(41, 80_001_000_000, CLOCK_S - 9_999, EventKind.RATE_CHANGED, 0, 25_000, RATE_NL_H),
        EventRecord(42, 80_002_000_000, CLOCK_S - 9_998, EventKind.REFUSED, Refusal.STEP_UP, 250_000, 29_166),
    ),
)


def _prepare(change: Change) -> Prepare:
    return Prepare(COMMAND_ID, expect_revision=7, expect_rate_nl_h=RATE_NL_H, overridden=0, change=change)


def _prepared(change: Change) -> Prepared:
    return Prepared(
        COMMAND_ID,
        revision=7,
        old_rate_nl_h=RATE_NL_H,
        new_rate_nl_h=25_000,
        least_rate_nl_h=10_417,
        most_rate_nl_h=29_166,
        old_to_low_s=2_661_162,
        new_to_low_s=2_217_600,
        old_to_empty_s=2_833_965,
        new_to_empty_s=NEVER_S,
        token=TOKEN,
        ttl_ms=15_000,
        change=change,
    )


TYPICAL: dict[type[Message], tuple[Message, ...]] = {
    Hello: (Hello(TECHNICIAN.key_id, HOST_NONCE, MINOR_VERSION),),
    Challenge: (Challenge(device_id(SERIAL_NUMBER), STORE_ID, BOOT, SESSION, DEVICE_NONCE, MINOR_VERSION),),
    Confirm: (Confirm(),),
    Identify: (Identify(),),
    Identity: (IDENTITY,),
    Poll: (Poll(),),
    Status: (READING,),
    GetLimits: (GetLimits(),),
    Limits: (LIMITS,),
    GetEvents: (GetEvents(40), GetEvents(1, Log.FAULTS)),
    Events: (EVENTS, Events(Log.FAULTS, 0, ())),
    GetProgram: (GetProgram(3),),
    Program: (PROGRAM,),
    GetStatistics: (GetStatistics(),),
    Statistics: (STATISTICS,),
    GetBench: (GetBench(),),
    Bench: (BENCH,),
    Prepare: tuple(_prepare(change) for change in CHANGES.values()),
    Prepared: (_prepared(CHANGES[ChangeKind.RATE]), _prepared(CHANGES[ChangeKind.FLEX])),
    Commit: (Commit(COMMAND_ID, TOKEN),),
    Resolve: (Resolve(COMMAND_ID),),
    Outcome: (
        Outcome(COMMAND_ID, Verdict.APPLIED, 8, 25_000, 90_010_000_000),
        Outcome(COMMAND_ID, Verdict.NOT_APPLIED, 7, RATE_NL_H, 90_010_000_000),
    ),
    Acknowledge: (Acknowledge(0b100001),),
    AudioPause: (AudioPause(90),),
    Rejected: (
        Rejected(
            Prepare.code,
            COMMAND_ID,
            Refusal.STEP_UP,
            29_166,
            "6.000 mL/day is more than +40 % in one step: 0.700 mL/day at the most",
        ),
    ),
}
