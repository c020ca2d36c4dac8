"""The state file: what is saved comes back, whatever is damaged is refused, and a failing write costs nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from protocol.ledger import Applied
from protocol.messages import Change
from protocol.vocabulary import ChangeKind
from pumpmock.snapshot import Memory, SnapshotError, Store
from tests.pumpmock.conftest import ONE_OF_EACH, RATE_NL_H, lived_memory, new_memory, state_of, to_rate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_there_is_no_memory_before_the_first_save(store: Store) -> None:
    assert store.load() is None


@pytest.mark.requirement("R6.6.0(4)")
@pytest.mark.parametrize("make", [new_memory, lived_memory])
def test_what_was_saved_comes_back_whole(store: Store, make: Callable[[], Memory]) -> None:
    memory = make()
    store.save(memory)
    loaded = store.load()
    assert loaded is not None
    assert state_of(loaded) == state_of(memory)
    assert (loaded.serial_number, loaded.store_id, loaded.boot) == (
        memory.serial_number,
        memory.store_id,
        memory.boot,
    )


def test_a_second_save_replaces_the_first(store: Store) -> None:
    store.save(new_memory())
    memory = lived_memory()
    store.save(memory)
    loaded = store.load()
    assert loaded is not None
    assert loaded.revision == 3
    assert {entry.name for entry in store.path.parent.iterdir()} == {"pump.json", "pump.json.lock"}


@pytest.mark.parametrize("change", ONE_OF_EACH.values(), ids=lambda change: change.kind.name)
def test_a_ledger_one_line_ahead_of_the_motor_is_followed_at_loading(store: Store, change: Change) -> None:
    memory = new_memory()
    memory.pump.apply(Change(ChangeKind.MINIMUM_RATE))
    memory.pump.advance(5_000_000)
    rate_nl_h = memory.pump.foresee(change).rate_nl_h
    memory.ledger.append(Applied(1, b"command1", change.kind, rate_nl_h, 5_000_000))
    memory.ahead = change
    store.save(memory)  # and here the process was killed
    loaded = store.load()
    assert loaded is not None
    assert (loaded.revision, loaded.ahead) == (1, None)
    assert loaded.pump.sample().commanded_rate_nl_h == rate_nl_h
    assert loaded.pump.clock.now_us == 5_000_000
    before = state_of(memory)
    memory.follow(memory.ledger.lines[-1])
    assert state_of(loaded) == state_of(memory) != before


def test_a_change_that_the_motor_cannot_follow_is_refused_with_the_file(store: Store) -> None:
    memory = new_memory()
    memory.ledger.append(Applied(1, b"command1", ChangeKind.RESUME, 0, 0))
    memory.ahead = Change(ChangeKind.RESUME)
    store.save(memory)
    with pytest.raises(SnapshotError, match=r"pump\.json .*nothing to resume"):
        store.load()


def test_a_line_ahead_without_its_change_is_refused(store: Store) -> None:
    memory = new_memory()
    memory.ledger.append(Applied(1, b"command1", ChangeKind.STOP, 0, 0))
    store.save(memory)
    with pytest.raises(SnapshotError, match=r"pump\.json .*what revision 1 changes is missing"):
        store.load()


@pytest.mark.parametrize("ahead", [2, -1])
def test_a_ledger_further_off_is_refused(store: Store, ahead: int) -> None:
    memory = lived_memory()
    memory.revision -= ahead
    store.save(memory)
    with pytest.raises(SnapshotError, match=rf"pump\.json .*revision {3 - ahead} is not the ledger's, 3"):
        store.load()


@pytest.mark.parametrize("after", [0, 1])
def test_a_disk_that_fails_while_writing_leaves_the_old_file_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    store.save(new_memory())
    old = store.path.read_bytes()
    really_open = os.open

    def failing_fsync(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    def no_descriptor_left(*arguments: Any) -> int:  # noqa: ANN401 - passed on
        if arguments[1] == os.O_RDONLY:
            raise OSError(24, "Too many open files")
        return really_open(*arguments)

    with monkeypatch.context() as patch:
        if after:
            patch.setattr(os, "open", no_descriptor_left)
        else:
            patch.setattr(os, "fsync", failing_fsync)
        with pytest.raises(OSError, match="Too many" if after else "Input/output"):
            store.save(lived_memory())
    assert store.path.read_bytes() == old
    store.save(lived_memory())
    loaded = store.load()
    assert loaded is not None
    assert loaded.revision == 3


_ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from pumpmock.snapshot import Store

store = Store(Path(sys.argv[1]))
memory = store.load()
memory.boot = 99
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    store.save(memory)
except OSError as error:
    sys.exit(f"refused: {error.strerror}")
"""


