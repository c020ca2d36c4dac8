"""A pump that can be killed: the real device, memory, ledger, store and conversations, on two ports without a kernel.

What stands here beside them is what a test can't do without: a clock moved by hand, a disk that can be full, a kill at
either side of a save, and a listener on the wire who writes down what the pump has told.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from protocol.frame import Decoder
from protocol.keys import Key
from protocol.ledger import Ledger
from protocol.messages import Outcome, Poll, Rejected, Status, parse
from protocol.vocabulary import EventKind, Refusal, Role
from pumpmock.device import Device
from pumpmock.dialects.native import NativeConversation
from pumpmock.model.pump import Pump
from pumpmock.pace import REAL_SPEED, Pace
from pumpmock.ports.memory import MemoryPort
from pumpmock.snapshot import Memory, SnapshotError, Store
from tests.settings import usual_settings

if TYPE_CHECKING:
    from protocol.fields import Message

SERIAL_NUMBER = "PM-00001"
STORE_ID = bytes.fromhex("0102030405060708")
FILL_NL = 18_000_000
RATE_NL_H = 20_833
PORTS = 2
KEY = Key(SERIAL_NUMBER, Role.TECHNICIAN, bytes.fromhex("a1a2a3a4"), bytes(range(32)))
NS_PER_MS = 1_000_000
_US_H = 3_600_000_000
_MOTOR_EVENTS = (EventKind.RATE_CHANGED, EventKind.STOPPED, EventKind.RESUMED)
_FULL = OSError(28, "No space left on device")
_IN_MEMORY = "/dev/shm"  # noqa: S108 - a disk on which syncing costs nothing, where there is one


class KilledError(Exception):
    """The pump's process ends here."""


