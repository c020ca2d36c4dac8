"""The pump behind its ports: what is stored when, who may change what, and what is written down of it."""

from __future__ import annotations

import dataclasses
from typing import Any
from zlib import crc32

import pytest

from protocol.changes import PREPARE_TTL_MS
from protocol.messages import (
    NEVER_S,
    Acknowledge,
    Change,
    Commit,
    Events,
    GetEvents,
    GetLimits,
    GetProgram,
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
    Status,
    Step,
    build,
)
from protocol.vocabulary import ChangeKind, EventKind, Log, Mode, Refusal, Role, State
from pumpmock.model.sample import Sample
from tests.pumpmock.conftest import (
    ONE_OF_EACH,
    RATE_NL_H,
    SERIAL_NUMBER,
    STORE_ID,
    Bench,
    Host,
    S,
    new_memory,
    preparing,
    to_rate,
)
from tests.settings import usual_settings


def program_of(stored: dict[str, Any]) -> int:
    """Return the rate of a stored simple continuous program."""
    ((minute, rate_nl_h),) = stored["therapy"]["program"][0]
    assert minute == 0
    return int(rate_nl_h)


CHANGING = (
    preparing(b"command1", 25_000),
    Commit(b"command1", b"token001"),
    Resolve(b"command1"),
    Acknowledge(1),
)


class Still:
    """A pump of which one sample is known."""

    audio_pause_s = 1_004
    refusing_s = 1_005
    settings = usual_settings()

    def __init__(self, sample: Sample) -> None:
        self._sample = sample

    def sample(self) -> Sample:
        return self._sample

    def hear(self) -> None:
        pass

    def interrogated(self) -> None:
        pass