def test_a_file_that_may_not_grow_leaves_the_old_one_whole(state_path: Path) -> None:
    store = Store(state_path)
    store.save(lived_memory())
    store.close()
    old = state_path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", _ON_A_FULL_DISK, str(state_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "refused: File too large\n")
    assert state_path.read_bytes() == old


def test_a_file_in_use_is_refused_and_free_again_afterwards(state_path: Path) -> None:
    store = Store(state_path)
    store.save(new_memory())
    with pytest.raises(SnapshotError, match=r"pump\.json is in use by another pumpmock"):
        Store(state_path)
    assert store.load() is not None
    store.close()
    again = Store(state_path)
    assert again.load() is not None
    again.close()


def test_a_process_that_ends_without_closing_gives_the_file_up(state_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from pumpmock.snapshot import Store; Store(Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", script, str(state_path)], check=True)
    Store(state_path).close()


def test_a_folder_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Store(tmp_path / "nowhere" / "pump.json")


def test_following_a_line_moves_motor_and_revision_together() -> None:
    memory = new_memory()
    memory.ahead = to_rate(25_000)
    memory.follow(Applied(1, b"command1", ChangeKind.RATE, 25_000, 0))
    assert (memory.revision, memory.pump.sample().measured_rate_nl_h) == (1, 25_000)
    assert new_memory().pump.sample().measured_rate_nl_h == RATE_NL_H


@pytest.mark.timeout(30)
def test_a_pipe_in_place_of_the_file_is_refused_and_not_waited_for(store: Store) -> None:
    os.mkfifo(store.path)
    with pytest.raises(SnapshotError, match="not an ordinary file"):
        store.load()


def test_a_file_too_large_for_a_state_is_refused_unread(store: Store) -> None:
    store.path.touch()
    os.truncate(store.path, 100_000_000)
    with pytest.raises(SnapshotError, match="larger than 16777216 bytes"):
        store.load()


def test_no_state_is_saved_that_no_start_would_take(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(new_memory())
    before = store.path.read_bytes()
    monkeypatch.setattr("pumpmock.snapshot._MOST_BYTES", len(before))
    store.save(new_memory())
    with pytest.raises(OSError, match="too large"):
        store.save(lived_memory())
    assert store.path.read_bytes() == before


# --- what somebody left in the place of the draft -----------------------------------------------------------------------


def draft_of(store: Store) -> Path:
    return store.path.with_name(store.path.name + ".new")


def test_the_state_is_for_its_owner_alone(store: Store) -> None:
    store.save(new_memory())
    assert store.path.stat().st_mode & 0o777 == 0o600


def test_a_link_in_place_of_the_draft_is_not_written_through(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("kept")
    draft_of(store).symlink_to(target)
    store.save(new_memory())
    assert target.read_text() == "kept"
    assert not store.path.is_symlink()
    assert store.load() is not None


@pytest.mark.timeout(30)
def test_a_pipe_in_place_of_the_draft_is_removed_and_not_waited_for(store: Store) -> None:
    os.mkfifo(draft_of(store))
    store.save(new_memory())
    assert store.path.is_file()
    assert store.load() is not None


def test_a_second_name_of_the_draft_is_not_written_through(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("kept")
    draft_of(store).hardlink_to(target)
    store.save(new_memory())
    assert target.read_text() == "kept"


def test_a_folder_in_place_of_the_draft_leaves_the_old_file_whole(store: Store) -> None:
    store.save(new_memory())
    old = store.path.read_bytes()
    draft_of(store).mkdir()
    with pytest.raises(OSError, match=r"pump\.json\.new"):
        store.save(lived_memory())
    assert store.path.read_bytes() == old
    draft_of(store).rmdir()
    store.save(lived_memory())
    assert store.path.read_bytes() != old


def test_a_link_in_place_of_the_lock_makes_no_file_elsewhere(state_path: Path, tmp_path: Path) -> None:
    state_path.with_name("pump.json.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"pump\.json\.lock"):
        Store(state_path)
    assert not (tmp_path / "elsewhere").exists()
