"""Long work shows that it lives, and Ctrl-C ends it with what it has achieved: real processes, and a look by hand."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from tests.campaigns.campaign import Achieved
from tests.campaigns.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK, LONG = "8", "17"  # campaigns; at this size the first takes a moment, the second a quarter of a minute
SIZE = "300"


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def test_a_look_tells_the_time_since_the_last_sentence_and_what_was_counted(stream: io.StringIO) -> None:
    now = [100.0]
    progress = Progress(stream, lambda: now[0])
    progress.say("7 things: 1,000 things")
    now[0] += 12
    progress.look()
    Achieved().add("things tried", 4_500)
    now[0] += 3_600
    progress.look()
    progress.say("8 others: 5 others")
    now[0] += 1
    progress.look()
    assert stream.getvalue().splitlines() == [
        *("7 things: 1,000 things", "     12 s", "     3,612 s; 4,500 things tried"),
        *("8 others: 5 others", "     1 s"),
    ]


def test_on_a_terminal_a_look_takes_the_place_of_the_last(stream: io.StringIO) -> None:
    progress = Progress(stream, lambda: 0.0, rewriting=True)
    Achieved().add("things " * 20)
    progress.look()
    progress.say("8 others")
    first, last = stream.getvalue().split("\r")[1:]
    assert (len(first.removeprefix("\x1b[K")), last) == (78, "\x1b[K8 others\n")


def test_nobody_looks_while_memory_is_traced(stream: io.StringIO) -> None:
    looks = [0]

    class Counted(Progress):
        def look(self) -> None:
            looks[0] += 1

    tracemalloc.start()
    try:
        with Counted(stream, time.monotonic, 1e-6) as progress:
            progress._ending.acquire(timeout=0.05)
            assert looks == [0]
            tracemalloc.stop()
            while not looks[0]:
                os.sched_yield()
    finally:
        tracemalloc.stop()
    assert not progress._thread.is_alive()


class Running:
    """`python -m tests.campaigns` with a terminal for its standard error."""

    def __init__(self) -> None:
        self._master, slave = os.openpty()
        command = [sys.executable, "-m", "tests.campaigns", QUICK, LONG, "--size", SIZE]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=slave, text=True)
        os.close(slave)
        self.said = ""
        self._heard = 0

    def hear(self, text: str) -> None:
        """Await that a text is said, after the last one that was awaited."""
        while (found := self.said.find(text, self._heard)) < 0:
            self.said += os.read(self._master, 4_096).decode()
        self._heard = found + len(text)

    def hear_out(self) -> None:
        with contextlib.suppress(OSError):  # which is how the end of a terminal is told
            while data := os.read(self._master, 4_096):
                self.said += data.decode()

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        os.close(self._master)


@pytest.fixture
def running() -> Iterator[Running]:
    begun = Running()
    yield begun
    begun.close()


@pytest.mark.timeout(60)
def test_a_long_campaign_shows_that_it_lives_and_ctrl_c_keeps_what_was_finished(running: Running) -> None:
    running.hear(f"\x1b[K{LONG} ")
    running.hear("     1 s")  # a look
    running.process.send_signal(signal.SIGINT)
    out, _ = running.process.communicate(timeout=60)
    running.hear_out()
    assert running.process.returncode == 130
    assert out.count(": passed") == 1
    assert f"again       python -m tests.campaigns {QUICK} --seed 1 --size {SIZE}" in out
    assert "interrupted after 1 of the campaigns" in running.said
    assert "Traceback" not in running.said
