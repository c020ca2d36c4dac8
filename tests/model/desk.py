"""A host that can be killed: the real end of the conversation and the real stages of a change, with a disk of its own.

What a host must do is in `protocol.machines.STAGE`; this one does nothing by itself, so that a test decides what comes
next. `meant` is the one place where a change is made up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.exchange import HostEnd
from protocol.handshake import NONCE_SIZE
from protocol.intent import COMMAND_ID_SIZE, Intent, event_of
from protocol.machines import Stage, StageEvent
from protocol.messages import Change, Outcome, Poll, Prepared, Rejected, Status
from protocol.vocabulary import ChangeKind, Verdict
from tests.model.plant import KEY, SERIAL_NUMBER, STORE_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message
    from tests.model.plant import Plant


def meant(command_id: bytes, seen: Status, kind: ChangeKind, rate_nl_h: int) -> Intent:
    """Return what an operator decides on a reading; the rate counts for `ChangeKind.RATE` alone."""
    change = Change(kind, rate_nl_h) if kind is ChangeKind.RATE else Change(kind)
    return Intent(command_id, SERIAL_NUMBER, STORE_ID, 0, change, seen.revision, seen.commanded_rate_nl_h)


class Desk:
    """One host, on one port.

    Args:
        random: returns that many random bytes.
        plant: the pump, of which a test knows what a host does not: what it has said, and what time it is there.

    Attributes:
        disk: its changes as it noted them; all that survives a kill.
        intent: its newest change, in memory.
        token: from the read-back.
        reading: the newest reading that answered a question.
        waiting: the request that has no answer yet, its counter, and pump time when it was sent.
        end: its end of the conversation.
    """

    def __init__(self, random: Callable[[int], bytes], plant: Plant) -> None:
        self.disk: dict[bytes, Intent] = {}
        self._random = random
        self._plant = plant
        self._forget()

    def _forget(self) -> None:
        self.end: HostEnd | None = None
        self.waiting: tuple[Message, int, int] | None = None
        self.reading: Status | None = None
        self.token = b""
        self.intent: Intent | None = next((noted for noted in self.disk.values() if noted.is_open), None)
        self._lose_session()

    def _lose_session(self) -> None:
        if self.intent is not None and self.intent.is_open:
            self._move(self.intent.after(StageEvent.RESTART))

    @property
    def is_connected(self) -> bool:
        """Whether the pump has proved itself."""
        return self.end is not None and self.end.is_open

    @property
    def stage(self) -> Stage | None:
        """How far the newest change has come; None if there is none without a verdict."""
        return self.intent.stage if self.intent is not None and self.intent.is_open else None

    def kill(self) -> None:
        """End the process, which keeps nothing but its disk, and start it again."""
        self._forget()

    # --- what it sends ----------------------------------------------------------------------------------------------

    def greet(self) -> bytes:
        """Begin a conversation, and lose the one before."""
        self._lose_session()
        self.end, self.waiting = HostEnd(KEY, self._random(NONCE_SIZE)), None
        return self.end.hello()

    def poll(self) -> bytes:
        """Ask for a reading."""
        return self._ask(Poll())

    def decide(self, kind: ChangeKind, rate_nl_h: int) -> bytes:
        """Note a change decided on the newest reading, and ask the pump to prepare it."""
        assert self.reading is not None
        self.intent = meant(self.new_id(), self.reading, kind, rate_nl_h)
        self.note(self.intent)
        self._move(self.intent.after(StageEvent.SEND))
        return self.prepare()

    def new_id(self) -> bytes:
        """Return what names a change for ever."""
        return self._random(COMMAND_ID_SIZE)

    def prepare(self) -> bytes:
        """Ask the pump to prepare the change, or to prepare it again where no answer came."""
        assert self.intent is not None
        return self._ask(self.intent.prepare())

    def confirm(self) -> bytes:
        """Note that the change was confirmed, and ask the pump to apply it: once."""
        assert self.intent is not None
        self._move(self.intent.after(StageEvent.APPROVE))
        self.note(self.intent)
        return self._ask(self.intent.commit(self.token))

    def resolve(self) -> bytes:
        """Ask what became of the change; from now on nothing else is asked about it."""
        assert self.intent is not None
        event = StageEvent.ABANDON if self.stage is Stage.PREPARED else StageEvent.SILENCE
        self._move(self.intent.after(event))
        return self._ask(self.intent.resolve())

    def _ask(self, request: Message) -> bytes:
        assert self.end is not None
        data, counter = self.end.ask(request)
        self._plant.asked.add(request)
        self.waiting = request, counter, self._plant.pump_time_us()
        return data

    # --- what it hears ----------------------------------------------------------------------------------------------

    def hear(self, data: bytes) -> bytes:
        """Take what arrived and return what to send at once."""
        if self.end is None:
            return b""
        answers, to_send = self.end.receive(data)
        for answer in answers:
            if self.waiting is not None and answer.ack >= self.waiting[1]:
                (request, _, asked_us), self.waiting = self.waiting, None
                self._take(request, answer.message, asked_us)
        return to_send

    def _take(self, request: Message, message: Message, asked_us: int) -> None:
        assert message in self._plant.said, "a host believes what the pump has not said"
        if isinstance(message, Status):
            assert isinstance(request, Poll), "a reading came for an answer to something else"
            assert message.pump_time_us >= asked_us, "an old reading passed for a new one"
            self.reading = message
            return
        intent = self.intent
        assert intent is not None
        assert getattr(message, "command_id", None) == intent.command_id, "an answer about another change"
        try:
            self._follow(intent, message)
        except ValueError as error:
            raise AssertionError("an answer that fits no question") from error

    def _follow(self, intent: Intent, message: Message) -> None:
        if isinstance(message, Prepared):
            self.token = message.token
            self._move(intent.read_back(message))
        elif isinstance(message, Outcome):
            self.settle(intent.decided(message))
        else:
            assert isinstance(message, Rejected)
            self.settle(intent.after(event_of(message.reason)))

    # --- what it keeps ----------------------------------------------------------------------------------------------

    def note(self, intent: Intent) -> None:
        """Write a change down, lastingly."""
        self.disk[intent.command_id] = intent

    def settle(self, intent: Intent) -> None:
        """Keep a change after an answer; a verdict is written down."""
        self._move(intent)
        if not intent.is_open:
            self.note(intent)

    def _move(self, intent: Intent) -> None:
        self.intent = intent

    def verdicts(self) -> dict[bytes, Verdict]:
        """Return what it holds for decided."""
        known = {Stage.APPLIED: Verdict.APPLIED, Stage.NOT_APPLIED: Verdict.NOT_APPLIED}
        return {key: known[noted.stage] for key, noted in self.disk.items() if noted.stage in known}
