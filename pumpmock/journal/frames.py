"""From the bytes in a journal to the frames in them: joined where the line cut them, named, verified, read.

The pump's own checks are made again, with its keys, one host's line at a time, so that a journal tells which frames it
took and why it dropped the others. `protocol.overheard` explains one recording to its end; this goes on for as long as a
pump lives, and keeps no more than the sessions that are still open.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

from protocol.fields import MessageError
from protocol.frame import FROM_DEVICE, MOST_ENCODED, Damage, Unstuffer, examine
from protocol.frame import Frame as WireFrame
from protocol.handshake import PENDING_MS, handshake_key
from protocol.keys import KEY_ID_SIZE
from protocol.meaning import message_name
from protocol.messages import Challenge, Confirm, Hello, parse
from protocol.session import LONGEST_SESSION_MS, Intrusion, Session, Side, is_tag
from pumpmock.journal.entry import HEARD, SAID, WENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from protocol.fields import Message
    from protocol.keys import Key
    from pumpmock.journal.entry import Entry

_NS_A_MS = 1_000_000
_HELLOS = 4  # of a line, that may still be answered: as many as a read brings at once
_LINES = 1_000  # hosts that are remembered; those that were silent for longest are forgotten first
_TYPE_AT = 2  # in COBS: after its first code and the version, neither of which is ever zero
_GREETINGS = frozenset({Hello.code, Challenge.code, Confirm.code})
_STARTED = "start"


class Frame(NamedTuple):
    """One frame, or what came in place of one.

    Attributes:
        number: of the entry that completed it.
        wall_ns: monotonic wall time of that entry.
        pump_time_us: pump time of that entry.
        direction: "in" from a host, "out" to it.
        peer: which host.
        name: of the message, "Commit" for instance; "" where no type could be read.
        message: what it says; None where that can't be read.
        session: the session it claims to belong to.
        counter: its place in that session.
        ack: the newest counter of the other side that its sender had accepted.
        why: why a receiver drops it; "" where it is taken.
        verified: whether its tag is right; None where no key tells.
        data: its bytes between the delimiters.
    """

    number: int
    wall_ns: int
    pump_time_us: int
    direction: str
    peer: str
    name: str
    message: Message | None
    session: int
    counter: int
    ack: int
    why: str
    verified: bool | None
    data: bytes

    @property
    def is_request(self) -> bool:
        """Whether it is a request that the pump took."""
        return self.direction == HEARD and not self.why and self.counter > 0

    @property
    def is_answer(self) -> bool:
        """Whether it answers a request; the reading that ends a handshake acknowledges none."""
        return self.direction == SAID and not self.why and self.ack > 0


class _Offer(NamedTuple):
    """A challenge that was said, and what its session will be made of."""

    key: Key
    session: int
    nonces: bytes
    device_id: bytes
    deadline_ms: int


class _Verdict(NamedTuple):
    verified: bool | None
    why: str


_TAKEN = _Verdict(verified=True, why="")
_NOT_VERIFIED = _Verdict(verified=None, why="")
_WRONG_TAG = _Verdict(verified=False, why=Intrusion.TAG.value)


@dataclass(slots=True)
class _Cut:
    """One direction of a line: what has arrived of a frame that is not whole yet."""

    held: bytes = b""
    skipping: bool = False
    unstuff: Unstuffer = field(default_factory=Unstuffer)

    def runs(self, data: bytes) -> Iterator[bytes]:
        """Return what `data` completes between two delimiters; of what is too long to be a frame, the beginning."""
        runs = (self.held + data).split(b"\0")
        rest = runs.pop()
        if self.skipping and runs:
            runs[0] = b""
            self.skipping = False
        if self.skipping:
            rest = b""
        elif len(rest) > MOST_ENCODED:
            runs.append(rest[: MOST_ENCODED + 1])
            self.skipping = True
            rest = b""
        self.held = rest
        return filter(None, runs)


@dataclass(slots=True)
class _Line:
    """One host's line: both directions, the handshake under way, and the session as either side has it."""

    cuts: dict[str, _Cut] = field(default_factory=lambda: {HEARD: _Cut(), SAID: _Cut()})
    hellos: list[tuple[Key, bytes]] = field(default_factory=list)
    offer: _Offer | None = None
    receivers: dict[str, Session] = field(default_factory=dict)
    looked_like: dict[str, tuple[int, int]] = field(
        default_factory=dict
    )  # session and newest counter, unverified
    ends_ms: int = 0  # when the session's time is up