class Numbers:
    """A source of bytes that never gives the same twice, and the same in every run."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def __call__(self, size: int) -> bytes:
        return next(self._numbers).to_bytes(4, "little").ljust(size, b"\xc3")[:size]


class Plant:
    """The pump, its disk and its ports.

    Attributes:
        now_ns: monotonic wall time.
        disk_is_full: whether the next saves fail.
        dies: "before" or "after" the next save, if it does.
        asked: what hosts have asked; a session begins with a reading that nobody asks for.
        said: what the pump has answered.
        outcomes: the first Outcome told of each change.
        newest_told: the highest revision told.
        latest_told_us: the latest pump time told while the disk had room.
        turned: how often the motor was told a new rate since the pump's start.
        counts: what has happened.
    """

    def __init__(self) -> None:
        self.now_ns = 1_000 * NS_PER_MS
        self.disk_is_full = False
        self.dies: str | None = None
        self.asked: set[Message] = {Poll()}
        self.said: set[Message] = set()
        self.outcomes: dict[bytes, Outcome] = {}
        self.newest_told = 0
        self.latest_told_us = 0
        self.turned = 0
        self.counts: Counter[str] = Counter()
        self._random = Numbers()
        self._folder = tempfile.TemporaryDirectory(dir=_IN_MEMORY if os.path.isdir(_IN_MEMORY) else None)  # noqa: PTH112 - a string, for tempfile
        self._store = Store(Path(self._folder.name, "pump.json"))
        settings = usual_settings(step_up_percent=40, step_down_percent=50)
        pump = Pump(settings, fill_nl=FILL_NL, rate_nl_h=RATE_NL_H)
        self._store.save(Memory(SERIAL_NUMBER, STORE_ID, 0, 0, Ledger(), pump))
        self.start()

    def start(self) -> None:
        """Start the pump's process from what is on the disk."""
        memory = self._load()
        assert memory.revision == memory.ledger.revision >= self.newest_told, (
            "it forgot a revision that it had told"
        )
        assert memory.pump.clock.now_us >= self.latest_told_us, "it forgot time that it had told of"
        memory.boot += 1
        self.dies = None
        self.turned = 0
        self.revision_at_start = memory.revision
        self.device = Device(
            memory,
            pace=Pace(REAL_SPEED, self.now_ns, memory.pump.clock.now_us),
            wall_ns=lambda: self.now_ns,
            random=self._random,
            save=self._save,
            model="bench",
            firmware="1.2.3",
        )
        # Hooked and not subclassed: whatever the device is made of, it is the device's own method that answers.
        self._serve, self.device.serve = self.device.serve, self._asked  # type: ignore[method-assign]
        self.device.pump.on_event = lambda entry: self._note_turn(entry.kind)
        self.ports = [MemoryPort(self._converse) for _ in range(PORTS)]

    def _load(self) -> Memory:
        try:
            memory = self._store.load()
        except SnapshotError as error:
            raise AssertionError("it can't read what it has stored") from error
        assert memory is not None
        return memory

    def plug(self, port: int) -> None:
        """End the conversation on a port, and begin the next."""
        self.ports[port].close()
        self.ports[port] = MemoryPort(self._converse)

    def take(self, port: int, data: bytes) -> bytes:
        """Bring bytes to a port and return what the pump says; nothing where it dies of it."""
        try:
            self.ports[port].write(data)
        except KilledError:
            self.counts["deaths while storing"] += 1
            self.start()
            return b""
        self.dies = None
        said = self.ports[port].read(65_536)
        self._listen(said)
        return said

    def pump_time_us(self) -> int:
        """Return what pump time should be now."""
        return self.device.pace.pump_us_at(self.now_ns)

    def flown_nl(self) -> int:
        """Return what the ledger says has been delivered by now: each rate for as long as it held, to the last remainder."""
        flown, rate, since_us = 0, RATE_NL_H, 0
        for line in self.device.memory.ledger.lines:
            flown += rate * (line.pump_time_us - since_us)
            rate, since_us = line.rate_nl_h, line.pump_time_us
        flown += rate * (self.device.pump.clock.now_us - since_us)
        return min(flown // _US_H, FILL_NL - self.device.pump.settings.residual_nl)

    def close(self) -> None:
        """Throw the disk away."""
        self._store.close()
        self._folder.cleanup()

    def _converse(self, _peer: str, _send: object) -> NativeConversation:
        device, random = self.device, self._random
        return NativeConversation(
            device, {KEY.key_id: KEY}, random, opened=lambda _role: None, unsaved=self._note_unsaved
        )

    def _asked(self, request: Message, role: Role, session: int, frames_bad: int) -> Message:
        assert request in self.asked, "it acts upon what no host has asked"
        answer = self._serve(request, role, session, frames_bad)
        self.said.add(answer)
        return answer

    def _save(self, memory: Memory) -> None:
        if self.dies == "before":
            raise KilledError
        if self.disk_is_full:
            self.counts["saves that failed"] += 1
            raise _FULL
        self._store.save(memory)
        if self.dies == "after":
            raise KilledError

    def _note_unsaved(self, _error: OSError) -> None:
        self.counts["readings that were not stored"] += 1

    def _note_turn(self, kind: int) -> None:
        self.turned += kind in _MOTOR_EVENTS

    def _listen(self, said: bytes) -> None:
        for frame in Decoder().feed(said):
            message = parse(frame.type, frame.payload)
            if isinstance(message, Rejected):
                self.counts[f"refused, {Refusal(message.reason).name}"] += 1
            if isinstance(message, Outcome):
                self.newest_told = max(self.newest_told, message.revision)
                told = self.outcomes.setdefault(message.command_id, message)
                assert told.verdict is message.verdict, "a verdict was taken back"
                same = dataclasses.replace(message, pump_time_us=told.pump_time_us) == told
                assert same or told.verdict is not type(told.verdict).APPLIED
            elif isinstance(message, Status):
                self.newest_told = max(self.newest_told, message.revision)
                if not self.disk_is_full:
                    self.latest_told_us = max(self.latest_told_us, message.pump_time_us)
