"""Lost, doubled, inserted, swapped and zeroed bytes, cut and merged frames: at every place of every type, then by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.frame import Decoder
from protocol.messages import build
from tests.campaigns.campaign import Achieved, Campaign, dice, under
from tests.campaigns.defects import neither_sums_nor_tags, slow_to_recover
from tests.campaigns.specimens import Specimen, sealed_bodies, specimens, taken
from tests.protocol.helpers import frame_of, sessions

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    Damage = Callable[[bytearray, int], None]

_INSERTED = (0x00, 0x01, 0x02, 0x7F, 0xFF)
_FRAMES = 6  # a stream of the second part
_DAMAGES = 4  # in one of them, at the most


def _lose(frame: bytearray, at: int) -> None:
    del frame[at]


def _double(frame: bytearray, at: int) -> None:
    frame.insert(at, frame[at])


def _swap(frame: bytearray, at: int) -> None:
    frame[at : at + 2] = frame[at : at + 2][::-1]


def _zero(frame: bytearray, at: int) -> None:
    frame[at] = 0


def _cut_end(frame: bytearray, at: int) -> None:
    del frame[at:]


def _cut_beginning(frame: bytearray, at: int) -> None:
    del frame[:at]


def _break_off(frame: bytearray, at: int) -> None:
    frame[at:] = b"\0"


def _inserter(value: int) -> Damage:
    return lambda frame, at: frame.insert(at, value)


# Each changes one frame's bytes at a place; its neighbours on the wire keep theirs.
DAMAGES: dict[str, Damage] = {
    "byte lost": _lose,
    "byte doubled": _double,
    "bytes swapped": _swap,
    "byte zeroed": _zero,
    "end cut off": _cut_end,
    "beginning cut off": _cut_beginning,
    "broken off by a delimiter": _break_off,
    **{f"0x{value:02x} inserted": _inserter(value) for value in _INSERTED},
}


def run(size: int, seed: int) -> Achieved:
    """Damage every frame at every place, then `size` streams of frames of any type at some places."""
    achieved = Achieved()
    for specimen in specimens():
        _at_every_place(achieved, specimen)
    chance = dice(seed)
    talks = [_Talk(from_device=from_device) for from_device in (False, True)]
    for number in range(size):
        _by_chance(achieved, talks[number % 2], chance)
    return achieved


def _at_every_place(achieved: Achieved, specimen: Specimen) -> None:
    """Send the frame three times and damage the second; the first and the third must arrive."""
    wire = specimen.wire
    for at in range(len(wire)):
        for name, damage in DAMAGES.items():
            changed = bytearray(wire)
            damage(changed, at)
            _judge(achieved, specimen, wire + changed + wire, 2, f"{name} at {at}")
    _judge(achieved, specimen, wire[:-1] + wire[:-1] + wire, 3, "three that share their delimiters")
    _judge(achieved, specimen, wire[:-1] + wire[1:] + wire, 1, "two merged")


def _judge(achieved: Achieved, specimen: Specimen, stream: bytes, intact: int, how: str) -> None:
    right, wrong = taken(specimen, stream)
    achieved.add("damages at every place")
    achieved.most("frames lost by one damage, at the most", 3 - right)
    if wrong:
        achieved.fail(f"{specimen.name} was accepted as something else: {how}")
    if right < intact:
        achieved.fail(f"an intact {specimen.name} was lost: {how}")


class _Talk:
    """What one side may say in a session, with the session that hears it."""

    def __init__(self, *, from_device: bool) -> None:
        self.bodies = [(body.code, build(body)) for body in sealed_bodies(from_device=from_device)]
        host, pump = sessions()
        self.sender, self.receiver = (pump, host) if from_device else (host, pump)


def _by_chance(achieved: Achieved, talk: _Talk, chance: Random) -> None:
    """Damage a stream of frames in up to four places; every frame that was not touched must arrive, in order."""
    wires = [talk.sender.seal(*chance.choice(talk.bodies)) for _ in range(_FRAMES)]
    sent = [frame_of(wire) for wire in wires]
    frames = [bytearray(wire) for wire in wires]
    touched: set[int] = set()
    done = [_damage(frames, touched, chance) for _ in range(chance.randint(1, _DAMAGES))]
    before = talk.receiver.heard
    accepted = [frame for frame in Decoder().feed(b"".join(frames)) if talk.receiver.open(frame) is None]
    intact = [frame for number, frame in enumerate(sent) if number not in touched]
    achieved.add("damaged streams, by chance")
    achieved.add("damages by chance", len(done))
    achieved.add("intact frames among them", len(intact))
    if [frame for frame in accepted if frame not in sent]:
        achieved.fail(f"a damaged frame was accepted after counter {before}: {done}")
    if [frame for frame in intact if frame not in accepted]:
        achieved.fail(f"an intact frame was lost after counter {before}: {done}")


def _damage(frames: list[bytearray], touched: set[int], chance: Random) -> str:
    which = chance.randrange(_FRAMES)
    frame = frames[which]
    if which and chance.random() < 1 / (1 + len(DAMAGES)) and frame and frames[which - 1]:
        del frames[which - 1][-1], frame[0]
        touched |= {which - 1, which}
        return f"frame {which} merged with the one before"
    if not frame:
        return f"nothing is left of frame {which}"
    name, damage = chance.choice(list(DAMAGES.items()))
    at = chance.randrange(len(frame))
    damage(frame, at)
    touched.add(which)
    return f"{name} at {at} of frame {which}"


CAMPAIGN = Campaign(
    number=2,
    name="byte damage",
    promise="no frame with lost, doubled, inserted, swapped or zeroed bytes, cut or merged, is accepted as another, "
    "and every frame that was not touched is accepted, the very next included",
    run=run,
    controls={
        "a receiver that checks neither sum nor tag": under(neither_sums_nor_tags, run),
        "a decoder that loses the frame after a damaged one": under(slow_to_recover, run),
    },
    counts="streams damaged by chance",
    short=300,
    full=1_000_000,
)
