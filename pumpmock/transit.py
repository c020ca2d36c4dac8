"""What a host's line does to its bytes: nothing at all, unless the link is a real one or a fault strikes.

Either way bytes are spoiled first and are under way then. What the pump hears stands in the journal as it hears it, and
what it says as it leaves for the host: a frame that was lost before is not there, but in the note of the fault.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from pumpmock.faults.kinds import WAY_IN, WAY_OUT, Stage
from pumpmock.faults.spoil import SPOIL
from pumpmock.journal.journal import SAID
from pumpmock.lane import AT_ONCE, Lane, Speed
from pumpmock.medium import AS_SET, Jitter
from pumpmock.wall import NS_A_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.emulator import Emulator
    from pumpmock.faults.fault import Fault
    from pumpmock.faults.turn import Turn
    from pumpmock.medium import Medium

_NO_LABELS: frozenset[str] = frozenset()


class Transit:
    """One host's line.

    Args:
        emulator: whose pump it leads to.
        peer: which host it is.
        number: of the line, which tells its randomness from that of others.
        medium: what the link is like.
        hear: lets the pump take bytes, and returns its answer.
        send: sends to the host.
    """

    def __init__(
        self,
        emulator: Emulator,
        peer: str,
        number: int,
        medium: Medium,
        hear: Callable[[bytes], bytes],
        send: Callable[[bytes], None],
    ) -> None:
        self._emulator = emulator
        self._peer = peer
        self._medium = medium
        self._hear = hear
        self._send = send
        self._in = Lane(emulator.wall, self._arrived, whole=True)
        self._out = Lane(emulator.wall, send)
        seed = f"{emulator.faults.seed} line {number}"
        self._streams = [Random(f"{seed} {way}") for way in (WAY_IN, WAY_OUT)]  # noqa: S311 - a link, not a secret
        self._asleep_until_ns = 0

    def opened(self) -> None:
        """Note that its host has just come."""
        now_ns = self._emulator.wall.now_ns()
        for fault in self._emulator.faults.due(Stage.OPENED, _NO_LABELS, self._peer):
            self._asleep_until_ns = now_ns + fault.number("for_ms") * NS_A_MS

    def heard(self, data: bytes) -> bytes:
        """Let bytes from the host go their way, and return what reaches it at once."""
        if self._emulator.wall.now_ns() < self._asleep_until_ns:
            return b""
        left, struck = self._spoiled(Stage.HEARD, data, _NO_LABELS)
        echo = self._out.send(data) if any(fault.kind.name == "echo" for fault in struck) else b""
        arrived = self._in.send(left, self._late_ns(self._streams[0], struck), self._speed(struck))
        return echo + (self._listen(arrived) if arrived else b"")

    def lose(self) -> None:
        """Lose what is under way."""
        self._in.clear()
        self._out.clear()

    def _arrived(self, data: bytes) -> None:
        answer = self._listen(data)
        if answer:
            self._send(answer)

    def _listen(self, data: bytes) -> bytes:
        """Let the pump take bytes, and return what of its answer reaches the host at once."""
        faults = self._emulator.faults
        turn = faults.open_turn(self._peer)
        try:
            answer = self._hear(data)
        finally:
            faults.turn = None
        if turn is not None:
            turn.end()
            if turn.is_silent:
                return b""
        return self._said(answer, turn) if answer else b""

    def _said(self, data: bytes, turn: Turn | None) -> bytes:
        if self._emulator.ports.is_muted(self._peer):
            return b""
        data, struck = self._spoiled(Stage.SAID, data, _NO_LABELS if turn is None else turn.labels)
        if data:
            self._emulator.journal.passed(SAID, self._peer, data)
        late_ns = self._late_ns(self._streams[1], struck) + (0 if turn is None else turn.delay_ms * NS_A_MS)
        return self._out.send(data, late_ns, self._speed(struck))

    def _spoiled(self, stage: Stage, data: bytes, labels: frozenset[str]) -> tuple[bytes, list[Fault]]:
        """Return what is left of bytes, and the faults that make them late."""
        others: list[Fault] = []
        for fault in self._emulator.faults.due(stage, labels, self._peer, data):
            spoil = SPOIL.get(fault.kind.name)
            if spoil is None:
                others.append(fault)
                continue
            data = spoil(fault, data)
            if not data:
                break
        return data, others

    def _late_ns(self, stream: Random, struck: list[Fault]) -> int:
        medium = self._medium
        late_ns = medium.latency_ms * NS_A_MS + medium.jitter.draw_ns(stream)
        for fault in struck:
            jitter = Jitter(fault.word("jitter"), fault.number("spread_ms"), fault.number("shape_percent"))
            late_ns += fault.number("by_ms") * NS_A_MS + jitter.draw_ns(fault.stream)
        return late_ns

    def _speed(self, struck: list[Fault]) -> Speed:
        """Return the least of what the link and its faults allow."""
        medium = self._medium
        bauds = [fault.number("baud") for fault in struck if fault.kind.name == "pace"]
        chunks = [fault for fault in struck if fault.kind.name == "chunk"]
        sizes = [fault.number("size") for fault in chunks]
        gaps = [fault.number("gap_ms") for fault in chunks]
        set_baud = self._emulator.ports.baud_of(self._peer) if medium.baud == AS_SET else medium.baud
        baud = min(filter(None, (set_baud, *bauds)), default=0)
        chunk = min(filter(None, (medium.chunk, *sizes)), default=0)
        gap_ms = max(gaps, default=medium.gap_ms)
        return Speed(baud, chunk, gap_ms * NS_A_MS) if baud or chunk else AT_ONCE
