"""Kills of the emulator: `pumpmock serve` is killed at any instant while a host changes it, and started again on its file."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pumpmock.snapshot import Store
from tests.campaigns.campaign import Achieved, Campaign, dice
from tests.campaigns.doubting_host import GoneError, Host, Wire

if TYPE_CHECKING:
    from random import Random

_KILLS_A_PUMP = 50  # its ledger grows, and all of it is in each save
_REQUESTS = 12  # a kill is ordered before one of so many, and comes in a moment: work is counted, and no time
_LATEST_US = 10_000  # from the order to the kill
_IN_ITS_START = 8  # of so many kills one comes while the pump starts
_START_US = 100_000  # from the fork to such a kill
_FREE = ("--limits", "none", "--drugs", "none")  # changes follow one another at once
_OPTIONS = ("--json", "--bench-key", *_FREE, "--speed", "60", "--flow", "24 mL/day")


class _Pumps:
    """The process that forks and kills pumps."""

    def __init__(self, defect: str) -> None:
        command = [sys.executable, "-m", "tests.campaigns.forked_pumps", *defect.split()]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C is for us, and we end them
        )
        self.printed = ""

    def order(self, **what: object) -> None:
        assert self._process.stdin is not None
        print(json.dumps(what), file=self._process.stdin, flush=True)

    def await_line(self, *keys: str) -> dict[str, Any]:
        """Return the next line of JSON with one of these keys; `printed` keeps what came instead of JSON."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                self.printed = line.strip() or self.printed
                continue
            if set(keys) & set(event):
                return dict(event)
        raise AssertionError(f"no pump was started: {self.printed}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


class _Pump:
    """One pump's file and ports, through all its processes."""

    def __init__(self, folder: Path, pumps: _Pumps, host: Host, chance: Random) -> None:
        folder.mkdir()
        self._folder = folder
        self._state = folder / "pump.json"
        self._pumps = pumps
        self._host = host
        self._chance = chance

    def start(self) -> None:
        ports = ("--pty", str(self._folder / "port"), "--tcp", "127.0.0.1:0", "--state", str(self._state))
        self._pumps.order(serve=[*ports, *_OPTIONS])

    def kill(self, *, once_told: bool) -> str:
        """Start it, kill it, and return when; `once_told` waits for a change to be told of.

        Raises:
            AssertionError: where it does not start again, or contradicts what it has told.
        """
        in_its_start = self._chance.randrange(_IN_ITS_START) == 0
        kind: str = self._chance.choice(("pty", "tcp"))
        self.start()
        if in_its_start and not once_told:
            self._pumps.order(kill_after_us=self._chance.randrange(_START_US))
            self._await_kill()
            return "in the start"
        ready = self._pumps.await_line("ports", "ended")
        if "ports" not in ready and not self._host.answers:
            raise RuntimeError(f"no pump can be started: {self._pumps.printed}")  # which proves nothing
        assert "ports" in ready, f"the pump does not start again: {self._pumps.printed}"
        plan = _Plan(self._chance, self._host, self._pumps, once_told=once_told)
        self._host.before_asking = plan.look
        with closing(Wire(kind, ready["ports"][kind])) as wire:
            try:
                self._host.connect(wire.descriptor)
                while True:
                    self._host.change()
            except GoneError:
                pass
            finally:
                plan.order()
                self._await_kill()
        return f"at work over {kind}"

    def check_file(self) -> None:
        """Hold the file as the last process left it against what was told."""
        with closing(Store(self._state)) as store:
            memory = store.load()
        stored = [] if memory is None else [line.command_id for line in memory.ledger.lines]
        assert stored[: len(self._host.applied)] == self._host.applied, "the ledger is not what was told"
        assert len(stored) <= len(self._host.applied) + self._host.is_in_doubt, "more was done than was asked"

    def _await_kill(self) -> None:
        assert self._pumps.await_line("killed", "ended").get("killed"), "the pump ended by itself"


class _Plan:
    """Orders the kill, once: before one of the next requests, or before the first after a change was told of."""

    def __init__(self, chance: Random, host: Host, pumps: _Pumps, *, once_told: bool) -> None:
        self._host = host
        self._pumps = pumps
        self._left = chance.randrange(_REQUESTS)
        self._delay_us = chance.randrange(_LATEST_US)
        self._told = len(host.applied) if once_told else None
        self._is_ordered = False

    def look(self) -> None:
        """Order it, if it is time."""
        told = self._told
        if self._left <= 0 if told is None else len(self._host.applied) > told:
            self.order()
        self._left -= 1

    def order(self) -> None:
        """Order it now, if it is not ordered yet."""
        if not self._is_ordered:
            self._is_ordered = True
            self._pumps.order(kill_after_us=self._delay_us)


def run(size: int, seed: int, defect: str = "", *, once_told: bool = False) -> Achieved:
    """Kill `size` processes, a new pump after each 50 and after each failure."""
    achieved = Achieved()
    with ExitStack() as stack:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pumps = stack.enter_context(_Pumps(defect))
        number = 0
        while number < size:
            kills = min(_KILLS_A_PUMP, size - number)
            host = Host(dice(seed, "host", number))
            pump = _Pump(base / str(number), pumps, host, dice(seed, "kills", number))
            number += _kill(achieved, pump, host, kills, once_told=once_told)
    return achieved


def _kill(achieved: Achieved, pump: _Pump, host: Host, kills: int, *, once_told: bool) -> int:
    """Kill one pump's processes until it fails, `kills` at the most; return how many."""
    achieved.add("pumps")
    done = 0
    try:
        while done < kills:
            done += 1
            in_doubt, answers = host.is_in_doubt, host.answers
            how = pump.kill(once_told=once_told)
            achieved.add(f"kills {how}")
            achieved.vary("answers seen", host.answers - answers)
            achieved.vary("changes in doubt after a kill", host.is_in_doubt and not in_doubt)
            pump.check_file()
    except AssertionError as error:
        achieved.fail(f"kill {done}: {error}")
    achieved.vary("changes told of", len(host.applied))
    return done


CAMPAIGN = Campaign(
    number=12,
    name="kills",
    promise="an emulator that is killed at any instant and started again on its file contradicts nothing that was ever seen on "
    "its ports: no revision, verdict, event or delivered nanolitre is taken back, and no change is made twice",
    run=run,
    controls={
        "an emulator that answers before it stores": partial(
            run, defect="answers before it stores", once_told=True
        ),
    },
    counts="kills of the process",
    short=10,
    full=1_000,
)
