"""The three frames that open a session: each side proves that it holds the key, now, to this peer.

    host -> pump  HELLO      key id, host nonce                       tag over the frame
    pump -> host  CHALLENGE  who it is, session, device nonce         tag over the frame, host nonce
    host -> pump  CONFIRM                                             tag over the frame, both nonces, device id

The pump answers CONFIRM with the first sealed frame. An outsider gets no answer at all; an old HELLO brings a challenge
that nobody can answer. An established session lives until a CONFIRM of its successor verifies. docs/protocol.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from protocol.fields import MessageError
from protocol.frame import Frame, encode, header
from protocol.keys import KEY_ID_SIZE, Key, device_id, expand, serial_number_of
from protocol.messages import MINOR_VERSION, Challenge, Confirm, Hello, build, parse
from protocol.session import Session, Side, is_tag, tag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from protocol.vocabulary import Role

NONCE_SIZE = 16
_HELLO_SIZE = len(build(Hello(bytes(KEY_ID_SIZE), bytes(NONCE_SIZE), 0)))
PENDING_MS = 5_000
# After this many bad tags in a row on a port, handshakes there are ignored for 1, 2, 4 ... seconds, 60 at the most.
BAD_TAGS_ALLOWED = 3
LONGEST_BACK_OFF_MS = 60_000


def handshake_key(key: Key) -> bytes:
    """Return the key that tags the three frames of a handshake."""
    return expand(key.secret, b"pump1 handshake")


def _context(identifier: bytes, role: Role) -> bytes:
    return identifier + bytes((role,))


def _frame(session: int, message: Hello | Challenge | Confirm, key: bytes, *bound: bytes) -> bytes:
    payload = build(message)
    signed = header(message.code, session, 0, 0, payload) + payload
    return encode(signed, tag(key, signed, *bound))


class HostHandshake:
    """The host's part: say hello, answer the challenge.

    Args:
        key: the pairing key to open the session with.
        nonce: 16 fresh random bytes.
    """

    def __init__(self, key: Key, nonce: bytes) -> None:
        self._key = key
        self._nonce = nonce
        self._secret = handshake_key(key)

    def hello(self) -> bytes:
        """Return the first frame, as bytes for the wire."""
        return _frame(0, Hello(self._key.key_id, self._nonce, MINOR_VERSION), self._secret)

    def answer(self, frame: Frame) -> tuple[bytes, Session, Challenge] | None:
        """Return the confirming frame and the session it opens; None where `frame` is not our challenge."""
        if frame.type != Challenge.code or not is_tag(self._secret, frame.tag, frame.signed, self._nonce):
            return None
        try:
            challenge = cast("Challenge", parse(frame.type, frame.payload))
            expected = self._key.fits(serial_number_of(challenge.device_id))
        except (MessageError, ValueError):
            return None
        if not expected:
            return None
        nonces = self._nonce + challenge.device_nonce
        confirm = _frame(challenge.session, Confirm(), self._secret, nonces, challenge.device_id)
        context = _context(challenge.device_id, self._key.role)
        session = Session(
            Side.HOST, challenge.session, secret=self._key.secret, nonces=nonces, context=context
        )
        return confirm, session, challenge


@dataclass(frozen=True, slots=True)
class _Pending:
    key: Key
    session: int
    nonces: bytes
    deadline_ms: int


class BackOff:
    """How long handshakes on a port are ignored after wrong tags. It outlives the hosts that come and go on the port.

    docs/decisions/0012-back-off-and-session-ends.md
    """

    __slots__ = ("_bad_in_a_row", "_deaf_until_ms")

    def __init__(self) -> None:
        self._bad_in_a_row = 0
        self._deaf_until_ms = 0

    def deaf_ms(self, now_ms: int) -> int:
        """Return for how long handshakes are still ignored, 0 where they are not; `now_ms` is monotonic."""
        return max(0, self._deaf_until_ms - now_ms)

    def note_bad_tag(self, now_ms: int) -> None:
        """Count a wrong tag."""
        self._bad_in_a_row += 1
        beyond = self._bad_in_a_row - BAD_TAGS_ALLOWED
        if beyond >= 0:
            self._deaf_until_ms = now_ms + min(1_000 << min(beyond, 6), LONGEST_BACK_OFF_MS)

    def forgive(self) -> None:
        """Start the count anew: somebody with a key has come."""
        self._bad_in_a_row = 0


class DeviceHandshake:
    """The pump's part in one host's conversation: challenge a hello, verify the confirmation.

    Args:
        serial_number: who the pump is.
        store_id: 8 bytes that change when its memory is replaced.
        boot: its starts so far.
        keys: the pump's table of keys, by key id.
        random: returns that many random bytes.
        back_off: that of the port, shared by all conversations on it; by default one of its own.

    Attributes:
        refused: handshake frames with a wrong tag so far.
    """

    __slots__ = ("_back_off", "_boot", "_identifier", "_keys", "_pending", "_random", "_store_id", "refused")

    def __init__(
        self,
        serial_number: str,
        store_id: bytes,
        boot: int,
        keys: Mapping[bytes, Key],
        random: Callable[[int], bytes],
        back_off: BackOff | None = None,
    ) -> None:
        self.refused = 0
        self._identifier = device_id(serial_number)
        self._store_id = store_id
        self._boot = boot
        self._keys = keys
        self._random = random
        self._pending: _Pending | None = None
        self._back_off = back_off or BackOff()

    def deaf_ms(self, now_ms: int) -> int:
        """Return for how long handshakes on this port are still ignored, 0 where they are not."""
        return self._back_off.deaf_ms(now_ms)

    def challenge(self, frame: Frame, now_ms: int) -> bytes | None:
        """Return the answer to a HELLO; None where it deserves none. `now_ms` is monotonic."""
        if self.deaf_ms(now_ms) or len(frame.payload) != _HELLO_SIZE:
            return None
        # The key id is the payload's first bytes; it is only looked up, and parsed as a field once the tag is verified.
        key = self._keys.get(frame.payload[:KEY_ID_SIZE])
        if key is None:
            return None
        secret = handshake_key(key)
        if not is_tag(secret, frame.tag, frame.signed):
            self._note_bad_tag(now_ms)
            return None
        hello = cast("Hello", parse(Hello.code, frame.payload))
        session = int.from_bytes(self._random(4), "little") or 1
        nonce = self._random(NONCE_SIZE)
        self._pending = _Pending(key, session, hello.host_nonce + nonce, now_ms + PENDING_MS)
        offer = Challenge(self._identifier, self._store_id, self._boot, session, nonce, MINOR_VERSION)
        return _frame(0, offer, secret, hello.host_nonce)

    def confirm(self, frame: Frame, now_ms: int) -> tuple[Session, Role] | None:
        """Return the session that a CONFIRM opens and the role of its key; None where it opens none."""
        pending = self._pending
        if frame.payload or self.lapse(now_ms) or pending is None or self.deaf_ms(now_ms):
            return None
        if frame.session != pending.session:
            return None
        if not is_tag(handshake_key(pending.key), frame.tag, frame.signed, pending.nonces, self._identifier):
            self._note_bad_tag(now_ms)
            return None
        self._pending = None
        self._back_off.forgive()
        role = pending.key.role
        context = _context(self._identifier, role)
        secret, nonces = pending.key.secret, pending.nonces
        return Session(Side.DEVICE, pending.session, secret=secret, nonces=nonces, context=context), role

    def lapse(self, now_ms: int) -> bool:
        """Give up an offered session that nobody confirmed in time, and tell whether there was one."""
        late = self._pending is not None and now_ms > self._pending.deadline_ms
        if late:
            self._pending = None
        return late

    def _note_bad_tag(self, now_ms: int) -> None:
        self.refused += 1
        self._back_off.note_bad_tag(now_ms)
