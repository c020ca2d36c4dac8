"""An honest device passes, whatever it is in the middle of; what can't be tried on it is skipped, with what mends it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from protocol.changes import ChangeDesk
from protocol.exchange import DeviceEnd
from protocol.ledger import Ledger
from protocol.messages import Change, GetBench, Prepare, Rejected, Step
from protocol.vocabulary import ChangeKind, State
from pumpmock.conform.check import FailedError, Need
from pumpmock.conform.checks_requests import UNKNOWN
from pumpmock.conform.rig import Keys, Rig
from pumpmock.conform.runner import Runner, Verdict
from pumpmock.conform.table import CHECKS
from pumpmock.limits_file import BENCH_LIMITS
from pumpmock.model.pump import Pump
from pumpmock.pace import Pace
from pumpmock.snapshot import Memory
from tests.pumpmock.conform.defects_of_the_pump import applies_before_it_is_committed
from tests.pumpmock.conform.plant import (
    BOTH_KEYS,
    EVERYTHING,
    ByHand,
    examined,
    limited_memory,
    named,
    rig_at,
)
from tests.pumpmock.conftest import (
    RATE_NL_H,
    SERIAL_NUMBER,
    STORE_ID,
    TECHNICIAN,
    VIEWER,
    Bench,
    new_memory,
)
from tests.settings import usual_settings

if TYPE_CHECKING:
    from protocol.fields import Message
    from protocol.frame import Frame
    from protocol.session import Session
    from pumpmock.conform.runner import Result

APPLIES = "a Commit applies what was prepared, as the next revision"
AS_IT_WAS = f"the device is back: {RATE_NL_H} nL/h, RUNNING, by PROGRAM; revision 2"
PATTERN = Change(ChangeKind.FLEX, weekdays=0x7F, steps=(Step(0, 20_000), Step(480, 21_000)))


def by_name(results: list[Result]) -> dict[str, Result]:
    return {result.check.name: result for result in results}


def failed(results: list[Result]) -> list[Result]:
    return [result for result in results if result.verdict is Verdict.FAILED]


@pytest.mark.parametrize("limited", [True, False])
def test_an_honest_device_passes_all(*, limited: bool) -> None:
    results = examined(Bench(limited_memory() if limited else new_memory()))
    skipped = {result.check.name for result in results if result.verdict is Verdict.SKIPPED}
    assert failed(results) == []
    assert skipped - {"the lock-out after a change is told as TOO_SOON, with the seconds left"} == {
        "a stopped device commands nothing, by no mode",
        "a kind that is not offered is NOT_OFFERED",
    }


def test_a_device_that_is_no_bench_passes_all(monkeypatch: pytest.MonkeyPatch) -> None:
    understand = DeviceEnd._understand

    def plainly(end: DeviceEnd, frame: Frame, session: Session) -> Message:
        unknown = frame._replace(type=UNKNOWN[0]) if frame.type == GetBench.code else frame
        answer = understand(end, unknown, session)
        return replace(answer, request=frame.type) if isinstance(answer, Rejected) else answer

    monkeypatch.setattr(DeviceEnd, "_understand", plainly)
    results = examined(Bench(limited_memory()))
    assert failed(results) == []
    why = by_name(results)["GetBench that is not as this table has it is MALFORMED"].why
    assert why == "the device is no bench, to which this type is unknown"


@pytest.mark.parametrize("speed", [0, 1_000, 3_600_000, 86_400_000])
def test_it_passes_at_any_speed_of_pump_time(speed: int) -> None:
    assert failed(examined(Bench(new_memory(), speed=speed))) == []


def test_it_passes_twice_although_the_first_run_has_left_its_refusals_and_a_lock_out() -> None:
    bench = Bench(limited_memory())
    for _ in range(3):
        runner = Runner(rig_at(bench), EVERYTHING)
        assert failed(list(runner.results(CHECKS))) == []
        runner.undo()
    assert bench.status().alarms == 0
    assert bench.status().programmed_rate_nl_h == RATE_NL_H


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (Change(ChangeKind.STOP), "the device is STOPPED: it has to be RUNNING"),
        (
            Change(ChangeKind.TEMPORARY_RATE, RATE_NL_H, duration_s=86_400),
            "the mode TEMPORARY_RATE stands over the program: RESUME first",
        ),
        (PATTERN, "it runs a pattern of the day, which a change of its rate would replace"),
    ],
)
def test_a_device_in_the_middle_of_something_is_not_changed(change: Change, why: str) -> None:
    bench = Bench(new_memory())
    bench.change(change)
    program = bench.device.pump.program_of(0)
    results = by_name(examined(bench))
    assert failed(list(results.values())) == []
    assert (results[APPLIES].verdict, results[APPLIES].why) == (Verdict.SKIPPED, why)
    assert bench.device.pump.program_of(0) == program
    assert bench.memory.revision == 1


def test_a_device_that_could_not_be_put_back_is_not_changed() -> None:
    """With its pump time standing still a lock-out never ends."""
    bench = Bench(limited_memory(), speed=0)
    result = by_name(examined(bench))[APPLIES]
    assert result.why == "pump time stands still, and the device takes changes after 60 s of it alone"
    assert bench.memory.revision == 0


def test_a_lock_out_that_nobody_waits_for_keeps_the_rate_as_it_is() -> None:
    bench = Bench(limited_memory(lockout_s=3_600))
    result = by_name(examined(bench))[APPLIES]
    assert result.why == "the device takes no changes for 3600 s of pump time, which is too long to wait"
    assert bench.memory.revision == 0


def test_refusals_over_a_limit_are_not_tried_where_they_would_lock_changes() -> None:
    bench = Bench(limited_memory(refusals_allowed=1))
    results = by_name(examined(bench))
    above = results["a rate over the greatest that is told is refused, with it as the bound"]
    assert above.why == "the device locks changes after 1 refusals over a limit, and had 0 within 600 s"
    assert failed(list(results.values())) == []
    assert bench.status().alarms == 0


def test_what_was_changed_is_put_back_after_the_lock_out() -> None:
    bench = Bench(limited_memory())
    rig = rig_at(bench)
    runner = Runner(rig, EVERYTHING)
    assert [one.verdict for one in runner.results([named(APPLIES)])] == [Verdict.OK]
    assert bench.status().programmed_rate_nl_h == RATE_NL_H + 1
    assert runner.undo() == AS_IT_WAS
    assert bench.status().programmed_rate_nl_h == RATE_NL_H
    assert runner.undo() == ""


def test_a_rate_at_the_top_of_its_range_is_changed_downwards() -> None:
    bench = Bench(new_memory(most_rate_nl_h=RATE_NL_H))
    runner = Runner(rig_at(bench), EVERYTHING)
    assert [one.verdict for one in runner.results([named(APPLIES)])] == [Verdict.OK]
    assert bench.status().programmed_rate_nl_h == RATE_NL_H - 1
    runner.undo()
    assert bench.status().programmed_rate_nl_h == RATE_NL_H


@pytest.mark.parametrize(("rate_nl_h", "limits"), [(0, {}), (RATE_NL_H, {"most_dose_ug_day": 200})])
def test_a_device_whose_rate_could_not_be_set_today_is_not_asked_for_it(
    rate_nl_h: int, limits: dict[str, int]
) -> None:
    settings = usual_settings(**{**BENCH_LIMITS, **limits})
    pump = Pump(settings, fill_nl=18_000_000, rate_nl_h=rate_nl_h, concentration_ug_ml=500)
    bench = Bench(Memory(SERIAL_NUMBER, STORE_ID, 1, 0, Ledger(), pump))
    results = by_name(examined(bench))
    assert failed(list(results.values())) == []
    why = f"its rate, {rate_nl_h} nL/h, is outside its own limits: set another one first"
    assert results[APPLIES].why == why
    assert bench.status().alarms == 0


def test_under_a_limit_of_24_h_the_rate_goes_up_first_as_the_way_down_is_always_open() -> None:
    bench = Bench(limited_memory(most_day_nl=24 * (RATE_NL_H + 1)))
    runner = Runner(rig_at(bench), EVERYTHING)
    assert [one.verdict for one in runner.results([named(APPLIES)])] == [Verdict.OK]
    assert runner.undo() == AS_IT_WAS


def test_a_rate_that_has_used_up_a_limit_of_24_h_stays_as_it_is() -> None:
    bench = Bench(limited_memory(most_day_nl=24 * RATE_NL_H))
    (result,) = examined(bench, [named(APPLIES)])
    assert result.verdict is Verdict.SKIPPED
    assert result.why.startswith(f"the device refuses a rate of {RATE_NL_H + 1} nL/h: ")
    assert bench.memory.revision == 0


def test_a_device_that_was_stopped_meanwhile_runs_again_at_its_rate() -> None:
    bench = Bench(limited_memory())
    runner = Runner(rig_at(bench), EVERYTHING)
    list(runner.results([named(APPLIES)]))
    bench.change(Change(ChangeKind.STOP))
    assert runner.undo() == AS_IT_WAS.replace("revision 2", "revision 4")
    assert bench.status().commanded_rate_nl_h == RATE_NL_H


def test_a_device_that_ran_empty_meanwhile_is_no_worse_for_it() -> None:
    bench = Bench(new_memory())
    runner = Runner(rig_at(bench), EVERYTHING)
    list(runner.results([named(APPLIES)]))
    bench.now_ns += 60 * 86_400 * 10**9
    assert bench.status().state is State.EMPTY
    assert runner.undo() == AS_IT_WAS.replace("RUNNING", "EMPTY")
    runner = Runner(rig_at(bench), EVERYTHING)
    assert failed(list(runner.results(CHECKS))) == []
    assert runner.undo() == ""


def test_another_step_of_a_pattern_is_not_taken_for_a_change() -> None:
    bench = Bench(new_memory())
    bench.change(PATTERN)
    runner = Runner(rig_at(bench), EVERYTHING)
    assert failed(list(runner.results(CHECKS))) == []
    before = bench.status().programmed_rate_nl_h
    while bench.status().programmed_rate_nl_h == before:
        bench.now_ns += 3_600 * 10**9
    assert runner.undo() == ""
    assert bench.memory.revision == 1


def test_a_way_back_that_is_shut_is_told_with_what_it_was() -> None:
    bench = Bench(limited_memory(lockout_s=90))
    runner = Runner(rig_at(bench), EVERYTHING)
    list(runner.results([named(APPLIES)]))
    bench.device.pace = Pace(0, bench.now_ns, bench.memory.pump.clock.now_us)
    with pytest.raises(
        FailedError, match=f"{RATE_NL_H} nL/h, RUNNING, by PROGRAM; got pump time stands still"
    ):
        runner.undo()


def test_a_device_that_carries_out_what_it_is_to_prepare_is_sent_no_more_changes_and_put_back() -> None:
    bench = Bench(limited_memory())
    runner = Runner(rig_at(bench), EVERYTHING)
    with applies_before_it_is_committed():
        results = by_name(list(runner.results(CHECKS)))
    assert results["Prepared reads the change back, and nothing has changed"].verdict is Verdict.FAILED
    stop = results["a STOP takes the same two steps, to a rate of 0"]
    said = "the revision is 1, not 0: something else than the one Commit changes the device"
    assert (stop.verdict, stop.why) == (Verdict.SKIPPED, said)
    assert bench.memory.revision == 1
    assert runner.undo() == f"the device is as it was: {RATE_NL_H} nL/h, RUNNING, by PROGRAM"


@pytest.mark.parametrize("keys", [Keys(VIEWER, None), Keys(None, TECHNICIAN), Keys(VIEWER, TECHNICIAN)])
def test_without_leave_nothing_is_asked_that_a_technician_alone_may(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(limited_memory())
    prepared: list[object] = []
    monkeypatch.setattr(ChangeDesk, "prepare", lambda *asked: prepared.append(asked))
    offered = ~(Need.CHANGES | Need.GUARDED | Need.VIEWER)
    if keys.viewer:
        offered |= Need.VIEWER | Need.GUARDED
    results = examined(bench, offered=offered, keys=keys)
    assert failed(results) == []
    assert prepared == []
    assert bench.memory.revision == 0
    assert bench.status().audio_pause_s == 0
    wanting = {result.why for result in results if Need.CHANGES in result.check.needs}
    assert wanting == {"changes the device: needs --allow-changes and a technician key"}


def test_a_check_that_fails_leaves_nothing_to_the_next_one() -> None:
    bench = Bench(new_memory())

    def prepares_and_fails(rig: object) -> None:
        request = bench.prepare_request(25_000)
        assert isinstance(request, Prepare)
        rig.ask_raw(request.code, b"")  # type: ignore[attr-defined] # a rig
        raise FailedError("this", "that")

    wrong = named(APPLIES)._replace(run=prepares_and_fails, name="wrong")
    results = examined(bench, (wrong, named(APPLIES)))
    assert [one.verdict for one in results] == [Verdict.FAILED, Verdict.OK]


def test_what_a_device_says_unasked_fails_the_check_after_which_it_came() -> None:
    bench = Bench(new_memory())
    rig = rig_at(bench)
    quiet = named("a frame may arrive byte by byte")

    def stirs(rig: object) -> None:
        session = rig.open_session  # type: ignore[attr-defined] # a rig
        rig.send(session.seal(0x11))  # type: ignore[attr-defined] # as above

    results = list(Runner(rig, EVERYTHING).results((quiet._replace(run=stirs, name="stirs"), quiet)))
    assert [one.verdict for one in results] == [Verdict.FAILED, Verdict.OK]
    assert results[0].expected == "silence"


def test_a_device_that_opens_no_session_is_given_up_after_the_longest_back_off() -> None:
    bench = Bench(new_memory())
    rig = rig_at(bench)
    rig.keys = Keys(VIEWER, TECHNICIAN)
    bench.open = lambda *_: None  # type: ignore[method-assign, assignment] # nobody is there
    rig._wire = Deaf()
    results = list(Runner(rig, EVERYTHING).results(CHECKS[:3]))
    assert [one.verdict for one in results] == [Verdict.FAILED, Verdict.SKIPPED, Verdict.SKIPPED]
    assert results[0].expected == "a session to begin with: an answer within 1027 ms"
    assert results[1].why == "the device opens no session any more"


@pytest.mark.parametrize(
    ("baud", "within_ms"), [(1_200, 1_000 + 2 * 492 + 1_984), (115_200, 1_000 + 2 * 6 + 21)]
)
def test_a_device_has_the_time_that_bytes_take_beside_what_it_is_given(baud: int, within_ms: int) -> None:
    rig = Rig(Deaf, BOTH_KEYS, ByHand(Bench(new_memory())), 1_000, baud=baud)
    rig.send(bytes(59), bytes(59))
    with pytest.raises(FailedError, match=f"an answer within {within_ms} ms"):
        rig.frame()


class Deaf:
    def write(self, data: bytes) -> None:
        pass

    def read(self, timeout_ms: int) -> bytes:
        del timeout_ms
        return b""

    def close(self) -> None:
        pass
