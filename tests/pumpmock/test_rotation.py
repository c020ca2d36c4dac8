"""Several keys of one pump and role: made beside one another, taken together, dropped one by one."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from protocol.keys import BENCH_KEY, KeyFileError, file_name
from protocol.vocabulary import Role
from pumpmock.keyring import KeyFile, drop, ensure_keys, generate, list_keys, load_keys
from tests.pumpmock.conftest import SERIAL_NUMBER, counting_random

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pumpmock" / "keys"


def make(folder: Path, role: Role, start: int) -> KeyFile:
    return generate(folder, SERIAL_NUMBER, role, counting_random(start), load_keys(folder, SERIAL_NUMBER))


def test_a_second_key_of_a_role_stands_beside_the_first_under_its_key_id(folder: Path) -> None:
    first, second = make(folder, Role.TECHNICIAN, 1), make(folder, Role.TECHNICIAN, 100)
    assert (first.key, second.key) != (None, None)
    assert first.path.name == "PM-00001.technician.key"
    assert second.path.name == "PM-00001.technician.64000000.key"
    assert stat.S_IMODE(second.path.stat().st_mode) == 0o600
    assert set(load_keys(folder, SERIAL_NUMBER).values()) == {first.key, second.key}


def test_the_pump_takes_all_its_keys_a_developers_too_and_makes_only_those_that_are_missing(
    folder: Path,
) -> None:
    made = [
        make(folder, role, start)
        for role, start in ((Role.DEVELOPER, 1), (Role.VIEWER, 50), (Role.VIEWER, 90))
    ]
    keys = ensure_keys(folder, SERIAL_NUMBER, counting_random(1_000))
    assert {one.key for one in made} < set(keys.values())
    roles = sorted(key.role for key in keys.values())
    assert roles == [Role.VIEWER, Role.VIEWER, Role.TECHNICIAN, Role.DEVELOPER]


def test_a_rotated_key_can_be_dropped_and_the_first_is_not_made_again(folder: Path) -> None:
    first, second = make(folder, Role.TECHNICIAN, 1), make(folder, Role.TECHNICIAN, 100)
    assert first.key is not None
    assert drop(folder, first.key.key_id, None) == first
    keys = ensure_keys(folder, SERIAL_NUMBER, counting_random(1_000))
    assert [key for key in keys.values() if key.role is Role.TECHNICIAN] == [second.key]
    assert not first.path.exists()
    assert make(folder, Role.TECHNICIAN, 200).path == first.path


def test_a_key_id_that_is_taken_or_the_bench_keys_is_drawn_again(folder: Path) -> None:
    first = make(folder, Role.VIEWER, 1)
    assert first.key is not None
    drawn = iter([first.key.key_id, BENCH_KEY.key_id, b"free", bytes(32)])
    keys = load_keys(folder, SERIAL_NUMBER)
    second = generate(folder, SERIAL_NUMBER, Role.VIEWER, lambda _size: next(drawn), keys)
    assert second.key is not None
    assert second.key.key_id == b"free"


def test_the_same_key_twice_is_refused_with_both_files(folder: Path) -> None:
    first = make(folder, Role.TECHNICIAN, 1)
    assert first.key is not None
    twin = folder / file_name(SERIAL_NUMBER, Role.TECHNICIAN, first.key.key_id)
    twin.write_bytes(first.path.read_bytes())
    twin.chmod(0o600)
    with pytest.raises(KeyFileError, match=rf"{first.path} has the key id of {twin}"):
        ensure_keys(folder, SERIAL_NUMBER, counting_random(1_000))


def test_a_key_that_is_not_there_or_several_pumps_have_is_not_dropped(folder: Path) -> None:
    for serial_number in ("PM-00001", "PM-00002"):
        generate(folder, serial_number, Role.VIEWER, counting_random(), {})
    with pytest.raises(KeyFileError, match="there is no key 6e6f6e65 in"):
        drop(folder, b"none", None)
    both = counting_random()(4)
    with pytest.raises(KeyFileError, match=r"several pumps have .*--serial-number \(PM-00001, PM-00002\)"):
        drop(folder, both, None)
    assert drop(folder, both, "PM-00002").path.name == "PM-00002.viewer.key"
    assert {path.name for path in folder.iterdir()} == {"PM-00001.viewer.key"}


def test_the_files_of_other_pumps_are_none_of_this_ones_business(folder: Path) -> None:
    make(folder, Role.VIEWER, 1)
    for name in ("PM-00002.viewer.key", "PM-0000.viewer.key", "PM-00001X.viewer.key", "notes.key"):
        (folder / name).write_text("not a key")
    assert len(load_keys(folder, SERIAL_NUMBER)) == 1
    problems = [file for file in list_keys(folder) if file.problem]
    assert len(problems) == 4


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o722])
def test_a_folder_that_others_can_write_to_is_refused_with_the_command_that_mends_it(
    folder: Path, mode: int
) -> None:
    ensure_keys(folder, SERIAL_NUMBER, counting_random())
    folder.chmod(mode)
    with pytest.raises(KeyFileError, match=f"chmod 700 {folder}"):
        ensure_keys(folder, SERIAL_NUMBER, counting_random())
    folder.chmod(0o755)
    assert len(ensure_keys(folder, SERIAL_NUMBER, counting_random())) == 2
