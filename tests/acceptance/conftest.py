"""Real programs on real ports: an emulator as a process, and pump-monitor as another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from queue import Queue
from typing import TYPE_CHECKING, Any, Self

import pytest

from tests.acceptance.browser import browser, page  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_S = (
    30  # the longest that anything here may take on a slow machine; nothing waits for it when all is well
)


class Program:
    """A running program whose lines can be awaited."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._streams = {"out": Queue[str | None](), "err": Queue[str | None]()}
        pipes = {"out": self.process.stdout, "err": self.process.stderr}
        self._readers = [
            threading.Thread(target=self._read, args=(pipe, self._streams[name]))
            for name, pipe in pipes.items()
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, pipe: Any, lines: Queue[str | None]) -> None:  # noqa: ANN401 - a text pipe
        for line in pipe:
            lines.put(line.rstrip("\n"))
        lines.put(None)  # the end

    def line(self, stream: str = "out") -> str | None:
        """Await the next line; None at the end of the stream."""
        return self._streams[stream].get(timeout=WAIT_S)

    def line_with(self, text: str, stream: str = "out") -> str:
        """Await a line that contains `text`."""
        while (line := self.line(stream)) is not None:
            if text in line:
                return line
        raise AssertionError(f"{self.process.args} ended without saying {text!r}")

    def end(self) -> int:
        self.process.terminate()
        return self.wait()

    def kill(self) -> None:
        self.process.kill()
        self.wait()

    def wait(self) -> int:
        code = self.process.wait(timeout=WAIT_S)
        for reader in self._readers:
            reader.join(timeout=WAIT_S)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


class Emulator(Program):
    """`pumpmock serve`, once its ports answer."""

    def __init__(self, *options: str) -> None:
        super().__init__("pumpmock", "serve", "--json", *options)
        first = self.line()
        assert first, f"the emulator did not start: {self.line('err')}"
        self.ready: dict[str, Any] = json.loads(first)
        self.ports: dict[str, str] = self.ready["ports"]

    def event(self, name: str) -> dict[str, Any]:
        """Await the event `name`."""
        found: dict[str, Any] = json.loads(self.line_with(f'"event": "{name}"'))
        return found


class Bench:
    """What a test starts, and what goes with it: a folder for the link, the keys and the state."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.link = folder / "pump"
        self.keys = folder / "keys"
        self._stack = stack

    def serve(self, *options: str, link: Path | None = None) -> Emulator:
        ports = ("--pty", str(link or self.link), "--tcp", "127.0.0.1:0", "--rfc2217", "127.0.0.1:0")
        # A frozen pump never lets the time between two changes pass: a test that wants limits says so.
        limits = () if "--limits" in options else ("--limits", "none")
        return self._stack.enter_context(Emulator(*ports, *self._keys(options), *limits, *options))

    def _keys(self, options: tuple[str, ...], keys: Path | None = None) -> tuple[str, ...]:
        return () if "--bench-key" in options else ("--keys", str(keys or self.keys))

    def start_monitor(self, command: str, *words: str) -> Program:
        return self._stack.enter_context(
            Program("monitor", command, *self._words(command, words), *self._keys(words))
        )

    def monitor(
        self, command: str, *words: str, keys: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a pump-monitor command to its end."""
        return self.run(command, *self._words(command, words), *self._keys(words, keys))

    def with_keys(self, *words: str) -> tuple[str, ...]:
        """Return options of a program that is to find this bench's keys."""
        return (*words, "--keys", str(self.keys))

    def _words(self, command: str, words: tuple[str, ...]) -> tuple[str, ...]:
        # As with the limits: a pump that was just started takes no increase by the drug's rules for a day.
        judged = command == "set-rate" and "--drugs" not in words
        return (*words, "--drugs", "none") if judged else words

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a pump-monitor command without keys to its end."""
        return subprocess.run(
            [sys.executable, "-m", "monitor", *words],
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def status(self, url: str) -> dict[str, Any]:
        done = self.monitor("status", url, "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def unresolved(self) -> list[dict[str, Any]]:
        """Return what is noted without a verdict."""
        return [json.loads(line) for line in self.run("unresolved", "--json").stdout.splitlines()]

    def events(self, url: str) -> list[dict[str, Any]]:
        done = self.monitor("events", url, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with ExitStack() as stack:
        yield Bench(tmp_path, stack)


@pytest.fixture(params=["pty", "tcp"])
def port(request: pytest.FixtureRequest) -> str:
    """The kind of port to go through; where RFC 2217 may make a difference, a module has a fixture of its own."""
    kind: str = request.param
    return kind