@pytest.mark.requirement("R6.5.0(23)", "R6.7.0(1)", "R7.3.0(2)")
def test_a_status_carries_each_figure_of_the_sample_under_its_own_name(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No two figures alike: a swap of two would show.
    figures: dict[str, int] = {name: place for place, name in enumerate(Sample.__annotations__, start=1)}
    figures |= {"state": State.EMPTY, "mode": Mode.BRIDGE}
    bench.memory.boot, bench.memory.revision = 1_001, 1_002
    limits_crc = crc32(build(bench.serve(GetLimits(), Limits)))
    monkeypatch.setattr(bench.device, "pump", Still(Sample(**figures)))
    bench.notice = (211, "")
    status = bench.device.serve(Poll(), Role.VIEWER, 1, 1_003)
    assert isinstance(status, Status)
    shown = {field.name: getattr(status, field.name) for field in dataclasses.fields(Status)}
    own = {"boot": 1_001, "revision": 1_002, "frames_bad": 1_003, "audio_pause_s": 1_004, "refusing_s": 1_005}
    assert shown == figures | own | {"limits_crc": limits_crc, "bench_faults": 211}


def test_identity_and_limits_are_this_pumps() -> None:
    bench = Bench(
        new_memory(least_rate_nl_h=3_000, most_rate_nl_h=90_000, step_up_percent=40, step_down_percent=50)
    )
    offered = 0b1111_1111_1110  # every kind
    identity = Identity(SERIAL_NUMBER, "bench", "1.2.3", 1, STORE_ID, 1, offered)
    assert bench.serve(Identify(), Identity) == identity
    none = dict.fromkeys((field.name for field in dataclasses.fields(Limits)), 0)
    own = {"least_rate_nl_h": 3_000, "most_rate_nl_h": 90_000, "step_up_percent": 40, "step_down_percent": 50}
    own["minimum_rate_nl_h"] = 250
    assert bench.serve(GetLimits(), Limits) == Limits(**none | own | {"prepare_ttl_ms": PREPARE_TTL_MS})


def test_a_change_is_stored_before_the_motor_turns_and_again_before_the_reply(bench: Bench) -> None:
    host = Host(bench.open())
    now = host.ask(Poll(), Status)
    prepared = host.ask(preparing(b"command1", 25_000, seen_nl_h=now.commanded_rate_nl_h), Prepared)
    bench.course.clear()
    bench.saves.clear()
    host.ask(Commit(b"command1", prepared.token), Outcome)
    bench.course.append("reply")
    assert bench.course == ["save", "motor", "save", "reply"]
    (ahead, ledger, pump), (revision, same_ledger, moved) = bench.saves
    assert (ahead, len(ledger), program_of(pump)) == (0, 1, RATE_NL_H)
    assert (revision, same_ledger, program_of(moved)) == (1, ledger, 25_000)


def test_a_change_that_cannot_be_stored_is_refused_and_leaves_rate_and_revision(bench: Bench) -> None:
    prepared = bench.serve(bench.prepare_request(25_000), Prepared)
    before = bench.status()
    bench.course.clear()
    bench.store_error = OSError(28, "No space left on device")
    refused = bench.serve(Commit(prepared.command_id, prepared.token), Rejected)
    assert refused.reason == Refusal.NOT_STORED
    assert "No space left on device" in refused.sentence
    assert bench.course == ["save", "motor"]  # the one entry is the refusal
    after = bench.status()
    assert dataclasses.replace(after, newest_event=before.newest_event) == before
    assert bench.memory.ledger.lines == ()


def test_a_change_that_could_not_be_stored_is_never_applied_and_the_next_one_is(bench: Bench) -> None:
    prepared = bench.serve(bench.prepare_request(25_000), Prepared)
    bench.store_error = OSError(28, "No space left on device")
    bench.serve(Commit(prepared.command_id, prepared.token), Rejected)
    bench.store_error = None
    again = bench.serve(Commit(prepared.command_id, prepared.token), Rejected)
    assert again.reason == Refusal.NOT_PREPARED
    assert bench.serve(Resolve(prepared.command_id), Outcome).verdict.name == "NOT_APPLIED"
    outcome = bench.change(26_000)
    assert (outcome.revision, outcome.rate_nl_h) == (1, 26_000)
    assert bench.status().measured_rate_nl_h == 26_000


def test_readings_go_on_while_nothing_can_be_stored_and_somebody_is_told(bench: Bench) -> None:
    host = Host(bench.open())
    bench.store_error = error = OSError(28, "No space left on device")
    bench.now_ns += 1_000_000
    before = len(bench.saves)
    assert host.ask(Poll(), Status).pump_time_us == 1_000
    assert bench.told == [error]
    bench.store_error = None
    host.ask(Poll(), Status)
    assert len(bench.saves) == before + 2  # and that it can be stored again


def test_a_pump_at_rest_is_not_stored_again() -> None:
    bench = Bench(speed=0)
    host = Host(bench.open())
    host.ask(Poll(), Status)
    before = len(bench.saves)
    bench.now_ns += 10**12
    for request in (Poll(), Identify(), GetLimits(), GetEvents(1), Acknowledge(31)):
        host.send(request)
    assert len(bench.saves) == before
    host.send(preparing(b"command1", 0, revision=9))  # a refusal is logged, which is news
    assert len(bench.saves) == before + 1


def test_pump_time_does_not_run_backwards_behind_a_slower_clock(bench: Bench) -> None:
    bench.now_ns += 5_000_000
    assert bench.status().pump_time_us == 5_000
    bench.now_ns -= 4_000_000
    assert bench.status().pump_time_us == 5_000


@pytest.mark.parametrize("request_", CHANGING, ids=lambda request: type(request).__name__)
def test_a_viewer_is_refused_whatever_changes_and_it_is_written_down(
    bench: Bench, request_: Prepare | Commit | Resolve | Acknowledge
) -> None:
    refused = bench.serve(request_, Rejected, Role.VIEWER)
    assert (refused.request, refused.reason) == (request_.code, Refusal.ROLE)
    assert refused.command_id == getattr(request_, "command_id", bytes(8))
    (entry,) = bench.memory.pump.events.since(0)
    wanted = 25_000 if isinstance(request_, Prepare) else 0
    assert (entry.kind, entry.detail, entry.a, entry.b) == (EventKind.REFUSED, Refusal.ROLE, wanted, 0)


def test_a_viewer_changes_nothing_by_trying() -> None:
    bench = Bench(new_memory(low_reservoir_nl=19_000_000))  # an alarm to acknowledge
    kept = bench.serve(bench.prepare_request(25_000), Prepared)
    before = bench.status()
    for request in (*CHANGING, Commit(kept.command_id, kept.token), Resolve(kept.command_id)):
        bench.serve(request, Rejected, Role.VIEWER)
    after = bench.status()
    assert dataclasses.replace(after, newest_event=before.newest_event) == before
    assert bench.serve(Commit(kept.command_id, kept.token), Outcome).rate_nl_h == 25_000


@pytest.mark.parametrize(
    "request_", [Poll(), Identify(), GetLimits(), GetEvents(1)], ids=lambda r: type(r).__name__
)
def test_a_viewer_may_read_everything(bench: Bench, request_: Poll) -> None:
    assert not isinstance(bench.device.serve(request_, Role.VIEWER, 1, 0), Rejected)


@pytest.mark.requirement("R6.5.0(10)")
@pytest.mark.parametrize(
    ("limits", "wanted", "reason", "bound"),
    [
        ({}, 1_999, Refusal.BELOW_LEAST, 2_000),
        ({"most_rate_nl_h": 90_000}, 90_001, Refusal.ABOVE_MOST, 90_000),
        ({"step_up_percent": 40}, 29_167, Refusal.STEP_UP, 29_166),
        ({"step_down_percent": 50}, 10_416, Refusal.STEP_DOWN, 10_417),
    ],
)
def test_a_rate_outside_the_limits_is_refused_and_logged_with_what_was_wanted_and_the_bound(
    limits: dict[str, int], wanted: int, reason: Refusal, bound: int
) -> None:
    bench = Bench(new_memory(**limits))
    refused = bench.serve(bench.prepare_request(wanted), Rejected)
    assert (refused.reason, refused.bound) == (reason, bound)
    (entry,) = bench.memory.pump.events.since(0)
    assert (entry.kind, entry.detail, entry.a, entry.b) == (EventKind.REFUSED, reason, wanted, bound)
    assert bench.change(bound).rate_nl_h == bound  # the bound itself is inside


def test_a_request_that_no_host_sends_inside_a_session_is_refused(bench: Bench) -> None:
    status = bench.status()
    assert bench.serve(status, Rejected).reason == Refusal.UNSUPPORTED


@pytest.mark.parametrize("change", ONE_OF_EACH.values(), ids=lambda change: change.kind.name)
def test_each_kind_of_change_is_prepared_committed_and_then_is_what_was_said(
    bench: Bench, change: Change
) -> None:
    assert bench.change(Change(ChangeKind.MINIMUM_RATE)).rate_nl_h == 250
    prepared = bench.serve(bench.prepare_request(change), Prepared)
    assert prepared.change == change
    outcome = bench.serve(Commit(prepared.command_id, prepared.token), Outcome)
    assert (outcome.revision, outcome.rate_nl_h) == (2, prepared.new_rate_nl_h)
    assert bench.status().commanded_rate_nl_h == prepared.new_rate_nl_h
    again = bench.serve(bench.prepare_request(to_rate(25_000)), Prepared | Rejected)
    if isinstance(again, Prepared):  # a stopped pump wants to be resumed first
        assert (again.old_to_low_s, again.old_to_empty_s) == (prepared.new_to_low_s, prepared.new_to_empty_s)


def test_the_program_of_a_day_is_told_with_what_stands_over_it(bench: Bench) -> None:
    flex, temporary = ONE_OF_EACH[ChangeKind.FLEX], ONE_OF_EACH[ChangeKind.TEMPORARY_RATE]
    own = (Step(0, RATE_NL_H),)
    assert bench.serve(GetProgram(6), Program) == Program(Mode.PROGRAM, 0, NEVER_S, 6, own)
    bench.change(flex)
    bench.change(temporary)
    bench.now_ns += S
    for weekday in range(7):
        steps = flex.steps if weekday < 5 else own
        told = bench.serve(GetProgram(weekday), Program, Role.VIEWER)
        assert told == Program(Mode.TEMPORARY_RATE, 40_000, 7_199, weekday, steps)
        build(told)


def test_what_the_pump_itself_refuses_is_refused_with_its_bound_and_logged(bench: Bench) -> None:
    bolus = Change(ChangeKind.BOLUS, volume_nl=17_000_000, duration_s=99_999)
    refused = bench.serve(bench.prepare_request(bolus), Rejected)
    assert (refused.reason, refused.bound) == (Refusal.VOLUME, 16_600_000)
    entry = bench.memory.pump.events.since(0)[-1]
    assert (entry.kind, entry.detail, entry.b) == (EventKind.REFUSED, Refusal.VOLUME, 16_600_000)


def test_acknowledging_is_answered_by_the_status_after_it() -> None:
    bench = Bench(new_memory(low_reservoir_nl=19_000_000))
    assert (bench.status().alarms, bench.status().acknowledged) == (1, 0)
    assert bench.serve(Acknowledge(0b11), Status).acknowledged == 1


@pytest.mark.requirement("R6.6.0(1-3) events")
def test_the_pages_of_the_log_are_complete_and_in_order(bench: Bench) -> None:
    for wanted in range(20):
        bench.memory.pump.record(EventKind.REFUSED, Refusal.BELOW_LEAST, wanted)
    found, since, pages = [], 1, 0
    while True:
        page = bench.serve(GetEvents(since), Events)
        assert page.newest == 20
        found += page.events
        pages += 1
        if found[-1].number == page.newest:
            break
        since = found[-1].number + 1
    assert pages == 4
    assert tuple(found) == bench.memory.pump.events.since(0)
    assert [entry.number for entry in found] == list(range(1, 21))


def test_a_page_after_the_newest_entry_is_empty_and_one_before_the_oldest_begins_with_it(
    bench: Bench,
) -> None:
    assert bench.serve(GetEvents(1), Events) == Events(Log.EVENTS, 0, ())
    for _ in range(1_005):
        bench.memory.pump.record(EventKind.START)
    assert [entry.number for entry in bench.serve(GetEvents(1), Events).events] == [6, 7, 8, 9, 10, 11]
    assert bench.serve(GetEvents(1_006), Events) == Events(Log.EVENTS, 1_005, ())


def test_a_session_that_ends_gives_the_prepared_change_up_and_another_does_not(bench: Bench) -> None:
    prepared = bench.serve(bench.prepare_request(25_000), Prepared)
    bench.device.end_session(78)
    assert bench.serve(bench.prepare_request(26_000), Rejected).reason == Refusal.BUSY
    bench.device.end_session(77)
    refused = bench.serve(Commit(prepared.command_id, prepared.token), Rejected)
    assert refused.reason == Refusal.NOT_PREPARED
    assert bench.serve(bench.prepare_request(26_000), Prepared).new_rate_nl_h == 26_000


def test_a_prepared_change_expires_by_the_wall_clock_even_on_a_frozen_pump() -> None:
    bench = Bench(speed=0)
    prepared = bench.serve(bench.prepare_request(25_000), Prepared)
    bench.now_ns += PREPARE_TTL_MS * 1_000_000
    refused = bench.serve(Commit(prepared.command_id, prepared.token), Rejected)
    assert refused.reason == Refusal.NOT_PREPARED
    assert bench.status().revision == 0
