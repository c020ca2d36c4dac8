"""What hosts did against docs/protocol.md, judged by a pump's journal: for tests, and for whoever writes a host. Pure.

The pump takes no harm by any of it; what it can't know it does not judge. A host that asks for something that is refused
(a limit, a role, a state) breaks nothing: that is what the answer is for. What a fault that was asked for may have caused
is nobody's violation. docs/decisions/0045-pytest-plugin.md
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from protocol.frame import Damage
from protocol.messages import MESSAGES, MINOR_VERSION, Challenge, Confirm, Hello, Rejected, Resolve
from protocol.session import LONGEST_SESSION_MS, Intrusion
from protocol.vocabulary import Refusal
from pumpmock.journal.entry import HEARD
from pumpmock.testing.violations_of_changes import Changes
from pumpmock.wall import NS_A_S

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pumpmock.journal.frames import Frame
    from pumpmock.journal.journal import Journal

_AT_ONCE_NS = NS_A_S // 50
"""A request that comes sooner than this after an answer that its sender did not wait for: no host's time-out is as short
(the protocol's own are 500 ms and more). A slow machine makes the gap longer, and so never a violation of what is none."""

_GREETINGS = frozenset({Hello.__name__, Challenge.__name__, Confirm.__name__})
_KNOWN = frozenset(kind.__name__ for kind in MESSAGES.values())
_SPOILING = frozenset(
    {"bytes", "port"}
)  # seams of faults after which what arrives may be damaged or come twice

# Why a frame was dropped, which section says so, and what the host did.
_DROPPED: dict[str, tuple[str, str]] = {
    **{
        damage.value: ("The order of checks", f"what it sent is no frame ({damage.value})")
        for damage in Damage
    },
    Damage.CRC.value: ("CRC-32", "it sent a frame with a wrong CRC-32"),
    Damage.COBS.value: ("COBS", "it sent bytes that are not COBS"),
    Intrusion.COUNTER.value: (
        "Sessions",
        "it used a counter that is not higher than all before, or above 2^31",
    ),
    Intrusion.DIRECTION.value: ("Sessions", "it sent a type with bit 7, which is the pump's"),
    Intrusion.TAG.value: ("Sessions", "it sent a frame with a wrong tag"),
}


class Violation(NamedTuple):
    """Something that a host did and may not.

    Attributes:
        number: of the journal's entry; 0 for what was left undone.
        peer: which host.
        sentence: what it did.
        section: of docs/protocol.md.
    """

    number: int
    peer: str
    sentence: str
    section: str

    def __str__(self) -> str:
        where = f"entry {self.number}, " if self.number else ""
        return f'{where}{self.peer}: {self.sentence} (docs/protocol.md, "{self.section}")'


@dataclass(slots=True)
class _Line:
    """One host's line as the pump saw it."""

    minor: int = MINOR_VERSION  # of the host
    offered: set[int] = field(default_factory=set)
    opened: dict[int, int] = field(default_factory=dict)  # when each session was opened, wall ns
    session: int = 0
    said: int = 0  # the newest counter that the pump has used in the session
    acked: int = 0  # the newest that the host says it has accepted
    asked: Frame | None = None  # the newest request
    answered: Frame | None = None  # what was answered since
    pending: dict[int, Frame] = field(default_factory=dict)  # requests without an answer, by counter


def violations(journal: Journal) -> list[Violation]:
    """Return what hosts did against the protocol, in order, and then what they left undone."""
    return judged(
        journal.frames(),
        [
            (entry.number, entry.peer, str(entry.fields.get("seam", "")))
            for entry in journal.entries
            if entry.what == "fault"
        ],
        is_whole=not journal.entries or journal.entries[0].number == 1,
    )


def judged(
    frames: Iterable[Frame], faults: list[tuple[int, str, str]], *, is_whole: bool = True
) -> list[Violation]:
    """Return the violations among frames.

    Args:
        frames: of a pump's journal, in order.
        faults: those that struck: entry, peer ("" for all) and seam, in order.
        is_whole: whether the journal has all since the pump's start; else no session is called unknown.
    """
    judge = _Judge(faults, is_whole=is_whole)
    for frame in frames:
        judge.take(frame)
    return [*judge.found, *(Violation(0, *left) for left in judge.changes.undone())]


class _Judge:
    def __init__(self, faults: list[tuple[int, str, str]], *, is_whole: bool) -> None:
        self.found: list[Violation] = []
        self.changes = Changes()
        self._faults = faults
        self._is_whole = is_whole
        self._lines: dict[str, _Line] = {}

    def take(self, frame: Frame) -> None:
        line = self._lines.setdefault(frame.peer, _Line())
        if frame.direction != HEARD:
            self._said(frame, line)
            return
        told = self._heard(frame, line)
        if told is not None:
            section, sentence = told
            self.found.append(Violation(frame.number, frame.peer, sentence, section))

    # --- what the pump said -----------------------------------------------------------------------------------------

    def _said(self, frame: Frame, line: _Line) -> None:
        if frame.why:  # damaged on purpose: no host could take it
            return
        if isinstance(frame.message, Challenge):
            line.offered.add(frame.message.session)
        elif frame.session == line.session:
            line.said = max(line.said, frame.counter)
            asked = line.pending.pop(frame.ack, None)
            if asked is None:
                return
            line.answered = frame
            refused = self.changes.answered(asked, frame)
            if not self._struck(frame.peer, asked.number, frame.number):
                told = refused or _refused(asked, frame, line)
                if told is not None:
                    section, sentence = told
                    self.found.append(Violation(asked.number, asked.peer, sentence, section))

    # --- what a host said -------------------------------------------------------------------------------------------

    def _heard(self, frame: Frame, line: _Line) -> tuple[str, str] | None:
        if frame.why:
            return self._dropped(frame, line)
        if frame.name in _GREETINGS:
            return _greeting(frame, line)
        told = self._request(frame, line) or self.changes.asked(frame)
        line.asked, line.answered = frame, None
        line.pending[frame.counter] = frame
        line.acked = max(line.acked, frame.ack)
        return told

    def _dropped(self, frame: Frame, line: _Line) -> tuple[str, str] | None:
        if self._is_spoiled(frame):
            return None
        if frame.why == Intrusion.SESSION.value:
            return self._stranger(frame, line)
        section, sentence = _DROPPED.get(frame.why, ("", ""))
        if not section:
            return None  # a key that the pump does not have, a Confirm that is too late: silence answers it
        if frame.name in _GREETINGS:
            section = "The handshake"
        return section, f"{sentence}{_named(frame)}"

    def _stranger(self, frame: Frame, line: _Line) -> tuple[str, str] | None:
        opened_ns = line.opened.get(frame.session)
        if opened_ns is not None:
            if frame.wall_ns - opened_ns < LONGEST_SESSION_MS * (NS_A_S // 1_000):
                return None  # the pump has ended it, of which nothing tells a host but silence
            return "Sessions", f"its session is over 24 h old, and it did not end it first{_named(frame)}"
        if frame.session in line.offered:
            return (
                "The handshake",
                f"it sent a request in a session that it had not confirmed{_named(frame)}",
            )
        if self._is_whole:
            return "Sessions", f"its session {frame.session} was never opened on this port{_named(frame)}"
        return None

    def _request(self, frame: Frame, line: _Line) -> tuple[str, str] | None:
        if frame.session != line.session:
            return None  # of a session whose opening is no longer in the journal
        if line.said == 0:
            return "The handshake", f"it asked before the pump's first sealed frame had opened{_named(frame)}"
        if frame.ack < line.acked:
            return (
                "The frame",
                f"its ack fell from {line.acked} to {frame.ack}: it is the highest accepted{_named(frame)}",
            )
        if frame.ack > line.said:
            return (
                "The frame",
                f"its ack is {frame.ack}, and the pump has said nothing after {line.said}{_named(frame)}",
            )
        return self._hasty(frame, line)

    def _hasty(self, frame: Frame, line: _Line) -> tuple[str, str] | None:
        """Tell whether a request was sent while another was under way; one that is tried again is none."""
        asked, answered = line.asked, line.answered
        if asked is None or frame.message == asked.message or isinstance(frame.message, Resolve):
            return None
        if self._struck(frame.peer, asked.number, frame.number):
            return None
        is_hasty = asked.number == frame.number or (
            answered is not None
            and frame.ack < answered.counter
            and frame.wall_ns - answered.wall_ns < _AT_ONCE_NS
        )
        if not is_hasty:
            return None
        return (
            "Sessions",
            f"it did not wait for the answer to its {asked.name} #{asked.counter} before{_named(frame)}",
        )

    # --- what faults may have done ----------------------------------------------------------------------------------

    def _struck(self, peer: str, first: int, last: int) -> bool:
        return any(first <= number <= last and whose in {"", peer} for number, whose, _ in self._faults)

    def _is_spoiled(self, frame: Frame) -> bool:
        return any(
            number <= frame.number and whose in {"", frame.peer} and seam in _SPOILING
            for number, whose, seam in self._faults
        )


def _greeting(frame: Frame, line: _Line) -> tuple[str, str] | None:
    if frame.message is None:
        return "The handshake", f"its {frame.name} has a payload of a wrong size"
    if isinstance(frame.message, Hello):
        line.minor = frame.message.minor_version
    elif isinstance(frame.message, Confirm):
        line.session, line.said, line.acked = frame.session, 0, 0
        line.asked = line.answered = None
        line.pending = {}
        line.opened[frame.session] = frame.wall_ns
    return None


def _refused(asked: Frame, answer: Frame, line: _Line) -> tuple[str, str] | None:
    """Tell whether a refusal says that the request was none by the protocol."""
    if not isinstance(answer.message, Rejected):
        return None
    if answer.message.reason == Refusal.MALFORMED:
        return "Requests", f"its {asked.name} #{asked.counter} is malformed: {answer.message.sentence}"
    is_unknown = asked.name not in _KNOWN and line.minor <= MINOR_VERSION
    if answer.message.reason == Refusal.UNSUPPORTED and is_unknown:
        said = f"it asked for type {asked.name}, and says that it speaks minor version {line.minor}"
        return "Requests", said
    return None


def _named(frame: Frame) -> str:
    return f": {frame.name} #{frame.counter}" if frame.name and frame.counter else ""
