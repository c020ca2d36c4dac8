"""The pump's key files: made once, for their owner alone, and refused when anybody else could have touched them."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from protocol.keys import Key, KeyFileError, to_text
from protocol.vocabulary import Role
from pumpmock.keyring import ensure_keys
from tests.pumpmock.conftest import SERIAL_NUMBER, TECHNICIAN, counting_random

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {"PM-00001.technician.key", "PM-00001.viewer.key"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pumpmock" / "keys"


def test_the_first_start_makes_one_key_a_role_for_the_owner_alone(folder: Path) -> None:
    keys = ensure_keys(folder, SERIAL_NUMBER, counting_random())
    assert {key.role for key in keys.values()} == {Role.VIEWER, Role.TECHNICIAN}
    assert all(key_id == key.key_id for key_id, key in keys.items())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == dict.fromkeys(
        NAMES, 0o600
    )


def test_a_loose_umask_does_not_widen_the_files(folder: Path) -> None:
    before = os.umask(0)
    try:
        ensure_keys(folder, SERIAL_NUMBER, counting_random())
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())} == {0o700, 0o600}


def test_the_second_start_reads_the_same_keys(folder: Path) -> None:
    made = ensure_keys(folder, SERIAL_NUMBER, counting_random())
    assert ensure_keys(folder, SERIAL_NUMBER, counting_random(1_000)) == made


def test_keys_in_a_folder_that_cannot_be_written_are_read_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ensure_keys(folder, SERIAL_NUMBER, counting_random())
    really_open = os.open

    def open_read_only(path: str, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied", str(path))
        return really_open(path, flags, mode)

    monkeypatch.setattr(os, "open", open_read_only)
    assert ensure_keys(folder, SERIAL_NUMBER, counting_random(1_000)) == made


def test_each_pump_has_keys_of_its_own(folder: Path) -> None:
    random = counting_random()
    first, second = (ensure_keys(folder, serial, random) for serial in ("PM-00001", "PM-00002"))
    assert not first.keys() & second.keys()
    assert len(list(folder.iterdir())) == 4


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o644])
def test_a_widened_file_is_refused_with_the_command_that_mends_it(folder: Path, mode: int) -> None:
    ensure_keys(folder, SERIAL_NUMBER, counting_random())
    path = folder / "PM-00001.technician.key"
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=f"chmod 600 {path}"):
        ensure_keys(folder, SERIAL_NUMBER, counting_random())
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_symbolic_link_is_refused_wherever_it_leads(folder: Path, tmp_path: Path) -> None:
    ensure_keys(folder, SERIAL_NUMBER, counting_random())
    path, elsewhere = folder / "PM-00001.viewer.key", tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(KeyFileError, match=r"viewer\.key is a symbolic link: put the file itself there"):
        ensure_keys(folder, SERIAL_NUMBER, counting_random())
    elsewhere.unlink()
    with pytest.raises(KeyFileError, match=r"viewer\.key is a symbolic link: put the file itself there"):
        ensure_keys(folder, SERIAL_NUMBER, counting_random())
    assert not elsewhere.exists()


def test_a_pipe_in_the_place_of_a_key_is_refused_without_waiting_for_its_writer(folder: Path) -> None:
    folder.mkdir(parents=True)
    os.mkfifo(folder / "PM-00001.viewer.key", 0o600)
    with pytest.raises(KeyFileError, match="not a regular file"):
        ensure_keys(folder, SERIAL_NUMBER, counting_random())


def test_two_makers_that_race_agree_on_one_key(folder: Path) -> None:
    others: list[dict[bytes, Key]] = []
    mine = counting_random(1_000)

    def overtaken(size: int) -> bytes:
        if not others:  # between finding no key and writing ours, another process makes both
            others.append(ensure_keys(folder, SERIAL_NUMBER, counting_random()))
        return mine(size)

    assert ensure_keys(folder, SERIAL_NUMBER, overtaken) == others[0]
    assert {path.name for path in folder.iterdir()} == NAMES


def test_a_maker_that_is_overtaken_while_writing_takes_the_other_key(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[dict[bytes, Key]] = []
    really_open = os.open

    def overtaken(path: str, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT and not others:
            monkeypatch.setattr(os, "open", really_open)
            others.append(ensure_keys(folder, SERIAL_NUMBER, counting_random()))
        return really_open(path, flags, mode)

    monkeypatch.setattr(os, "open", overtaken)
    assert ensure_keys(folder, SERIAL_NUMBER, counting_random(1_000)) == others[0]
    assert {path.name for path in folder.iterdir()} == NAMES


def test_what_a_killed_maker_left_does_not_keep_the_next_from_making(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / f"PM-00001.viewer.key.{os.getpid()}.new").write_text("half a k")
    (folder / f"PM-00001.viewer.{os.getpid()}.new").write_text("half a k")
    assert len(ensure_keys(folder, SERIAL_NUMBER, counting_random())) == 2


def test_a_disk_that_is_full_leaves_no_half_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pumpmock.keyring.to_text", full)
        with pytest.raises(OSError, match="No space left"):
            ensure_keys(folder, SERIAL_NUMBER, counting_random())
    assert list(folder.iterdir()) == []
    assert len(ensure_keys(folder, SERIAL_NUMBER, counting_random())) == 2


def test_a_key_of_another_pump_or_role_under_this_name_is_refused(folder: Path) -> None:
    ensure_keys(folder, SERIAL_NUMBER, counting_random())
    viewer, technician = folder / "PM-00001.viewer.key", folder / "PM-00001.technician.key"
    viewer.write_text(technician.read_text())
    with pytest.raises(
        KeyFileError, match=r"viewer\.key holds the technician key .* of pump PM-00001, which"
    ):
        ensure_keys(folder, SERIAL_NUMBER, counting_random())
    viewer.write_text(to_text(Key("PM-00002", Role.VIEWER, b"abcd", bytes(32))))
    with pytest.raises(KeyFileError, match="viewer key 61626364 of pump PM-00002"):
        ensure_keys(folder, SERIAL_NUMBER, counting_random())


def test_a_key_whose_role_was_edited_is_refused_and_opens_nothing(folder: Path) -> None:
    ensure_keys(folder, SERIAL_NUMBER, counting_random())
    viewer = folder / "PM-00001.viewer.key"
    viewer.write_text(viewer.read_text().replace("viewer", "technician"))
    with pytest.raises(KeyFileError, match=r"viewer\.key holds the technician key"):
        ensure_keys(folder, SERIAL_NUMBER, counting_random())


def test_no_message_tells_a_part_of_a_key(folder: Path) -> None:
    folder.mkdir(parents=True)
    path = folder / "PM-00001.technician.key"
    good, secret = to_text(TECHNICIAN), TECHNICIAN.secret.hex()
    damaged = (
        good[:-4],
        good.replace('"format": 1', '"format": 2'),
        good.replace("technician", "surgeon"),
        good.replace(secret, secret[:-2]),
        good.replace(secret, secret[:-1] + "x"),
        good.replace("PM-00001", "pm 1"),
        good.replace('"key_id"', '"keyid"'),
    )
    for text in damaged:
        path.write_text(text)
        path.chmod(0o600)
        with pytest.raises(KeyFileError) as caught:
            ensure_keys(folder, SERIAL_NUMBER, counting_random())
        told = f"{caught.value!r} {caught.value.__cause__}"
        assert str(path) in str(caught.value)
        assert secret[:8] not in told
    assert TECHNICIAN.secret.hex() not in repr(TECHNICIAN)
    assert str(TECHNICIAN.secret) not in repr(TECHNICIAN)
