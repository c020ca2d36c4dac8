"""What a listener with keys can tell of the frames between two others: sessions as they open, counters, tags.

It makes the checks of both receivers, in their order. What it cannot check, for want of a key or of the handshake, it
says; and a counter counts from the first frame that is in the recording.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

from protocol.fields import MessageError
from protocol.frame import FROM_DEVICE, Frame
from protocol.handshake import handshake_key
from protocol.keys import KEY_ID_SIZE
from protocol.messages import Challenge, Confirm, Hello, parse
from protocol.session import LAST_COUNTER, Side, is_tag, session_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protocol.keys import Key

_GREETINGS = {Hello.code, Challenge.code, Confirm.code}


class Finding(NamedTuple):
    """One check: its name, whether it passed (None: it could not be made), and what was found."""

    name: str
    passed: bool | None
    said: str


@dataclass(frozen=True, slots=True)
class _Opening:
    """A challenge that was heard, with the key that it is made with."""

    key: Key
    nonces: bytes
    device_id: bytes


@dataclass(slots=True)
class _Conversation:
    """A session as it was heard: its keys where they are known, and the highest counter of each side."""

    keys: dict[Side, bytes] | None = None
    heard: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))


class Overheard:
    """A recording so far.

    Args:
        keys: pairing keys to verify with; may be none.
    """

    def __init__(self, keys: Sequence[Key] = ()) -> None:
        self._keys = {key.key_id: key for key in keys}
        self._hellos: list[tuple[bytes, bytes]] = []  # key id and nonce
        self._openings: dict[int, _Opening] = {}
        self._talks: dict[int, _Conversation] = {}

    def hear(self, frame: Frame) -> tuple[Finding, ...]:
        """Return what is to be said of an undamaged frame: session, direction, counter, ack and tag."""
        if frame.type in _GREETINGS:
            return self._greeting(frame)
        side = Side.DEVICE if frame.type & FROM_DEVICE else Side.HOST
        talk = self._talks.setdefault(frame.session, _Conversation())
        counter = _counter(frame, talk.heard[side])
        tag = self._sealed_tag(frame, side, talk)
        # Only what a receiver would accept moves its counter; without a key, what looks like it.
        if counter.passed and tag.passed is not False:
            talk.heard[side] = frame.counter
        peer = Side.HOST if side is Side.DEVICE else Side.DEVICE
        ack = _ack(frame, talk.heard[peer], peer)
        return _session(frame, is_known=talk.keys is not None), _direction(side), counter, ack, tag

    def _greeting(self, frame: Frame) -> tuple[Finding, ...]:
        side = Side.DEVICE if frame.type & FROM_DEVICE else Side.HOST
        tell = {Hello.code: self._hello, Challenge.code: self._challenge, Confirm.code: self._confirm}
        if frame.type == Confirm.code:
            session = _session(frame, is_known=frame.session in self._openings)
        else:
            session = _zero("session", frame.session)
        counter, ack = _zero("counter", frame.counter), _zero("ack", frame.ack)
        return session, _direction(side), counter, ack, tell[frame.type](frame)

    def _hello(self, frame: Frame) -> Finding:
        key_id, nonce = frame.payload[:KEY_ID_SIZE], frame.payload[KEY_ID_SIZE : KEY_ID_SIZE + 16]
        self._hellos.append((key_id, nonce))
        key = self._keys.get(key_id)
        if key is None:
            return self._no_key(f"it names the key {key_id.hex()}")
        return _tag(is_tag(handshake_key(key), frame.tag, frame.signed), "the handshake key")

    def _challenge(self, frame: Frame) -> Finding:
        known = [(key, nonce) for key_id, nonce in reversed(self._hellos) if (key := self._keys.get(key_id))]
        for key, nonce in known:
            if is_tag(handshake_key(key), frame.tag, frame.signed, nonce):
                self._open(frame, key, nonce)
                return _tag(True, "the handshake key and the Hello's nonce")
        if not self._hellos:
            return self._no_key("the Hello that it answers is not in the input")
        if len(known) < len(self._hellos):
            return self._no_key("it may answer the Hello of another key")
        return _tag(False, "the handshake key and the nonce of any Hello before it")

    def _open(self, frame: Frame, key: Key, nonce: bytes) -> None:
        try:
            challenge = cast("Challenge", parse(frame.type, frame.payload))
        except MessageError:
            return
        nonces = nonce + challenge.device_nonce
        self._openings[challenge.session] = _Opening(key, nonces, challenge.device_id)
        context = challenge.device_id + bytes((key.role,))
        keys = session_keys(challenge.session, secret=key.secret, nonces=nonces, context=context)
        self._talks[challenge.session] = _Conversation(keys)

    def _confirm(self, frame: Frame) -> Finding:
        opening = self._openings.get(frame.session)
        if opening is None:
            return self._no_key("the challenge that it answers is not in the input")
        is_right = is_tag(
            handshake_key(opening.key), frame.tag, frame.signed, opening.nonces, opening.device_id
        )
        return _tag(is_right, "the handshake key, both nonces and the device id")

    def _sealed_tag(self, frame: Frame, side: Side, talk: _Conversation) -> Finding:
        if talk.keys is None:
            return self._no_key("the handshake of its session is not in the input")
        whose = "the pump's" if side is Side.DEVICE else "the host's"
        return _tag(is_tag(talk.keys[side], frame.tag, frame.signed), f"{whose} key of this session")

    def _no_key(self, why: str) -> Finding:
        return Finding(
            "tag", None, f"not verified: {why}" if self._keys else "not verified: no key was given"
        )


def _session(frame: Frame, *, is_known: bool) -> Finding:
    told = f"{frame.session}"
    return (
        Finding("session", passed=True, said=f"{told}, which was opened in the input")
        if is_known
        else Finding("session", None, f"{told}, of which no opening is known")
    )


def _direction(side: Side) -> Finding:
    said = "from the pump: bit 7 of the type is set" if side is Side.DEVICE else "from the host"
    return Finding("direction", passed=True, said=said)


def _counter(frame: Frame, heard: int) -> Finding:
    if frame.counter > LAST_COUNTER:
        return Finding("counter", passed=False, said=f"{frame.counter} is above 2^31, the last of a session")
    if frame.counter == 0:
        return Finding("counter", passed=False, said="0 is none: the first of a session is 1")
    if frame.counter <= heard:
        said = f"{frame.counter}, but {heard} came before: a receiver drops it as seen before"
        return Finding("counter", passed=False, said=said)
    return Finding("counter", passed=True, said=f"{frame.counter}, after {heard}")


def _ack(frame: Frame, heard: int, peer: Side) -> Finding:
    """Tell what a frame acknowledges; no receiver drops it for that."""
    whose = "the host's" if peer is Side.HOST else "the pump's"
    if frame.ack == 0:
        return Finding("ack", passed=True, said=f"0: nothing of {whose} accepted yet")
    if frame.ack > heard:
        return Finding("ack", None, f"{frame.ack}, but the newest of {whose} in the input is {heard}")
    return Finding("ack", passed=True, said=f"{frame.ack} is the newest of {whose} accepted")


def _zero(name: str, value: int) -> Finding:
    """Tell a header field that is 0 in the handshake; no receiver looks at it, the tag covers it."""
    if value == 0:
        return Finding(name, passed=True, said="0, as in every handshake")
    return Finding(name, None, f"{value}, where a handshake has 0")


def _tag(is_right: bool, under: str) -> Finding:  # noqa: FBT001 - the result of a comparison
    return Finding("tag", is_right, f"{'right' if is_right else 'wrong'}, by {under}")
