"""A live pump on a wall that is moved by hand, and a host on a port in memory."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

from protocol.exchange import HostEnd
from protocol.keys import BENCH_KEY
from protocol.messages import Change, Commit, Poll, Prepare, Prepared, Status
from pumpmock.console import Console
from pumpmock.emulator import Emulator
from pumpmock.snapshot import Memory, dumped_memory
from pumpmock.wall import HandWall
from tests.pumpmock.conftest import new_memory

if TYPE_CHECKING:
    from protocol.fields import Message
    from pumpmock.ports.memory import MemoryPort


BENCH_KEYS = {BENCH_KEY.key_id: BENCH_KEY}


class Stand:
    """An emulator on a wall that stands still until it is moved."""

    def __init__(self, speed: int = 1_000, seed: int = 1) -> None:
        self.hand = HandWall(10**9)
        self.saves: list[str] = []
        self.emulator = Emulator(
            new_memory(),
            BENCH_KEYS,
            speed=speed,
            wall=self.hand.wall,
            random=Random(seed).randbytes,  # noqa: S311 - the key is published
            save=self._save,
            teller=Console(as_json=True),
            firmware="1.2.3",
        )
        self.emulator.start()

    def _save(self, memory: Memory) -> None:
        self.saves.append(json.dumps(dumped_memory(memory)))

    @property
    def now_us(self) -> int:
        return self.emulator.device.pump.clock.now_us

    def what(self) -> list[str]:
        return [entry.what for entry in self.emulator.journal.entries]


class Host:
    """A host with the bench key on a port in memory."""

    def __init__(self, port: MemoryPort) -> None:
        self.port = port
        self.greet()

    def greet(self) -> None:
        self.end = HostEnd(BENCH_KEY, bytes(16))
        self.port.write(self.end.hello())
        _, confirm = self.end.receive(self.port.read(1_000))
        self.port.write(confirm)
        self.end.receive(self.port.read(1_000))

    def ask(self, request: Message) -> Message | None:
        """Return the answer; None where there is none."""
        asked, _ = self.end.ask(request)
        self.port.write(asked)
        answers, _ = self.end.receive(self.port.read(1_000))
        return answers[0].message if answers else None

    def poll(self) -> Status | None:
        answer = self.ask(Poll())
        assert answer is None or isinstance(answer, Status)
        return answer

    def change(self, change: Change) -> Message | None:
        """Prepare and commit, on what a poll finds."""
        seen = self.poll()
        assert seen is not None
        wish = Prepare(bytes((seen.revision,)) * 8, seen.revision, seen.commanded_rate_nl_h, 0, change)
        prepared = self.ask(wish)
        return (
            self.ask(Commit(wish.command_id, prepared.token)) if isinstance(prepared, Prepared) else prepared
        )
