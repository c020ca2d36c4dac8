"""An emulator on a wall that is moved by hand, and a host on a port in memory that waits as long as it takes."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from protocol.exchange import Answer, HostEnd
from protocol.keys import BENCH_KEY
from protocol.messages import Change, Commit, Outcome, Poll, Prepare, Prepared, Resolve, Status
from protocol.vocabulary import ChangeKind
from pumpmock.emulator import Emulator
from pumpmock.medium import PERFECT
from pumpmock.ports.memory import MemoryPort
from pumpmock.snapshot import Memory, dumped_memory
from pumpmock.wall import HandWall
from tests.pumpmock.conftest import new_memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocol.fields import Message
    from protocol.messages import EventRecord
    from pumpmock.medium import Medium

_M = TypeVar("_M")

MS = 1_000_000
S = 1_000 * MS
HOUR_US = 3_600 * 10**6
BOLUS = Change(ChangeKind.BOLUS, volume_nl=100_000, duration_s=1_800)
RATE = Change(ChangeKind.RATE, 25_000)


class Quiet:
    """Who is told nothing aloud.

    Attributes:
        told: what was told.
    """

    def __init__(self) -> None:
        self.told: list[Mapping[str, Any]] = []

    def tell(self, _sentence: str, event: Mapping[str, Any]) -> None:
        self.told.append(event)

    def warn(self, _sentence: str) -> None:
        pass

    def event(self, _record: EventRecord) -> None:
        pass


class Stand:
    """A pump on a bench, its bytes as they went, and what was saved of it."""

    def __init__(self, *, seed: int = 0, speed: int = 0, medium: Medium = PERFECT, **settings: int) -> None:
        self.hand = HandWall(1_000 * S)
        self.saves: list[dict[str, Any]] = []
        self.teller = Quiet()
        self.emulator = Emulator(
            new_memory(**settings),
            {BENCH_KEY.key_id: BENCH_KEY},
            speed=speed,
            wall=self.hand.wall,
            random=Random(1).randbytes,  # noqa: S311 - the key is published
            save=self._save,
            teller=self.teller,
            firmware="1.2.3",
            seed=seed,
        )
        self.medium = medium
        self.faults = self.emulator.faults
        self.emulator.start()

    def _save(self, memory: Memory) -> None:
        self.saves.append(json.loads(json.dumps(dumped_memory(memory))))

    @property
    def pump(self) -> Any:  # noqa: ANN401 - the model, as deep as a test wants
        return self.emulator.device.pump

    def host(self) -> Host:
        host = Host(self)
        host.greet()
        return host

    def notes(self, what: str = "fault") -> list[dict[str, Any]]:
        """Return what the journal says of faults."""
        return [dict(entry.fields) for entry in self.emulator.journal.entries if entry.what == what]

    def said(self) -> bytes:
        return b"".join(entry.data for entry in self.emulator.journal.entries if entry.what == "out")


class Host:
    """A host of its own making: it sends a request and takes what comes until the wall has nothing left to bring."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.port = MemoryPort(stand.emulator.plug(stand.medium))
        self.end = HostEnd(BENCH_KEY, bytes(16))
        self.received = bytearray()
        self._names = 0

    def greet(self) -> bool:
        self.end = HostEnd(BENCH_KEY, bytes(16))
        self.port.write(self.end.hello())
        for _ in range(2):
            _, to_send = self.end.receive(self.read())
            if to_send:
                self.port.write(to_send)
        return self.end.is_open

    def read(self) -> bytes:
        """Return what has arrived once nothing is under way any more."""
        for _ in range(10_000):
            due_ns = self.stand.hand.next_due_ns
            if due_ns is None or due_ns > self.stand.emulator.wall.now_ns() + 60 * S:
                break
            self.stand.hand.advance(due_ns - self.stand.emulator.wall.now_ns())
        data = self.port.read(1 << 20)
        self.received += data
        return data

    def send(self, request: Message) -> tuple[list[Answer], int]:
        """Send a request and return all authentic answers that came, and the counter that its own reaches."""
        asked, counter = self.end.ask(request)
        self.port.write(asked)
        return self.end.receive(self.read())[0], counter

    def answers(self, request: Message) -> list[Message]:
        """Send a request and return what answers it, as `docs/protocol.md` has a host tell."""
        found, counter = self.send(request)
        return [answer.message for answer in found if answer.ack >= counter]

    def ask(self, request: Message, kind: type[_M]) -> _M:
        (answer, *_) = self.answers(request)
        assert isinstance(answer, kind), answer
        return answer

    def status(self) -> Status:
        return self.ask(Poll(), Status)

    def prepare(self, change: Change = RATE) -> Prepare:
        return self.prepare_for(self.status(), change)

    def prepare_for(self, now: Status, change: Change) -> Prepare:
        self._names += 1
        command_id = self._names.to_bytes(8, "big")
        return Prepare(command_id, now.revision, now.commanded_rate_nl_h, 0, change)

    def prepared(self, change: Change = RATE) -> Prepared:
        return self.ask(self.prepare(change), Prepared)

    def commit(self, prepared: Prepared) -> list[Message]:
        return self.answers(Commit(prepared.command_id, prepared.token))

    def resolve(self, prepared: Prepared) -> Outcome:
        return self.ask(Resolve(prepared.command_id), Outcome)
