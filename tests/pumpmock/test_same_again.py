"""The same seed and the same commands over the memory port make the same journal, to the byte."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from protocol.exchange import HostEnd
from protocol.messages import Acknowledge, AudioPause, Commit, GetEvents, Poll, Prepare, Prepared
from pumpmock.console import event_fields
from pumpmock.model.troubles import Trouble
from pumpmock.ports.memory import MemoryPort
from tests.pumpmock.conftest import ONE_OF_EACH, TECHNICIAN, Bench, counting_random, new_memory

if TYPE_CHECKING:
    from protocol.fields import Message

_SPANS_NS = (0, 1, 10**9, 3_600 * 10**9, 86_400 * 10**9)


def journal(seed: int, drive_ppm: int, steps: int) -> bytes:
    """Return all that passed over the port, each event as it is told, and the state that the pump ended in.

    Args:
        seed: what is done, and when.
        drive_ppm: by how much the pump's drive is off.
        steps: how much is done.
    """
    lines: list[str] = []
    memory = new_memory(rate_error_ppm=drive_ppm, epoch_s=1_767_225_600)
    bench = Bench(memory)
    bench.device.pump.on_event = lambda record: lines.append(json.dumps(event_fields(record)))
    port, end = MemoryPort(bench.open), HostEnd(TECHNICIAN, bytes(range(16)))
    doing, naming = Random(seed), counting_random(1_000)  # noqa: S311 - what is done, not a secret

    def send(data: bytes) -> list[Message]:
        answers: list[Message] = []
        while data:
            port.write(data)
            answer = port.read(65_536)
            lines.append(f"{bench.now_ns} > {data.hex()}\n{bench.now_ns} < {answer.hex()}")
            got, data = end.receive(answer)
            answers += [one.message for one in got]
        return answers

    send(end.hello())
    for _ in range(steps):
        bench.now_ns += doing.choice(_SPANS_NS)
        now = bench.status()
        change = doing.choice([*ONE_OF_EACH.values()])
        prepare = Prepare(naming(8), now.revision, now.commanded_rate_nl_h, 0, change)
        request = doing.choice(
            [Poll(), GetEvents(1), Acknowledge(0xFFFF), AudioPause(60), prepare, prepare, prepare]
        )
        for answer in send(end.ask(request)[0]):
            if isinstance(answer, Prepared):
                send(end.ask(Commit(answer.command_id, answer.token))[0])
        if doing.random() < 0.1:
            (
                bench.device.pump.relieve
                if Trouble.STALL in bench.device.pump.troubles
                else bench.device.pump.strike
            )(Trouble.STALL)
    return "\n".join([*lines, json.dumps(memory.pump.to_dict(), sort_keys=True)]).encode()


@given(st.integers(0, 2**32), st.sampled_from([-145_000, 0, 23_000]), st.integers(0, 40))
def test_the_same_seed_and_commands_make_the_same_journal(seed: int, drive_ppm: int, steps: int) -> None:
    assert journal(seed, drive_ppm, steps) == journal(seed, drive_ppm, steps)


def test_a_journal_has_frames_events_and_changes_and_another_seed_or_drive_makes_another() -> None:
    one = journal(1, 0, 60)
    assert one.count(b" > ") > 60
    assert one.count(b'"event": ') > 10
    assert len({one, journal(2, 0, 60), journal(1, 1, 60)}) == 3
