"""Handshakes: good ones, and all that a pump or a host has to leave unanswered."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from docs.vectors.bench import Bench
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
    key_json,
    topic,
)
from protocol.frame import FROM_DEVICE, encode, header
from protocol.handshake import DeviceHandshake, HostHandshake, handshake_key
from protocol.messages import Challenge, Poll, parse
from protocol.session import tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.keys import Key

_WRONG = dataclasses.replace(TECHNICIAN, secret=bytes(32))
_UNKNOWN = dataclasses.replace(TECHNICIAN, key_id=b"\xee" * 4)
_OTHER_NONCE = bytes(range(0x80, 0x90))


class _Listener:
    """A pump's port, what it was sent and what it answered.

    Attributes:
        now_ms: monotonic time.
        steps: what happened, as JSON values.
    """

    def __init__(self) -> None:
        self.now_ms = 0
        self.steps: list[Json] = []
        self._pump = Bench().port(0x0100)

    def send(self, wire: bytes, about: str) -> bytes:
        """Send bytes and return the answer."""
        before = self._pump.session
        reply = self._pump.receive(wire, self.now_ms)
        opened = self._pump.session if self._pump.session != before else None
        step = {
            "at_ms": self.now_ms,
            "about": about,
            "send": wire.hex(),
            "answer": reply.hex(),
            "opens": opened,
        }
        self.steps.append(step)
        return reply


def _good(pump: _Listener, key: Key = TECHNICIAN, nonce: bytes = HOST_NONCE) -> tuple[bytes, bytes, bytes]:
    """Go through a handshake and return its three frames."""
    host = HostHandshake(key, nonce)
    hello = host.hello()
    challenge = pump.send(hello, "Hello")
    confirm = _confirm(host, challenge)
    pump.send(confirm, "Confirm: the session opens, and its first frame is a Status")
    return hello, challenge, confirm


def _confirm(host: HostHandshake, challenge: bytes) -> bytes:
    answer = host.answer(frame_of(challenge))
    if answer is None:
        raise ValueError("the host does not take this challenge")
    return answer[0]


def _spoiled(wire: bytes) -> bytes:
    """Return a frame with one bit of its tag turned, and the right CRC-32."""
    frame = frame_of(wire)
    return encode(frame.signed, frame.tag[:-1] + bytes((frame.tag[-1] ^ 1,)))


def _opens_a_session(pump: _Listener) -> None:
    """The handshake as it should be."""
    _good(pump)


def _opens_a_session_that_reads(pump: _Listener) -> None:
    """The same with the viewer's key: the role is in the session's keys, on no frame."""
    _good(pump, VIEWER)


def _resealed(
    wire: bytes,
    bound: bytes = b"",
    *,
    session: int | None = None,
    counter: int = 0,
    ack: int = 0,
    size: int | None = None,
) -> bytes:
    """Return a handshake frame with other figures in its header, or a payload cut or filled to `size`, rightly tagged."""
    frame = frame_of(wire)
    payload = frame.payload if size is None else frame.payload[:size].ljust(size, b"\0")
    number = frame.session if session is None else session
    signed = header(frame.type, number, counter, ack, payload) + payload
    return encode(signed, tag(handshake_key(TECHNICIAN), signed, bound))


def _bound(challenge: bytes) -> bytes:
    """Return what the tag of a Confirm covers beside the frame."""
    offer = parse(Challenge.code, frame_of(challenge).payload)
    if not isinstance(offer, Challenge):
        raise TypeError("the pump offers a session")
    return HOST_NONCE + offer.device_nonce + offer.device_id


def _other_figures_in_the_header(pump: _Listener) -> None:
    """The pump does not look at counter and ack of a handshake frame, nor at the session of a Hello: the tag covers them."""
    host = HostHandshake(TECHNICIAN, HOST_NONCE)
    pump.send(_resealed(host.hello(), session=7), "Hello with session 7")
    challenge = pump.send(
        _resealed(host.hello(), session=0x0101, counter=5, ack=5), "with counter 5 and ack 5"
    )
    confirm = _confirm(host, challenge)
    pump.send(_resealed(confirm, _bound(challenge), session=7), "Confirm with session 7: of no challenge")
    pump.send(_resealed(confirm, _bound(challenge), counter=3, ack=4), "Confirm with counter 3 and ack 4")


def _of_another_size(pump: _Listener) -> None:
    """A handshake frame whose payload has another size is dropped before its tag is looked at, and not counted as wrong."""
    host = HostHandshake(TECHNICIAN, HOST_NONCE)
    hello = host.hello()
    pump.send(_resealed(hello, size=2), "Hello of 2 bytes")
    for size in (4, 20, 22, 200):
        pump.send(_resealed(hello, size=size), f"Hello of {size} bytes with the right tag")
        pump.send(_spoiled(_resealed(hello, size=size)), f"Hello of {size} bytes with a wrong tag")
    challenge = pump.send(hello, "Hello")
    confirm = _confirm(host, challenge)
    for size in (1, 200):
        longer = _resealed(confirm, _bound(challenge), size=size)
        pump.send(longer, f"Confirm of {size} bytes with the right tag")
        pump.send(_spoiled(longer), f"Confirm of {size} bytes with a wrong tag")
    pump.send(confirm, "Confirm: the challenge still stands")


def _unknown_key(pump: _Listener) -> None:
    """A key id that is not in the pump's table is not answered."""
    pump.send(HostHandshake(_UNKNOWN, HOST_NONCE).hello(), "Hello that names a key the pump does not hold")


