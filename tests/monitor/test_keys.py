"""The keys at hand: which are tried in which order, and what is said of those that can't be."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import keys as keys_module
from monitor.intents import default_folder as intents_folder
from monitor.keys import Keyring, bench_keyring, default_folder, find_keys
from protocol.keys import BENCH_KEY, Key, file_name, to_text
from protocol.places import HOME
from protocol.vocabulary import Role
from pumpmock.commands.parameters import default_keys


def key(serial_number: str, role: Role, mark: int = 0) -> Key:
    return Key(serial_number, role, bytes((mark, 0, 0, role)), bytes((mark,)) * 32)


A_VIEWER, A_TECHNICIAN = key("PM-A", Role.VIEWER), key("PM-A", Role.TECHNICIAN)
B_VIEWER, B_DEVELOPER = key("PM-B", Role.VIEWER), key("PM-B", Role.DEVELOPER)


def ring(*found: Key) -> Keyring:
    return Keyring(Path("/keys"), found, ())


def store(folder: Path, made: Key, mode: int = 0o600) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / file_name(made.serial_number, made.role)
    if path.exists():
        path = folder / file_name(made.serial_number, made.role, made.key_id)
    path.write_text(to_text(made))
    path.chmod(mode)
    return path


def test_each_round_has_one_key_a_pump_the_most_capable_first() -> None:
    rounds = ring(A_VIEWER, B_VIEWER, A_TECHNICIAN, B_DEVELOPER).rounds(None)
    assert [set(keys) for keys in rounds] == [{A_TECHNICIAN, B_DEVELOPER}, {A_VIEWER, B_VIEWER}]


def test_a_pump_with_fewer_keys_is_left_out_of_the_later_rounds() -> None:
    assert ring(A_VIEWER, A_TECHNICIAN, B_VIEWER).rounds(None) == [[A_TECHNICIAN, B_VIEWER], [A_VIEWER]]


def test_for_looking_no_key_that_changes_a_pump_is_taken_where_one_that_only_reads_is_there() -> None:
    assert ring(A_VIEWER, A_TECHNICIAN, B_DEVELOPER).for_looking().keys == (A_VIEWER, B_DEVELOPER)
    assert bench_keyring().for_looking() == bench_keyring()


def test_the_keys_of_other_pumps_are_not_tried_where_one_is_named() -> None:
    assert ring(A_VIEWER, B_VIEWER, A_TECHNICIAN).rounds("PM-A") == [[A_TECHNICIAN], [A_VIEWER]]
    assert ring(A_VIEWER).rounds("PM-B") == []
    assert ring().rounds(None) == []


@settings(deadline=None)
@given(
    st.lists(
        st.builds(key, st.sampled_from(["PM-A", "PM-B", "PM-C"]), st.sampled_from(Role), st.integers(0, 255)),
        unique=True,
        max_size=9,
    )
)
def test_every_key_is_tried_once_and_never_two_of_a_pump_at_a_time(found: list[Key]) -> None:
    rounds = ring(*found).rounds(None)
    assert sorted(map(repr, (each for keys in rounds for each in keys))) == sorted(map(repr, found))
    tried: dict[str, list[Role]] = {}
    for keys in rounds:
        assert len({each.serial_number for each in keys}) == len(keys) > 0
        for each in keys:
            tried.setdefault(each.serial_number, []).append(each.role)
    assert all(roles == sorted(roles, reverse=True) for roles in tried.values())


def test_of_several_keys_of_a_role_each_is_tried_before_the_next_role() -> None:
    old, new = key("PM-A", Role.TECHNICIAN, 1), key("PM-A", Role.TECHNICIAN, 2)
    assert ring(A_VIEWER, old, new).rounds(None) == [[old], [new], [A_VIEWER]]


def test_a_rotated_key_is_found_beside_the_old_one(tmp_path: Path) -> None:
    old, new = key("PM-A", Role.TECHNICIAN, 1), key("PM-A", Role.TECHNICIAN, 2)
    assert [store(tmp_path, made).name for made in (old, new)] == [
        "PM-A.technician.key",
        "PM-A.technician.02000002.key",
    ]
    assert set(find_keys(tmp_path).keys) == {old, new}


def test_a_second_file_with_the_same_key_id_is_left_out_and_told(tmp_path: Path) -> None:
    first = store(tmp_path, A_TECHNICIAN)
    second = tmp_path / "A copy.key"
    second.write_bytes(first.read_bytes())
    second.chmod(0o600)
    found = find_keys(tmp_path)
    assert found.keys == (A_TECHNICIAN,)
    assert found.problems == (f"{first} has the key id of {second}: move one of them out of the folder",)


def test_no_key_is_taken_from_a_folder_that_others_can_write_to(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    store(folder, A_TECHNICIAN)
    folder.chmod(0o777)
    found = find_keys(folder)
    assert found.keys == ()
    assert found.problems == (f"others than its owner can write to {folder}: chmod 700 {folder}",)
    folder.chmod(0o755)
    assert find_keys(folder).keys == (A_TECHNICIAN,)


# --- the bench key ----------------------------------------------------------------------------------------------------


def test_the_bench_key_is_alone_on_its_keyring_and_held_to_the_pump_that_is_named() -> None:
    assert bench_keyring().rounds(None) == [[BENCH_KEY]]
    assert bench_keyring().rounds("PM-A") == [[replace(BENCH_KEY, serial_number="PM-A")]]


def test_the_bench_key_is_never_found_in_a_folder(tmp_path: Path) -> None:
    path = store(tmp_path, replace(BENCH_KEY, serial_number="PM-A"))
    found = find_keys(tmp_path)
    assert found.keys == ()
    assert found.problems == (f"{path} holds the published bench key: delete it; --bench-key needs no file",)


def test_keys_are_found_in_a_folder(tmp_path: Path) -> None:
    store(tmp_path, A_VIEWER)
    store(tmp_path, A_TECHNICIAN)
    (tmp_path / "notes.txt").write_text("not a key")
    found = find_keys(tmp_path)
    assert set(found.keys) == {A_VIEWER, A_TECHNICIAN}
    assert (found.folder, found.problems) == (tmp_path, ())


def test_a_folder_that_is_not_there_has_no_keys(tmp_path: Path) -> None:
    assert find_keys(tmp_path / "none") == Keyring(tmp_path / "none", (), ())


def test_a_file_that_others_may_read_is_left_out_and_told_with_the_command_that_mends_it(
    tmp_path: Path,
) -> None:
    path = store(tmp_path, A_TECHNICIAN, 0o644)
    store(tmp_path, A_VIEWER)
    found = find_keys(tmp_path)
    assert found.keys == (A_VIEWER,)
    (problem,) = found.problems
    assert problem.endswith(f"chmod 600 {path}")


def test_what_is_no_key_is_told_by_name_and_never_by_its_content(tmp_path: Path) -> None:
    store(tmp_path, A_VIEWER)
    secret = A_TECHNICIAN.secret.hex()
    (tmp_path / "damaged.key").write_text(to_text(A_TECHNICIAN)[:-20])
    (tmp_path / "short.key").write_text(to_text(A_TECHNICIAN).replace(secret, secret[:-2]))
    for name in ("damaged.key", "short.key"):
        (tmp_path / name).chmod(0o600)
    (tmp_path / "link.key").symlink_to(tmp_path / file_name("PM-A", Role.VIEWER))
    (tmp_path / "folder.key").mkdir()
    os.mkfifo(tmp_path / "pipe.key", 0o600)
    found = find_keys(tmp_path)
    assert found.keys == (A_VIEWER,)
    names = ("damaged.key", "folder.key", "link.key", "pipe.key", "short.key")
    assert len(found.problems) == len(names)
    for name, problem in zip(names, found.problems, strict=True):
        assert str(tmp_path / name) in problem
        assert secret[:8] not in problem


def test_nothing_that_is_printed_of_a_keyring_shows_a_key() -> None:
    assert A_TECHNICIAN.secret.hex()[:8] not in repr(ring(A_TECHNICIAN))
    assert repr(A_TECHNICIAN.secret) not in repr(ring(A_TECHNICIAN))


def test_what_is_missing_is_said_with_the_folder_and_every_problem() -> None:
    keyring = Keyring(Path("/keys"), (), ("one is damaged", "two is open"))
    said = keyring.what_is_missing(None)
    assert said.startswith("there is no key in /keys: pumpmock serve makes them")
    assert said.endswith("; one is damaged; two is open")
    assert "for pump PM-A in" in keyring.what_is_missing("PM-A")


def test_a_home_that_the_environment_names_goes_before_the_users_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(HOME, str(tmp_path))
    assert default_folder() == default_keys() == tmp_path / "keys"
    assert intents_folder() == tmp_path / "intents"
    assert intents_folder(bench=True) == tmp_path / "bench-intents"


@pytest.mark.parametrize("home", [None, ""])
def test_without_a_folder_the_users_own_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: str | None
) -> None:
    monkeypatch.delenv(HOME, raising=False)
    if home is not None:
        monkeypatch.setenv(HOME, home)
    monkeypatch.setattr(keys_module.platformdirs, "user_config_path", lambda app: tmp_path / app)
    assert default_folder() == tmp_path / "pumpmock" / "keys"
    assert find_keys().folder == default_folder()
