"""Two thousand pumps in one process, each polled once a second: its CPU time, and the memory that a pump takes.

Reference: as many pseudo-terminals in one bare asyncio loop that echoes, written to at the same pace and as many bytes.
Each poll is made, sent and answered one after another, spread over the second as independent hosts would; that work is
another process's and does not count.
"""

from __future__ import annotations

import json
import os
import resource
import select
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from emulators import end
from rig import Medians, Result, RigError, take_turns

from protocol.exchange import HostEnd
from protocol.frame import TAG_SIZE, encode, header
from protocol.keys import BENCH_KEY
from protocol.messages import Poll

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME = "many-pumps-cpu"
MEMORY_NAME = "many-pumps-memory"
ROUNDS = 3
PUMPS = 2_000
MOST_RATIO = 2.0
MOST_KB = 20.0
_SECONDS = 5
_PATIENCE_MS = 20_000
_READ_SIZE = 4_096
_BESIDE = 100
_ROOT = Path(__file__).resolve().parents[1]
_ECHOES = Path(__file__).with_name("echoes.py")


def measure(rounds: int = ROUNDS) -> Result:
    """Return per cent of one core, and print the budget of memory beside it.

    Raises:
        RigError: a pump does not answer, or the process does not start.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, PUMPS + _BESIDE), hard))
    taken: list[tuple[float, float]] = []
    medians = take_turns(NAME, rounds, lambda: _pumps(taken), _echoes)
    # Beside it stands what a process with a single pump takes, nearly all of which is Python's.
    memory = Medians(*(statistics.median(column) for column in zip(*taken, strict=True)))
    print(memory.value_at_most(MEMORY_NAME, "kB a pump", MOST_KB), flush=True)
    return medians.at_most(NAME, "%", MOST_RATIO)


def _pumps(taken_kb: list[tuple[float, float]]) -> float:
    with served(1) as (process, _):
        alone_kb = _memory_kb(process)
    with served(PUMPS) as (process, names), _opened(names) as lines:
        hosts = [_Host(line) for line in lines]
        percent = _percent(process, [host.poll for host in hosts])
        taken_kb.append(((_memory_kb(process) - alone_kb) / (PUMPS - 1), alone_kb))
    return percent


def _echoes() -> float:
    asked = encode(header(Poll.code, 1, 1, 1, b""), bytes(TAG_SIZE))
    with (
        _started([sys.executable, str(_ECHOES), str(PUMPS)]) as (process, first),
        _opened(json.loads(first)) as lines,
    ):
        return _percent(process, [lambda line=line: _echoed(line, asked) for line in lines])


def _echoed(line: int, asked: bytes) -> None:
    os.write(line, asked)
    if _read(line) != asked:
        raise RigError("the echo is not what was sent")


class _Host:
    """A host with the bench key, in a session with the pump on an open line."""

    def __init__(self, line: int) -> None:
        self._line = line
        self._end = HostEnd(BENCH_KEY, os.urandom(16))
        os.write(line, self._end.hello())
        while not self._end.is_open:
            _, confirm = self._end.receive(_read(line))
            if confirm:
                os.write(line, confirm)

    def poll(self) -> None:
        asked, counter = self._end.ask(Poll())
        os.write(self._line, asked)
        while True:
            answers, _ = self._end.receive(_read(self._line))
            if answers:
                if answers[-1].ack != counter:
                    raise RigError("a pump answered something else")
                return


def _percent(process: psutil.Process, polls: list[Callable[[], None]]) -> float:
    """Let every poll be made once a second, and return per cent of a core that the other process took."""
    before_s, began_s = _cpu_s(process), time.monotonic()
    for number in range(_SECONDS * len(polls)):
        polls[number % len(polls)]()
        # The pace is what is measured: each pump once a second, evenly spread.
        time.sleep(max(0.0, began_s + number / len(polls) - time.monotonic()))
    return 100 * (_cpu_s(process) - before_s) / (time.monotonic() - began_s)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _memory_kb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1_000


def _read(line: int) -> bytes:
    poll = select.poll()  # select ends at descriptor 1,023
    poll.register(line, select.POLLIN)
    if not poll.poll(_PATIENCE_MS):
        raise RigError("no answer came")
    return os.read(line, _READ_SIZE)


@contextmanager
def served(pumps: int) -> Iterator[tuple[psutil.Process, list[str]]]:
    """Serve so many pumps with the bench key, and give the process and the names of their ports."""
    with tempfile.TemporaryDirectory(prefix="pumpmock-bench-") as folder:
        link = str(Path(folder, "pump"))
        command = [
            sys.executable,
            "-m",
            "pumpmock",
            "serve",
            "--pumps",
            str(pumps),
            "--pty",
            link,
            "--bench-key",
            "--json",
        ]
        with _started(command) as (process, first):
            ready = json.loads(first)
            yield process, [pump["ports"]["pty"] for pump in ready.get("pumps", [ready])]


@contextmanager
def _started(command: list[str]) -> Iterator[tuple[psutil.Process, str]]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT, start_new_session=True)
    try:
        first = process.stdout.readline() if process.stdout else ""
        if not first:
            raise RigError(f"{command[1]} did not start")
        yield psutil.Process(process.pid), first
    finally:
        end(process)


@contextmanager
def _opened(names: list[str]) -> Iterator[list[int]]:
    lines = [os.open(name, os.O_RDWR | os.O_NOCTTY) for name in names]
    try:
        yield lines
    finally:
        for line in lines:
            os.close(line)
