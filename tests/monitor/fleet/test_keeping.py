"""What a fleet says is on the disk before it is shown, its logs without a gap, and a disk that takes nothing stops no reading."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from monitor.client import PumpClient
from monitor.fleet import keeping as module
from monitor.fleet import talk
from monitor.fleet.bench_file import Member
from monitor.fleet.keeping import LATE, Keeping, Kept
from monitor.fleet.loop import Fleet
from monitor.history import recorder as recorder_module
from monitor.history.chain import first_break
from monitor.history.reading import broken_reading, entries
from monitor.history.recorder import Recorder, wall_ms
from monitor.history.schema import opened_to_read
from monitor.keys import one_key
from monitor.snapshot import Link
from protocol.bounds import Finding
from protocol.changes import rejected
from protocol.messages import GetEvents
from protocol.vocabulary import Refusal
from pumpmock.testing import live_pump
from tests.monitor.conftest import PATIENCE_MS, SERIAL_NUMBER
from tests.monitor.fleet.test_loop import WAIT_S, Told
from tests.monitor.history.bench import OTHER, PUMP, events, rows, status
from tests.monitor.history.test_recorder import Lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from monitor.fleet.telling import Snapshots
    from tests.monitor.conftest import LivePump

PERIOD_MS = 20


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "handshake_timeout_ms", lambda *_: PATIENCE_MS)
    monkeypatch.setattr(talk, "reply_timeout_ms", lambda *_: PATIENCE_MS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@contextmanager
def kept(
    live: LivePump, recorder: Callable[[bool], Recorder], look: Callable[[Snapshots], None] = lambda _: None
) -> Iterator[tuple[Fleet, Told]]:
    fleet = Fleet(
        [Member(live.url)],
        lambda _: live.keyring,
        period_ms=PERIOD_MS,
        keeping=Keeping(recorder, wall_ms),
    )
    fleet.subscribe(look)
    told = Told(fleet)
    fleet.start()
    try:
        yield fleet, told
    finally:
        fleet.stop()


def stored(file: Path, sql: str = "SELECT number FROM events ORDER BY number") -> list[int]:
    return [row[0] for row in rows(file, sql)] if file.exists() else []


def logged(live: LivePump) -> list[int]:
    return [one.number for one in live.call(lambda: live.memory.pump.events.since(1))]


def test_every_reading_is_on_the_disk_when_it_is_shown(live: LivePump, file: Path) -> None:
    missing: list[int] = []

    def look(snapshots: Snapshots) -> None:
        missing.append(snapshots[0].good - len(stored(file, "SELECT seq FROM readings")))

    with kept(live, lambda _: Recorder(file), look) as (fleet, told):
        told.until(lambda found: found[0].good >= 3 and told.times >= 3)
        assert fleet.problem == ""
    assert max(missing) == 0
    with opened_to_read(file) as connection:
        assert broken_reading(connection) is None
    assert len(stored(file, "SELECT seq FROM readings")) > len(stored(file, "SELECT id FROM pumps")) == 1


def test_the_log_is_stored_page_by_page_and_a_gap_is_filled_by_number(live: LivePump, file: Path) -> None:
    def visit(times: int) -> None:
        for _ in range(times):
            with PumpClient(live.url, keyring=live.keyring) as client:
                client.pause_audio(1)  # an entry of its own beside the session's

    visit(8)  # more than fit a page
    for _ in range(2):  # a fleet, an outage in which the pump is visited by others, and a fleet
        with kept(live, lambda _: Recorder(file)) as (_, told):
            told.until(lambda _: stored(file) == logged(live))
        visit(3)
    numbers = logged(live)
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > len(stored(file)) > 12


def test_when_there_was_a_link_and_why_there_was_none_is_on_record(live: LivePump, file: Path) -> None:
    with kept(live, lambda _: Recorder(file)) as (fleet, told):
        told.until(lambda found: found[0].good >= 1)
        fleet.lend(0).result(WAIT_S)  # its own watcher would tell of it now
        fleet.take_back(0)
        told.until(lambda found, good=fleet.snapshots[0].good: found[0].good > good)
    assert rows(file, "SELECT why FROM links ORDER BY rowid") == [("",), ("",), ("the monitor ended",)]
    with live_pump() as pump:
        ring = one_key(pump.key_file)
        fleet = Fleet(
            [Member(pump.url)],
            lambda _: ring,
            period_ms=PERIOD_MS,
            keeping=Keeping(lambda _: Recorder(file), wall_ms),
        )
        told = Told(fleet)
        fleet.start()
        told.until(lambda found: found[0].good >= 1)
        pump.unplug()
        (lost,) = told.until(lambda found: found[0].link is Link.LOST)
        pump.replug()
        told.until(lambda found: found[0].link is Link.LIVE)
        fleet.stop()
    found = [why for (why,) in rows(file, "SELECT why FROM links WHERE pump = 2 ORDER BY rowid")]
    assert found == ["", lost.problem, "", "the monitor ended"]


def test_a_pump_that_tells_no_log_is_read_all_the_same(live: LivePump, file: Path) -> None:
    asked: list[int] = []

    def refuse(request: Any) -> Any:  # noqa: ANN401 - of the pump
        asked.append(request.code)
        return rejected(request.code, Finding(Refusal.UNSUPPORTED, 0, "no log here"))

    live.answer(GetEvents, refuse)
    with kept(live, lambda _: Recorder(file)) as (_, told):
        (snapshot,) = told.until(lambda found: found[0].good >= 20)
    assert snapshot.lost == 0
    assert len(asked) == 1


def test_what_another_program_holds_is_told_readings_go_on_and_what_was_said_meanwhile_is_made_up_for(
    live: LivePump, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "_RETRY_NS", 0)
    with kept(live, lambda _: Recorder(file)) as (fleet, told):
        told.until(lambda _: stored(file) == logged(live) != [])
        lock = Lock(file)
        told.until(lambda _: "another program holds it locked" in fleet.problem)
        before = fleet.snapshots[0].good
        told.until(lambda found: found[0].good > before + 1)
        lock.let_go()
        (snapshot,) = told.until(lambda _: fleet.problem == "")
        assert len(stored(file, "SELECT seq FROM readings")) >= snapshot.good


def test_a_disk_that_takes_too_long_is_told_and_holds_up_what_is_shown_no_longer(
    live: LivePump, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.fleet.telling.LATE_NS", 1)
    slow = threading.Event()

    class Slow(Recorder):
        def see_all(self, *batch: Any) -> None:  # noqa: ANN401 - as of its base
            assert slow.wait(WAIT_S)
            super().see_all(*batch)

    with kept(live, lambda _: Slow(file)) as (fleet, told):
        (snapshot,) = told.until(lambda found: found[0].good >= 2)
        assert fleet.problem == LATE
        slow.set()
        monkeypatch.setattr("monitor.fleet.telling.LATE_NS", module.LATE_NS)
        told.until(lambda found: fleet.problem == "" and found[0].good > snapshot.good)
    assert len(stored(file, "SELECT seq FROM readings")) >= snapshot.good


def test_while_a_pump_is_lent_nobody_stores_for_whoever_has_it(live: LivePump, file: Path) -> None:
    with kept(live, lambda _: Recorder(file)) as (fleet, told):
        told.until(lambda found: found[0].good >= 1)
        fleet.lend(0).result(WAIT_S)
        (known,) = fleet.snapshots
        found = []
        for _ in range(3):  # with the first goes what it had heard before, or with the second
            fleet.feed(0, known)
            told.until(lambda _, times=told.times: told.times > times)
            found.append(stored(file, "SELECT seq FROM readings"))
        assert found[1] == found[2]
        with PumpClient(live.url, keyring=live.keyring):
            pass  # a session, which the pump logs
        fleet.take_back(0)
        told.until(lambda _: stored(file) == logged(live))


def test_what_was_had_with_the_bench_key_lies_apart(tmp_path: Path) -> None:
    made = Keeping(lambda bench: Recorder(tmp_path / f"{bench}.db"), wall_ms)
    told: list[Kept] = []
    stored_by_then = threading.Event()
    made.read(PUMP, status(1), bench=False)
    made.logged(7, PUMP, 1, events(1, 3), bench=False)
    made.read(OTHER, status(2), bench=True)
    made.ask(9, OTHER, bench=True)
    made.start()
    made.hand(0, lambda kept: (told.append(kept), stored_by_then.set()))  # type: ignore[func-returns-value]
    assert stored_by_then.wait(WAIT_S)
    made.stop()
    assert told == [Kept("", {7: 4, 9: 1})]
    for bench, pump, count in ((False, PUMP, 3), (True, OTHER, 0)):
        file = tmp_path / f"{bench}.db"
        assert rows(file, "SELECT store_id FROM pumps") == [(pump.store_id,)]
        assert rows(file, "SELECT count(*) FROM readings") == [(1,)]
        assert rows(file, "SELECT count(*) FROM events") == [(count,)]


def test_a_fleet_and_a_dashboard_write_to_one_history(live: LivePump, file: Path) -> None:
    with kept(live, lambda _: Recorder(file)) as (_, told), closing(Recorder(file)) as other:
        for _ in range(5):
            other.note("sound_paused", {"pump": SERIAL_NUMBER, "seconds": 60})
        told.until(lambda found: found[0].good >= 5)
    with opened_to_read(file) as connection:
        assert first_break(entries(connection)) is None
        assert broken_reading(connection) is None
