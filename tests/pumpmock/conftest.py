"""A pump without a port, a clock moved by hand, and a memory that is a list: whatever is saved can be looked at."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from protocol.exchange import HostEnd
from protocol.keys import Key
from protocol.ledger import Ledger
from protocol.messages import Change, Commit, Outcome, Poll, Prepare, Prepared, Status, Step
from protocol.vocabulary import ChangeKind, Role
from pumpmock.device import Device
from pumpmock.dialects.native import NativeConversation
from pumpmock.model.pump import Pump
from pumpmock.pace import Pace
from pumpmock.snapshot import Memory, Store
from tests.settings import usual_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from protocol.fields import Message

SERIAL_NUMBER = "PM-00001"
STORE_ID = bytes.fromhex("0102030405060708")
RATE_NL_H = 20_833
TECHNICIAN = Key(SERIAL_NUMBER, Role.TECHNICIAN, bytes.fromhex("a1a2a3a4"), bytes(range(32)))
VIEWER = Key(SERIAL_NUMBER, Role.VIEWER, bytes.fromhex("b1b2b3b4"), bytes(range(32, 64)))
KEYS = {key.key_id: key for key in (TECHNICIAN, VIEWER)}
SESSION = 77
S = 1_000_000_000

_M = TypeVar("_M")


def counting_random(start: int = 1) -> Callable[[int], bytes]:
    """Return a source of bytes that never gives the same twice, and gives the same in every run."""
    numbers = itertools.count(start)
    return lambda size: next(numbers).to_bytes(4, "little").ljust(size, b"\xc3")[:size]


# A change of each kind that a pump under its minimum rate takes.
ONE_OF_EACH = {
    change.kind: change
    for change in (
        Change(ChangeKind.RATE, 25_000),
        Change(ChangeKind.STOP),
        Change(ChangeKind.RESUME),
        Change(ChangeKind.TEMPORARY_RATE, 40_000, duration_s=7_200),
        Change(ChangeKind.BOLUS, volume_nl=100_000, duration_s=1_800),
        Change(ChangeKind.FLEX, weekdays=0x1F, steps=(Step(0, 10_000), Step(480, 30_000))),
        Change(ChangeKind.REFILL, volume_nl=19_000_000, withdrawn_nl=17_000_000, concentration_ug_ml=2_000),
        Change(ChangeKind.PRIME, volume_nl=199_000),
        Change(ChangeKind.BRIDGE, 12_500, volume_nl=395_000),
        Change(ChangeKind.CLOCK, clock_s=1_767_225_600),
    )
}


def to_rate(rate_nl_h: int) -> Change:
    return Change(ChangeKind.RATE, rate_nl_h)


def preparing(command_id: bytes, rate_nl_h: int, *, revision: int = 0, seen_nl_h: int = RATE_NL_H) -> Prepare:
    """Ask for a rate, decided on a pump that nobody has changed."""
    return Prepare(command_id, revision, seen_nl_h, 0, to_rate(rate_nl_h))


def new_memory(**settings: int) -> Memory:
    pump = Pump(usual_settings(**settings), fill_nl=18_000_000, rate_nl_h=RATE_NL_H)
    return Memory(SERIAL_NUMBER, STORE_ID, 1, 0, Ledger(), pump)


def state_of(memory: Memory) -> tuple[Any, ...]:
    """Return all that outlives the process, as values that later changes do not reach."""
    return memory.revision, memory.ledger.lines, memory.pump.to_dict()


def lived_memory() -> Memory:
    """Return the memory of a pump with a past: two changes, a stop, a refusal, an hour."""
    bench = Bench()
    bench.now_ns += 3_600 * 10**9
    bench.change(25_000)
    bench.change(30_000)
    bench.change(Change(ChangeKind.STOP))
    bench.memory.boot = 5
    return bench.memory


class Bench:
    """A device on a bench.

    Attributes:
        saves: all that was saved, in order.
        course: what happened, in order: "save", "motor", and whatever a test adds.
        store_error: raised by the next saves, where set.
        notice: how many faults are injected, and their names.
    """

    def __init__(self, memory: Memory | None = None, *, speed: int = 1_000) -> None:
        self.memory = memory or new_memory()
        self.now_ns = 1_000 * S
        self.saves: list[tuple[Any, ...]] = []
        self.course: list[str] = []
        self.store_error: OSError | None = None
        self.told: list[OSError] = []
        self.notice = (0, "")
        self.random = counting_random()
        self.device = Device(
            self.memory,
            pace=Pace(speed, self.now_ns, self.memory.pump.clock.now_us),
            wall_ns=lambda: self.now_ns,
            random=self.random,
            save=self._save,
            model="bench",
            firmware="1.2.3",
            notice=lambda: self.notice,
        )
        self.device.pump.on_event = lambda _record: self.course.append("motor")

    def _save(self, memory: Memory) -> None:
        self.course.append("save")
        if self.store_error is not None:
            raise self.store_error
        self.saves.append(state_of(memory))

    def open(self, _peer: str = "", _send: object = None) -> NativeConversation:
        """Begin a conversation, as a port does."""
        return NativeConversation(
            self.device, KEYS, self.random, opened=lambda _role: None, unsaved=self.told.append
        )

    def serve(self, request: Message, kind: type[_M], role: Role = Role.TECHNICIAN) -> _M:
        """Ask the device without a wire, and expect an answer of this kind."""
        self.device.catch_up()
        answer = self.device.serve(request, role, SESSION, 0)
        assert isinstance(answer, kind)
        return answer

    def status(self) -> Status:
        return self.serve(Poll(), Status)

    def prepare_request(self, change: Change | int) -> Prepare:
        """Say what is wanted, an integer being a rate, decided on what the pump is doing now."""
        wanted = to_rate(change) if isinstance(change, int) else change
        now = self.status()
        return Prepare(self.random(8), now.revision, now.commanded_rate_nl_h, 0, wanted)

    def change(self, change: Change | int) -> Outcome:
        """Prepare and commit."""
        prepared = self.serve(self.prepare_request(change), Prepared)
        return self.serve(Commit(prepared.command_id, prepared.token), Outcome)


class Host:
    """A host's end of a conversation, without a port between.

    Args:
        conversation: the pump's end.
        key: the pairing key.
        wire: what becomes of the bytes on their way to the pump.
    """

    def __init__(
        self,
        conversation: NativeConversation,
        key: Key = TECHNICIAN,
        *,
        wire: Callable[[bytes], bytes] = lambda data: data,
        nonce: bytes = bytes(range(16)),
    ) -> None:
        self._conversation = conversation
        self._wire = wire
        self._end = HostEnd(key, nonce)
        data = self._end.hello()
        while data:
            _, data = self._end.receive(self._receive(data))

    @property
    def is_open(self) -> bool:
        return self._end.is_open

    def _receive(self, data: bytes) -> bytes:
        return self._conversation.receive(self._wire(data))

    def send(self, request: Message) -> list[Message]:
        """Send a request and return all that came back."""
        data, _ = self._end.ask(request)
        return [answer.message for answer in self._end.receive(self._receive(data))[0]]

    def ask(self, request: Message, kind: type[_M]) -> _M:
        """Send a request and expect one answer of this kind."""
        (answer,) = self.send(request)
        assert isinstance(answer, kind)
        return answer


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def state_path(tmp_path: Path) -> Path:
    return tmp_path / "pump.json"


@pytest.fixture
def store(state_path: Path) -> Iterator[Store]:
    opened = Store(state_path)
    yield opened
    opened.close()
