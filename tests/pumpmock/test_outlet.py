"""Who reads what the emulator prints slowly, or not at all, holds up nothing, and is told what it missed."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from monitor.client import PumpClient
from monitor.keys import bench_keyring
from pumpmock import outlet
from pumpmock.outlet import Outlet

if TYPE_CHECKING:
    from pathlib import Path


PATIENCE_S = 60  # only reached by a test that fails


def test_the_first_line_comes_first_and_each_other_is_there_when_it_was_said() -> None:
    read, write = os.pipe()
    with os.fdopen(write, "w") as stream, os.fdopen(read) as reader:
        lines = Outlet(stream, str)
        lines.say("two")
        lines.say_first("one")
        assert reader.readline() == "one\n"
        assert reader.readline() == "two\n"
        for number in range(100):
            lines.say(str(number))
        lines.close()
        assert [reader.readline() for _ in range(100)] == [f"{number}\n" for number in range(100)]


def test_a_reader_that_stops_holds_up_nobody_and_is_told_how_much_it_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outlet, "MOST_WAITING", 10)
    read, write = os.pipe()
    with os.fdopen(write, "w") as stream, os.fdopen(read) as reader:
        lines = Outlet(stream, lambda count: f"missed {count}")
        lines.say_first("x" * 999)
        said = 1
        while not lines._lost:
            lines.say("x" * 999)
            said += 1
        for _ in range(4):
            lines.say("lost too")
        found: list[str] = []
        while not found or not found[-1].startswith("missed"):
            found.append(reader.readline())
        lines.close()
        assert found[:-1] == ["x" * 999 + "\n"] * (said - 1)
        assert found[-1] == "missed 5\n"


def test_an_end_does_not_wait_for_a_reader_that_never_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "_LAST_WORDS_S", 0.01)
    read, write = os.pipe()
    stream = os.fdopen(write, "w")
    lines = Outlet(stream, str)
    lines.say_first("x" * 1_000_000)

    lines.close()

    os.close(read)  # the thread's write ends with that
    next(thread for thread in threading.enumerate() if thread.name == "outlet").join(PATIENCE_S)
    stream.close()


@pytest.mark.parametrize(("pumps", "link"), [(1, "tty"), (2, "tty1")])
def test_a_pump_whose_output_is_never_read_answers_for_as_long_as_it_lives(
    tmp_path: Path, pumps: int, link: str
) -> None:
    command = [sys.executable, "-m", "pumpmock", "serve", "--pumps", str(pumps), "--bench-key", "--json"]
    command += ["--pty", str(tmp_path / "tty")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        json.loads(process.stdout.readline())
        fcntl.fcntl(process.stdout.fileno(), fcntl.F_SETPIPE_SZ, 4_096)  # some forty sessions fill it
        for _ in range(100):
            with PumpClient(str(tmp_path / link), keyring=bench_keyring()) as pump:
                pump.status()
        process.terminate()
        told = process.stdout.read().splitlines()
        assert process.wait(PATIENCE_S) == 0
    assert sum('"session"' in line for line in told) == 100
