"""A host changes a real pump's rate over bad wires, by the rules of docs/protocol.md; what it is told has to be true."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar, cast
from unittest.mock import patch

from protocol.exchange import Answer, HostEnd
from protocol.fields import Message
from protocol.messages import Commit, Outcome, Poll, Prepare, Prepared, Rejected, Resolve, Status
from protocol.timeouts import (
    HANDSHAKE_TIMEOUT_MS,
    HANDSHAKE_TRIES,
    READ_TRIES,
    REPLY_TIMEOUT_MS,
    RESOLVE_TRIES,
)
from protocol.vocabulary import Verdict
from pumpmock.dialects.native import NativeConversation
from tests.campaigns.campaign import Achieved, Campaign, dice, under
from tests.campaigns.defects import counters_not_kept, neither_sums_nor_tags
from tests.campaigns.lossy import GOOD, Channel, bad_line
from tests.pumpmock.conftest import KEYS, TECHNICIAN, Bench

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from protocol.vocabulary import Role
    from pumpmock.device import Device

_M = TypeVar("_M", bound=Message)
_NS_A_MS = 1_000_000
_CHANGES = 4  # a run
_PAUSE_MS = 2_000
_REPAIRED_TRIES = 50  # a good line may still hold a minute of what was late


class _Pump:
    """A real pump behind the wire, and all that it was asked and answered."""

    def __init__(self, channel: Channel) -> None:
        self.bench = Bench(speed=1)
        self.asked: Counter[Message] = Counter()
        self.answered: Counter[Message] = Counter()
        self.sessions = 0
        self._channel = channel
        self._begun_ns = self.bench.now_ns
        noting = cast("Device", _Noting(self.bench.device, self._note))
        self.port = NativeConversation(
            noting, KEYS, self.bench.random, opened=self._open, unsaved=self.bench.told.append
        )

    def receive(self, data: bytes) -> bytes:
        self.bench.now_ns = self._begun_ns + self._channel.now_ms * _NS_A_MS
        return self.port.receive(data)

    def _open(self, _role: Role) -> None:
        self.sessions += 1

    def _note(self, request: Message, answer: Message) -> None:
        self.asked[request] += 1
        self.answered[answer] += 1


class _Noting:
    """A device that tells what it is asked and what it answers."""

    def __init__(self, device: Device, note: Callable[[Message, Message], None]) -> None:
        self._device = device
        self._note = note

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the device has
        return getattr(self._device, name)

    def serve(self, request: Message, *circumstances: Any) -> Message:  # noqa: ANN401 - as the device takes them
        answer = self._device.serve(request, *circumstances)
        self._note(request, answer)
        return answer


class Host:
    """A host that keeps the rules of docs/protocol.md, "Changing".

    Attributes:
        asked: every request that it has sent, as often as it has.
        heard: every answer that it has taken for the pump's.
        wishes: what it has wanted, by command id.
        verdicts: what it holds to have become of it; a command id without one is not resolved yet.
    """

    def __init__(self, channel: Channel, pump: _Pump, chance: Random) -> None:
        self.asked: Counter[Message] = Counter()
        self.heard: list[Message] = []
        self.wishes: dict[bytes, Prepare] = {}
        self.verdicts: dict[bytes, Verdict] = {}
        self._channel = channel
        self._pump = pump
        self._chance = chance
        self._end = HostEnd(TECHNICIAN, chance.randbytes(16))
        self._answers: list[Answer] = []

    @property
    def unresolved(self) -> list[bytes]:
        """The command ids of which it does not know what became."""
        return [command_id for command_id in self.wishes if command_id not in self.verdicts]

    def connect(self) -> bool:
        """Open a new session, in the tries that the specification allows."""
        for _ in range(HANDSHAKE_TRIES):
            self._end = HostEnd(TECHNICIAN, self._chance.randbytes(16))
            self._answers = []
            self._send(self._end.hello())
            self._channel.run(self._channel.now_ms + HANDSHAKE_TIMEOUT_MS, lambda: self._end.is_open)
            if self._end.is_open:
                return True
        return False

    def change(self) -> None:
        """Read the pump, prepare a change of what it does, commit it, and resolve whatever stays in doubt."""
        seen = self._ask(Poll(), Status, READ_TRIES)
        if not isinstance(seen, Status):
            return
        revision, rate = seen.revision, seen.commanded_rate_nl_h
        wanted = self._pump.bench.prepare_request(rate + self._chance.choice((-1, 1)) * rate // 50)
        wish = dataclasses.replace(wanted, expect_revision=revision, expect_rate_nl_h=rate)
        self.wishes[wish.command_id] = wish
        prepared = self._ask(wish, Prepared, READ_TRIES)
        if isinstance(prepared, Rejected):
            self.verdicts[wish.command_id] = Verdict.NOT_APPLIED
            return
        if prepared is None or _echo(prepared) != (wish.command_id, revision, rate, wish.change):
            self.settle(wish.command_id)
            return
        outcome = self._ask(Commit(wish.command_id, prepared.token), Outcome, 1)
        if isinstance(outcome, Rejected):
            self.verdicts[wish.command_id] = Verdict.NOT_APPLIED
        elif outcome is None:
            self.settle(wish.command_id)
        else:
            self.verdicts[wish.command_id] = outcome.verdict

    def settle(self, command_id: bytes) -> None:
        """Ask what became of a change, over new sessions where the old one is dead."""
        for attempt in range(RESOLVE_TRIES):
            if attempt:
                self._channel.run(self._channel.now_ms + _PAUSE_MS, lambda: False)
            if attempt and not self.connect():
                continue
            outcome = self._ask(Resolve(command_id), Outcome, 1)
            if isinstance(outcome, Outcome):
                self.verdicts[command_id] = outcome.verdict
                return

    def _ask(self, request: Message, kind: type[_M], tries: int) -> _M | Rejected | None:
        """Return the first answer that reaches the request's counter, if any comes in time."""
        for _ in range(tries if self._end.is_open else 0):
            data, counter = self._end.ask(request)
            self.asked[request] += 1
            self._send(data)
            deadline_ms = self._channel.now_ms + REPLY_TIMEOUT_MS
            self._channel.run(deadline_ms, lambda due=counter: self._answer_to(due) is not None)  # type: ignore[misc] # mypy knows no default of a lambda
            answer = self._answer_to(counter)
            if isinstance(answer, Rejected | kind):
                return answer
        return None

    def _answer_to(self, counter: int) -> Message | None:
        return next((answer.message for answer in self._answers if answer.ack >= counter), None)

    def _send(self, data: bytes) -> None:
        self._channel.send(data, self._at_pump)

    def _at_pump(self, data: bytes) -> None:
        reply = self._pump.receive(data)
        if reply:
            self._channel.send(reply, self._at_host)

    def _at_host(self, data: bytes) -> None:
        answers, to_send = self._end.receive(data)
        self._answers += answers
        self.heard += [answer.message for answer in answers]
        if to_send:
            self._send(to_send)


