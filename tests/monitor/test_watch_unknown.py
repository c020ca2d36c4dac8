"""A change that has lost its answer, as the read loop keeps and settles it, on a real port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.errors import OutcomeUnknownError, RefusedError
from monitor.watch import Watcher
from protocol.messages import Change, ChangeKind, Commit, Resolve
from tests.monitor.conftest import RATE_NL_H, Clock, LivePump, codes_in
from tests.monitor.simulation import IdleQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from protocol.messages import Outcome, Prepared

NEW_NL_H = 25_000


class Watched:
    """A watcher whose thread is the test's.

    Attributes:
        clock: the watcher's clock.
    """

    def __init__(self, live: LivePump) -> None:
        self.live = live
        self.clock = Clock()
        self.watcher = Watcher(live.url, live.connect, now_ns=self.clock)
        self.watcher._jobs = IdleQueue(self.clock)
        self.watcher._turn()

    def prepare(self) -> Prepared:
        reading = self.watcher.snapshot.reading
        assert reading is not None
        change = Change(ChangeKind.RATE, NEW_NL_H)
        prepared = self.watcher.prepare(change, seen=reading, overridden=False)
        self.watcher._do_jobs_until_due()
        return prepared.result(timeout=0)

    def do(self, job: Future[Outcome]) -> Outcome:
        self.watcher._do_jobs_until_due()
        return job.result(timeout=0)

    def lose(self, *, applied: bool) -> Prepared:
        """Begin a change, and have the pump pulled when it commits it, or just before."""
        prepared = self.prepare()
        self.live.on_request(Commit.code, self.live.port.unplug, serve_first=applied)
        with pytest.raises(OutcomeUnknownError):
            self.do(self.watcher.commit(prepared))
        self.watcher._turn()
        return prepared

    def requests(self) -> list[int]:
        """Return the list that the types of all requests from now on are put into."""
        codes: list[int] = []

        def noted(data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
            codes.extend(codes_in(data))
            return answer(data)

        self.live.spoil = noted
        return codes


@pytest.fixture
def watched(live: LivePump) -> Iterator[Watched]:
    made = Watched(live)
    yield made
    made.watcher._close()


def test_another_memory_is_not_asked_what_became_of_a_change_that_it_never_saw(
    live: LivePump, watched: Watched
) -> None:
    prepared = watched.lose(applied=True)
    live.call(lambda: live.renew(b"store-02"))
    live.call(live.port.replug)
    codes = watched.requests()
    watched.watcher._turn()
    with pytest.raises(RefusedError, match="never saw the change"):
        watched.do(watched.watcher.resolve(prepared.command_id))
    assert codes
    assert Resolve.code not in codes
    assert live.rate_nl_h == RATE_NL_H
