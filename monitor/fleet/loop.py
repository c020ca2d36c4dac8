"""The fleet's read loop: one thread and one selector keep a reading of every pump fresh, and reconnect by themselves.

Polls are spread over the period, so that neither the ports nor the screen see them all at once. Whoever listens is told
of all pumps together, frozen, and four times a second at the most, however many answers came meanwhile.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import queue
import re
import selectors
import socket
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING

from monitor.errors import LinkError, MonitorError
from monitor.fleet.post import Post
from monitor.fleet.telling import Telling
from monitor.fleet.wire import Descriptor, Threaded, open_wire, room_for
from monitor.link_state import ENDED, lost
from monitor.snapshot import NS_PER_MS, Link, Snapshot
from protocol.timeouts import reading_period_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from monitor.fleet.bench_file import Member
    from monitor.fleet.keeping import Keeping
    from monitor.fleet.telling import Snapshots
    from monitor.fleet.wire import Wire
    from monitor.keys import Keyring
    from protocol.intent import Intent

_NS_PER_S = 1_000_000_000
_JOIN_S = 3
_RINGS = 65_536
_NUMBERED = re.compile("([^0-9]+)([0-9]{0,18})")


class Fleet:
    """Keeps watching many pumps.

    Args:
        members: the pumps.
        keyring: returns the keys to try on one.
        period_ms: a reading of each is asked for this often, or as often as its line allows.
        now_ns: the host's monotonic clock.
        random: returns that many random bytes.
        in_doubt: the changes without a verdict that were noted before the start, by whether it was with the bench key, and
            by the serial number of their pump.
        keeping: where what the pumps say is stored before anybody is told of it; None where it is not.
    """

    def __init__(
        self,
        members: Sequence[Member],
        keyring: Callable[[Member], Keyring],
        *,
        period_ms: int = 1_000,
        now_ns: Callable[[], int] = time.monotonic_ns,
        random: Callable[[int], bytes] = os.urandom,
        in_doubt: Mapping[tuple[bool, str], tuple[Intent, ...]] | None = None,
        keeping: Keeping | None = None,
    ) -> None:
        self.members = tuple(members)
        self._period_ns = period_ms * NS_PER_MS
        self._now_ns = now_ns
        self._random = random
        self._in_doubt = in_doubt or {}
        self._keeping = keeping
        began_ns = now_ns()
        by_name = sorted(range(len(self.members)), key=lambda number: _natural(self.members[number].url))
        self._ranks = {number: rank for rank, number in enumerate(by_name)}
        self._posts = [
            self._post(number, member, keyring(member), period_ms, began_ns)
            for number, member in enumerate(self.members)
        ]
        known = tuple(post.snapshot for post in self._posts)
        self._telling = Telling(known, keeping, do=self._do, go_on=self._go_on)
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._heap: list[tuple[int, int]] = []
        self._ending = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._asleep, self._bell = socket.socketpair()
        for end in (self._asleep, self._bell):
            end.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="fleet", daemon=True)

    def _post(self, number: int, member: Member, keyring: Keyring, period_ms: int, began_ns: int) -> Post:
        bench = any(key.is_bench for key in keyring.keys)
        in_doubt = {
            serial: found for (by_bench, serial), found in self._in_doubt.items() if by_bench is bench
        }
        snapshot = Snapshot(
            member.url,
            reading_period_ms(period_ms, member.baud),
            link_since_ns=began_ns,
            bench_key=bench,
            baud=member.baud,
            unresolved=in_doubt.get(member.serial_number or "", ()),
        )
        offset_ns = self._period_ns * number // len(self.members)
        rank = (self._ranks[number], len(self.members))
        post = Post(number, member, snapshot, keyring, in_doubt, self._random, rank, began_ns + offset_ns)
        post.keeping = self._keeping
        return post

    @property
    def snapshots(self) -> Snapshots:
        """What is known of each pump, in the order of `members`."""
        return self._telling.snapshots

    @property
    def problem(self) -> str:
        """Why not all that the pumps say is stored, one sentence; empty where it is."""
        return self._telling.problem

    def subscribe(self, callback: Callable[[Snapshots], None]) -> None:
        """Have `callback` told of what is new, on the fleet's thread, four times a second at the most."""
        self._telling.subscribe(callback)

    def start(self) -> None:
        """Begin to read."""
        if self._keeping is not None:
            self._keeping.start()
        self._thread.start()

    def stop(self, within_s: float = _JOIN_S) -> None:
        """End reading and give every port back; after `within_s` that goes on without whoever asked for it."""
        self._ending.set()
        self._ring()
        if self._thread.is_alive():
            self._thread.join(timeout=within_s)
        elif self._thread.ident is None:  # it never began
            self._shut()
        if self._keeping is not None:
            self._keeping.stop()

    def _shut(self) -> None:
        self._selector.close()
        self._asleep.close()
        self._bell.close()

    # --- one pump at a time may be lent to somebody else ---------------------------------------------------------------

    def lend(self, number: int) -> Future[None]:
        """Leave a pump's port to somebody else; the future ends when it has been given back."""
        given: Future[None] = Future()
        self._do(lambda: self._give(self._posts[number], given))
        return given

    def feed(self, number: int, snapshot: Snapshot) -> None:
        """Take what whoever has the port knows of the pump."""
        if snapshot.link is not Link.CONNECTING:
            self._do(lambda: self._take_news(self._posts[number], snapshot))

    def take_back(self, number: int) -> None:
        """Read a pump again that was lent."""
        self._do(lambda: self._take_back(self._posts[number]))

    def _give(self, post: Post, given: Future[None]) -> None:
        post.is_lent = True
        post.is_linked = False  # whoever has it puts on record when there is a link
        wire = post.wire
        self._close(post)
        self._schedule(post)  # what was due is so no longer
        if isinstance(wire, Threaded):  # its thread closes it
            wire.when_closed(lambda: given.set_result(None))
        else:
            given.set_result(None)

    def _take_news(self, post: Post, snapshot: Snapshot) -> None:
        if post.is_lent:
            self._know(post, snapshot)

    def _take_back(self, post: Post) -> None:
        post.is_lent = False
        post.ask_what_is_wanted()  # whoever had it has stored what it said
        post.next_ns = self._now_ns()
        self._schedule(post)

    # --- the thread ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        room_for(len(self._posts))
        self._selector.register(self._asleep, selectors.EVENT_READ)
        for post in self._posts:
            self._schedule(post)
        try:
            while not self._ending.is_set():
                self._turn()
        finally:
            self._wake()  # ports that were opened meanwhile
            for post in self._posts:
                self._close(post)
                post.turn_off(ENDED)
            self._shut()

    def _turn(self) -> None:
        now_ns = self._now_ns()
        while self._heap and self._heap[0][0] <= now_ns:
            due_ns, number = heapq.heappop(self._heap)
            if due_ns == self._posts[number].due_ns:
                self._guarded(self._posts[number], lambda post: self._act(post, now_ns))
        if self._telling.is_news and now_ns >= self._telling.due_ns:
            self._tell(now_ns)
        for key, _ in self._selector.select(self._wait_s()):
            if key.data is None:
                self._wake()
            else:
                self._guarded(key.data, self._read)

    def _wait_s(self) -> float:
        due_ns = self._heap[0][0] if self._heap else self._now_ns() + self._period_ns
        if self._telling.is_news:
            due_ns = min(due_ns, self._telling.due_ns)
        return max(0, due_ns - self._now_ns()) / _NS_PER_S

    def _guarded(self, post: Post, work: Callable[[Post], None]) -> None:
        """Do something for a pump; what goes wrong is its own affair, and no other's."""
        try:
            work(post)
        except MonitorError as error:
            self._lose(post, str(error))
        else:
            self._schedule(post)

    def _schedule(self, post: Post) -> None:
        due_ns = post.wanted_ns
        if due_ns != post.due_ns:
            post.due_ns = due_ns
            if due_ns >= 0:
                heapq.heappush(self._heap, (due_ns, post.number))

    def _act(self, post: Post, now_ns: int) -> None:
        """Do what is due: open, poll, or see to a time-out."""
        post.due_ns = -1
        if post.wire is None:
            self._open(post)
        else:
            post.speak(now_ns)

    def _open(self, post: Post) -> None:
        post.check_keys()
        if "://" not in post.member.url:
            self._greet(post, open_wire(post.member.url, post.member.baud))
            return
        post.is_opening = True  # a host that does not answer takes seconds to say so: not the others' seconds
        visit = post.visit
        threading.Thread(target=self._attend, args=(post, visit), name="fleet-port", daemon=True).start()

    def _attend(self, post: Post, visit: int) -> None:
        """Open a line on a thread of its own, and go on to read it where nothing else can."""
        try:
            wire = open_wire(post.member.url, post.member.baud)
        except LinkError as error:
            said = str(error)
            self._do(lambda: self._on_refused(post, visit, said))
            return
        self._do(lambda: self._on_opened(post, visit, wire))
        if isinstance(wire, Threaded):
            wire.read_on(lambda heard: self._do(lambda: self._on_heard(post, visit, heard)))

    def _on_refused(self, post: Post, visit: int, said: str) -> None:
        if post.visit == visit:
            self._lose(post, said)

    def _on_opened(self, post: Post, visit: int, wire: Wire) -> None:
        if post.visit != visit or self._ending.is_set():
            wire.close()
            return
        post.is_opening = False
        self._guarded(post, lambda _: self._greet(post, wire))

    def _on_heard(self, post: Post, visit: int, heard: bytes | LinkError) -> None:
        if post.visit != visit:
            return
        if isinstance(heard, LinkError):
            self._lose(post, str(heard))
        else:
            self._guarded(post, lambda _: self._hear(post, heard))

    def _greet(self, post: Post, wire: Wire) -> None:
        if wire.descriptor is not None:
            self._selector.register(wire.descriptor, selectors.EVENT_READ, post)
        post.greet(wire, self._now_ns())

    def _read(self, post: Post) -> None:
        if isinstance(post.wire, Descriptor):
            self._hear(post, post.wire.read())

    def _hear(self, post: Post, data: bytes) -> None:
        if post.hear(data, self._now_ns()):
            self._telling.is_news = True

    def _lose(self, post: Post, why: str) -> None:
        self._close(post)
        post.turn_off(why)
        self._know(post, lost(post.snapshot, why, self._now_ns()))
        post.next_ns = post.snapshot.retry_ns
        self._schedule(post)

    def _close(self, post: Post) -> None:
        if post.wire is not None and post.wire.descriptor is not None:
            with contextlib.suppress(KeyError):
                self._selector.unregister(post.wire.descriptor)
        post.close()

    def _know(self, post: Post, snapshot: Snapshot) -> None:
        post.snapshot = snapshot
        self._telling.is_news = True

    def _tell(self, now_ns: int) -> None:
        self._telling.tell(now_ns, lambda: tuple(post.snapshot for post in self._posts))

    def _go_on(self, next_events: dict[int, int]) -> None:
        for number, event in next_events.items():
            self._posts[number].next_event = event

    # --- from other threads -------------------------------------------------------------------------------------------

    def _do(self, job: Callable[[], None]) -> None:
        self._jobs.put(job)
        self._ring()

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # it rings already, or nobody is there any more
            self._bell.send(b"\0")

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._asleep.recv(_RINGS)
        with contextlib.suppress(queue.Empty):
            while True:
                self._jobs.get_nowait()()


def _natural(url: str) -> list[tuple[str, int]]:
    """Return what sorts tty2 before tty10."""
    return [(text, int(digits or 0)) for text, digits in _NUMBERED.findall(f"/{url}")]


def without_a_reading(snapshots: Snapshots) -> int:
    """Return how many pumps have neither been read nor failed to be."""
    return sum(one.reading is None and not one.tries for one in snapshots)
