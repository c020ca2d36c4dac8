"""A disk that fails at any step of storing makes no told verdict untrue; where nobody can know, nothing is told.

Each step is failed in turn, for a commit and for a resolve. Then the pump starts again from every content that the disk
may hold, and what it says is held against what the host was told.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protocol.exchange import HostEnd
from protocol.messages import Commit, Outcome, Poll, Prepared, Rejected, Resolve, Status
from protocol.vocabulary import Refusal, Role, Verdict
from pumpmock.keyring import ensure_keys
from pumpmock.snapshot import InDoubtError, Memory, Store
from tests.pumpmock.conftest import RATE_NL_H, SERIAL_NUMBER, SESSION, Bench, Host, preparing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from protocol.fields import Message
    from pumpmock.device import Device

EIO = OSError(5, "Input/output error")
WANTED_NL_H = 25_000
COMMAND = b"command1"


def _is_folder(descriptor: int) -> bool:
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


def fail_write(patch: pytest.MonkeyPatch) -> None:
    def half(_content: object, file: TextIO, **_named: object) -> None:
        file.write('{"format":1,')
        file.flush()
        raise EIO

    patch.setattr(json, "dump", half)


def fail_fsync_file(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(os, "fsync", _failing(os.fsync, lambda descriptor: not _is_folder(descriptor)))


def fail_open_folder(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(os, "open", _failing(os.open, lambda path, *_: Path(path).is_dir()))


def fail_rename(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Path, "replace", _failing(Path.replace, lambda *_: True))


def fail_fsync_folder(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(os, "fsync", _failing(os.fsync, _is_folder))


def _failing(real: Callable[..., object], when: Callable[..., bool]) -> Callable[..., object]:
    def call(*words: object, **named: object) -> object:
        if when(*words):
            raise EIO
        return real(*words, **named)

    return call


STEPS = (fail_write, fail_fsync_file, fail_open_folder, fail_rename, fail_fsync_folder)


class Disk:
    """A device that stores in a real file, and the host on it. `save` and `resolve` may be broken variants."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "pump.json"
        self.store = Store(self.path)
        self.bench = Bench()
        self.bench.device._save = self.save
        self.host = Host(self.bench.open())
        rate = self.host.ask(Poll(), Status).commanded_rate_nl_h
        self.prepared = self.host.ask(preparing(COMMAND, WANTED_NL_H, seen_nl_h=rate), Prepared)
        self.contents = {self.path.read_bytes()}

    def save(self, memory: Memory) -> None:
        """Store, and note what the disk may hold from now on: after a failure, what it held before as well."""
        try:
            self.store.save(memory)
        except (OSError, InDoubtError):
            self.contents.add(self.path.read_bytes())
            raise
        self.contents = {self.path.read_bytes()}

    def ask_while(self, failing: Callable[[pytest.MonkeyPatch], None], request: Message) -> Message | None:
        """Return what the host is told while the disk fails; None where the pump stops without a word."""
        self.bench.now_ns += 10**9  # so that there is something to store
        with pytest.MonkeyPatch.context() as patch:
            failing(patch)
            try:
                (answer,) = self.host.send(request)
            except InDoubtError:
                return None
        return answer

    def restarts(self) -> Iterator[Bench]:
        """Yield the pump as it starts from each content that may be on the disk after a power cut."""
        for content in sorted(self.contents):
            self.path.write_bytes(content)
            memory = self.store.load()
            assert isinstance(memory, Memory)
            yield Bench(memory)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    opened = Disk(tmp_path)
    yield opened
    opened.store.close()


def told(answer: Message | None) -> Verdict | None:
    """Return what an answer to a commit or a resolve makes a host believe."""
    if isinstance(answer, Outcome):
        return answer.verdict
    return Verdict.NOT_APPLIED if isinstance(answer, Rejected) and answer.request == Commit.code else None


def contradictions(disk: Disk, answer: Message | None) -> list[str]:
    """Say what a pump that starts again says against what the host was told."""
    found, believed = [], told(answer)
    for after in disk.restarts():
        rate = after.status().commanded_rate_nl_h
        verdict = after.serve(Resolve(COMMAND), Outcome).verdict
        if (rate == WANTED_NL_H) is not (verdict is Verdict.APPLIED):
            found.append(f"{rate} nL/h, and {verdict.name}")
        if believed is not None and verdict is not believed:
            found.append(f"told {believed.name}, then {verdict.name}")
    # A verdict is final: an id that was told to be dead is not brought to life by asking for it once more.
    for after in disk.restarts() if isinstance(answer, Outcome) and believed is Verdict.NOT_APPLIED else ():
        request = preparing(COMMAND, WANTED_NL_H, seen_nl_h=RATE_NL_H)
        retried = after.device.serve(request, Role.TECHNICIAN, SESSION, 0)
        if isinstance(retried, Prepared):
            made = after.serve(Commit(COMMAND, retried.token), Outcome)
            found.append(f"told NOT_APPLIED, then {made.verdict.name}")
    return found


@pytest.mark.parametrize("step", STEPS)
def test_a_commit_whose_storing_fails_is_told_truly_or_not_at_all(
    disk: Disk, step: Callable[..., None]
) -> None:
    answer = disk.ask_while(step, Commit(COMMAND, disk.prepared.token))
    if step is fail_fsync_folder:
        assert answer is None
        assert len(disk.contents) == 2
    else:
        assert isinstance(answer, Rejected)
        assert answer.reason == Refusal.NOT_STORED
        assert len(disk.contents) == 1
    assert contradictions(disk, answer) == []


