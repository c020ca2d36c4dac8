"""Fuzz behind every door where bytes become something: frames, payloads with a valid tag, key files, the saved state."""

from __future__ import annotations

import json
import traceback
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from protocol import keys
from protocol.exchange import DeviceEnd, HostEnd
from protocol.fields import MessageError
from protocol.frame import FROM_DEVICE, MOST_PAYLOAD, Decoder
from protocol.keys import KeyFileError
from protocol.messages import Challenge, Confirm, Hello, build, parse
from pumpmock.snapshot import SnapshotError, Store
from tests.campaigns.campaign import Achieved, Campaign, dice, under
from tests.campaigns.defects import (
    key_files_told,
    lets_errors_out,
    parser_lets_errors_out,
    serial_numbers_unchecked,
)
from tests.campaigns.guided import Tracer, explore, mutate_bytes, mutate_json
from tests.campaigns.specimens import sealed_bodies, specimens
from tests.protocol.helpers import TECHNICIAN, Bench, connect, frame_of
from tests.pumpmock.conftest import Bench as PumpBench
from tests.pumpmock.conftest import lived_memory, new_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

_MOST_LINES = 100_000  # of Python for one input: far more than any needs, and soon over
_SECRET = TECHNICIAN.secret.hex()
_PARTS = [_SECRET[at : at + 8] for at in range(len(_SECRET) - 7)]
_WHERE = "PM-00001.technician.key"


class _Door(NamedTuple):
    """One place where bytes become something.

    Attributes:
        check: takes an input; raises where something is raised that should not be, or is not as it should be.
        corpus: what the mutations begin with.
        mutate: makes an input of others.
        share: of the size, one input in so many.
    """

    check: Callable[[bytes], None]
    corpus: list[bytes]
    mutate: Callable[[bytes, list[bytes], Random], bytes]
    share: int = 1


def run(size: int, seed: int, only: str = "") -> Achieved:
    """Try `size` inputs at every door, or at one, and a third as many at the saved state."""
    achieved = Achieved()
    with _doors() as doors:
        for name in [only] if only else doors:
            door = doors[name]
            corpus = list(dict.fromkeys(door.corpus))
            tracer = Tracer(_MOST_LINES)
            count = max(1, size // door.share)
            chance = dice(seed, name)
            for tried, error in explore(
                door.check, corpus, door.mutate, count=count, chance=chance, tracer=tracer
            ):
                achieved.fail(f"{name}: {type(error).__name__}: {error} for {tried[:200]!r}")
            achieved.add(f"inputs to {name}", count)
            achieved.add(f"steps from line to line seen behind {name}", len(tracer.seen))
            achieved.most("lines run for one input, at the most", tracer.most)
            achieved.add(
                "inputs that led further and were mutated in turn", len(corpus) - len(set(door.corpus))
            )
    return achieved


def _longer_at_the_state(size: int, seed: int) -> Achieved:
    """Try more at the saved state: one wrong place among its many is not met at once."""
    return run(6 * size, seed, only="the saved state")


@contextmanager
def _doors() -> Iterator[dict[str, _Door]]:
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "pump.json")
        try:
            yield {
                "the decoder": _decoder(),
                "the payload parser": _parser(),
                "both ends behind a valid tag": _ends(),
                "the key file": _key_file(),
                "the saved state": _saved_state(store),
            }
        finally:
            store.close()


def _require(holds: bool, said: str) -> None:  # noqa: FBT001 - as assert takes it
    if not holds:
        raise AssertionError(said)


def _decoder() -> _Door:
    frames = [one.wire for one in specimens()]
    intact = frames[0]

    def check(given: bytes) -> None:
        found = Decoder().feed(given + intact)
        _require(found[-1:] == [frame_of(intact)], "the intact frame after it was not found")

    return _Door(check, [*frames, b"\0" * 40, b"\x55" * 300], mutate_bytes)


