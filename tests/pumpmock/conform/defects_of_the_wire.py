"""Our own device with one thing wrong about frames, sessions or the handshake, each to be found by the check it names.

What is replaced is what the device alone uses: the checks make and read their frames by functions of their own.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

from protocol import frame as frame_module
from protocol import handshake as handshake_module
from protocol import session as session_module
from protocol.bounds import Finding
from protocol.changes import rejected
from protocol.exchange import DeviceEnd
from protocol.frame import Damage, Decoder, Frame
from protocol.handshake import BackOff, DeviceHandshake
from protocol.messages import Poll
from protocol.session import LAST_COUNTER, Intrusion, Session
from protocol.vocabulary import Refusal
from pumpmock.conform.forge import cobs, summed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from protocol.vocabulary import Role

    Broken = AbstractContextManager[object]

_examine, _feed, _init, _uncobs = frame_module.examine, Decoder.feed, Decoder.__init__, frame_module._uncobs
_open, _seal = Session.open, Session.seal
_challenge, _confirm = DeviceHandshake.challenge, DeviceHandshake.confirm
_receive, _confirmed, _answer = DeviceEnd.receive, DeviceEnd._confirm, DeviceEnd._answer
_opened_by = DeviceEnd._challenge


# --- frames -----------------------------------------------------------------------------------------------------------


def takes_any_sum() -> Broken:
    """Take every CRC-32 for right."""

    def careless(run: bytes, unstuff: Callable[[bytes], bytes | None] = _uncobs) -> Frame | Damage:
        found = _examine(run, unstuff)
        raw = _uncobs(run) if found is Damage.CRC else None
        return _examine(cobs(summed(raw[:-4])), unstuff) if raw else found

    return patch.object(frame_module, "examine", careless)


def takes_cobs_that_ends_early() -> Broken:
    """Read what there is where a length byte points past the end, as many a COBS decoder does."""

    class Lax:
        def __call__(self, run: bytes) -> bytes | None:
            pieces, at = [], 0
            while at < len(run) and run[at]:
                pieces.append(run[at + 1 : at + run[at]])
                at += run[at]
            return b"\0".join(pieces)

    return patch.object(frame_module, "Unstuffer", Lax)


def takes_another_version() -> Broken:
    """Take a frame of version 2 for one of version 1."""

    def careless(run: bytes, unstuff: Callable[[bytes], bytes | None] = _uncobs) -> Frame | Damage:
        found = _examine(run, unstuff)
        raw = _uncobs(run)
        if found is not Damage.VERSION or raw is None:
            return found
        good = _examine(cobs(summed(b"\x01" + raw[1:-4])), unstuff)
        return good._replace(signed=raw[:1] + good.signed[1:]) if isinstance(good, Frame) else good

    return patch.object(frame_module, "examine", careless)


def holds_more_than_a_frame() -> Broken:
    """Take runs of up to 300 bytes."""
    return patch.object(frame_module, "MOST_ENCODED", 300)


def loses_the_frame_after_a_long_one() -> Broken:
    """Skip one delimiter too many after what is too long."""

    def feed(decoder: Decoder, data: bytes) -> list[Frame]:
        before = decoder.damaged[Damage.SIZE]
        skipping = decoder._skipping
        found = _feed(decoder, data)
        return found[1:] if skipping or decoder.damaged[Damage.SIZE] > before else found

    return patch.object(Decoder, "feed", feed)


def forgets_between_reads() -> Broken:
    """Read each chunk as if nothing had come before."""
    return patch.object(Decoder, "feed", lambda _decoder, data: _feed(Decoder(), data))


def counts_empty_runs() -> Broken:
    """Take two delimiters in a row for a frame that is too short."""

    def feed(decoder: Decoder, data: bytes) -> list[Frame]:
        decoder.damaged[Damage.SIZE] += data.count(b"\0\0\0")
        return _feed(decoder, data)

    return patch.object(Decoder, "feed", feed)


def answers_damaged_frames() -> Broken:
    """Tell the host that a frame was damaged."""

    def receive(end: DeviceEnd, data: bytes, now_ms: int) -> bytes:
        before = end._decoder.dropped
        reply = _receive(end, data, now_ms)
        if end._session is None or end._decoder.dropped == before:
            return reply
        return end._reply(end._session, rejected(0, Finding(Refusal.MALFORMED, 0, "damaged"))) + reply

    return patch.object(DeviceEnd, "receive", receive)


def leaves_the_first_delimiter_out() -> Broken:
    """Send one delimiter a frame."""
    return patch.object(Session, "seal", lambda session, code, payload: _seal(session, code, payload)[1:])


def counts_only_damage() -> Broken:
    """Leave what is not from a peer with a key out of frames_bad."""
    return patch.object(DeviceEnd, "dropped", property(lambda end: end._decoder.dropped))


# --- sessions ---------------------------------------------------------------------------------------------------------


def takes_any_tag() -> Broken:
    """Look at session, direction and counter, and not at the tag."""

    def careless(session: Session, frame: Frame) -> Intrusion | None:
        why = _open(session, frame)
        if why is Intrusion.TAG:
            session.heard = frame.counter
            return None
        return why

    return patch.object(Session, "open", careless)


def takes_repetitions() -> Broken:
    """Take a frame of the session however often it comes."""

    def careless(session: Session, frame: Frame) -> Intrusion | None:
        heard, session.heard = session.heard, max(0, min(session.heard, frame.counter - 1))
        why = _open(session, frame)
        session.heard = max(heard, session.heard)
        return why

    return patch.object(Session, "open", careless)


def takes_counters_within_a_window() -> Broken:
    """Take a counter that goes back where it was not seen, as protocols over radio do."""
    seen: set[tuple[int, int]] = set()

    def windowed(session: Session, frame: Frame) -> Intrusion | None:
        known = (session.number, frame.counter) in seen
        heard = session.heard
        if not known and 0 < frame.counter < heard:
            session.heard = frame.counter - 1
        why = _open(session, frame)
        session.heard = max(heard, session.heard)
        if why is None:
            seen.add((session.number, frame.counter))
        return why

    return patch.object(Session, "open", windowed)


def takes_the_next_counter_only() -> Broken:
    """Take a gap for an attack."""

    def strict(session: Session, frame: Frame) -> Intrusion | None:
        return Intrusion.COUNTER if frame.counter > session.heard + 1 else _open(session, frame)

    return patch.object(Session, "open", strict)


def moves_the_counter_before_the_tag() -> Broken:
    """Note the counter of a frame before its tag is looked at."""

    def hasty(session: Session, frame: Frame) -> Intrusion | None:
        why = _open(session, frame)
        if why is Intrusion.TAG:
            session.heard = frame.counter
        return why

    return patch.object(Session, "open", hasty)


def takes_either_direction() -> Broken:
    """Do not look at bit 7 of the type."""

    def careless(session: Session, frame: Frame) -> Intrusion | None:
        with patch.object(session, "_peer_bit", frame.type & 0x80):
            return _open(session, frame)

    return patch.object(Session, "open", careless)


def takes_any_session() -> Broken:
    """Do not look at the session number."""

    def careless(session: Session, frame: Frame) -> Intrusion | None:
        return _open(session, frame._replace(session=session.number))

    return patch.object(Session, "open", careless)


def counts_beyond_the_last() -> Broken:
    """Go on after counter 2^31."""
    return patch.object(session_module, "LAST_COUNTER", 2 * LAST_COUNTER)


def acknowledges_the_request_before() -> Broken:
    """Put the counter of the request before into the ack."""

    def late(session: Session, code: int, payload: bytes) -> bytes:
        heard, session.heard = session.heard, max(0, session.heard - 1)
        wire = _seal(session, code, payload)
        session.heard = heard
        return wire

    return patch.object(Session, "seal", late)


def keeps_the_session_before() -> Broken:
    """Answer in the old session too, after the next one was opened."""
    old: dict[int, Session] = {}

    def confirmed(end: DeviceEnd, frame: Frame, now_ms: int) -> bytes:
        before = end._session
        reply = _confirmed(end, frame, now_ms)
        if reply and before is not None:
            old[before.number] = before
        return reply

    def answer(end: DeviceEnd, frame: Frame, now_ms: int) -> bytes:
        session = old.get(frame.session)
        if session is None or frame.type != Poll.code or session.open(frame) is not None:
            return _answer(end, frame, now_ms)
        return end._reply(session, end._serve(Poll(), end._role, session.number))

    return patch.multiple(DeviceEnd, _confirm=confirmed, _answer=answer)


def keeps_the_session_of_a_port_that_closed() -> Broken:
    """Let a port go on where its last host left it."""
    left: list[Session | None] = [None]

    def receive(end: DeviceEnd, data: bytes, now_ms: int) -> bytes:
        if end._session is None and end._sessions == 0:
            end._session = left[0]
        reply = _receive(end, data, now_ms)
        left[0] = end._session
        return reply

    return patch.object(DeviceEnd, "receive", receive)


# --- the handshake ----------------------------------------------------------------------------------------------------


def opens_to_any_tag() -> Broken:
    """Do not look at the tags of Hello and Confirm."""
    return patch.object(handshake_module, "is_tag", lambda *_given: True)


def repeats_its_nonces() -> Broken:
    """Offer everybody the same session number and nonce."""

    def challenge(handshake: DeviceHandshake, frame: Frame, now_ms: int) -> bytes | None:
        with patch.object(handshake, "_random", lambda size: b"\x05" * size):
            return _challenge(handshake, frame, now_ms)

    return patch.object(DeviceHandshake, "challenge", challenge)


def never_backs_off() -> Broken:
    """Answer handshakes, whatever came before."""
    return patch.object(BackOff, "note_bad_tag", lambda _back_off, _now_ms: None)


def backs_off_at_once() -> Broken:
    """Ignore handshakes after one wrong tag."""
    return patch.object(handshake_module, "BAD_TAGS_ALLOWED", 1)


def backs_off_by_a_second_only() -> Broken:
    """Do not double the silence."""
    return patch.object(handshake_module, "LONGEST_BACK_OFF_MS", 1_000)


def never_forgives() -> Broken:
    """Go on counting wrong tags over sessions that open."""
    return patch.object(BackOff, "forgive", lambda _back_off: None)


def prolongs_its_silence() -> Broken:
    """Count wrong tags while handshakes are ignored."""

    def challenge(handshake: DeviceHandshake, frame: Frame, now_ms: int) -> bytes | None:
        if handshake.deaf_ms(now_ms):
            handshake._back_off.note_bad_tag(now_ms)
        return _challenge(handshake, frame, now_ms)

    return patch.object(DeviceHandshake, "challenge", challenge)


def is_deaf_to_all() -> Broken:
    """Ignore an established session as well while handshakes are ignored."""

    def receive(end: DeviceEnd, data: bytes, now_ms: int) -> bytes:
        return b"" if end._handshake.deaf_ms(now_ms) else _receive(end, data, now_ms)

    return patch.object(DeviceEnd, "receive", receive)


def ends_the_session_at_a_hello() -> Broken:
    """Drop the session when somebody says Hello."""

    def challenge(end: DeviceEnd, frame: Frame, now_ms: int) -> bytes:
        reply = _opened_by(end, frame, now_ms)
        if reply:
            end._session = None
        return reply

    return patch.object(DeviceEnd, "_challenge", challenge)


@contextmanager
def takes_a_confirm_again() -> Iterator[None]:
    """Keep what was offered after it was confirmed."""

    def confirm(handshake: DeviceHandshake, frame: Frame, now_ms: int) -> tuple[Session, Role] | None:
        pending = handshake._pending
        found = _confirm(handshake, frame, now_ms)
        handshake._pending = pending
        return found

    with (
        patch.object(DeviceHandshake, "confirm", confirm),
        patch("protocol.exchange.step", lambda table, state, event: table[state].get(event, state)),
    ):
        yield


def keeps_its_first_offer() -> Broken:
    """Go on waiting for the Confirm of an older Hello."""
    offers: dict[int, object] = {}

    def challenge(handshake: DeviceHandshake, frame: Frame, now_ms: int) -> bytes | None:
        found = _challenge(handshake, frame, now_ms)
        if handshake._pending is not None:
            offers[handshake._pending.session] = handshake._pending
        return found

    def confirm(handshake: DeviceHandshake, frame: Frame, now_ms: int) -> tuple[Session, Role] | None:
        if handshake._pending is not None:
            handshake._pending = offers.get(frame.session, handshake._pending)  # type: ignore[assignment] # what was put there
        return _confirm(handshake, frame, now_ms)

    return patch.multiple(DeviceHandshake, challenge=challenge, confirm=confirm)


def waits_for_a_confirm_for_ever() -> Broken:
    """Take a Confirm however late."""
    return patch.object(handshake_module, "PENDING_MS", 10**9)


def counts_unknown_keys() -> Broken:
    """Count a Hello with a key id that nobody knows for one with a wrong tag."""

    def challenge(handshake: DeviceHandshake, frame: Frame, now_ms: int) -> bytes | None:
        if frame.payload[:4] not in handshake._keys:
            handshake.refused += 1
        return _challenge(handshake, frame, now_ms)

    return patch.object(DeviceHandshake, "challenge", challenge)


def takes_a_longer_hello() -> Broken:
    """Look at the first 21 bytes of a Hello."""

    def challenge(handshake: DeviceHandshake, frame: Frame, now_ms: int) -> bytes | None:
        return _challenge(handshake, frame._replace(payload=frame.payload[:21]), now_ms)

    return patch.object(DeviceHandshake, "challenge", challenge)


FOUND_BY: dict[Callable[[], Broken], str] = {
    takes_any_sum: "a CRC-32 with any bit wrong is dropped",
    takes_cobs_that_ends_early: "a last length byte of one too many is dropped",
    takes_another_version: "a frame of version 2 is dropped, and counted in bad_version",
    holds_more_than_a_frame: "a payload of 201 bytes is dropped",
    loses_the_frame_after_a_long_one: "the frame after one that is too long is found",
    forgets_between_reads: "a frame may arrive cut anywhere",
    counts_empty_runs: "empty runs between delimiters are not counted",
    answers_damaged_frames: "a frame with any byte changed is dropped",
    leaves_the_first_delimiter_out: "an answer has a zero byte before it and one after it",
    counts_only_damage: "frames_bad of Status is the sum",
    takes_any_tag: "a wrong tag is dropped, and counted in bad_tag",
    takes_repetitions: "a frame that is repeated is dropped",
    takes_counters_within_a_window: "a counter that goes back is dropped, though it was never seen",
    takes_the_next_counter_only: "a gap in the counters is a loss, and no more",
    moves_the_counter_before_the_tag: "a wrong tag does not move the counter",
    takes_either_direction: "a frame of the device's side under the host's key is dropped, and counted in bad_direction",
    takes_any_session: "a frame of another session is dropped, and counted in bad_session",
    counts_beyond_the_last: "counter 2^31 is the last of a session",
    acknowledges_the_request_before: "the device counts 1, 2, 3 ..., and acknowledges what it has heard",
    keeps_the_session_before: "the Confirm of the next session ends the one before",
    keeps_the_session_of_a_port_that_closed: "a session ends with its port",
    opens_to_any_tag: "a Hello with a wrong tag meets silence, and is counted",
    repeats_its_nonces: "nonce and session number are fresh in each Challenge",
    never_backs_off: "after three wrong tags handshakes meet silence for 1 s, and the session goes on",
    backs_off_at_once: "two wrong tags in a row are passed over",
    backs_off_by_a_second_only: "the next wrong tag shuts it for 2 s, and a session starts the count anew",
    never_forgives: "the next wrong tag shuts it for 2 s, and a session starts the count anew",
    prolongs_its_silence: "what arrives meanwhile does not prolong it",
    is_deaf_to_all: "after three wrong tags handshakes meet silence for 1 s, and the session goes on",
    ends_the_session_at_a_hello: "no Hello and no bad Confirm ends a session",
    takes_a_confirm_again: "a recorded Confirm opens nothing again",
    keeps_its_first_offer: "a new Hello takes the place of the one before",
    waits_for_a_confirm_for_ever: "a Confirm after more than 5 s opens nothing",
    counts_unknown_keys: "a Hello with an unknown key id meets silence, and is not counted",
    takes_a_longer_hello: "a Hello a byte too long meets silence, and is not counted",
}
