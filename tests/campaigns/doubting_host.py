"""A host that works on a pump which may die of anything, and holds each of its processes to what the ones before have told."""

from __future__ import annotations

import os
import select
import socket
from typing import TYPE_CHECKING, TypeVar

from protocol.exchange import HostEnd
from protocol.handshake import NONCE_SIZE
from protocol.intent import COMMAND_ID_SIZE
from protocol.keys import BENCH_KEY
from protocol.messages import (
    Change,
    Commit,
    Events,
    GetEvents,
    Outcome,
    Poll,
    Prepare,
    Prepared,
    Resolve,
    Status,
)
from protocol.vocabulary import ChangeKind, Verdict
from tests.pumpmock.told import Told

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from protocol.fields import Message

_M = TypeVar("_M", bound="Message")

_RATES = range(500_000, 1_000_001)  # nL/h
_PATIENCE_S = 30  # with a pump that lives


class GoneError(Exception):
    """The pump is not there any more."""


class Host:
    """Changes a pump and reads it, over and over; writes down what it is told, whichever process tells it.

    Attributes:
        applied: the changes that it was told were applied, oldest first.
        answers: how many it has had.
        before_asking: called before each request.
    """

    def __init__(self, chance: Random) -> None:
        self.applied: list[bytes] = []
        self.answers = 0
        self.before_asking: Callable[[], None] = lambda: None
        self._open_id: bytes | None = None
        self._chance = chance
        self._told = Told()

    @property
    def is_in_doubt(self) -> bool:
        return self._open_id is not None

    def connect(self, wire: int) -> None:
        """Open a session, learn what became of an open change, and hold the pump against all that it has told.

        Raises:
            AssertionError: where it contradicts that.
            GoneError: where it is gone.
        """
        self._wire, self._end = wire, HostEnd(BENCH_KEY, self._chance.randbytes(NONCE_SIZE))
        data = self._end.hello()
        while not self._end.is_open:
            self.before_asking()
            _send(wire, data)
            answers, data = self._end.receive(_receive(wire))
            for answer in answers:
                self._hear(answer.message)
        if self._open_id is not None:
            self._note(self._ask(Resolve(self._open_id), Outcome))
        found = self._ask(Poll(), Status).revision
        assert found == len(self.applied), f"{len(self.applied)} changes are told, and then {found}"

    def change(self) -> None:
        """Make a change, and read the newest of the log; as `connect`."""
        seen = self._ask(Poll(), Status)
        change = Change(ChangeKind.RATE, self._chance.choice(_RATES))
        self._open_id = self._chance.randbytes(COMMAND_ID_SIZE)
        prepare = Prepare(self._open_id, seen.revision, seen.commanded_rate_nl_h, 0, change)
        prepared = self._ask(prepare, Prepared)
        self._note(self._ask(Commit(self._open_id, prepared.token), Outcome))
        self._ask(GetEvents(max(0, seen.newest_event - 3)), Events)

    def _note(self, outcome: Outcome) -> None:
        if outcome.verdict == Verdict.APPLIED:
            self.applied.append(outcome.command_id)
        self._open_id = None

    def _ask(self, request: Message, kind: type[_M]) -> _M:
        self.before_asking()
        data, _ = self._end.ask(request)
        _send(self._wire, data)
        while True:
            for answer in self._end.receive(_receive(self._wire))[0]:
                self._hear(answer.message)
                assert isinstance(answer.message, kind), f"{request} was answered by {answer.message}"
                return answer.message

    def _hear(self, message: Message) -> None:
        self.answers += 1
        self._told.take(message)


def _send(wire: int, data: bytes) -> None:
    try:
        os.write(wire, data)
    except OSError as error:
        raise GoneError from error


def _receive(wire: int) -> bytes:
    ready, _, _ = select.select([wire], [], [], _PATIENCE_S)
    assert ready, "a pump that lives does not answer"
    try:
        data = os.read(wire, 4_096)
    except OSError as error:
        raise GoneError from error
    if not data:
        raise GoneError
    return data


class Wire:
    """A descriptor of a port, closed at the end."""

    def __init__(self, kind: str, url: str) -> None:
        if kind == "pty":
            self.descriptor = os.open(url, os.O_RDWR | os.O_NOCTTY)
            return
        host, _, port = url.removeprefix("socket://").rpartition(":")
        self.descriptor = socket.create_connection((host, int(port))).detach()

    def close(self) -> None:
        os.close(self.descriptor)
