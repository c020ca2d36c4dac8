"""The same conversation twice, with calendar clocks that go on steadily and with some that jump: nothing else may differ."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

from monitor.changing import Changes
from monitor.errors import MonitorError, RefusedError
from monitor.intents import Found, Noted
from monitor.snapshot import NS_PER_MS, Reading
from protocol.messages import Change, Poll, Status
from protocol.vocabulary import ChangeKind, EventKind
from pumpmock.device import Device
from tests.campaigns.campaign import Achieved, Campaign, dice, under
from tests.campaigns.held_line import HeldLine
from tests.pumpmock.conftest import Bench, new_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from random import Random

    from monitor.conversation import Conversation
    from monitor.intents import Intents
    from protocol.fields import Message
    from protocol.intent import Intent
    from protocol.messages import Prepared

_STEPS = 12  # a conversation
_TODAY_S = 1_767_225_600
_HOUR_S = 3_600
_MOST_CLOCK_S = 0xFFFF_FFFF
_MARGIN_S = 100 * 86_400  # a conversation is shorter
_DECIDES_MS = (
    0,
    900,
    14_000,
    14_900,
    15_100,
    20_000,
)  # between read-back and Commit, on both sides of the expiry
_LATE_MS = (2, 2, 1_500, 2_500)  # on either side of the time-out of a Commit
_WAITS_MS = (0, 1_000, 60_000, 3 * _HOUR_S * 1_000, 25 * _HOUR_S * 1_000)  # the last is longer than a session
_JUMPS = 0.3  # the chance at each write of the host, and at each moment between two


class _Calendars:
    """The calendar clocks of host and pump, which jump by hours or years where they may."""

    def __init__(self, bench: Bench, chance: Random, *, jumping: bool) -> None:
        self.jumps = 0
        self._bench = bench
        self._chance = chance
        self._jumping = jumping
        self._begun_ns = bench.now_ns
        self._host_s = float(_TODAY_S)

    def host_s(self) -> float:
        """Return what the host's shows, in seconds since 1970 UTC."""
        return self._host_s + (self._bench.now_ns - self._begun_ns) / 1e9

    def pump_s(self) -> int:
        """Return what the pump's shows."""
        return self._bench.device.pump.sample().clock_s

    def other_s(self) -> int:
        """Return to what somebody sets a clock: what it shows, or wherever it may jump to."""
        shown_s = self.pump_s()
        if not self._jumping:
            return shown_s
        hours = shown_s + self._chance.randint(-100, 100) * _HOUR_S
        years = self._chance.randrange(_MARGIN_S, _MOST_CLOCK_S - _MARGIN_S)
        return min(max(self._chance.choice((hours, years)), _MARGIN_S), _MOST_CLOCK_S - _MARGIN_S)

    def may_jump(self) -> None:
        """Let one of them, or both, jump now."""
        if not self._jumping or self._chance.random() >= _JUMPS:
            return
        self.jumps += 1
        if self._chance.randrange(3):
            self._host_s += self.other_s() - self.pump_s()
        if self._chance.randrange(3):
            # Not by a change: the clock itself went wrong, so nobody is told and no revision is made.
            pump = self._bench.device.pump
            moved = self.other_s() - self.pump_s()
            therapy = pump._mechanism.therapy
            therapy = dataclasses.replace(therapy, epoch_s=therapy.epoch_s + moved)
            pump._mechanism = dataclasses.replace(pump._mechanism, therapy=therapy)


class _JumpyLine(HeldLine):
    """A line on which every write is a moment at which the clocks may jump, before it and while it is under way."""

    def __init__(self, bench: Bench, calendars: _Calendars) -> None:
        super().__init__(bench)
        self._calendars = calendars

    def write(self, data: bytes) -> None:
        self._calendars.may_jump()
        super().write(data)
        self._calendars.may_jump()


class _Notes:
    """Intents kept as those on the disk are."""

    def __init__(self) -> None:
        self._noted: dict[bytes, Noted] = {}

    def note(self, intent: Intent) -> None:
        self._noted[intent.command_id] = Noted(intent, Path(), under_way=True)

    def let_go(self, intent: Intent) -> None:
        self._noted[intent.command_id] = Noted(intent, Path(), under_way=False)

    def forget(self, intent: Intent) -> None:
        self._noted.pop(intent.command_id, None)

    def look(self, _serial_number: str) -> Found:
        return Found(tuple(self._noted.values()), ())


def run(size: int, seed: int) -> Achieved:
    """Hold `size` conversations, each with both sorts of clocks."""
    achieved = Achieved()
    for number in range(size):
        steady, _ = _converse(seed, number, jumping=False)
        jumping, jumps = _converse(seed, number, jumping=True)
        achieved.add("conversations")
        achieved.add("jumps", jumps)
        for said in steady:
            achieved.add(said[0])
        if steady != jumping:
            place = next((i for i, (a, b) in enumerate(zip(steady, jumping, strict=False)) if a != b), -1)
            achieved.fail(f"conversation {number}, entry {place}: {steady[place]}, {jumping[place]}")
    return achieved


