"""A live pump is on a real port at once, does what a test tells it exactly, and ends without a trace."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import serial

from monitor.client import PumpClient
from monitor.errors import LinkError
from monitor.intents import default_folder as intents_folder
from protocol.exchange import HostEnd
from protocol.keys import BENCH_KEY
from protocol.messages import Change, Commit, Poll, Prepare, Prepared
from protocol.places import HOME
from protocol.vocabulary import ChangeKind, Role, State
from pumpmock.model.reservoir import LedgerError
from pumpmock.model.troubles import Trouble
from pumpmock.testing import (
    TRANSPORTS,
    LivePump,
    PumpError,
    UnmetError,
    ViolationError,
    asynchronous,
    live_pump,
    start_pump,
)
from pumpmock.testing.home import HOME_OF_ALL
from tests.pumpmock.testing.hosts import Host

if TYPE_CHECKING:
    from collections.abc import Callable

DAY_NL = 24 * 20_833  # the usual rate is 0.5 mL/day, to the nearest nL/h
ALL = pytest.mark.parametrize("pump_transport", list(TRANSPORTS), indirect=True)


@ALL
def test_a_host_of_a_strangers_making_talks_to_it(pump: LivePump) -> None:
    with Host(pump.url, pump.key) as host:
        assert host.poll().reservoir_nl == 18_000_000
        pump.clock.advance("24 h")
        assert host.poll().delivered_nl == pump.delivered_nl == DAY_NL


@ALL
def test_our_own_client_needs_the_url_alone(pump: LivePump) -> None:
    with PumpClient(pump.url) as host:
        assert host.serial_number == pump.serial_number
        prepared = host.prepare(Change(ChangeKind.RATE, 25_000), seen=host.status())
        assert host.commit(prepared).revision == 1
    assert [frame.name for frame in pump.journal.requests] == ["Poll", "Prepare", "Commit"]


def test_the_bench_key_opens_it_too(pump: LivePump) -> None:
    with Host(pump.url, BENCH_KEY) as host:
        assert host.poll().state == State.RUNNING


def test_its_key_is_in_an_owner_only_file_that_the_environment_leads_to(pump: LivePump) -> None:
    assert stat.S_IMODE(pump.key_file.stat().st_mode) == 0o600
    assert json.loads(pump.key_file.read_text())["serial_number"] == pump.serial_number
    assert pump.keys_folder == Path(os.environ[HOME]) / "keys"
    assert intents_folder() == Path(os.environ[HOME]) / "intents"


@pytest.mark.pump(key_role="viewer")
def test_a_role_is_that_of_the_key(pump: LivePump) -> None:
    with PumpClient(pump.url) as host:
        assert host.role == pump.key.role == Role.VIEWER


# --- time -------------------------------------------------------------------------------------------------------------


def test_pump_time_stands_still_until_it_is_moved(pump: LivePump) -> None:
    assert pump.now_us == 0
    for span in ("5 min", timedelta(minutes=5), 300_000_000):
        before_us = pump.now_us
        pump.clock.advance(span)
        assert pump.now_us == before_us + 300_000_000


@pytest.mark.pump(speed=1_000_000)
def test_with_a_speed_it_runs_and_can_be_frozen(pump: LivePump) -> None:
    pump.clock.freeze()
    frozen_us = pump.now_us
    assert pump.now_us == frozen_us
    pump.clock.speed(1_000_000)
    while pump.now_us == frozen_us:
        pass
    pump.clock.advance("90 days")
    assert pump.now_us > 90 * 86_400_000_000


@ALL
def test_an_advance_comes_after_what_a_host_has_written(pump: LivePump) -> None:
    with Host(pump.url, pump.key) as host:
        host.send(Poll())
        pump.clock.advance("1 h")
        (polled,) = pump.journal.seen("Poll")
        assert polled.pump_time_us == 0


def test_a_prepared_change_expires_when_wall_time_jumps(pump: LivePump) -> None:
    with Host(pump.url, pump.key) as host:
        prepared = host.ask(Prepare(b"one-rate", 0, 20_833, 0, Change(ChangeKind.RATE, 25_000)))
        assert isinstance(prepared, Prepared)
        pump.wall.advance("16 s")
        host.ask(Commit(prepared.command_id, prepared.token))
    (violation,) = pump.violations
    assert violation.section == "Changing"
    pump.close(judge=False)


def test_a_session_ends_when_wall_time_jumps_by_a_day(pump: LivePump) -> None:
    with Host(pump.url, pump.key) as host:
        pump.wall.advance("24 h")
        host.send(Poll())
        pump.settle()
        assert pump.journal.requests == []
    assert [violation.section for violation in pump.violations] == ["Sessions"]
    pump.close(judge=False)


# --- what is done to it -----------------------------------------------------------------------------------------------


@pytest.mark.pump(reservoir="20 mL", rate="1 mL/day", low_reservoir="2 mL", limits="none", drugs="none")
def test_it_is_what_was_asked_for(pump: LivePump) -> None:
    status = pump.status
    assert (status.reservoir_nl, status.commanded_rate_nl_h, status.step_up_percent) == (
        20_000_000,
        41_667,
        0,
    )
    pump.clock.advance("18 days")
    assert pump.journal.count("alarm_raised", alarm="low_reservoir") == 1


@ALL
@pytest.mark.pump(baud=115_200, latency="5 ms", chunk=7)
def test_its_link_can_be_as_slow_as_a_real_one(pump: LivePump) -> None:
    with Host(pump.url, pump.key) as host:
        began_ns = time.monotonic_ns()
        host.poll()
        assert time.monotonic_ns() - began_ns >= 10_000_000  # there and back


def test_a_trouble_shows_in_the_truth_and_not_in_what_the_firmware_believes(pump: LivePump) -> None:
    pump.strike("occlusion")
    pump.clock.advance("24 h")
    assert (pump.delivered_nl, pump.truth.tip_nl) == (DAY_NL, 0)
    assert pump.truth.troubles == {Trouble.OCCLUSION}
    pump.relieve("occlusion")
    pump.clock.advance("24 h")
    assert pump.truth.tip_nl > 0


def test_a_mistyped_trouble_is_refused_with_what_was_meant(pump: LivePump) -> None:
    with pytest.raises(ValueError, match='did you mean "occlusion"'):
        pump.strike("oclusion")


@pytest.mark.pump(profile="bench")
def test_the_patient_can_press_the_button(pump: LivePump) -> None:
    pump.press()
    assert pump.journal.count("patient_bolus") == 1


@pytest.mark.pump(drugs="none")
def test_a_snapshot_that_is_put_back_is_the_pump_of_then(pump: LivePump) -> None:
    kept = pump.snapshot()
    pump.clock.advance("24 h")
    pump.restore(kept)
    assert (pump.now_us, pump.delivered_nl) == (0, 0)
    pump.clock.advance("24 h")
    pump.restore(json.loads(json.dumps(kept)))
    assert pump.delivered_nl == 0


def test_a_snapshot_of_another_pump_is_refused(pump: LivePump) -> None:
    other = pump.snapshot() | {"serial_number": "PM-77777"}
    with pytest.raises(ValueError, match="PM-77777"):
        pump.restore(other)


@ALL
def test_a_pulled_plug_is_an_error_to_its_host_and_put_back_it_is_where_it_was(pump: LivePump) -> None:
    url = pump.url
    with Host(url, pump.key) as host:
        pump.unplug()
        with pytest.raises((serial.SerialException, TimeoutError)):
            host.poll()
    with pytest.raises(LinkError):
        PumpClient(url)
    pump.replug()
    assert pump.url == url
    with Host(url, pump.key) as host:
        host.poll()


@ALL
def test_a_plug_that_is_pulled_for_a_while_comes_back_by_itself(pump: LivePump) -> None:
    pump.unplug("20 s")
    pump.wall.advance("20 s")
    pump.wait_for("plugged")
    with Host(pump.url, pump.key) as host:
        host.poll()


def test_whatever_ctl_can_do_is_done_by_the_same_words(pump: LivePump) -> None:
    pump.ctl("set", reservoir="3 mL")
    assert pump.ctl("status")["truth"]["held_nl"] == pump.truth.held_nl == 3_000_000
    assert pump.ctl("unplug")[0]["plugged"] is False
    with pytest.raises(ValueError, match='did you mean "status"'):
        pump.ctl("stauts")
    with pytest.raises(ValueError, match="advance wants span"):
        pump.ctl("advance")


def test_whatever_else_there_is_of_a_pump_is_at_hand(pump: LivePump) -> None:
    assert pump.do(lambda emulator: emulator.device.memory.serial_number) == pump.serial_number
    with pytest.raises(RuntimeError, match="can't wait for itself"):
        pump.do(lambda _emulator: pump.now_us)


# --- what is expected -------------------------------------------------------------------------------------------------


def test_what_is_expected_in_a_block_is_awaited_at_its_end(pump: LivePump) -> None:
    begin = threading.Event()

    def late() -> None:
        begin.wait()
        with Host(pump.url, pump.key) as host:
            host.poll()

    thread = threading.Thread(target=late)
    thread.start()
    with pump.expect("Poll") as expected:
        begin.set()
    thread.join()
    assert [sighting.number for sighting in expected.found] == [pump.journal.seen("Poll")[0].number]


def test_what_was_not_seen_in_time_is_an_error_with_the_journal(pump: LivePump) -> None:
    pump._running.quotes_journal = True
    with (
        pytest.raises(
            UnmetError, match=r"Commit: not seen within 0 s of wall time\n +1 .* \* port .*\n +2 .* \* start"
        ),
        pump.expect("Commit", within="0 s"),
    ):
        pass


def test_a_block_that_fails_by_itself_fails_by_that(pump: LivePump) -> None:
    with pytest.raises(KeyError), pump.expect("Commit"):
        raise KeyError
    pump.close()


def test_what_comes_before_is_not_what_is_expected(pump: LivePump) -> None:
    with Host(pump.url, pump.key) as host:
        host.poll()
        with pytest.raises(UnmetError), pump.expect("Poll", within="0 s"):
            pass
        with pump.expect("Poll", times=2):
            host.poll()
            host.poll()
        with pytest.raises(UnmetError, match="seen 1 of 2 times"), pump.expect("Poll", times=2, within="0 s"):
            host.poll()


def test_what_is_expected_can_have_fields(pump: LivePump) -> None:
    with PumpClient(pump.url) as host, pump.expect("Prepare", kind="RATE", rate_nl_h=25_000):
        host.prepare(Change(ChangeKind.RATE, 25_000), seen=host.status())
    assert pump.journal.count("Prepare", kind="BOLUS") == 0


def test_one_wait_after_another_finds_one_after_another(pump: LivePump) -> None:
    with Host(pump.url, pump.key) as host:
        host.poll()
        host.poll()
    first, second = pump.wait_for("Poll"), pump.wait_for("Poll")
    assert first.number < second.number
    with pytest.raises(UnmetError):
        pump.wait_for("Poll", within="0 s")


@ALL
def test_a_host_that_goes_on_asking_is_not_quiet(pump: LivePump) -> None:
    with Host(pump.url, pump.key) as host:
        host.send(Poll())
        pump.assert_quiet("0 s")  # what was written before is answered before
        enough = threading.Event()

        def go_on() -> None:
            while not enough.is_set():
                host.poll()

        thread = threading.Thread(target=go_on)
        thread.start()
        with pytest.raises(UnmetError, match=r"sent \d+ bytes on .*, where 60 s should be quiet"):
            pump.assert_quiet("60 s")
        enough.set()
        thread.join()


# --- its end ----------------------------------------------------------------------------------------------------------


def test_a_violation_is_an_error_at_the_end_and_names_its_section() -> None:
    with pytest.raises(ViolationError, match=r'"The order of checks"'), live_pump(transport="tcp") as pump:
        _write(pump, b"\0hello\0")


def test_a_pump_that_is_not_strict_takes_what_comes() -> None:
    with live_pump(transport="tcp", strict=False) as pump:
        _write(pump, b"\0hello\0")
        assert len(pump.violations) == 1


def test_what_is_expected_by_the_end_is_an_error_then() -> None:
    with pytest.raises(UnmetError, match="Resolve: not seen by the end of the test"), live_pump() as pump:
        pump.expect("Resolve")


def test_what_is_expected_in_a_loop_is_expected_of_the_same_pump() -> None:
    with pytest.raises(UnmetError, match="Resolve"):
        _live(lambda pump: asynchronous(pump).expect("Resolve"))


def test_a_block_that_fails_is_not_judged() -> None:
    with pytest.raises(KeyError):
        _live(lambda pump: pump.expect("Resolve"), lambda _pump: {}["nothing"])


def test_an_error_in_the_pump_itself_goes_before_all_else() -> None:
    with pytest.raises(PumpError, match="boom") as caught:
        _live(
            lambda pump: pump.do(lambda emulator: emulator.journal.heard_by.append(_raise)),
            lambda pump: pump.expect("Resolve"),
            lambda pump: _write(pump, b"\0hello\0"),
        )
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_error_in_something_planned_is_the_pumps() -> None:
    with pytest.raises(PumpError, match="boom"):
        _live(
            lambda pump: pump.do(lambda emulator: emulator.wall.later(0, lambda: _raise(None))),
            lambda pump: pump.wall.advance("1 s"),
        )


def test_volumes_that_do_not_add_up_are_the_pumps_error() -> None:
    with pytest.raises(PumpError, match="lost") as caught, live_pump() as pump:
        pump.do(lambda emulator: emulator.stop(LedgerError("lost")))
    assert isinstance(caught.value.__cause__, LedgerError)


def test_two_pumps_live_side_by_side_and_never_mix() -> None:
    with live_pump() as one, live_pump(seed=2) as other:
        assert (one.serial_number, other.serial_number) == ("PM-00001", "PM-00002")
        assert one.url != other.url
        assert one.key.secret != other.key.secret
        with PumpClient(other.url) as host:
            assert host.serial_number == "PM-00002"
        assert one.journal.requests == []


def test_a_serial_number_is_one_live_pumps() -> None:
    with (
        live_pump(serial_number="PM-7"),
        pytest.raises(ValueError, match="a live pump PM-7 already"),
        live_pump(serial_number="PM-7"),
    ):
        pass


def test_after_the_last_pump_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME, "/nowhere")
    with live_pump() as pump:
        folder = HOME_OF_ALL.path
        assert os.environ[HOME] == str(folder)
        with PumpClient(pump.url) as host:
            host.status()
    assert not folder.exists()
    assert os.environ[HOME] == "/nowhere"


def test_a_pump_that_can_not_be_had_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(HOME, raising=False)
    monkeypatch.setitem(TRANSPORTS, "pty", TRANSPORTS["pty"]._replace(place=_refuse))
    with pytest.raises(OSError, match="refuses"):
        start_pump(transport="pty")
    assert HOME not in os.environ


def test_two_hundred_pumps_in_a_row_leave_threads_and_descriptors_as_they_were() -> None:
    def once() -> None:
        for transport in ("pty", "memory"):
            with live_pump(transport=transport) as pump, Host(pump.url, pump.key) as host:
                host.poll()
        for transport in ("tcp", "rfc2217"):  # not by pyserial, which sleeps when it closes a socket
            with live_pump(transport=transport) as pump:
                host_name, port = pump.port.split(":")
                socket.create_connection((host_name, int(port))).close()

    once()
    before = _held()
    for _ in range(50):
        once()
    assert _held() == before


def test_a_run_with_the_same_seed_is_the_same_to_the_byte() -> None:
    assert _said(seed=7) == _said(seed=7) != _said(seed=8)


@pytest.mark.pump(transport="tcp")
def test_a_plug_that_can_not_be_put_back_is_noted(pump: LivePump) -> None:
    host_name, port = pump.port.split(":")
    pump.unplug("20 s")
    with socket.create_server((host_name, int(port))):
        pump.wall.advance("20 s")
        pump.wait_for("warned")
    assert pump.journal.count("plugged") == 0


def _said(seed: int) -> list[bytes]:
    with live_pump(transport="tcp", seed=seed) as pump, serial.serial_for_url(pump.url, timeout=10) as port:
        end = HostEnd(pump.key, bytes(16))
        port.write(end.hello())
        while not end.is_open:
            port.write(end.receive(port.read(max(1, port.in_waiting)))[1])
        return [frame.data for frame in pump.journal.frames]


def _held() -> tuple[int, list[str]]:
    names = sorted(thread.name for thread in threading.enumerate())
    return len(os.listdir("/proc/self/fd")), names  # noqa: PTH208 - numbers, not paths


def _live(*actions: Callable[[LivePump], object]) -> None:
    with live_pump(transport="tcp") as pump:
        for act in actions:
            act(pump)


def _write(pump: LivePump, data: bytes) -> None:
    with serial.serial_for_url(pump.url) as port:
        port.write(data)
        pump.settle()


def _raise(_entry: object) -> None:
    raise ZeroDivisionError("boom")


def _refuse(*_: object) -> object:
    raise OSError("the system refuses")
