"""What the tests of the wire share: fixed keys and bytes, a small pump to talk to, and messages made from their declarations."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from protocol.bounds import Basis, Bounds, Finding, allowed, hard_finding
from protocol.changes import ChangeDesk, Effect, Present, rejected
from protocol.exchange import Answer, DeviceEnd, HostEnd
from protocol.fields import Message, Spec, specs
from protocol.frame import Decoder, Frame
from protocol.handshake import DeviceHandshake, HostHandshake
from protocol.keys import Key, device_id
from protocol.ledger import Ledger
from protocol.messages import (
    NEVER_S,
    Acknowledge,
    AudioPause,
    Bench,
    Change,
    Commit,
    Events,
    GetBench,
    GetEvents,
    GetLimits,
    GetProgram,
    GetStatistics,
    Identify,
    Identity,
    Limits,
    Poll,
    Prepare,
    Prepared,
    Program,
    Resolve,
    Statistics,
    Status,
    Step,
)
from protocol.session import Session, Side
from protocol.vocabulary import ChangeKind, Log, Mode, Refusal, Role, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.ledger import Applied
    from protocol.messages import Outcome, Rejected

SERIAL_NUMBER = "PM-00001"
STORE_ID = bytes.fromhex("0102030405060708")
BOUNDS = Bounds(2_000, 1_000_000, step_up_percent=40, step_down_percent=50)
RATE_NL_H = 20_833
SESSION = 9
WISH = Prepare(b"change-1", 0, RATE_NL_H, 0, Change(ChangeKind.RATE, 25_000))
TECHNICIAN = Key(SERIAL_NUMBER, Role.TECHNICIAN, bytes.fromhex("a1a2a3a4"), bytes(range(32)))
VIEWER = Key(SERIAL_NUMBER, Role.VIEWER, bytes.fromhex("b1b2b3b4"), bytes(range(32, 64)))
KEYS = {key.key_id: key for key in (TECHNICIAN, VIEWER)}
HOST_NONCE = bytes(range(0x10, 0x20))
NONCES = bytes(range(32))
# Fields that two messages must not share by accident are unlike zero: a body of zeros hides a wrong place.
READING = Status(
    State.RUNNING, Mode.PROGRAM, 7, RATE_NL_H, 20_800, RATE_NL_H, NEVER_S, 500, 17_400_000, 17_300_000, 400_000,
    20_000_000, 2_000_000, 1_000_000, 2_600_000, 81, 2_905, 1_900, 1, 0, 0, 0, 90_000_000_000, 1_767_225_600, 3, 42,
    2_000, 1_000_000, 40, 50, 0x1234_5678, 0, 0,
)  # fmt: skip
LIMITS = Limits(
    2_000, 1_000_000, 250, 40, 50, 100, 12, 2_003, 1_000_000, 1, 300, 5_000_000, 60, 3, 600, 600, 15_000
)

_READINGS: dict[type[Message], Message] = {
    Poll: READING,
    Acknowledge: READING,
    AudioPause: READING,
    Identify: Identity(SERIAL_NUMBER, "Bench", "1.0", 0, STORE_ID, 3, 0xFFE),
    GetLimits: LIMITS,
    GetEvents: Events(Log.EVENTS, 0, ()),
    GetProgram: Program(Mode.PROGRAM, 0, NEVER_S, 0, (Step(0, RATE_NL_H),)),
    GetStatistics: Statistics(*range(1, 14)),
    GetBench: Bench(1_000, 0, ""),
}


def counting_random(start: int = 1) -> Callable[[int], bytes]:
    """Return a source of bytes that never gives the same twice, and gives the same in every run."""
    numbers = itertools.count(start)
    return lambda size: next(numbers).to_bytes(8, "little").ljust(size, b"\xc3")[:size]


def frame_of(data: bytes) -> Frame:
    """Return the one frame in `data`."""
    (frame,) = Decoder().feed(data)
    return frame


def sessions(number: int = SESSION, role: Role = Role.TECHNICIAN) -> tuple[Session, Session]:
    """Return both ends of a session, host first."""
    context = device_id(SERIAL_NUMBER) + bytes((role,))
    host, pump = (
        Session(side, number, secret=TECHNICIAN.secret, nonces=NONCES, context=context)
        for side in (Side.HOST, Side.DEVICE)
    )
    return host, pump


def device_handshake(random: Callable[[int], bytes] | None = None, **changed: Any) -> DeviceHandshake:  # noqa: ANN401 - any argument of it
    """Return the pump's part of a handshake."""
    fixed: dict[str, Any] = {"serial_number": SERIAL_NUMBER, "store_id": STORE_ID, "boot": 3, "keys": KEYS}
    return DeviceHandshake(**(fixed | changed), random=random or counting_random())


