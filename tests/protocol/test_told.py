"""Whatever is told to a person about frames and entries of the event log, word for word, against told.txt.

After a change of wording: `python -m tests.protocol.test_told > tests/protocol/told.txt`, and read the difference.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docs.vectors.__main__ import FOLDER
from docs.vectors.given import TECHNICIAN, VIEWER
from protocol.alarms import Alarm
from protocol.explain import CHECKS, explain
from protocol.frame import MOST_PAYLOAD, encode, header
from protocol.keys import Key
from protocol.messages import (
    Challenge,
    Confirm,
    EventRecord,
    Events,
    GetProgram,
    Hello,
    Identify,
    Identity,
    Poll,
    Status,
    build,
)
from protocol.vocabulary import EventKind, Log, Mode, PressRefusal, Refusal
from protocol.wording import bound_text, clock_text, event_line, event_text, event_word
from tests.protocol.helpers import READING
from tests.protocol.test_explain import OPENING, SESSION, sealed
from tests.protocol.test_frame import wire_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GOLDEN = Path(__file__).with_name("told.txt")
CLOCK_S = 1_795_433_460  # 2026-11-23 11:31:00
NO_TAG = bytes(range(16))
POLL = encode(header(Poll.code, 9, 1, 0, b""), NO_TAG)


def vectors(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="ascii"))
    return loaded


def frame(code: int, payload: bytes = b"", session: int = 9, counter: int = 1, ack: int = 0) -> bytes:
    return encode(header(code, session, counter, ack, payload) + payload, NO_TAG)


def checks(title: str, data: bytes, keys: Sequence[Key] = (), first: str = CHECKS[0]) -> Iterator[str]:
    """Tell of the frames in `data`, all checks of each in their order, from the one named `first` on."""
    yield f"== {title}"
    for found in explain(data, keys):
        yield f"at {found.offset}, type {found.code}"
        for check in found.checks[CHECKS.index(first) :]:
            yield f"  {check.name}: {check.passed}: {check.said}"


def fields(title: str, data: bytes) -> Iterator[str]:
    """Tell of the frames in `data`, all fields of each in their order."""
    yield f"== {title}"
    for found in explain(data):
        yield f"at {found.offset}"
        for each in found.fields:
            yield f"  {each.offset} {each.name} {each.data.hex()}: {each.value} {each.unit} {each.meaning}".rstrip()


def contents() -> Iterator[str]:
    """Tell of the fields of every message of the vectors."""
    yield "== contents"
    for vector in vectors("frames")["vectors"]:
        (found,) = explain(bytes.fromhex(vector["wire"]))
        for each in found.fields[6:-2]:
            yield f"{each.name}: {each.value} {each.unit} {each.meaning}".rstrip()


def verified(title: str, data: bytes, keys: Sequence[Key] = ()) -> Iterator[str]:
    """Tell of undamaged frames what depends on those before them."""
    return checks(title, data, keys, "session")


def sessions() -> Iterator[str]:
    """Tell what can be verified, and what can't."""
    talk = (
        *OPENING,
        sealed(1, ack=1),
        sealed(2, Status.code, build(READING), ack=1),
        sealed(3, Identify.code, ack=7),
        sealed(1),
        sealed(0),
        sealed(2**31 + 1),
        frame(Poll.code, b"", SESSION, 9),
        frame(Status.code, build(READING), SESSION, 9, 2),
    )
    yield from verified("with the key", b"".join(talk), (TECHNICIAN, VIEWER))
    yield from verified("with another key", b"".join(talk[:5]), (VIEWER,))
    yield from verified("without a key", b"".join(talk[:5]))
    wrong = Key(TECHNICIAN.serial_number, TECHNICIAN.role, TECHNICIAN.key_id, bytes(32))
    yield from verified("with a wrong secret", b"".join(OPENING), (wrong,))
    hello = frame(Hello.code, VIEWER.key_id + bytes(17), 0, 0)
    yield from verified("with the Hello of another", hello + OPENING[1], (TECHNICIAN,))
    yield from verified("without Hello", b"".join(OPENING[1:]), (TECHNICIAN,))
    yield from verified("without Challenge", b"".join(OPENING[2:]), (TECHNICIAN,))
    forged = frame(Confirm.code, b"", SESSION, 3, 4)
    yield from verified("with a forged Confirm", b"".join((*OPENING[:2], forged)), (TECHNICIAN,))