def _converse(seed: int, number: int, *, jumping: bool) -> tuple[list[tuple[str, object]], int]:
    """Return all that was asked, answered, held to be true and logged, without its dates, and how often a clock jumped."""
    chance = dice(seed, number)
    bench = Bench(new_memory(epoch_s=_TODAY_S))
    calendars = _Calendars(bench, dice(seed, number, "clocks"), jumping=jumping)
    line = _JumpyLine(bench, calendars)
    told: list[tuple[str, object]] = []
    with _noted(bench.device, told):
        talk = line.conversation(chance.randbytes)
        changes = Changes(talk, cast("Intents", _Notes()), chance.randbytes, calendars.host_s)
        for _ in range(_STEPS):
            line.held_ms = 2
            try:
                told.append(
                    ("changes that the host holds to be made", _step(talk, changes, line, calendars, chance))
                )
            except MonitorError as error:
                told.append(("steps that ended in an error", f"{type(error).__name__}: {error}"))
            bench.now_ns += chance.choice(_WAITS_MS) * NS_PER_MS
            calendars.may_jump()
    told += [("events logged", _undated(record)) for record in bench.device.pump.events.since(0)]
    told += [("changes applied", dataclasses.astuple(one)) for one in bench.memory.ledger.lines]
    return told, calendars.jumps


def _step(
    talk: Conversation, changes: Changes, line: _JumpyLine, calendars: _Calendars, chance: Random
) -> object:
    """Poll the pump and change something, or think better of it after the read-back."""
    status, asked_ns = talk.ask(Poll(), Status)
    seen = Reading(talk.key.serial_number, status, asked_ns)
    change = _wanted(status, calendars, chance)
    calendars.may_jump()
    prepared = changes.prepare(change, seen=seen)
    line.bench.now_ns += chance.choice(_DECIDES_MS) * NS_PER_MS
    calendars.may_jump()
    return _undated(_end(changes, prepared, line, chance))


def _end(changes: Changes, prepared: Prepared, line: _JumpyLine, chance: Random) -> Message:
    if not chance.randrange(5):
        return changes.resolve(prepared.command_id)
    line.hold_next(chance.choice(_LATE_MS))
    return changes.commit(prepared)


def _wanted(status: Status, calendars: _Calendars, chance: Random) -> Change:
    rate_nl_h = chance.randrange(15_000, 30_000)
    return chance.choice(
        (
            Change(ChangeKind.RATE, rate_nl_h),
            Change(ChangeKind.TEMPORARY_RATE, rate_nl_h, duration_s=7_200),
            Change(ChangeKind.BOLUS, volume_nl=100_000, duration_s=1_800),
            Change(ChangeKind.STOP if status.commanded_rate_nl_h else ChangeKind.RESUME),
            Change(ChangeKind.CLOCK, clock_s=calendars.other_s()),
        )
    )


@contextmanager
def _noted(device: Device, told: list[tuple[str, object]]) -> Iterator[None]:
    """Note what the pump is asked and what it answers."""
    serve = device.serve

    def noting(request: Message, *circumstances: Any) -> Message:  # noqa: ANN401 - as the device takes them
        answer = serve(request, *circumstances)
        told.append(("requests answered", (_undated(request), _undated(answer))))
        return answer

    with patch.object(device, "serve", noting):
        yield


def _undated(said: Any) -> object:  # noqa: ANN401 - a message, or what it is made of
    """Return what a message says apart from the calendar."""
    if isinstance(said, tuple):
        return tuple(map(_undated, said))
    if not dataclasses.is_dataclass(said):
        return said
    dates = {"clock_s"}
    if getattr(said, "kind", None) is EventKind.CLOCK_SET:
        dates.add("a")  # what the clock showed before
    names = [one.name for one in dataclasses.fields(said) if one.name not in dates]
    return (type(said).__name__, *((name, _undated(getattr(said, name))) for name in names))


def _expires_by_the_calendar() -> AbstractContextManager[object]:
    return patch.object(Device, "now_ms", lambda device: device.pump.sample().clock_s * 1_000)


def _host_expires_by_its_calendar() -> AbstractContextManager[object]:
    send = Changes.commit

    def commit(changes: Changes, prepared: Prepared) -> Message:
        age_s = changes._now_s() - changes._open[prepared.command_id].noted_s
        if not 0 <= age_s < prepared.ttl_ms / 1_000:
            raise RefusedError("this change is not prepared any more: prepare it again")
        return send(changes, prepared)

    return patch.object(Changes, "commit", commit)


CAMPAIGN = Campaign(
    number=17,
    name="clocks",
    promise="calendar clocks of host and pump that jump by hours or years at any moment, also in the middle of a change, "
    "alter no verdict, no answer, no expiry and nothing in the log but its dates",
    run=run,
    controls={
        "a pump that decides expiry by its calendar": under(_expires_by_the_calendar, run),
        "a host that decides expiry by its calendar": under(_host_expires_by_its_calendar, run),
    },
    counts=f"conversations of {_STEPS} steps, each held twice",
    short=8,
    full=10_000,
)
