from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from monitor.errors import RefusedError
from monitor.sharing import Seat, Shared
from protocol.messages import Change
from protocol.vocabulary import ChangeKind
from tests.monitor.ui.bench import FakeSource, low, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from monitor.snapshot import Snapshot

WHY = "this page only looks"
CHANGE = Change(ChangeKind.RATE, 25_000)


def prepared(source: FakeSource) -> Any:  # noqa: ANN401 - what the source makes
    reading = source.snapshot.reading
    assert reading is not None
    return source.prepared(CHANGE, reading.status)


# What changes something at the pump, by the name of the call that reaches it.
ACTS: dict[str, Callable[[Seat, FakeSource], Future[Any]]] = {
    "prepare": lambda seat, source: seat.prepare(CHANGE, seen=source.snapshot.reading),  # type: ignore[arg-type]
    "commit": lambda seat, source: seat.commit(prepared(source)),
    "resolve": lambda seat, _: seat.resolve(b"command1"),
    "settle": lambda seat, _: seat.settle(),
    "acknowledge": lambda seat, _: seat.acknowledge(1),
    "pause_audio": lambda seat, _: seat.pause_audio(600),
}


def heard(seat: Seat) -> list[Snapshot]:
    told: list[Snapshot] = []
    seat.subscribe(told.append)
    return told


def test_every_seat_hears_of_each_snapshot() -> None:
    source = FakeSource(snapshot())
    shared = Shared(source)
    one, other = heard(shared.seat()), heard(shared.seat())
    source.publish(low())
    assert one == other == [low()]
    assert shared.seat().snapshot == low()


def test_a_seat_that_is_left_hears_no_more_and_ends_nothing_for_the_others() -> None:
    source = FakeSource(snapshot())
    shared = Shared(source)
    leaving, staying = shared.seat(), shared.seat()
    one, other = heard(leaving), heard(staying)
    leaving.start()
    leaving.stop()
    source.publish(low())
    assert (len(one), len(other)) == (0, 1)
    assert source.calls == []


def test_nothing_is_kept_of_seats_that_were_left() -> None:
    shared = Shared(FakeSource(snapshot()))
    for _ in range(20):
        seat = shared.seat()
        heard(seat)
        seat.stop()
    assert shared._told == []


def test_the_watch_itself_starts_and_stops_once() -> None:
    source = FakeSource(snapshot())
    shared = Shared(source)
    shared.start()
    shared.stop()
    assert source.calls == [("start",), ("stop",)]


@pytest.mark.parametrize("name", ACTS)
def test_what_is_asked_for_from_a_seat_reaches_the_pump(name: str) -> None:
    source = FakeSource(snapshot())
    ACTS[name](Shared(source).seat(), source).result()
    assert [call[0] for call in source.calls] == [name]


@pytest.mark.parametrize("name", ACTS)
def test_where_a_seat_only_looks_nothing_that_changes_something_reaches_the_pump(name: str) -> None:
    source = FakeSource(snapshot())
    future = ACTS[name](Shared(source, WHY).seat(), source)
    with pytest.raises(RefusedError, match=WHY):
        future.result(timeout=0)
    assert source.calls == []


def test_where_a_seat_only_looks_each_snapshot_says_so() -> None:
    source = FakeSource(snapshot())
    seat = Shared(source, WHY).seat()
    told = heard(seat)
    assert seat.snapshot.read_only == WHY
    source.publish(low())
    assert told[0].read_only == seat.snapshot.read_only == WHY
    assert seat.snapshot is told[0]  # by which a screen knows that nothing is new


def test_a_seat_that_only_looks_may_read_a_program_and_keep_a_record() -> None:
    source = FakeSource(snapshot())
    seat = Shared(source, WHY).seat()
    assert seat.week().result() is not None
    seat.record("alarm_unshelved", {})
    assert source.records == [("alarm_unshelved", {})]