def oddities() -> Iterator[str]:
    """Tell of what is damaged, or not of this version."""
    strange = b"".join(
        (
            frame(0x7E),
            frame(0xFE, b"\x01\x02"),
            frame(Poll.code, b"\x01"),
            frame(Status.code, b"short"),
            frame(Challenge.code, bytes(8) + b"\xff" * 8 + bytes(41), 1, 2, 3),
            frame(GetProgram.code, b"\x09"),
            frame(Identity.code, b"\x03abc"),
            frame(
                Events.code, build(Events(Log.EVENTS, 7, (EventRecord(7, 2_000_000, CLOCK_S, 99, 1, 2, 3),)))
            ),
        )
    )
    yield from checks("not of this version", strange)
    yield from fields("not of this version", strange)
    damaged = {
        "another version": wire_of(b"\x02" + bytes(30)),
        "another length": wire_of(b"\x01" + bytes(13) + b"\x05" + bytes(16)),
        "no end": POLL[:-1],
        "too short": b"\0\x01\x01\0",
        "too long": b"\0" + b"\x01" * 237 + b"\0",
        "bad lengths": POLL[:5] + b"\xf0" + POLL[6:],
        "a bad sum": POLL[:-3] + bytes((POLL[-3] ^ 1,)) + POLL[-2:],
        "a bad sum, and another version": spoiled(b"\x02" + bytes(14) + NO_TAG),
        "a bad sum, and another length": spoiled(header(Poll.code, 9, 1, 0, bytes(1)) + NO_TAG),
        "a bad sum in the longest frame": spoiled(
            header(Poll.code, 9, 1, 0, bytes(MOST_PAYLOAD)) + bytes(MOST_PAYLOAD) + NO_TAG
        ),
    }
    for title, data in damaged.items():
        yield from checks(title, data)
        yield from fields(title, data)


def spoiled(raw: bytes) -> bytes:
    """Return `raw` as a frame whose sum is wrong in one bit."""
    whole = wire_of(raw)
    return whole[:-2] + bytes((whole[-2] ^ 4,)) + whole[-1:]


def entries() -> Iterator[str]:
    """Tell of entries of the event log: every kind, every reason and alarm, known or not."""

    def record(kind: int, detail: int = 0, a: int = 0, b: int = 0) -> EventRecord:
        return EventRecord(1, 0, CLOCK_S, kind, detail, a, b)

    for kind in (*EventKind, 99):
        for detail, a, b in ((0, 20_833, 25_000), (2, 1, 90), (9, 0, 0)):
            told = record(kind, detail, a, b)
            yield f"{kind:d} {detail} {a} {b}: {event_word(told)}: {event_text(told)}"
    for reason in (*Refusal, 200):
        yield f"refused {reason:d}: {event_text(record(EventKind.REFUSED, reason, 25_000, 1_000_000))}"
        yield f"bound of {reason:d}: {bound_text(reason, 90)}"
    for reason in (*PressRefusal, 200):
        yield f"press {reason:d}: {event_text(record(EventKind.PATIENT_BOLUS_REFUSED, reason))}"
    yield event_line(record(EventKind.MODE_ENDED, Mode.PATIENT_BOLUS, 600_000, 25_000))
    for kind in (EventKind.ALARM_RAISED, EventKind.ALARM_CLEARED, EventKind.ACKNOWLEDGED):
        for alarm in (*Alarm, 77):
            yield event_line(record(kind, alarm))
    yield from map(clock_text, (0, CLOCK_S, 253_402_300_799, 253_402_300_800))


def told() -> str:
    """Return all of it."""
    return "\n".join([*dict.fromkeys(contents()), *sessions(), *oddities(), *entries()]) + "\n"


def test_everything_is_told_word_for_word_as_it_was_read_and_approved() -> None:
    assert told().splitlines() == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_every_kind_of_entry_and_every_reason_is_among_it() -> None:
    lines = GOLDEN.read_text(encoding="utf-8")
    assert all(f"\n{kind:d} 0 " in lines for kind in EventKind)
    assert all(f"\nrefused {reason:d}: " in lines for reason in Refusal)
    assert all(f"\npress {reason:d}: " in lines for reason in PressRefusal)


if __name__ == "__main__":
    print(told(), end="")  # noqa: T201 - what it is for
