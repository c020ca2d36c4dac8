"""Readings over a line that holds them back: what the monitor shows as live against when the pump sampled it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

from monitor.conversation import Conversation
from monitor.errors import LinkError
from monitor.judgement import is_live, stale_after_ms
from monitor.snapshot import NS_PER_MS, Link, Reading, Snapshot
from protocol.messages import Poll, Status
from tests.campaigns.campaign import Achieved, Campaign, dice, under
from tests.campaigns.held_line import HeldLine
from tests.pumpmock.conftest import Bench

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from random import Random

    from protocol.fields import Message

_POLLS = 20  # a line
_PERIODS_MS = (100, 1_000, 5_000)
_MOST_FRAMES = 252  # that wait in a line for a host that is stopped
_LATEST_MS = 60_000
_NS_A_US = 1_000

_ask = Conversation.ask


def run(size: int, seed: int) -> Achieved:
    """Poll a pump over each of `size` lines, and judge each reading when it arrives and as long as it passes for live."""
    achieved = Achieved()
    for number in range(size):
        chance = dice(seed, number)
        bench = Bench()  # pump time is wall time
        line = HeldLine(bench)
        begun_ns = bench.now_ns
        talk = line.conversation(chance.randbytes)
        period_ms = chance.choice(_PERIODS_MS)
        achieved.add("lines")
        for poll in range(_POLLS):
            _disturb(line, chance, achieved)
            try:
                status, asked_ns = talk.ask(Poll(), Status)
            except LinkError:
                achieved.add("polls without an answer")
            else:
                sampled_ns = begun_ns + status.pump_time_us * _NS_A_US
                reading = Reading(talk.key.serial_number, status, asked_ns)
                where = f"line {number}, poll {poll}, period {period_ms} ms"
                _judge(
                    achieved,
                    where,
                    Snapshot("held", period_ms, Link.LIVE, reading=reading),
                    sampled_ns,
                    bench,
                )
            bench.now_ns += period_ms * NS_PER_MS
    return achieved


def _disturb(line: HeldLine, chance: Random, achieved: Achieved) -> None:
    """Decide what becomes of the frames of the next poll."""
    fate = chance.randrange(4)
    line.held_ms = 2
    if fate == 1:
        line.held_ms = chance.choice((chance.randrange(1_500), chance.randrange(_LATEST_MS)))
        achieved.add("delays")
    elif fate == 2:
        line.stop_ms = chance.randrange(1, _LATEST_MS)
        achieved.add("times that the host stopped")
    if chance.randrange(2):
        again = chance.choices(line.said, k=chance.randint(1, _MOST_FRAMES))
        line.replay(again)
        achieved.add("frames played again", len(again))


def _judge(achieved: Achieved, where: str, shown: Snapshot, sampled_ns: int, bench: Bench) -> None:
    """Look at a reading on arrival, and at the last moment at which it can pass for live."""
    assert shown.reading is not None
    limit_ns = stale_after_ms(shown.period_ms) * NS_PER_MS
    arrived_ns, last_ns = bench.now_ns, shown.reading.asked_ns + limit_ns
    achieved.add("readings")
    achieved.most("greatest age of a reading on arrival, ms", (arrived_ns - sampled_ns) // NS_PER_MS)
    achieved.add("readings not live any more on arrival", not is_live(shown, arrived_ns))
    for now_ns in {arrived_ns, max(arrived_ns, last_ns), max(arrived_ns, sampled_ns + limit_ns + 1)}:
        true_ns = now_ns - sampled_ns
        if not is_live(shown, now_ns):
            continue
        achieved.add("judgements live")
        achieved.most("greatest true age shown as live, ms", true_ns // NS_PER_MS)
        if true_ns > limit_ns:
            achieved.fail(f"{where}: live at a true age of {true_ns} ns, the limit is {limit_ns} ns")


def _dates_by_arrival() -> AbstractContextManager[object]:
    def ask(talk: Conversation, request: Message, kind: type[Message], *tries: int) -> tuple[Message, int]:
        return _ask(talk, request, kind, *tries)[0], talk._now_ns()

    return patch.object(Conversation, "ask", ask)


def _takes_any_frame() -> AbstractContextManager[object]:
    wait = Conversation._await
    return patch.object(
        Conversation, "_await", lambda talk, _counter, deadline_ns: wait(talk, 0, deadline_ns)
    )


CAMPAIGN = Campaign(
    number=15,
    name="freshness",
    promise="no reading is shown as live that the pump sampled longer ago than the limit, whatever the line holds back "
    "or plays again and for however long the host is stopped",
    run=run,
    controls={
        "a host that dates readings by their arrival": under(_dates_by_arrival, run),
        "a host that takes any frame for its answer": under(_takes_any_frame, run),
    },
    counts=f"lines of {_POLLS} polls each",
    short=30,
    full=20_000,
)