def run(size: int, seed: int) -> Achieved:
    """Let a host try some changes on each of `size` bad lines, mend the line, and look at what it believes."""
    achieved = Achieved()
    for number in range(size):
        chance = dice(seed, number)
        line = bad_line(chance)
        channel = Channel(line, chance)
        pump = _Pump(channel)
        host = Host(channel, pump, chance)
        for _ in range(_CHANGES):
            if host.connect() and not host.unresolved:
                host.change()
            for command_id in host.unresolved:
                host.settle(command_id)
            channel.run(channel.now_ms + chance.randrange(20_000), lambda: False)
        achieved.add("lines")
        achieved.add("verdicts over the bad line", len(host.verdicts))
        achieved.add("verdicts after the line was mended", _mend(host, channel))
        for what, count in channel.happened.items():
            achieved.add(what if what == "writes" else f"writes {what}", count)
        _judge(achieved, f"line {number}, {line}", host, pump)
    return achieved


def _mend(host: Host, channel: Channel) -> int:
    """Make the line good and resolve what is left; return how much that was."""
    channel.line = GOOD
    left = host.unresolved
    for _ in range(_REPAIRED_TRIES):
        for command_id in host.unresolved:
            host.connect()
            host.settle(command_id)
    channel.run(channel.now_ms + 120_000, lambda: False)  # all that was late has arrived
    return len(left) - len(host.unresolved)


def _judge(achieved: Achieved, where: str, host: Host, pump: _Pump) -> None:
    """Hold what the host believes, and all that either end took for the other's, against the truth."""
    applied = Counter(line.command_id for line in pump.bench.memory.ledger.lines)
    believed = {one for one, verdict in host.verdicts.items() if verdict is Verdict.APPLIED}
    achieved.add("changes applied", applied.total())
    if set(applied) != believed or set(applied.values()) > {1}:
        achieved.fail(f"{where}: applied {applied}, believed to be {believed}")
    if host.unresolved:
        achieved.fail(f"{where}: {len(host.unresolved)} changes were not resolved")
    asked = host.asked + Counter(
        {Poll(): pump.sessions}
    )  # the pump polls itself for the first status of a session
    achieved.add("requests that reached the pump", pump.asked.total())
    if pump.asked - asked:
        achieved.fail(f"{where}: the pump took what was not asked, or not so often: {pump.asked - asked}")
    achieved.add("answers that reached the host", len(host.heard))
    if Counter(host.heard) - pump.answered:
        achieved.fail(f"{where}: the host took what was not answered: {Counter(host.heard) - pump.answered}")


def _echo(prepared: Prepared) -> tuple[object, ...]:
    return prepared.command_id, prepared.revision, prepared.old_rate_nl_h, prepared.change


def _takes_silence_for_no(host: Host, command_id: bytes) -> None:
    host.verdicts[command_id] = Verdict.NOT_APPLIED


CAMPAIGN = Campaign(
    number=7,
    name="bad lines",
    promise="over a line with bit errors up to 1 in 100, half of all writes lost, repeats, and delays up to a minute, "
    "no altered or repeated message is taken, every change gets a verdict once the line is good again, and every "
    "verdict is true",
    run=run,
    controls={
        "ends that check neither sum nor tag": under(neither_sums_nor_tags, run),
        "sessions that take a counter again": under(counters_not_kept, run),
        "a host that takes silence for a no": under(
            lambda: patch.object(Host, "settle", _takes_silence_for_no), run
        ),
    },
    counts="lines, with up to four changes each",
    short=40,
    full=50_000,
)