def _wrong_key(pump: _Listener) -> None:
    """The right key id with another secret is not answered."""
    pump.send(HostHandshake(_WRONG, HOST_NONCE).hello(), "Hello with another secret")


def _confirm_with_a_wrong_tag(pump: _Listener) -> None:
    """It is not answered, and the challenge still stands."""
    host = HostHandshake(TECHNICIAN, HOST_NONCE)
    confirm = _confirm(host, pump.send(host.hello(), "Hello"))
    pump.send(_spoiled(confirm), "Confirm with a bit of its tag turned")
    pump.send(confirm, "the right Confirm")


def _confirm_of_another_nonce(pump: _Listener) -> None:
    """A Confirm answers the newest Hello's challenge with both its nonces."""
    first, second = HostHandshake(TECHNICIAN, HOST_NONCE), HostHandshake(TECHNICIAN, _OTHER_NONCE)
    old = pump.send(first.hello(), "Hello")
    new = pump.send(second.hello(), "Hello with another nonce: takes the place of the first")
    pump.send(_confirm(first, old), "Confirm of the first challenge")
    pump.send(_confirm(second, new), "Confirm of the second challenge")


def _replayed(pump: _Listener) -> None:
    """What was recorded opens nothing: the challenge is another one."""
    hello, _, confirm = _good(pump)
    pump.send(hello, "the recorded Hello: a new challenge")
    pump.send(confirm, "the recorded Confirm")


def _confirm_used_up(pump: _Listener) -> None:
    """A Confirm opens one session and no second one."""
    _, _, confirm = _good(pump)
    pump.send(confirm, "the same Confirm again")


def _too_late(pump: _Listener) -> None:
    """A challenge stands for 5 s."""
    host = HostHandshake(TECHNICIAN, HOST_NONCE)
    challenge = pump.send(host.hello(), "Hello")
    pump.now_ms += 5_001
    pump.send(_confirm(host, challenge), "Confirm after 5,001 ms")
    challenge = pump.send(host.hello(), "Hello")
    pump.now_ms += 5_000
    pump.send(_confirm(host, challenge), "Confirm after 5,000 ms")


def _back_off(pump: _Listener) -> None:
    """Three wrong tags in a row: handshakes are ignored for 1 s, after the next one for 2 s."""
    wrong = HostHandshake(_WRONG, HOST_NONCE).hello()
    right = HostHandshake(TECHNICIAN, HOST_NONCE).hello()
    for count in range(3):
        pump.send(wrong, f"wrong tag {count + 1}")
    pump.now_ms = 999
    pump.send(right, "a right Hello, ignored")
    pump.now_ms = 1_000
    pump.send(right, "a right Hello after 1 s")
    pump.send(wrong, "wrong tag 4")
    pump.now_ms = 2_999
    pump.send(right, "a right Hello, ignored")
    pump.now_ms = 3_000
    pump.send(right, "a right Hello after 2 s")


