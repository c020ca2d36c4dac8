"""Bytes on a line arrive in order, each at its instant, and to the nanosecond on a wall that is moved by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpmock.lane import AT_ONCE, MOST_WAITING, Lane, Speed
from pumpmock.wall import HandWall, Wall

if TYPE_CHECKING:
    from collections.abc import Callable

MS = 1_000_000
S = 1_000 * MS


class Far:
    """The far end of a lane.

    Attributes:
        came: when which bytes came.
    """

    def __init__(self, *, whole: bool = False) -> None:
        self.hand = HandWall(5 * S)
        self.came: list[tuple[int, bytes]] = []
        self.lane = Lane(self.hand.wall, self._arrive, whole=whole)

    def _arrive(self, data: bytes) -> None:
        self.came.append((self.hand.wall.now_ns() - 5 * S, data))

    def send(self, data: bytes, delay_ns: int = 0, speed: Speed = AT_ONCE) -> None:
        at_once = self.lane.send(data, delay_ns, speed)
        if at_once:
            self._arrive(at_once)

    def wait(self) -> list[tuple[int, bytes]]:
        while (due_ns := self.hand.next_due_ns) is not None:
            self.hand.advance(due_ns - self.hand.wall.now_ns())
        return self.came


def test_what_nothing_holds_up_arrives_at_once() -> None:
    far = Far()
    far.send(b"abc")
    assert far.came == [(0, b"abc")]


# 10 bits a byte: 1,041,666.6 ns at 9,600 baud, 86,805.5 at 115,200.
@pytest.mark.parametrize("baud", [300, 9_600, 115_200, 4_000_000])
def test_each_byte_has_its_own_deadline_and_none_is_late_for_the_one_before(baud: int) -> None:
    far = Far()
    far.send(bytes(200), speed=Speed(baud))
    came = far.wait()
    assert b"".join(data for _, data in came) == bytes(200)
    assert [at for at, _ in came] == [count * 10 * S // baud for count in range(1, 201)]


def test_two_hundred_bytes_at_9600_baud_take_what_the_wire_takes() -> None:
    far = Far()
    far.send(bytes(200), speed=Speed(9_600))
    assert far.wait()[-1][0] == 208_333_333


def test_a_throttle_is_not_a_delay() -> None:
    slow, late = Far(), Far()
    slow.send(b"abcdefgh", speed=Speed(9_600))
    late.send(b"abcdefgh", 8 * 1_041_667)
    assert len(slow.wait()) == 8
    assert len(late.wait()) == 1


def test_a_line_that_is_busy_takes_what_comes_next_when_it_is_free() -> None:
    far = Far()
    far.send(b"abcd", speed=Speed(1_000))
    far.send(b"e", speed=Speed(1_000))
    assert far.wait()[-1] == (50 * MS, b"e")


def test_what_is_sent_later_never_overtakes() -> None:
    far = Far()
    far.send(b"late", 300 * MS)
    far.send(b"soon", 10 * MS)
    far.send(b"now")
    assert far.wait() == [(300 * MS, b"late"), (300 * MS, b"soon"), (300 * MS, b"now")]


def test_chunks_come_apart_and_at_a_rate_when_their_last_byte_has_come() -> None:
    far = Far()
    far.send(b"abcdefgh", speed=Speed(chunk=3, gap_ns=2 * MS))
    assert far.wait() == [(0, b"abc"), (2 * MS, b"def"), (4 * MS, b"gh")]

    paced = Far()
    paced.send(b"abcdefgh", speed=Speed(1_000, 3))
    assert paced.wait() == [(30 * MS, b"abc"), (60 * MS, b"def"), (80 * MS, b"gh")]


def test_what_is_passed_on_whole_is_so_when_its_last_byte_has_come() -> None:
    far = Far(whole=True)
    far.send(b"abcd", speed=Speed(1_000))
    assert far.wait() == [(40 * MS, b"abcd")]


def test_a_late_wake_makes_up_for_what_it_missed_and_delays_nothing_more() -> None:
    """As on a loop that is busy with something else when a timer is due."""
    now_ns = 0
    timers: list[tuple[int, Callable[[], None]]] = []
    came: list[int] = []

    class Planned:
        def cancel(self) -> None:
            raise AssertionError

    def later(delay_ns: int, action: Callable[[], None]) -> Planned:
        timers.append((now_ns + delay_ns, action))
        return Planned()

    lane = Lane(Wall(lambda: now_ns, later), lambda data: came.append(len(data)))
    lane.send(bytes(100), speed=Speed(1_000))
    for now_ns in (10 * MS, 537 * MS, 540 * MS, 2_000 * MS):
        assert timers[-1][0] <= now_ns
        timers.pop()[1]()
    assert came == [1, 52, 1, 46]
    assert timers == []


def test_more_than_a_line_can_hold_is_lost_and_counted() -> None:
    far = Far()
    far.send(bytes(MOST_WAITING), speed=Speed(9_600))
    far.send(b"more", speed=Speed(9_600))
    assert far.lane.overrun == 4


def test_what_is_under_way_can_be_lost() -> None:
    far = Far()
    far.send(b"abc", 10 * MS)
    far.lane.clear()
    far.send(b"new")
    assert far.wait() == [(0, b"new")]


_SENT = st.lists(
    st.tuples(
        st.binary(max_size=40),
        st.integers(0, 20 * MS),
        st.builds(Speed, st.sampled_from([0, 1_000, 9_600]), st.integers(0, 9), st.integers(0, 3 * MS)),
        st.integers(0, 30 * MS),
    ),
    max_size=12,
)


@given(_SENT, st.booleans())
def test_whatever_is_sent_arrives_once_in_order_and_not_before_its_time(
    sent: list[tuple[bytes, int, Speed, int]],
    whole: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    far = Far(whole=whole)
    ends: list[tuple[int, int]] = []
    total = 0
    for data, delay_ns, speed, pause_ns in sent:
        total += len(data)
        if data:
            ends.append((total, far.hand.wall.now_ns() - 5 * S + delay_ns + speed.due_ns(len(data))))
        far.send(data, delay_ns, speed)
        far.hand.advance(pause_ns)
    came = far.wait()
    assert b"".join(data for _, data in came) == b"".join(data for data, *_ in sent)
    arrived: list[int] = []
    for at, data in came:
        arrived += [at] * len(data)
    assert arrived == sorted(arrived)
    for end, earliest in ends:
        assert arrived[end - 1] >= earliest
