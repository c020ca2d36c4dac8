"""What a host asked in a journal, made ready to be asked of another pump.

A recorded frame opens for nobody: it is sealed for its own session. So the requests are sealed anew, and what names the old
pump's past in them is put in terms of the new one's: the ids of changes, the tokens, and the revision and rate that the
host had seen. docs/decisions/0038-journal.md
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from protocol.intent import COMMAND_ID_SIZE
from protocol.messages import Acknowledge, AudioPause, Commit, Outcome, Prepare, Prepared, Resolve, Status
from pumpmock.journal.entry import HEARD, SAID
from pumpmock.journal.file import JournalError
from pumpmock.journal.messages import message_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from protocol.fields import Message
    from pumpmock.journal.reading import Recorded

CHANGING = (Prepare, Commit, Resolve, Acknowledge, AudioPause)


class Step(NamedTuple):
    """One step of a recorded conversation.

    Attributes:
        wall_ns: when, since the journal began.
        message: what was said.
        is_request: whether the host said it; otherwise the pump did.
        begins: whether it is the first request of a session.
    """

    wall_ns: int
    message: Message
    is_request: bool
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """A recorded conversation.

    Attributes:
        steps: requests and answers, in order.
        left_out: how many requests can't be asked again, by the reason.
    """

    steps: tuple[Step, ...]
    left_out: Mapping[str, int]

    @property
    def changing(self) -> list[Message]:
        """The requests that are to change a pump."""
        return [step.message for step in self.steps if step.is_request and isinstance(step.message, CHANGING)]

    def only_reading(self) -> Course:
        """Return the same without the requests that are to change a pump."""
        kept = tuple(
            step for step in self.steps if not (step.is_request and isinstance(step.message, CHANGING))
        )
        return Course(kept, {**self.left_out, "not a reading": len(self.changing)})


def course_of(recorded: Recorded) -> Course:
    """Return what was asked and answered in a journal.

    Raises:
        JournalError: where a message in it can't be what its name says.
    """
    left_out: Counter[str] = Counter()
    return Course(tuple(_steps(recorded, left_out)), left_out)


def _steps(recorded: Recorded, left_out: Counter[str]) -> Iterator[Step]:
    sessions: dict[str, int] = {}
    for line in recorded.lines:
        if line["what"] not in {HEARD, SAID}:
            continue
        is_request = line["what"] == HEARD
        for frame in line["frames"]:
            if not frame["counter"] or frame.get("dropped"):
                left_out["dropped by the pump"] += bool(is_request and frame["counter"])
            elif frame["fields"] is None:
                left_out["malformed, or of a later version"] += is_request
            else:
                begins = is_request and sessions.get(line["peer"]) != frame["session"]
                if is_request:
                    sessions[line["peer"]] = frame["session"]
                yield Step(line["wall_ns"], _message(recorded, line, frame), is_request, begins)


def _message(recorded: Recorded, line: Mapping[str, Any], frame: Mapping[str, Any]) -> Message:
    try:
        return message_of(frame["name"], frame["fields"])
    except ValueError as error:
        raise JournalError(f"{recorded.name}, entry {line['n']}: {error}") from error


@dataclass(slots=True)
class _Known:
    """What a host last heard of a pump."""

    revision: int = 0
    rate_nl_h: int = 0

    def take(self, message: Message) -> None:
        match message:
            case Status():
                self.revision, self.rate_nl_h = message.revision, message.commanded_rate_nl_h
            case Prepared():
                self.revision, self.rate_nl_h = message.revision, message.old_rate_nl_h
            case Outcome():
                self.revision, self.rate_nl_h = message.revision, message.rate_nl_h


@dataclass(slots=True)
class Adapter:
    """Puts recorded requests in terms of the pump that they are asked of now.

    A host that had decided on what it heard last decides on what was heard last now; one that had decided on something
    older decides on something as much older.

    Args:
        random: returns that many random bytes, for the ids of changes.
    """

    random: Callable[[int], bytes]
    _then: _Known = field(default_factory=_Known)
    _now: _Known = field(default_factory=_Known)
    _ids: dict[bytes, bytes] = field(default_factory=dict)
    _tokens: dict[bytes, bytes] = field(default_factory=dict)

    def heard_then(self, message: Message) -> None:
        """Take note of a recorded answer."""
        self._then.take(message)

    def heard_now(self, message: Message) -> None:
        """Take note of an answer of the pump that is asked now."""
        self._now.take(message)
        if isinstance(message, Prepared):
            self._tokens[message.command_id] = message.token

    def adapted(self, request: Message) -> Message:
        """Return what to ask now."""
        match request:
            case Prepare():
                then, now = self._then, self._now
                revision = max(0, now.revision - then.revision + request.expect_revision)
                seen = request.expect_rate_nl_h
                rate_nl_h = now.rate_nl_h if seen == then.rate_nl_h else seen
                return replace(
                    request,
                    command_id=self._id(request.command_id),
                    expect_revision=revision,
                    expect_rate_nl_h=rate_nl_h,
                )
            case Commit():
                command_id = self._id(request.command_id)
                return Commit(command_id, self._tokens.get(command_id, request.token))
            case Resolve():
                return Resolve(self._id(request.command_id))
        return request

    def _id(self, recorded: bytes) -> bytes:
        """Return the id that stands for a recorded one: the pump may have seen that, and decided on it for ever."""
        if recorded not in self._ids:
            self._ids[recorded] = self.random(COMMAND_ID_SIZE)
        return self._ids[recorded]