def _an_open_session_lives_on(pump: _Listener) -> None:
    """No Hello and no bad Confirm ends a session; the next good Confirm does."""
    _good(pump)
    host = HostHandshake(TECHNICIAN, _OTHER_NONCE)
    challenge = pump.send(host.hello(), "another Hello")
    pump.send(_spoiled(_confirm(host, challenge)), "Confirm with a wrong tag")
    pump.send(_confirm(host, challenge), "Confirm: the next session opens")


def _nothing_without_a_session(pump: _Listener) -> None:
    """A request before any session is not answered, whatever its tag."""
    signed = bytes.fromhex("0111090000000100000000000000") + b"\0"
    pump.send(encode(signed, tag(handshake_key(TECHNICIAN), signed)), f"{Poll.__name__} in session 9")


_AT_THE_PUMP: tuple[Callable[[_Listener], None], ...] = (
    _opens_a_session,
    _opens_a_session_that_reads,
    _other_figures_in_the_header,
    _of_another_size,
    _unknown_key,
    _wrong_key,
    _confirm_with_a_wrong_tag,
    _confirm_of_another_nonce,
    _replayed,
    _confirm_used_up,
    _too_late,
    _back_off,
    _an_open_session_lives_on,
    _nothing_without_a_session,
)


def handshakes() -> Json:
    """Return handshakes as a pump sees them, and challenges as a host sees them."""
    return topic(
        "Handshakes. In `at_the_pump`, each vector begins with a new pump, which answers what is sent to it; an empty "
        "answer is silence. In `at_the_host`, a host that has said Hello gets a challenge.",
        keys=[key_json(TECHNICIAN), key_json(VIEWER)],
        serial_number=SERIAL_NUMBER,
        store_id=STORE_ID.hex(),
        boot=BOOT,
        at_the_pump=[_at_the_pump(hold) for hold in _AT_THE_PUMP],
        at_the_host=_at_the_host(),
    )


def _at_the_pump(hold: Callable[[_Listener], None]) -> Json:
    pump = _Listener()
    hold(pump)
    return {"name": hold.__name__.replace("_", " ").strip(), "about": hold.__doc__, "steps": pump.steps}


def _at_the_host() -> list[Json]:
    hello = HostHandshake(TECHNICIAN, HOST_NONCE).hello()
    good = _challenge(hello)
    frame = frame_of(hello)
    reflected = bytes((frame.signed[0], frame.type | FROM_DEVICE)) + frame.signed[2:]
    return [
        _judged("the pump's challenge", good),
        _judged("a bit of its tag is turned", _spoiled(good)),
        _judged(
            "of a pump with another secret", _challenge(HostHandshake(_WRONG, HOST_NONCE).hello(), _WRONG)
        ),
        _judged("to a Hello with another nonce", _challenge(HostHandshake(TECHNICIAN, _OTHER_NONCE).hello())),
        _judged("by another pump, with the right key", _challenge(hello, serial_number="PM-00002")),
        _judged("the host's own Hello, sent back", hello),
        _judged("the host's own Hello, sent back as from the pump", encode(reflected, frame.tag)),
        _judged("session drawn as 0: 1 is offered", _challenge(hello, random=bytes)),
    ]


def _challenge(
    hello: bytes,
    key: Key = TECHNICIAN,
    serial_number: str = SERIAL_NUMBER,
    random: Callable[[int], bytes] | None = None,
) -> bytes:
    pump = DeviceHandshake(serial_number, STORE_ID, BOOT, {key.key_id: key}, random or counting())
    return pump.challenge(frame_of(hello), 0) or b""


def _judged(about: str, challenge: bytes) -> Json:
    host = HostHandshake(TECHNICIAN, HOST_NONCE)
    answer = host.answer(frame_of(challenge))
    return {
        "about": about,
        "hello": host.hello().hex(),
        "challenge": challenge.hex(),
        "answer": "" if answer is None else answer[0].hex(),
    }