def _payloads() -> list[bytes]:
    """Return type code and payload of a message of every kind, at both extremes."""
    bodies = [*sealed_bodies(from_device=False), *sealed_bodies(from_device=True)]
    return [bytes([body.code]) + build(body) for body in bodies]


def _parser() -> _Door:
    def check(given: bytes) -> None:
        code, payload = (given[0], given[1:]) if given else (0, b"")
        try:
            body = parse(code, payload)
        except MessageError as error:
            _require(str(error).isprintable(), "the refusal can't be printed")
            return
        _require(build(body) == payload, "it is not built as it was parsed")

    return _Door(check, _payloads(), mutate_bytes)


def _ends() -> _Door:
    """Seal a payload as its peer would: a real pump answers once, and a host takes it or counts it."""
    port = PumpBench(speed=1).open()
    asking = HostEnd(TECHNICIAN, bytes(16))
    data = asking.hello()
    while data:
        data = asking.receive(port.receive(data))[1]
    answering: DeviceEnd = Bench().port()
    hearing = connect(answering)

    def check(given: bytes) -> None:
        code, payload = (given[0], given[1:][:MOST_PAYLOAD]) if given else (0, b"")
        if code & FROM_DEVICE:
            assert answering._session is not None
            dropped = hearing.dropped
            answers, to_send = hearing.receive(answering._session.seal(code, payload))
            heard = len(answers) + hearing.dropped - dropped
            _require(heard == (code != Challenge.code), "neither taken nor counted")
            _require(to_send == b"", "answered by a host")
        else:
            assert asking._session is not None
            reply = port.receive(asking._session.seal(code, payload))
            greets = code in {Hello.code, Confirm.code}
            _require(len(Decoder().feed(reply)) == (not greets), "not answered once")

    return _Door(check, _payloads(), mutate_bytes)


def _key_file() -> _Door:
    text = keys.to_text(TECHNICIAN)

    def check(given: bytes) -> None:
        try:
            keys.from_text(given.decode("utf-8", "replace"), _WHERE)
        except KeyFileError as error:
            told = "".join(traceback.format_exception(error, chain=True, limit=0))
            assert told.startswith("protocol.keys.KeyFileError: " + _WHERE) or _WHERE in told
            assert not any(_SECRET[at : at + 8] in told for at in range(0, 57, 8)), (
                "a part of the key is told"
            )

    return _Door(check, [text.encode(), json.dumps(json.loads(text)).encode(), b"[]", b"7"], mutate_json)


def _saved_state(store: Store) -> _Door:
    def saved() -> bytes:
        return store.path.read_bytes()

    def check(given: bytes) -> None:
        store.path.write_bytes(given)
        try:
            memory = store.load()
        except SnapshotError as error:
            _require(str(store.path) in str(error), "the file is not named")
            return
        assert memory is not None
        store.save(memory)
        once = saved()
        again = store.load()
        assert again is not None
        store.save(again)
        _require(saved() == once, "it is not saved as it was loaded")

    corpus = []
    for memory in (new_memory(), lived_memory()):
        store.save(memory)
        corpus.append(saved())
    return _Door(check, corpus, mutate_json, share=3)


CAMPAIGN = Campaign(
    number=6,
    name="fuzz",
    promise="no input, however it was found, makes the decoder, the payload parser, either end behind a valid tag, the "
    "reader of key files or of the saved state crash, run on, or tell a part of a key; what is taken is written back "
    "the same",
    run=run,
    controls={
        "a decoder that lets an error out": under(lets_errors_out, partial(run, only="the decoder")),
        "a payload parser that lets an error out": under(
            parser_lets_errors_out, partial(run, only="the payload parser")
        ),
        "a reader that quotes the key file that it refuses": under(
            key_files_told, partial(run, only="the key file")
        ),
        "a state loader that takes any serial number": under(serial_numbers_unchecked, _longer_at_the_state),
    },
    counts="inputs at each of five doors, a third of that for the saved state",
    short=300,
    full=150_000,
)
