"""Changes on the disk of more than one monitor, and on a disk that takes no more."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor import intents as module
from monitor.intents import IntentError, Intents
from tests.monitor.conftest import SERIAL_NUMBER
from tests.monitor.test_intents import COMMITTING, OTHER, RATE, left, the_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "intents"


@pytest.fixture
def intents(folder: Path) -> Iterator[Intents]:
    made = Intents(folder)
    yield made
    made.close()


# --- two monitors -------------------------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from tests.monitor.test_intents import COMMITTING, RATE
from monitor.intents import Intents
made = Intents(Path(sys.argv[1]))
made.note(RATE)
made.note(COMMITTING)
print("noted", flush=True)
sys.stdin.readline()
made.let_go(RATE)
print("let go", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has a change under way."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "noted\n"
        yield process
        process.kill()


def under_way(folder: Path) -> list[bool]:
    return [one.under_way for one in Intents(folder).look(SERIAL_NUMBER).noted]


def test_what_another_process_has_under_way_is_left_to_it_until_it_is_killed(
    folder: Path, holder: subprocess.Popen[str]
) -> None:
    assert under_way(folder) == [True]
    assert left(folder) == []
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert left(folder) == [COMMITTING]


def test_what_another_process_has_let_go_is_anybodys_while_it_lives(
    folder: Path, holder: subprocess.Popen[str]
) -> None:
    assert under_way(folder) == [True]
    assert holder.stdin is not None
    assert holder.stdout is not None
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert holder.stdout.readline() == "let go\n"
    assert left(folder) == [COMMITTING]


def test_looking_does_not_hold(folder: Path, intents: Intents) -> None:
    intents.note(RATE)
    intents.let_go(RATE)
    first = Intents(folder)
    assert [one.under_way for one in first.look().noted] == [False]
    assert [one.under_way for one in Intents(folder).look().noted] == [False]


def test_a_file_that_goes_between_finding_and_reading_is_no_problem(
    folder: Path, intents: Intents, monkeypatch: pytest.MonkeyPatch
) -> None:
    intents.note(RATE)
    intents.close()
    held = module._is_held

    def gone_meanwhile(descriptor: int) -> bool:
        the_file(folder).unlink()
        return held(descriptor)

    monkeypatch.setattr(module, "_is_held", gone_meanwhile)
    assert Intents(folder).look() == ((), ())


# --- a disk that takes no more --------------------------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Callable[..., None]]:
    """Mount a disk of 64 KiB on a folder, and yield what mounts it anew with other options; skip where we may not."""
    folder.mkdir(parents=True)

    def mount(*more: str) -> None:
        options = ",".join(("size=64k", *more))
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], check=True)  # noqa: S607 - the system's

    try:
        mount()
    except (subprocess.CalledProcessError, FileNotFoundError):
        pytest.skip("only root may mount a small disk; the limit of a file's size is tried instead")
    try:
        yield mount
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)  # noqa: S607 - the system's


def fill(folder: Path) -> Path:
    """Take all the room that a disk has."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1_024))
    return ballast


def test_on_a_full_disk_a_change_is_not_begun_and_is_again_once_there_is_room(folder: Path) -> None:
    with small_disk(folder):
        ballast = fill(folder)
        intents = Intents(folder)
        with pytest.raises(IntentError, match="No space left on device"):
            intents.note(RATE)
        assert [path.name for path in folder.iterdir()] == ["ballast"]
        ballast.unlink()
        intents.note(RATE)
        intents.close()
        assert left(folder) == [RATE]


def test_a_disk_that_fills_up_between_two_notes_keeps_the_first_whole_and_takes_the_second_later(
    folder: Path,
) -> None:
    with small_disk(folder):
        intents = Intents(folder)
        intents.note(RATE)
        while the_file(folder).stat().st_size < 4_096:  # fill its page, so that the next line needs another
            intents.note(RATE)
        before = the_file(folder).read_bytes()
        ballast = fill(folder)
        with pytest.raises(IntentError, match="No space left on device"):  # noqa: PT012 - the page has room for the first few
            for _ in range(100):
                intents.note(COMMITTING)
        ballast.unlink()
        assert the_file(folder).read_bytes().startswith(before)
        intents.note(COMMITTING)
        intents.close()
        assert left(folder) == [COMMITTING]


def test_on_a_disk_that_is_read_only_a_change_is_not_begun_and_what_is_open_is_found(folder: Path) -> None:
    with small_disk(folder) as mount:
        first = Intents(folder)
        first.note(RATE)
        first.close()
        mount("remount", "ro")
        with pytest.raises(IntentError, match="Read-only file system"):
            Intents(folder).note(OTHER)
        assert left(folder) == [RATE]
        Intents(folder).forget(RATE)  # can't, and says nothing: it is asked about once more
        assert left(folder) == [RATE]


LIMITED = """
import resource, sys
from pathlib import Path
from monitor.intents import IntentError, Intents
from tests.monitor.test_intents import COMMITTING, OTHER, RATE, left, to_line
folder = Path(sys.argv[1])
made = Intents(folder)
made.note(RATE)
size = len(to_line(RATE))
for room in (size + 1, size + len(to_line(COMMITTING)) - 1):
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    for intent in (COMMITTING, COMMITTING):
        try:
            made.note(intent)
        except IntentError as error:
            print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
try:
    made.note(OTHER)
except IntentError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(sorted(path.name for path in folder.iterdir()) == [f"PM-00001.{RATE.command_id.hex()}.intent"])
made.note(COMMITTING)
made.close()
print(left(folder) == [COMMITTING])
"""


def test_a_line_cut_short_by_a_limit_is_taken_back_so_that_the_next_is_whole(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(folder)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *refused, alone, whole = done.stdout.splitlines()
    assert len(refused) == 5
    assert all("nothing is changed without that" in line for line in refused)
    assert (alone, whole) == ("True", "True")


@pytest.mark.parametrize("call", ["fsync", "write", "open"])
@pytest.mark.parametrize("code", [errno.EIO, errno.EDQUOT])
def test_a_disk_that_fails_at_any_step_leaves_either_nothing_or_a_whole_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    real = getattr(os, call)
    for failing in range(1, 6):
        intents = Intents(folder)
        calls = [0]

        def broken(*arguments: Any, calls: list[int] = calls, failing: int = failing) -> Any:  # noqa: ANN401 - of the system
            calls[0] += 1
            if calls[0] == failing:
                raise OSError(code, os.strerror(code))
            return real(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, broken)
            with contextlib.suppress(IntentError):
                intents.note(RATE)
        found = Intents(folder).look()
        assert found.problems == ()
        assert [one.intent for one in found.noted] in ([], [RATE])
        assert not list(folder.glob("*.new")) if folder.exists() else True
        intents.forget(RATE)
        intents.close()


def test_noting_is_on_the_disk_before_it_returns(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's data, its name, and the folders above it."""
    synced: list[str] = []
    real = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: PTH115 - /proc
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    intents = Intents(folder)
    intents.note(RATE)
    draft = str(folder / f"{SERIAL_NUMBER}.{RATE.command_id.hex()}.new")
    assert synced == [str(folder.parent.parent), str(folder.parent), draft, str(folder)]
    synced.clear()
    intents.note(COMMITTING)
    assert synced == [f"{draft} (deleted)"]  # the same file, by its first name
    intents.close()