def recorded(pump: DeviceHandshake) -> tuple[Frame, Frame, Frame]:
    """Return hello, challenge and confirmation of one host, of which the pump has not yet heard the last."""
    host = HostHandshake(TECHNICIAN, HOST_NONCE)
    hello = frame_of(host.hello())
    challenge = frame_of(pump.challenge(hello, 0) or b"")
    answer = host.answer(challenge)
    assert answer is not None
    return hello, challenge, frame_of(answer[0])


def shake_hands(pump: DeviceHandshake, key: Key = TECHNICIAN, now_ms: int = 0) -> tuple[Session, Session]:
    """Go through a whole handshake and return both ends of the session, host first."""
    host = HostHandshake(key, HOST_NONCE)
    offer = pump.challenge(frame_of(host.hello()), now_ms)
    assert offer is not None
    answer = host.answer(frame_of(offer))
    assert answer is not None
    opened = pump.confirm(frame_of(answer[0]), now_ms)
    assert opened is not None
    return answer[1], opened[0]


class Bench:
    """A pump of a few lines behind a desk: what it applied, and two switches that make it fail.

    Attributes:
        applied: every change that turned the motor, in order.
        now_ms: monotonic wall time.
        store_error: raised by the store, where set.
        objection: what the pump itself has against any change, where set.
    """

    def __init__(
        self, random: Callable[[int], bytes] | None = None, desk: type[ChangeDesk] = ChangeDesk
    ) -> None:
        self.applied: list[Applied] = []
        self.now_ms = 1_000
        self.store_error: OSError | None = None
        self.objection: Finding | None = None
        self.commanded_nl_h = self.programmed_nl_h = RATE_NL_H
        self.bounds = BOUNDS
        self.ledger = Ledger()
        self.desk = desk(
            self.ledger,
            random or counting_random(),
            present=self.present,
            refuse=self.refuse,
            foresee=self.foresee,
            apply=self._apply,
        )

    def present(self) -> Present:
        """Return what the desk may know."""
        limits = allowed(Basis(self.programmed_nl_h), self.bounds)
        return Present(self.commanded_nl_h, self.now_ms * 1_000, *limits)

    def refuse(self, change: Change) -> Finding | None:
        """Judge as a pump does: its limits first."""
        finding = None
        if change.kind is ChangeKind.RATE:
            finding = hard_finding(Basis(self.programmed_nl_h), change.rate_nl_h, self.bounds)
        return finding or self.objection

    def foresee(self, change: Change | None) -> Effect:
        """Return what follows, with ten millilitres in the reservoir."""
        rate = self.commanded_nl_h
        if change is not None:
            rates = {ChangeKind.STOP: 0, ChangeKind.RESUME: self.programmed_nl_h}
            rate = rates.get(change.kind, change.rate_nl_h)
        return Effect(rate, 10_000_000 // rate if rate else None, None)

    def _apply(self, line: Applied, _change: Change) -> None:
        if self.store_error is not None:
            raise self.store_error
        self.applied.append(line)
        self.commanded_nl_h = line.rate_nl_h
        if line.kind is ChangeKind.RATE:
            self.programmed_nl_h = line.rate_nl_h

    def serve(self, request: Message, role: Role, session: int) -> Message:
        """Answer a request as a pump does."""
        changes = isinstance(request, Prepare | Commit | Resolve | Acknowledge | AudioPause)
        if changes and role < Role.TECHNICIAN:
            return rejected(request.code, Finding(Refusal.ROLE, 0, "this key only reads"))
        if type(request) in _READINGS:
            return _READINGS[type(request)]
        match request:
            case Prepare():
                return self.desk.prepare(request, session, self.now_ms)
            case Commit():
                return self.desk.commit(request, session, self.now_ms)
            case Resolve():
                return self.desk.resolve(request)
        return rejected(request.code, Finding(Refusal.UNSUPPORTED, 0, "not in a session"))

    def port(self, random: Callable[[int], bytes] | None = None) -> DeviceEnd:
        """Return the pump's end of one more port."""
        return DeviceEnd(device_handshake(random), self.serve, lambda _role: None)


def connect(pump: DeviceEnd, key: Key = TECHNICIAN, now_ms: int = 0, nonce: bytes = HOST_NONCE) -> HostEnd:
    """Open a session on a port of a pump and return the host's end."""
    host = HostEnd(key, nonce)
    to_pump = host.hello()
    while to_pump:
        _, to_pump = host.receive(pump.receive(to_pump, now_ms))
    return host


def answer(host: HostEnd, pump: DeviceEnd, request: Message, now_ms: int = 0) -> Answer:
    """Return the pump's one answer, and check that it acknowledges the request."""
    data, counter = host.ask(request)
    (found,), to_send = host.receive(pump.receive(data, now_ms))
    assert found.ack == counter
    assert to_send == b""
    return found


def wish(**changed: Any) -> Prepare:  # noqa: ANN401 - any field of a Prepare or of its change
    """Return a wish told apart from `WISH` by some fields."""
    inner = {name: changed.pop(name) for name in list(changed) if name in specs(Change)}
    return dataclasses.replace(WISH, change=dataclasses.replace(WISH.change, **inner), **changed)


def prepare(bench: Bench, session: int = SESSION, **changed: Any) -> Prepared:  # noqa: ANN401 - as above
    """Prepare a change, told apart from `WISH` by some fields."""
    answer = bench.desk.prepare(wish(**changed), session, bench.now_ms)
    assert isinstance(answer, Prepared)
    return answer


def commit(bench: Bench, prepared: Prepared, session: int = SESSION) -> Outcome | Rejected:
    """Commit what was prepared."""
    return bench.desk.commit(Commit(prepared.command_id, prepared.token), session, bench.now_ms)


def messages(kind: type[Message]) -> st.SearchStrategy[Message]:
    """Return a strategy for all that a message's declaration allows."""
    return st.builds(kind, **{name: _values(spec) for name, spec in specs(kind).items()})


def _values(spec: Spec) -> st.SearchStrategy[Any]:
    if spec.choices is not None:
        return st.sampled_from(list(spec.choices))
    if spec.record is not None and spec.most is None:
        return messages(spec.record)
    if spec.record is not None:
        return st.lists(messages(spec.record), max_size=spec.most).map(tuple)
    if spec.text:
        return st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=spec.most)
    if spec.most is None:
        return st.binary(min_size=spec.subcon.length, max_size=spec.subcon.length)
    return st.integers(spec.least, spec.most)


def extreme(kind: type[Any], *, largest: bool) -> Any:  # noqa: ANN401 - any message or record
    """Return the message whose every field is at its least or at its most."""
    return kind(*(_extreme_value(spec, largest=largest) for spec in specs(kind).values()))


def _extreme_value(spec: Spec, *, largest: bool) -> Any:  # noqa: ANN401 - a field of any type
    if spec.choices is not None:
        return (max if largest else min)(spec.choices)
    if spec.record is not None and spec.most is None:
        return extreme(spec.record, largest=largest)
    if spec.record is not None:
        return (extreme(spec.record, largest=largest),) * ((spec.most or 0) if largest else 0)
    if spec.text:
        return "~" * ((spec.most or 0) if largest else 0)
    if spec.most is None:
        return (b"\xff" if largest else b"\0") * spec.subcon.length
    return spec.most if largest else spec.least
