"""A crash at every step of a change on the pump's side: killed there, or its power cut, and started again.

Everything is real but the time, the disk's syncing, and the process: the device and its file, the conversation, and the
host's end of it, who writes down what it is told. A step is whatever the disk or the motor is asked for and each reply,
before it and after it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from unittest import mock

from protocol.exchange import HostEnd
from protocol.handshake import NONCE_SIZE
from protocol.ledger import Ledger
from protocol.messages import (
    Change,
    Commit,
    Events,
    GetEvents,
    Outcome,
    Poll,
    Prepare,
    Prepared,
    Resolve,
    Status,
)
from protocol.vocabulary import ChangeKind, EventKind, Verdict
from pumpmock.device import Device
from pumpmock.dialects.native import NativeConversation
from pumpmock.model.pump import Pump
from pumpmock.pace import REAL_SPEED, Pace
from pumpmock.snapshot import Memory, SnapshotError, Store
from tests.doom import MEMORY, Doom, KilledError, dropping_descriptors
from tests.pumpmock.conftest import (
    KEYS,
    ONE_OF_EACH,
    RATE_NL_H,
    SERIAL_NUMBER,
    STORE_ID,
    TECHNICIAN,
    S,
    counting_random,
)
from tests.pumpmock.cut_disk import ENDS, KILLED, Disk
from tests.pumpmock.told import Told
from tests.pumpmock.untroubled import assert_untroubled
from tests.settings import usual_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from protocol.fields import Message

_M = TypeVar("_M", bound="Message")

CHANGES = {change.kind: change for change in (*ONE_OF_EACH.values(), Change(ChangeKind.MINIMUM_RATE))}
_NEXT = Change(ChangeKind.CLOCK, clock_s=1_800_000_000)  # which any pump takes
_FIRST, _SECOND = b"command1", b"command2"
_BETWEEN_NS = 1_700_000_000  # from a request to the next
_LATER_NS = 3 * 3_600 * S  # in which modes end
_UNTROUBLED = "changes without a crash"


class World:
    """A pump on its disk, and a host that changes it once.

    Attributes:
        told: what the host was told, held against what it is told later.
        turned: whether the motor was seen to follow the change, in whichever life.
    """

    def __init__(self, folder: Path, change: Change) -> None:
        self.path = folder / "pump.json"
        self.disk = Disk(folder)
        self.change = change
        self.told = Told()
        self.turned = False
        self.doom = Doom()
        self.device: Device | None = None
        self._now_ns = 1_000 * S
        self._random = counting_random()
        pump = Pump(usual_settings(epoch_s=1_767_225_600), fill_nl=18_000_000, rate_nl_h=RATE_NL_H)
        if change.kind is not ChangeKind.MINIMUM_RATE:
            pump.apply(Change(ChangeKind.MINIMUM_RATE))
        pump.advance(5_000_001)
        self._base = pump.to_dict()
        with self.alive(0):
            Store(self.path).save(Memory(SERIAL_NUMBER, STORE_ID, 0, 0, Ledger(), pump))

    # --- the process ------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def alive(self, fatal: int) -> Iterator[None]:
        """Let a pump's process live, until its step `fatal`; then all is dropped that the system drops."""
        self.doom = doom = Doom(fatal)
        self.device = None
        calls = {"unlink": os.unlink, "replace": os.replace, **self.disk.calls()}
        with dropping_descriptors(), contextlib.ExitStack() as stack:
            for name, call in calls.items():
                stack.enter_context(mock.patch.object(os, name, doom.around(name, call)))
            stack.enter_context(mock.patch.object(json, "dump", self._write))
            stack.enter_context(
                mock.patch.object(Pump, "apply", doom.around("the motor", self._turning(Pump.apply)))
            )
            with contextlib.suppress(KilledError):
                yield

    def start(self) -> None:
        """Start the pump from its file, as `pumpmock serve` does."""
        store = Store(self.path)
        try:
            memory = store.load()
        except SnapshotError as error:
            said = str(error).replace(str(self.path), self.path.name)
            raise AssertionError(f"the pump can't read what it has stored: {said}") from error
        assert memory is not None, "the pump has lost its file"
        memory.boot += 1
        self.device = Device(
            memory,
            pace=Pace(REAL_SPEED, self._now_ns, memory.pump.clock.now_us),
            wall_ns=lambda: self._now_ns,
            random=self._random,
            save=store.save,
            model="bench",
            firmware="1.2.3",
        )
        memory.pump.record(EventKind.START)
        self.device.persist()
        self._conversation = NativeConversation(
            self.device, KEYS, self._random, opened=lambda _role: None, unsaved=_fail
        )
        self._end = HostEnd(TECHNICIAN, self._random(NONCE_SIZE))
        data = self._end.hello()
        while data:
            answers, data = self._end.receive(self._carry(data))
            for answer in answers:
                self.told.take(answer.message)

    def _write(self, content: object, file: TextIO, **form: Any) -> None:  # noqa: ANN401 - of json.dump
        """Write in two halves, so that a file may be left half written."""
        text = json.dumps(content, **form)
        for half in (text[: len(text) // 2], text[len(text) // 2 :]):
            self.doom.tick("before write")
            file.write(half)
            file.flush()
            self.doom.tick("after write")

    def _turning(self, honest: Callable[..., None]) -> Callable[..., None]:
        def turned(pump: Pump, change: Change, *, overridden: bool = False) -> None:
            honest(pump, change, overridden=overridden)
            self.turned |= change == self.change

        return turned

    # --- the host ---------------------------------------------------------------------------------------------------

    def ask(self, request: Message, kind: type[_M]) -> _M:
        """Ask the pump, which may die of it, and note its answer."""
        data, _ = self._end.ask(request)
        (answer,), _ = self._end.receive(self._carry(data))
        assert isinstance(answer.message, kind), f"{request} was answered by {answer.message}"
        self.told.take(answer.message)
        self.doom.tick("after the reply")
        return answer.message

    def make(self, command_id: bytes, change: Change) -> None:
        """Make a change, and look at the pump before and after it."""
        seen = self.ask(Poll(), Status)
        overridden = int(command_id == _FIRST)
        prepare = Prepare(command_id, seen.revision, seen.commanded_rate_nl_h, overridden, change)
        prepared = self.ask(prepare, Prepared)
        outcome = self.ask(Commit(command_id, prepared.token), Outcome)
        assert outcome.verdict is Verdict.APPLIED
        self.look()

    def settle(self) -> Verdict:
        """Ask what became of the change."""
        verdict = Verdict(self.ask(Resolve(_FIRST), Outcome).verdict)
        self.look()
        return verdict

    def look(self) -> None:
        """Read the status and the newest of the log."""
        self.ask(GetEvents(max(0, self.ask(Poll(), Status).newest_event - 3)), Events)

    def _carry(self, data: bytes) -> bytes:
        self._now_ns += _BETWEEN_NS
        reply = self._conversation.receive(data)
        self.doom.tick("before the reply")
        return reply

    # --- what must be -----------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Start a pump that nothing befalls, and hold it against all that was told and done."""
        with self.alive(0):
            self.start()
            assert self.device is not None
            ledger, verdict = self.device.memory.ledger, self.settle()
            applied = ledger.find(_FIRST) is not None
            assert (verdict is Verdict.APPLIED) == applied, "the verdict is not true"
            assert ledger.revision == applied, f"there are {ledger.revision} revisions"
            assert applied or not self.turned, "the motor followed a change that is not in the ledger"
            self.make(_SECOND, _NEXT)
            self._now_ns += _LATER_NS
            self.look()
            assert_untroubled(self.device.memory, self._base, {_FIRST: self.change, _SECOND: _NEXT})


def _fail(error: OSError) -> None:
    raise AssertionError(f"the pump could not store: {error}")


def live(folder: Path, change: Change, plan: tuple[int, ...], end: str) -> World:
    """Let a pump be changed, and die as planned; in each further life it is asked what became of it, and dies as planned."""
    folder.mkdir()
    world = World(folder, change)
    for life, fatal in enumerate(plan):
        with world.alive(fatal):
            world.start()
            if life:
                world.settle()
            else:
                world.make(_FIRST, change)
        if world.doom.dead:
            world.disk.crash(end)
    return world


def run(seed: int, size: int) -> Iterator[tuple[str, str]]:
    """Crash the pump at steps of a change of every kind, and at pairs of steps, for each of the ends.

    Args:
        seed: chooses what is not tried in full.
        size: steps tried for each end, and pairs of steps, at the most; all where there are no more.

    Yields:
        for each crash what it was, and a sentence where something was not as it must be afterwards, else nothing.
    """
    dice = random.Random(f"{seed}/pump")  # noqa: S311 - repeatable, and no secret
    with tempfile.TemporaryDirectory(dir=MEMORY) as base:
        folders = (Path(base) / str(number) for number in itertools.count())
        steps: dict[ChangeKind, tuple[int, int]] = {}
        for kind, change in CHANGES.items():
            try:
                steps[kind] = _steps(folders, change)
            except AssertionError as error:
                yield _UNTROUBLED, f"{kind.name}, without a crash: {error}"
            else:
                yield _UNTROUBLED, ""
        singles = {kind: (one, 1) for kind, (one, _) in steps.items()}
        for (what, ways), end in itertools.product(
            {"crashes": singles, "pairs of crashes": steps}.items(), ENDS
        ):
            total = sum(one * other for one, other in ways.values())
            chosen = range(total) if size >= total else sorted(dice.sample(range(total), size))
            for kind, pair in map(partial(_plan, ways), chosen):
                plan = pair if ways is steps else pair[:1]
                said = _failure(next(folders), CHANGES[kind], plan, end)
                yield f"{what} of the pump", said and f"seed {seed}, {kind.name}, {end} at {plan}: {said}"


def _failure(folder: Path, change: Change, plan: tuple[int, ...], end: str) -> str:
    try:
        live(folder, change, plan, end).check()
    except AssertionError as error:
        return str(error)
    finally:
        shutil.rmtree(folder)
    return ""


def _steps(folders: Iterator[Path], change: Change) -> tuple[int, int]:
    """Return how many steps there are to the change, and from a start to its verdict."""
    made = live(next(folders), change, (0,), KILLED)
    settled = live(next(folders), change, (0, 0), KILLED)
    return len(made.doom.steps), len(settled.doom.steps)


def _plan(ways: dict[ChangeKind, tuple[int, int]], number: int) -> tuple[ChangeKind, tuple[int, int]]:
    """Return the way of this number to crash: the change, and the steps in the first life and in the second."""
    for kind, (one, other) in ways.items():
        if number < one * other:
            return kind, (number // other + 1, number % other + 1)
        number -= one * other
    raise IndexError(number)
