"""What hosts did against the rules of changing: prepare, compare, commit, resolve. A part of `violations`.

Who has heard an answer is told by the ack of what it sends next in the same session; where it sends nothing more, an answer
that the pump said is taken for heard.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protocol.messages import Acknowledge, AudioPause, Commit, Outcome, Prepare, Rejected, Resolve
from protocol.vocabulary import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.messages import Change
    from pumpmock.journal.frames import Frame

Told = tuple[str, str]
_CHANGING, _AFTER, _ONCE = "Changing", "What follows from what", "Time-outs"  # sections
_CHANGES_SOMETHING = (Prepare, Commit, Acknowledge, AudioPause)


@dataclass(slots=True)
class _Course:
    """What became of one command id, as far as its host can know."""

    change: Change | None = None
    refused: Frame | None = None  # the answer that refused its Prepare
    committed: Frame | None = None
    outcome: Frame | None = None  # what was answered to the Commit, or told by a Resolve
    resolved: bool = False


@dataclass(slots=True)
class Changes:
    """All changes of one journal, by command id."""

    _courses: dict[bytes, _Course] = field(default_factory=dict)

    def asked(self, frame: Frame) -> Told | None:
        """Take a request, and return what it breaks."""
        message = frame.message
        told = self._without_verdict(frame) if isinstance(message, _CHANGES_SOMETHING) else None
        if not isinstance(message, Prepare | Commit | Resolve):
            return told
        course = self._courses.setdefault(message.command_id, _Course())
        match message:
            case Prepare():
                told = _prepare(frame, message, course) or told
                course.change = course.change or message.change
            case Commit():
                told = _commit(frame, course) or told
                course.committed = course.committed or frame
            case Resolve():
                course.resolved = True
        return told

    def answered(self, asked: Frame, answer: Frame) -> Told | None:
        """Take the answer to a request, and return what it says that the request broke."""
        message, said = asked.message, answer.message
        if not isinstance(message, Prepare | Commit | Resolve):
            return None
        course = self._courses[message.command_id]
        if isinstance(message, Prepare):
            course.refused = answer if isinstance(said, Rejected) else None
        elif isinstance(said, Outcome) or isinstance(message, Commit):
            course.outcome = answer
        if isinstance(message, Commit) and isinstance(said, Rejected) and said.reason == Refusal.NOT_PREPARED:
            what = "it committed what was not prepared in this session under this token, or no longer"
            return _CHANGING, f"{what}: Commit #{asked.counter} of {_short(message.command_id)}"
        return None

    def undone(self) -> Iterator[tuple[str, str, str]]:
        """Return peer, sentence and section of each change whose answer was lost and that nobody resolved."""
        for command_id, course in self._courses.items():
            if course.committed is not None and course.outcome is None and not course.resolved:
                asked = course.committed
                said = f"it never resolved {_short(command_id)}, whose Commit (entry {asked.number}) got no answer"
                yield asked.peer, said, _AFTER

    def _without_verdict(self, frame: Frame) -> Told | None:
        """Tell whether something is changed while another change of the same session has no verdict."""
        command_id = getattr(frame.message, "command_id", None)
        for other, course in self._courses.items():
            committed = course.committed
            if other == command_id or committed is None or _place(committed) != _place(frame):
                continue
            if not _has_heard(frame, course.outcome):
                said = f"{_short(other)} has no verdict yet, and it asks for more than readings and that"
                return _AFTER, f"{said}: {frame.name} #{frame.counter}"
        return None


def _prepare(frame: Frame, message: Prepare, course: _Course) -> Told | None:
    what = f"Prepare #{frame.counter} of {_short(message.command_id)}"
    if course.resolved:
        return _AFTER, f"it had sent Resolve for this command id, and prepares it again: {what}"
    if course.change is not None and course.change != message.change:
        return _CHANGING, f"it uses a command id for two changes: {what}"
    refused = course.refused
    if refused is not None and _place(refused) == _place(frame) and _has_heard(frame, refused):
        return _AFTER, f"it was refused, and another attempt is a new command id: {what}"
    return None


def _commit(frame: Frame, course: _Course) -> Told | None:
    what = f"Commit #{frame.counter}"
    if course.resolved:
        return _AFTER, f"it had sent Resolve for this command id, and commits it: {what}"
    if course.committed is not None:
        return _ONCE, f"it is sent once and then resolved, and this is the second: {what}"
    return None


def _has_heard(frame: Frame, answer: Frame | None) -> bool:
    """Tell whether who sends `frame` has accepted an answer; in another session, whether there was one."""
    if answer is None:
        return False
    return _place(frame) != _place(answer) or frame.ack >= answer.counter


def _place(frame: Frame) -> tuple[str, int]:
    return frame.peer, frame.session


def _short(command_id: bytes) -> str:
    return f"change {command_id.hex()}"