class Follower:
    """Follows every host's line through a journal.

    Args:
        keys: pairing keys, by id; may be none.
        is_pumps: whether the journal is the pump's own and whole, so that a session whose opening is not in it was none.
    """

    __slots__ = ("_is_pumps", "_keys", "_lines")

    def __init__(self, keys: Mapping[bytes, Key], *, is_pumps: bool) -> None:
        self._keys = keys
        self._is_pumps = is_pumps
        self._lines: OrderedDict[str, _Line] = OrderedDict()

    def read(self, entry: Entry) -> list[Frame]:
        """Return the frames that an entry completes, in order; none where it is an event."""
        line = self._line(entry)
        if line is None:
            return []
        cut = line.cuts[entry.what]
        return [self._frame(entry, line, run, examine(run, cut.unstuff)) for run in cut.runs(entry.data)]

    def skim(self, entry: Entry) -> None:
        """Pass over an entry that is given up, and keep what the rest needs: who has greeted, and halves of frames."""
        line = self._line(entry)
        if line is None:
            return
        for run in line.cuts[entry.what].runs(entry.data):
            if len(run) > _TYPE_AT and run[_TYPE_AT] in _GREETINGS:
                found = examine(run)
                if isinstance(found, WireFrame):
                    self._judge(entry, line, found)

    def _line(self, entry: Entry) -> _Line | None:
        """Return the line of an entry with bytes; of any other, take note of what it ends."""
        if entry.what == WENT:
            self._lines.pop(entry.peer, None)
        elif entry.what == _STARTED:
            self._lines.clear()  # a pump that starts anew knows no session of before
        if entry.what not in {HEARD, SAID}:
            return None
        line = self._lines.get(entry.peer)
        if line is None:
            line = self._lines[entry.peer] = _Line()
            if len(self._lines) > _LINES:
                self._lines.popitem(last=False)
        else:
            self._lines.move_to_end(entry.peer)
        return line

    def _frame(self, entry: Entry, line: _Line, run: bytes, found: WireFrame | Damage) -> Frame:
        when = (entry.number, entry.wall_ns, entry.pump_time_us, entry.what, entry.peer)
        if isinstance(found, Damage):
            return Frame(*when, "", None, 0, 0, 0, found.value, None, run)
        verdict = self._judge(entry, line, found)
        try:
            message = parse(found.type, found.payload)
        except MessageError:
            message = None
        said = (message_name(found.type), message, found.session, found.counter, found.ack)
        return Frame(*when, *said, verdict.why, verdict.verified, run)

    def _judge(self, entry: Entry, line: _Line, frame: WireFrame) -> _Verdict:
        match frame.type:
            case Hello.code:
                return self._hello(line, frame)
            case Challenge.code:
                return self._challenge(entry, line, frame)
            case Confirm.code:
                return self._confirm(entry, line, frame)
        return self._sealed(entry, line, frame)

    def _sealed(self, entry: Entry, line: _Line, frame: WireFrame) -> _Verdict:
        if entry.wall_ns // _NS_A_MS >= line.ends_ms:
            line.receivers = {}
        receiver = line.receivers.get(entry.what)
        if receiver is not None:
            intrusion = receiver.open(frame)
            if intrusion is None:
                return _TAKEN
            return _Verdict(False if intrusion is Intrusion.TAG else None, intrusion.value)
        if self._is_pumps:
            return _Verdict(None, Intrusion.SESSION.value)
        if bool(frame.type & FROM_DEVICE) == (entry.what == HEARD):
            return _Verdict(None, Intrusion.DIRECTION.value)
        # Without a key anybody can have written it; what looks as if it had come before was dropped most likely.
        session, newest = line.looked_like.get(entry.what, (0, 0))
        if session == frame.session and newest >= frame.counter:
            return _Verdict(None, Intrusion.COUNTER.value)
        line.looked_like[entry.what] = frame.session, frame.counter
        return _NOT_VERIFIED

    def _hello(self, line: _Line, frame: WireFrame) -> _Verdict:
        key = self._keys.get(frame.payload[:KEY_ID_SIZE])
        if key is None:
            return _Verdict(None, "names a key that the pump does not have" if self._is_pumps else "")
        if not is_tag(handshake_key(key), frame.tag, frame.signed):
            return _WRONG_TAG
        line.hellos = [*line.hellos, (key, frame.payload[KEY_ID_SIZE : KEY_ID_SIZE + 16])][-_HELLOS:]
        return _TAKEN

    def _challenge(self, entry: Entry, line: _Line, frame: WireFrame) -> _Verdict:
        for key, nonce in reversed(line.hellos):
            if is_tag(handshake_key(key), frame.tag, frame.signed, nonce):
                try:
                    said = cast("Challenge", parse(frame.type, frame.payload))
                except MessageError:
                    return _TAKEN
                deadline_ms = entry.wall_ns // _NS_A_MS + PENDING_MS
                line.offer = _Offer(key, said.session, nonce + said.device_nonce, said.device_id, deadline_ms)
                line.hellos = []
                return _TAKEN
        return _NOT_VERIFIED

    def _confirm(self, entry: Entry, line: _Line, frame: WireFrame) -> _Verdict:
        offer = line.offer
        if offer is None or frame.session != offer.session:
            return _Verdict(None, "no such session is offered" if self._is_pumps else "")
        if not is_tag(handshake_key(offer.key), frame.tag, frame.signed, offer.nonces, offer.device_id):
            return _WRONG_TAG
        line.offer = None
        if entry.wall_ns // _NS_A_MS > offer.deadline_ms:
            return _Verdict(verified=True, why="too late after the challenge")
        line.ends_ms = entry.wall_ns // _NS_A_MS + LONGEST_SESSION_MS
        # What a host says is opened as the pump opens it, and the other way round.
        context = offer.device_id + bytes((offer.key.role,))
        line.receivers = {
            direction: Session(
                side, offer.session, secret=offer.key.secret, nonces=offer.nonces, context=context
            )
            for direction, side in ((HEARD, Side.DEVICE), (SAID, Side.HOST))
        }
        return _TAKEN
