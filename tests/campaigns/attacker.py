"""Who can read and write every byte on the wire for ever, and holds no key, or only a viewer's: what he changes.

A technician has changed the rate in several sessions and has a change prepared when the attack begins: the worst moment.
All that was ever sent is at hand. Afterwards nothing may have changed, and the technician's own change goes through.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from protocol.frame import FROM_DEVICE, HEADER, TAG_SIZE, VERSION, Frame, encode
from protocol.messages import Acknowledge, Commit, Confirm, Hello, Identify, Outcome, Rejected, Resolve, build
from protocol.vocabulary import Refusal, Role, Verdict
from tests.campaigns.bodies import SEALED_REQUESTS, message
from tests.campaigns.campaign import Achieved, Campaign, dice, under
from tests.campaigns.defects import counters_not_kept, every_key_may_change, no_tags, nonces_repeated
from tests.campaigns.tapped import Wire, as_next, as_was, challenge_in, frames_in
from tests.pumpmock.conftest import TECHNICIAN, VIEWER, S

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from protocol.exchange import HostEnd
    from protocol.fields import Message

_SESSIONS = 3
_LONG_NS = 120 * S  # longer than any back-off


def run(size: int, seed: int) -> Achieved:
    """Make every attack on a pump of its own; `size` is the number of splices, guesses and requests."""
    achieved = Achieved()
    for name, attack in _ATTACKS.items():
        chance = dice(seed, name)
        wire = Wire(chance)
        host = _history(wire)
        prepared = wire.prepare(host)
        before, session = wire.state(), wire.session
        attack(achieved, wire, host, chance, size)
        if wire.state() != before or wire.session != session:
            achieved.fail(f"{name} changed the pump or its session")
        outcome = wire.ask(host, Commit(prepared.command_id, prepared.token))
        if [one.verdict for one in outcome if isinstance(one, Outcome)] != [Verdict.APPLIED]:
            achieved.fail(f"after {name} the technician's own change was not applied: {outcome}")
        achieved.add("attacks, of which the technician's session and change took no notice")
    for name, trespass in _TRESPASSES.items():
        trespass(achieved, Wire(dice(seed, name)), dice(seed, name), size)
    return achieved


def _history(wire: Wire) -> HostEnd:
    """Let sessions come and go, each with a change that is made and one that is given up; return the last host."""
    host = wire.connect()
    for _ in range(_SESSIONS):
        wire.bench.now_ns += _LONG_NS
        host = wire.connect()
        wire.ask(host, Identify())
        prepared = wire.prepare(host)
        wire.ask(host, Commit(prepared.command_id, prepared.token))
        wire.bench.now_ns += _LONG_NS
        wire.ask(host, Resolve(wire.prepare(host).command_id))
        wire.ask(host, Acknowledge(1))
    wire.bench.now_ns += _LONG_NS
    return host


# --- without a key ----------------------------------------------------------------------------------------------------


def _replay(achieved: Achieved, wire: Wire, _host: HostEnd, chance: Random, size: int) -> None:
    """Send all that was ever sent again: in order, backwards, shuffled; in this session, and to ports without one."""
    recorded = [*wire.to_pump]
    orders = [recorded, recorded[::-1]]
    orders += [chance.sample(recorded, len(recorded)) for _ in range(size // 100)]
    for order in orders:
        ports = {"in a later session": wire.port, "on a port without a session": wire.bench.open()}
        for where, port in ports.items():
            for data in order:
                port.receive(data)
                achieved.add(f"frames replayed {where}")
        fresh = ports["on a port without a session"]
        if fresh._end.session is not None:
            achieved.fail("a replay opened a session")
        fresh.close()


def _replay_to_host(achieved: Achieved, wire: Wire, host: HostEnd, chance: Random, size: int) -> None:
    """Send all that the pump ever said to the host again."""
    for _ in range(size // 100 + 1):
        for data in chance.sample(wire.to_host, len(wire.to_host)):
            achieved.add("frames replayed to the host")
            if host.receive(data) != ([], b""):
                achieved.fail("the host took a frame of the pump a second time")


def _reflect(achieved: Achieved, wire: Wire, host: HostEnd, _chance: Random, _size: int) -> None:
    """Send what each side said back to itself: as it was, and with the direction turned and the next counter."""
    for frame in frames_in(wire.to_host):
        for signed in (frame.signed, as_next(frame, frame.type ^ FROM_DEVICE, wire, host)):
            achieved.add("frames reflected")
            if wire.port.receive(encode(signed, frame.tag)):
                achieved.fail(f"the pump answered its own frame of type 0x{frame.type:02x}")
    for frame in frames_in(wire.to_pump):
        for signed in (frame.signed, as_next(frame, frame.type ^ FROM_DEVICE, wire, host)):
            achieved.add("frames reflected")
            if host.receive(encode(signed, frame.tag)) != ([], b""):
                achieved.fail(f"the host took its own frame of type 0x{frame.type:02x}")


def _splice(achieved: Achieved, wire: Wire, host: HostEnd, chance: Random, size: int) -> None:
    """Put header, payload and tag of recorded requests together, half of them with the session and counter that are due."""
    frames = [frame for frame in frames_in(wire.to_pump) if frame.type not in {Hello.code, Confirm.code}]
    for _ in range(size):
        head, body, tagged = (chance.choice(frames) for _ in range(3))
        made = head._replace(payload=body.payload)
        signed = as_next(made, head.type, wire, host) if chance.random() < 1 / 2 else as_was(made)
        achieved.add("frames spliced")
        if wire.port.receive(encode(signed, tagged.tag)):
            achieved.fail(f"a splice of type 0x{head.type:02x} was answered")


def _every_bit(achieved: Achieved, wire: Wire, host: HostEnd, chance: Random, size: int) -> None:
    """Change a bit of header, payload or tag of requests of every type that are on their way, and mend the CRC-32."""
    for kind in SEALED_REQUESTS:
        (frame,) = frames_in([host.ask(message(kind, chance))[0]])
        raw = frame.signed + frame.tag
        bits = range(len(raw) * 8)
        for bit in chance.sample(bits, min(size, len(bits))):
            changed = (int.from_bytes(raw, "little") ^ 1 << bit).to_bytes(len(raw), "little")
            achieved.add("requests with one bit forged")
            if wire.port.receive(encode(changed[:-TAG_SIZE], changed[-TAG_SIZE:])):
                achieved.fail(f"a {kind.__name__} with bit {bit} forged was answered")


def _guess(achieved: Achieved, wire: Wire, host: HostEnd, chance: Random, size: int) -> None:
    """Guess the tags of requests that are right in all else."""
    for _ in range(size):
        kind = chance.choice(SEALED_REQUESTS)
        payload = build(message(kind, chance))
        guessed = Frame(kind.code, 0, 0, 0, payload, b"", b"")
        achieved.add("tags guessed for a request")
        if wire.port.receive(encode(as_next(guessed, kind.code, wire, host), chance.randbytes(TAG_SIZE))):
            achieved.fail(f"a guessed tag of a {kind.__name__} was answered")


def _guess_a_handshake(achieved: Achieved, wire: Wire, _host: HostEnd, chance: Random, size: int) -> None:
    """Guess the tags of a Hello, and of a Confirm after a recorded Hello, each on a port of its own."""
    hello = frames_in(wire.to_pump[:1])[0]
    for _ in range(size // 10 + 1):
        port = wire.bench.open()
        if port.receive(encode(hello.signed, chance.randbytes(TAG_SIZE))):
            achieved.fail("a guessed tag of a Hello was answered")
        offer = challenge_in(port.receive(encode(hello.signed, hello.tag)))
        signed = HEADER.pack(VERSION, Confirm.code, offer.session, 0, 0, 0)
        if port.receive(encode(signed, chance.randbytes(TAG_SIZE))) or port._end.session is not None:
            achieved.fail("a guessed tag of a Confirm opened a session")
        achieved.add("tags guessed for a handshake", 2)
        port.close()


_ATTACKS: dict[str, Callable[[Achieved, Wire, HostEnd, Random, int], None]] = {
    "a replay to the pump": _replay,
    "a replay to the host": _replay_to_host,
    "a reflection": _reflect,
    "a splice": _splice,
    "a forged bit": _every_bit,
    "a guessed tag": _guess,
    "a guessed handshake": _guess_a_handshake,
}


# --- with a viewer's key ----------------------------------------------------------------------------------------------


def _viewer(achieved: Achieved, wire: Wire, chance: Random, size: int) -> None:
    """Ask for anything with a viewer's key, also for what a technician has prepared on another port."""
    technician = wire.connect()
    prepared = wire.prepare(technician)
    before = wire.state()
    wire.port = wire.bench.open()
    host = wire.connect(VIEWER)
    aimed: list[Message] = [Commit(prepared.command_id, prepared.token), Resolve(prepared.command_id)]
    for request in [*aimed, wire.wish(), Acknowledge(2**32 - 1)]:
        answers = wire.ask(host, request)
        achieved.add("requests with a viewer's key")
        if [one.reason for one in answers if isinstance(one, Rejected)] != [Refusal.ROLE]:
            achieved.fail(f"a viewer's {type(request).__name__} was answered with {answers}")
    for _ in range(size // 10):
        wire.ask(host, message(chance.choice(SEALED_REQUESTS), chance))
        achieved.add("requests with a viewer's key")
    if wire.state() != before:
        achieved.fail("a viewer's key changed the pump")


def _promoted(achieved: Achieved, wire: Wire, _chance: Random, _size: int) -> None:
    """Edit the role in a viewer's key file, and name the technician's key with the viewer's secret."""
    for role in Role:
        edited = dataclasses.replace(VIEWER, role=role)
        named = dataclasses.replace(edited, key_id=TECHNICIAN.key_id)
        for key in (edited, named):
            wire.bench.now_ns += _LONG_NS
            host = wire.connect(key)
            achieved.add("edited key files")
            if host.is_open is not (key == VIEWER):
                achieved.fail(f"an edited key opened a session: {key}")


_TRESPASSES: dict[str, Callable[[Achieved, Wire, Random, int], None]] = {
    "a viewer's key": _viewer,
    "an edited key": _promoted,
}


CAMPAIGN = Campaign(
    number=8,
    name="attacker",
    promise="who has recorded everything and can send anything changes nothing without a key, ends no session and spoils "
    "no change under way; a viewer's key changes nothing, whatever role its file says",
    run=run,
    controls={
        "ends that take every tag for right": under(no_tags, run),
        "sessions that take a counter again": under(counters_not_kept, run),
        "a pump that repeats its nonces": under(nonces_repeated, run),
        "a pump that lets every key change": under(every_key_may_change, run),
    },
    counts="splices, as many guesses, and a tenth as many requests of a viewer",
    short=150,
    full=1_000_000,
)