@pytest.mark.parametrize("step", STEPS)
def test_a_resolve_whose_storing_fails_tells_no_verdict(disk: Disk, step: Callable[..., None]) -> None:
    answer = disk.ask_while(step, Resolve(COMMAND))
    assert told(answer) is None
    assert (answer is None) is (step is fail_fsync_folder)
    assert contradictions(disk, answer) == []


def test_a_resolve_that_was_stored_is_told_and_stands(disk: Disk) -> None:
    (answer,) = disk.host.send(Resolve(COMMAND))
    assert told(answer) is Verdict.NOT_APPLIED
    assert contradictions(disk, answer) == []


@pytest.mark.parametrize("step", STEPS)
def test_the_verdict_of_a_change_that_was_stored_needs_no_disk(disk: Disk, step: Callable[..., None]) -> None:
    disk.host.ask(Commit(COMMAND, disk.prepared.token), Outcome)
    answer = disk.ask_while(step, Resolve(COMMAND))
    assert told(answer) in ({None} if step is fail_fsync_folder else {Verdict.APPLIED})
    assert contradictions(disk, answer) == []


@pytest.mark.parametrize("step", STEPS[:-1])
def test_a_pump_that_could_not_store_goes_on_when_it_can(disk: Disk, step: Callable[..., None]) -> None:
    disk.ask_while(step, Commit(COMMAND, disk.prepared.token))
    again = disk.host.ask(preparing(b"command2", WANTED_NL_H, seen_nl_h=RATE_NL_H), Prepared)
    assert disk.host.ask(Commit(b"command2", again.token), Outcome).verdict is Verdict.APPLIED


# --- controls -------------------------------------------------------------------------------------------------------


def test_a_store_that_takes_doubt_for_failure_is_caught_contradicting_itself(disk: Disk) -> None:
    def save(memory: Memory) -> None:
        try:
            disk.save(memory)
        except InDoubtError as error:
            raise EIO from error

    disk.bench.device._save = save
    answer = disk.ask_while(fail_fsync_folder, Commit(COMMAND, disk.prepared.token))
    assert contradictions(disk, answer) == ["told NOT_APPLIED, then APPLIED"]


def test_a_pump_that_tells_a_verdict_it_could_not_store_is_caught_contradicting_itself(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    device: Device = disk.bench.device
    monkeypatch.setattr(device, "_resolve", device._desk.resolve)
    answer = disk.ask_while(fail_fsync_file, Resolve(COMMAND))
    assert contradictions(disk, answer) == ["told NOT_APPLIED, then APPLIED"]


# --- the process ----------------------------------------------------------------------------------------------------

_SERVE = """
import os, stat, sys
from pathlib import Path
from pumpmock.cli import main

real, flag = os.fsync, Path(sys.argv.pop(1))

def fsync(descriptor):
    if flag.exists() and stat.S_ISDIR(os.fstat(descriptor).st_mode):
        raise OSError(5, "Input/output error")
    real(descriptor)

os.fsync = fsync
main()
"""


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    words = [
        "--pty",
        str(tmp_path / "pump"),
        "--tcp",
        "127.0.0.1:0",
        "--keys",
        str(tmp_path / "keys"),
        "--json",
    ]
    words += ["--state", str(tmp_path / "state.json"), "--limits", "none"]
    command = [sys.executable, "-c", _SERVE, str(tmp_path / "flag"), "serve", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def url_of(process: subprocess.Popen[str]) -> tuple[str, int]:
    assert process.stdout is not None
    line = process.stdout.readline()
    host, _, port = line.partition('"tcp": "socket://')[2].partition('"')[0].partition(":")
    return host, int(port)


@pytest.mark.requirement("R7.4.0(1-6) unmasked")
@pytest.mark.parametrize("request_", [Poll(), Resolve(COMMAND)])
def test_a_pump_in_doubt_ends_with_a_sentence_and_without_an_answer(
    serving: subprocess.Popen[str], tmp_path: Path, request_: Message
) -> None:
    address = url_of(serving)
    keys = ensure_keys(tmp_path / "keys", SERIAL_NUMBER, os.urandom)
    key = next(key for key in keys.values() if key.role is Role.TECHNICIAN)
    end = HostEnd(key, os.urandom(16))
    with socket.create_connection(address, timeout=20) as wire:
        data = end.hello()
        while not end.is_open:
            wire.sendall(data)
            _, data = end.receive(wire.recv(4_096))
        (tmp_path / "flag").touch()
        wire.sendall(end.ask(request_)[0])
        with contextlib.suppress(ConnectionResetError):
            assert wire.recv(4_096) == b""
    assert serving.wait(20) == 1
    assert serving.stderr is not None
    said = serving.stderr.read()
    assert "was written, but not surely to the disk (Input/output error)" in said
    assert "the pump stops without an answer; start it again" in said
    assert "Traceback" not in said


@pytest.mark.requirement("R7.4.0(1-6) at the start")
def test_a_pump_that_cannot_make_its_start_last_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "flag").touch()
    words = [
        "--pty",
        str(tmp_path / "pump"),
        "--keys",
        str(tmp_path / "keys"),
        "--state",
        str(tmp_path / "s.json"),
    ]
    done = subprocess.run(
        [sys.executable, "-c", _SERVE, str(tmp_path / "flag"), "serve", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "not surely to the disk" in done.stderr
