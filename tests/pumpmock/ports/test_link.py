from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pumpmock.ports import PortError, PortInUseError
from pumpmock.ports.link import Link, default_links, own_directory

CLAIM_AND_WAIT = """
import sys
from pathlib import Path
from pumpmock.ports.link import Link
link = Link(Path(sys.argv[1]))
link.claim()
link.point_at("/dev/tty")
print("claimed", flush=True)
sys.stdin.read()
"""
ROOT = Path(__file__).parents[3]


def claimed_elsewhere(path: Path) -> subprocess.Popen[bytes]:
    """Claim the link in a process of its own, and return when it has it."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIM_AND_WAIT, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"claimed\n"
    return process


def test_a_link_served_by_another_process_is_refused_with_its_pid(tmp_path: Path) -> None:
    path = tmp_path / "pump"
    with claimed_elsewhere(path) as other:
        with pytest.raises(PortInUseError) as refusal:
            Link(path).claim()
        other.kill()

    assert str(refusal.value) == (
        f"{path} is served by another pumpmock (pid {other.pid}): stop it, or choose another link with --pty"
    )


def test_a_link_is_not_harmed_by_a_refused_claim(tmp_path: Path) -> None:
    first = Link(tmp_path / "pump")
    first.claim()
    first.point_at("/dev/tty")
    for _ in range(2):
        with pytest.raises(PortInUseError):
            Link(tmp_path / "pump").claim()

    assert first.path.readlink() == Path("/dev/tty")
    first.take_down()
    first.release()


def test_the_link_of_a_killed_process_is_claimed_at_once(tmp_path: Path) -> None:
    path = tmp_path / "pump"
    with claimed_elsewhere(path) as other:
        other.send_signal(signal.SIGKILL)
    assert path.is_symlink()  # it had no chance to clean up

    link = Link(path)
    link.claim()
    link.point_at("/dev/null")

    assert path.readlink() == Path("/dev/null")
    assert (tmp_path / "pump.lock").read_text() == f"{os.getpid()}\n"
    link.take_down()
    link.release()
    assert list(tmp_path.iterdir()) == []


def test_a_dangling_link_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pump"
    path.symlink_to("/dev/pts/999999")
    link = Link(path)

    link.claim()
    link.point_at("/dev/null")

    assert path.readlink() == Path("/dev/null")
    link.release()


def test_a_link_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "letters"
    target.mkdir()
    path = tmp_path / "pump"
    path.symlink_to(target)

    with pytest.raises(
        PortError, match=r"is a link to .*letters that pumpmock did not make; choose another path"
    ):
        Link(path).claim()
    assert path.readlink() == target
    assert not (tmp_path / "pump.lock").exists()


def test_a_file_in_the_links_place_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "pump"
    path.write_text("mine")

    with pytest.raises(PortError) as refusal:
        Link(path).claim()
    assert str(refusal.value) == f"{path} is a file, not a link; choose another path"
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_a_lock_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    lock = tmp_path / "poetry.lock"
    lock.write_text("# the versions of everything\n")

    with pytest.raises(PortError, match=r"poetry\.lock is a file of something else; choose another path"):
        Link(tmp_path / "poetry").claim()
    assert lock.read_text() == "# the versions of everything\n"


@pytest.mark.parametrize("kind", ["link", "directory"])
def test_what_is_no_plain_file_is_never_written_as_the_lock(tmp_path: Path, kind: str) -> None:
    precious = tmp_path / "precious"
    precious.touch()
    lock = tmp_path / "pump.lock"
    if kind == "link":
        lock.symlink_to(precious)
    else:
        lock.mkdir()

    with pytest.raises(PortError, match=r"pump\.lock can't be written \(.*\); choose another path"):
        Link(tmp_path / "pump").claim()
    assert precious.read_bytes() == b""


def test_a_missing_directory_is_for_the_person_to_create(tmp_path: Path) -> None:
    with pytest.raises(PortError) as refusal:
        Link(tmp_path / "no" / "pump").claim()
    assert str(refusal.value) == f"there is no directory {tmp_path}/no: create it, or choose another path"


def test_a_link_that_was_pointed_elsewhere_meanwhile_is_not_taken_down(tmp_path: Path) -> None:
    link = Link(tmp_path / "pump")
    link.claim()
    link.point_at("/dev/null")
    link.path.unlink()
    link.path.symlink_to("/dev/zero")

    link.take_down()

    assert link.path.readlink() == Path("/dev/zero")
    link.release()


def test_pointing_elsewhere_clears_what_a_killed_process_left_half_done(tmp_path: Path) -> None:
    (tmp_path / ".pump.new").symlink_to("/dev/zero")
    link = Link(tmp_path / "pump")
    link.claim()

    link.point_at("/dev/null")

    assert link.path.readlink() == Path("/dev/null")
    assert not (tmp_path / ".pump.new").is_symlink()
    link.release()


def test_a_lock_whose_file_was_removed_before_it_was_had_is_not_taken_for_the_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner leaves between our opening of its lock file and our locking of it."""
    first = Link(tmp_path / "pump")
    first.claim()
    flock = fcntl.flock
    attempts: list[int] = []

    def leave_first(descriptor: int, operation: int) -> None:
        attempts.append(descriptor)
        first.release()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", leave_first)
    second = Link(tmp_path / "pump")
    second.claim()
    monkeypatch.undo()

    assert len(attempts) == 2
    with pytest.raises(PortInUseError):
        Link(tmp_path / "pump").claim()
    second.release()


def test_the_default_links_are_pump0_to_pump9(tmp_path: Path) -> None:
    assert [path.name for path in default_links(tmp_path)] == [f"pump{number}" for number in range(10)]
    assert {path.parent for path in default_links(tmp_path)} == {tmp_path}


def test_the_directory_of_the_default_links_is_made_for_us_alone(tmp_path: Path) -> None:
    own_directory(tmp_path / "run" / "pumpmock")
    own_directory(tmp_path / "run" / "pumpmock")  # the second emulator finds it there

    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "run" / "pumpmock").stat().st_mode & 0o777 == 0o700


def test_a_directory_that_others_can_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)

    with pytest.raises(PortError, match="can be written by other users: chmod 700 it"):
        own_directory(tmp_path)


def test_a_directory_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)

    with pytest.raises(PortError, match="belongs to another user"):
        own_directory(tmp_path)


@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
def test_a_link_in_place_of_the_directory_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / target)

    with pytest.raises(PortError, match="run is not a directory"):
        own_directory(tmp_path / "run")
