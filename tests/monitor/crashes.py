"""A crash at every step of a change on the monitor's side: killed there, or its power cut, and started again.

The pump runs in the same process behind a line without a port, so that nothing waits and every run is the same. A step
is whatever the disk or the line is asked for, before it and after it. The dead do nothing more: whatever a `finally`
would still do to disk or line fails as well; descriptors are dropped, and with them the locks.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import random
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from monitor import changing, conversation
from monitor.client import PumpClient
from monitor.errors import LinkError, MonitorError
from monitor.intents import Intents
from monitor.keys import Keyring
from protocol.messages import Change, Commit, Outcome, Prepare, Prepared
from protocol.vocabulary import ChangeKind, Role, Verdict
from pumpmock.dialects.native import NativeConversation
from pumpmock.keyring import ensure_keys
from tests.doom import MEMORY, Doom, KilledError, dropping_descriptors
from tests.monitor.conftest import (
    MS,
    SERIAL_NUMBER,
    STORE_ID,
    Clock,
    codes_in,
    counting_random,
    new_device,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from protocol.intent import Intent

NEW_NL_H = 25_000
_SETTLING = 30  # steps, about as many as a monitor takes to connect and settle
# What the line does to the change: by the type of a frame, whether it is lost on its way, and whether the line is then dead.
FATES: dict[str, tuple[int, bool]] = {
    "nothing is lost": (0, False),
    "the answer to Prepare is lost": (Prepared.code, False),
    "the Commit is lost": (Commit.code, False),
    "the answer to Commit is lost": (Outcome.code, False),
    "the line goes before the Commit": (Commit.code, True),
    "the line goes after the Commit": (Outcome.code, True),
}


class World:
    """A pump, a folder of notes, and the line between a monitor and the pump.

    Attributes:
        heard: the changes of which the pump has ever had a Prepare.
        learned: what a monitor took for the verdict, by change.
    """

    def __init__(self, folder: Path, seed: int, fate: str) -> None:
        self.folder = folder / "intents"
        self.clock = Clock()
        self.random = counting_random(1 + seed % 4_000 * 1_000_000)
        self.keys = ensure_keys(folder / "keys", SERIAL_NUMBER, counting_random())
        self.device = new_device(STORE_ID, self.clock, self.random)
        self.doom = Doom()
        self.heard: set[bytes] = set()
        self.learned: dict[bytes, Verdict] = {}
        self.gone = False
        self._lost, self._goes = FATES[fate]
        self._contents: dict[int, bytes] = {}
        honest = self.device.serve

        def serve(request: Any, *rest: Any) -> Any:  # noqa: ANN401 - of the pump
            if isinstance(request, Prepare):
                self.heard.add(request.command_id)
            return honest(request, *rest)

        self.device.serve = serve  # type: ignore[method-assign]

    @property
    def applied(self) -> set[bytes]:
        return {line.command_id for line in self.device.memory.ledger.lines}

    def connect(self) -> PumpClient:
        technician = next(key for key in self.keys.values() if key.role is Role.TECHNICIAN)
        return PumpClient(
            "memory",
            keyring=Keyring(self.folder, (technician,), ()),
            intents=Intents(self.folder),
            random=self.random,
            now_ns=self.clock,
            now_s=lambda: 1_767_225_600,
        )

    def carry(self, data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
        """Carry a request to the pump and its answer back, once as the fate has it."""
        if self._lost in codes_in(data):
            return self._lose()
        said = answer(data)
        return self._lose() if self._lost and self._lost in codes_in(said) else said

    def mend(self) -> None:
        """Lose nothing from now on."""
        self._lost, self.gone = 0, False

    def _lose(self) -> bytes:
        self._lost = 0
        self.gone = self._goes
        return b""

    @contextlib.contextmanager
    def alive(self, fatal: int) -> Iterator[Doom]:
        """Let a monitor live, until its step `fatal`; then all is dropped that the system drops."""
        self.doom = doom = Doom(fatal, synced=dict(self.doom.synced))
        calls = {"write": os.write, "unlink": os.unlink, "link": os.link, "mkdir": os.mkdir}
        with dropping_descriptors(), contextlib.ExitStack() as stack:
            for name, call in calls.items():
                stack.enter_context(mock.patch.object(os, name, doom.around(name, call)))
            stack.enter_context(mock.patch.object(os, "fsync", doom.around("fsync", self._syncing(os.fsync))))
            stack.enter_context(mock.patch.object(fcntl, "flock", doom.around("flock", fcntl.flock)))
            stack.enter_context(mock.patch.object(conversation, "Line", partial(Line, self)))
            stack.enter_context(mock.patch.object(changing, "_PAUSE_BETWEEN_TRIES_S", 0))
            stack.enter_context(mock.patch.object(changing.Changes, "_learn", self._learning()))
            with contextlib.suppress(KilledError):
                yield doom
        self.gone = False

    def _syncing(self, fsync: Callable[[int], None]) -> Callable[[int], None]:
        def synced(descriptor: int) -> None:
            fsync(descriptor)
            path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: PTH115 - /proc
            if path == self.folder:
                kept = {one: self._contents.get(one.stat().st_ino, b"") for one in self.folder.iterdir()}
                self.doom.synced = {one: data for one, data in kept.items() if one.suffix == ".intent"}
            elif self.folder in path.parents:
                found = os.fstat(descriptor)
                self._contents[found.st_ino] = os.pread(descriptor, found.st_size, 0)
                for one in self.doom.synced:
                    if one.exists() and one.stat().st_ino == found.st_ino:
                        self.doom.synced[one] = self._contents[found.st_ino]

        return synced

    def _learning(self) -> Callable[..., None]:
        learn = changing.Changes._learn

        def learned(changes: changing.Changes, intent: Intent, outcome: Outcome) -> None:
            self.learned[intent.command_id] = outcome.verdict
            learn(changes, intent, outcome)

        return learned

    def cut_power(self) -> None:
        """Lose what was not synced: names and lines that are too new, and also that a file was removed."""
        if self.folder.exists():
            for path in self.folder.iterdir():
                path.unlink()
        for path, data in self.doom.synced.items():
            path.write_bytes(data)


class Line:
    """What stands for a port: a conversation with the pump, whose time passes only where nothing comes."""

    def __init__(self, world: World, _url: str, _baud: int) -> None:
        if world.gone:
            raise LinkError("there is no port")
        self._world = world
        self._doom = world.doom
        self._answers = b""
        self._conversation = NativeConversation(
            world.device, world.keys, world.random, opened=lambda _role: None, unsaved=lambda _error: None
        )

    def write(self, data: bytes) -> None:
        self._doom.tick("before sending")
        if self._world.gone:
            raise LinkError("the port has gone")
        self._answers += self._world.carry(data, self._conversation.receive)
        self._doom.tick("after sending")

    def read(self, timeout_ms: float) -> bytes | None:
        self._doom.tick("before receiving")
        answers, self._answers = self._answers, b""
        if not answers:
            self._world.clock.now_ns += max(1, round(timeout_ms)) * MS
        self._doom.tick("after receiving")
        return answers or None

    def close(self) -> None:
        self._conversation.close()


def run(seed: int, size: int = 600) -> Iterator[tuple[str, str]]:
    """Kill a monitor at every step of a change, for every fate of its line, once as a kill and once as a power cut.

    Then the same with a second monitor killed while it settles, at pairs of steps that the seed chooses.

    Args:
        seed: chooses what is not tried in full.
        size: steps tried for each fate, at the most; a tenth of it are pairs.

    Yields:
        for each crash what it was, and a sentence where something was not as it must be afterwards, else nothing.
    """
    dice = random.Random(seed)  # noqa: S311 - repeatable, and no secret
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        folders = (Path(folder) / str(number) for number in itertools.count())
        for fate in FATES:
            steps = len(_live(next(folders), seed, fate, ()).doom.steps)
            chosen = range(1, steps + 1) if size >= steps else sorted(dice.sample(range(1, steps + 1), size))
            plans: list[tuple[int, ...]] = [(fatal,) for fatal in chosen]
            plans += [(dice.randint(1, steps), dice.randint(1, _SETTLING)) for _ in range(size // 10)]
            for plan, power in itertools.product(plans, (False, True)):
                what = f"{'pairs of ' if plan[1:] else ''}crashes of the monitor"
                said = ""
                try:
                    _check(_live(next(folders), seed, fate, plan, power=power))
                except (AssertionError, MonitorError) as error:
                    said = f"seed {seed}, {fate}, {'power cut' if power else 'killed'} at {plan}: {error}"
                yield what, said


def _live(folder: Path, seed: int, fate: str, plan: tuple[int, ...], *, power: bool = False) -> World:
    """Let a monitor make a change, and die as planned; each next one settles, and dies as planned."""
    folder.mkdir()
    world = World(folder, seed, fate)
    for fatal in plan or (0,):
        first = fatal == (plan or (0,))[0]
        client: PumpClient | None = None
        with world.alive(fatal), contextlib.suppress(MonitorError):
            client = world.connect()
            if first:
                _change(client)
        if client is not None:
            client._line.close()
        if power and world.doom.dead:
            world.cut_power()
    return world


def _change(client: PumpClient) -> None:
    client.commit(client.prepare(Change(ChangeKind.RATE, NEW_NL_H), seen=client.status()))


def _assert_noted(world: World) -> None:
    """Whatever the pump has ever heard of is on the disk, or its verdict was learned."""
    noted = {one.intent.command_id for one in Intents(world.folder).look().noted}
    assert world.heard <= noted | world.learned.keys(), "the pump has heard of a change that nobody knows of"
    for command_id, verdict in world.learned.items():
        assert (command_id in world.applied) == (verdict is Verdict.APPLIED), "a verdict was not true"


def _check(world: World) -> None:
    """A monitor that is started now learns the truth, leaves nothing open, and can change again."""
    _assert_noted(world)
    heard, applied = set(world.heard), set(world.applied)
    world.mend()
    with world.alive(0):
        client = world.connect()
        learned = {intent.command_id: outcome.verdict for intent, outcome in client.settled}
        for command_id, verdict in learned.items():
            assert (command_id in applied) == (verdict is Verdict.APPLIED), "the verdict is not true"
            assert command_id in heard or verdict is Verdict.NOT_APPLIED
        assert world.applied == applied, "asking has applied a change"
        assert client.unresolved == (), "a change is open for good"
        assert client.problem == "", client.problem
        assert list(world.folder.glob("*")) == [], "a note was left"
        revision = len(applied)
        assert client.status().status.revision == revision
        prepared = client.prepare(Change(ChangeKind.RATE, NEW_NL_H + 1), seen=client.status())
        assert client.commit(prepared).revision == revision + 1, "the next change was not made"
        client.close()
