"""A pump of few rules behind the desk of `protocol.changes`, and a recorder of what is said on its ports."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from docs.vectors.given import (
    BOOT,
    HOST_NONCE,
    SERIAL_NUMBER,
    STORE_ID,
    TECHNICIAN,
    VIEWER,
    Json,
    counting,
    frame_of,
    spoken,
)
from docs.vectors.typical import BENCH, EVENTS, IDENTITY, LIMITS, PROGRAM, RATE_NL_H, READING, STATISTICS
from protocol.bounds import Basis, Bounds, Finding, allowed, bolus_finding, hard_finding
from protocol.changes import ChangeDesk, Effect, Present, rejected
from protocol.exchange import DeviceEnd, HostEnd
from protocol.handshake import DeviceHandshake
from protocol.ledger import Ledger
from protocol.messages import (
    Acknowledge,
    AudioPause,
    Change,
    Commit,
    GetBench,
    GetEvents,
    GetLimits,
    GetProgram,
    GetStatistics,
    Identify,
    Poll,
    Prepare,
    Resolve,
    parse,
)
from protocol.vocabulary import ChangeKind, Refusal, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message
    from protocol.keys import Key
    from protocol.ledger import Applied

BOUNDS = Bounds(2_000, 1_000_000, step_up_percent=40, step_down_percent=50, most_bolus_nl=500_000)
MINIMUM_RATE_NL_H = 250
NL_TO_LOW, NL_TO_EMPTY = 15_000_000, 16_000_000
NOT_OFFERED = ChangeKind.BRIDGE
START_MS = 1_000
_ANSWERS: dict[type[Message], Message] = {
    Poll: READING,
    Acknowledge: READING,
    AudioPause: READING,
    Identify: IDENTITY,
    GetLimits: LIMITS,
    GetEvents: EVENTS,
    GetProgram: PROGRAM,
    GetStatistics: STATISTICS,
    GetBench: BENCH,
}
_CHANGING = (Prepare, Commit, Resolve, Acknowledge, AudioPause)


class Bench:
    """The pump of the vectors.

    Attributes:
        now_ms: monotonic wall time; its pump time is the same.
        is_full: whether its store takes nothing more.
        is_empty: whether its reservoir has run empty, which forbids every change.
    """

    def __init__(self) -> None:
        self.now_ms = START_MS
        self.is_full = False
        self.is_empty = False
        self.commanded_nl_h = self.programmed_nl_h = RATE_NL_H
        self.desk = ChangeDesk(
            Ledger(),
            counting(0x8001),
            present=self._present,
            refuse=self._refuse,
            foresee=self._foresee,
            apply=self._apply,
        )

    def port(self, first: int, keys: tuple[Key, ...] = (TECHNICIAN, VIEWER)) -> DeviceEnd:
        """Return the pump's end of a port, which draws session numbers and nonces from `first` on."""
        table = {key.key_id: key for key in keys}
        handshake = DeviceHandshake(SERIAL_NUMBER, STORE_ID, BOOT, table, counting(first))
        return DeviceEnd(handshake, self.serve, lambda _role: None)

    def serve(self, request: Message, role: Role, session: int) -> Message:
        """Answer a request."""
        if isinstance(request, _CHANGING) and role < Role.TECHNICIAN:
            command_id = getattr(request, "command_id", bytes(8))
            return rejected(request.code, Finding(Refusal.ROLE, 0, "this key only reads"), command_id)
        match request:
            case Prepare():
                return self.desk.prepare(request, session, self.now_ms)
            case Commit():
                return self.desk.commit(request, session, self.now_ms)
            case Resolve():
                return self.desk.resolve(request)
        return _ANSWERS[type(request)]

    def _present(self) -> Present:
        least, most = allowed(Basis(self.programmed_nl_h), BOUNDS)
        return Present(self.commanded_nl_h, self.now_ms * 1_000, least, most)

    def _refuse(self, change: Change) -> Finding | None:
        kind = change.kind
        if kind is NOT_OFFERED:
            return Finding(Refusal.NOT_OFFERED, 0, f"this pump does not offer {kind.name}")
        if self.is_empty or (kind is ChangeKind.RESUME and self.commanded_nl_h):
            return Finding(Refusal.WRONG_STATE, 0, "the pump's state forbids it")
        if kind is ChangeKind.RATE:
            return hard_finding(Basis(self.programmed_nl_h), change.rate_nl_h, BOUNDS)
        return (
            bolus_finding(change.volume_nl, change.duration_s, BOUNDS) if kind is ChangeKind.BOLUS else None
        )

    def _foresee(self, change: Change | None) -> Effect:
        rate = self.commanded_nl_h if change is None else self._rate_after(change)
        if not rate:
            return Effect(0, None, None)
        return Effect(rate, NL_TO_LOW * 3_600 // rate, NL_TO_EMPTY * 3_600 // rate)

    def _rate_after(self, change: Change) -> int:
        rule = _RATE_AFTER.get(change.kind)
        return rule(self, change) if rule else self.commanded_nl_h

    def _apply(self, line: Applied, change: Change) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.commanded_nl_h = line.rate_nl_h
        if change.kind is ChangeKind.RATE:
            self.programmed_nl_h = line.rate_nl_h


# The commanded rate that each kind of change leads to; the others leave it as it is.
_RATE_AFTER: dict[ChangeKind, Callable[[Bench, Change], int]] = {
    ChangeKind.RATE: lambda _, change: change.rate_nl_h,
    ChangeKind.TEMPORARY_RATE: lambda _, change: change.rate_nl_h,
    ChangeKind.STOP: lambda _, __: 0,
    ChangeKind.RESUME: lambda bench, _: bench.programmed_nl_h,
    ChangeKind.MINIMUM_RATE: lambda _, __: MINIMUM_RATE_NL_H,
    ChangeKind.BOLUS: lambda _, change: -(-change.volume_nl * 3_600 // change.duration_s),
    ChangeKind.FLEX: lambda _, change: change.steps[0].rate_nl_h,
    ChangeKind.PRIME: lambda _, __: BOUNDS.most_rate_nl_h,
}


class Recorder:
    """A bench pump with hosts on several ports, and all that was said.

    Attributes:
        bench: the pump.
        steps: what happened, as JSON values.
    """

    def __init__(self) -> None:
        self.bench = Bench()
        self.steps: list[Json] = []
        self._ports: dict[str, tuple[HostEnd, DeviceEnd]] = {}

    def open(self, port: str, key: Key = TECHNICIAN) -> None:
        """Open a session on a port, anew where there is one."""
        order = len(self._ports) + 1
        pump = self._ports[port][1] if port in self._ports else self.bench.port(0x0100 * order)
        host = HostEnd(key, bytes((order,)) + HOST_NONCE[1:])
        frames = [host.hello()]
        while frames[-1]:
            reply = pump.receive(frames[-1], self.bench.now_ms)
            frames += [reply, host.receive(reply)[1]]
        self._ports[port] = host, pump
        self.steps.append(
            {
                "port": port,
                "do": "open",
                "key_id": key.key_id.hex(),
                "frames": [one.hex() for one in frames if one],
            }
        )

    def session(self, port: str) -> int:
        """Return the number of a port's session."""
        return self._ports[port][1].session or 0

    def ask(self, port: str, request: Message) -> Any:  # noqa: ANN401 - any message
        """Send a request and return the answer."""
        host, pump = self._ports[port]
        to_pump, _ = host.ask(request)
        to_host = pump.receive(to_pump, self.bench.now_ms)
        host.receive(to_host)
        step = {"port": port, "do": "ask", "at_ms": self.bench.now_ms}
        after = {
            "revision": self.bench.desk.ledger.revision,
            "commanded_rate_nl_h": self.bench.commanded_nl_h,
        }
        self.steps.append(step | {"request": spoken(to_pump), "answer": spoken(to_host), "after": after})
        frame = frame_of(to_host)
        return parse(frame.type, frame.payload)

    def wait(self, span_ms: int) -> None:
        """Let time pass."""
        self.bench.now_ms += span_ms
        self.steps.append({"do": "wait", "ms": span_ms})

    def close(self, port: str) -> None:
        """End the session of a port, as by closing it."""
        self.bench.desk.release(self.session(port))
        del self._ports[port]
        self.steps.append({"port": port, "do": "close"})

    def set(self, what: str, *, to: bool) -> None:
        """Make the pump's store full, or its reservoir empty, or neither any more."""
        setattr(self.bench, what, to)
        self.steps.append({"do": "set", "what": what, "to": to})
