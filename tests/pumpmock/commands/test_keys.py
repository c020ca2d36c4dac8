"""`pumpmock keygen` and `pumpmock keys`: what they make, show and delete, and that they never show a key."""

from __future__ import annotations

import json
import shlex
import stat
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from protocol.vocabulary import Role
from pumpmock.cli import main
from pumpmock.commands.parameters import default_keys
from pumpmock.keyring import load_keys

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from protocol.keys import Key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def keygen(folder: Path, role: str, *words: str) -> Result:
    result = run("keygen", "--role", role, "--keys", str(folder), *words)
    assert result.exit_code == 0, result.output
    return result


def keys_of(folder: Path, serial_number: str = "PM-00001") -> list[Key]:
    return list(load_keys(folder, serial_number).values())


@pytest.mark.parametrize("role", ["viewer", "technician", "developer"])
def test_a_key_is_made_for_its_owner_alone_and_told_by_file_role_and_key_id(folder: Path, role: str) -> None:
    result = keygen(folder, role, "--serial-number", "PM-7")
    (key,) = keys_of(folder, "PM-7")
    path = folder / f"PM-7.{role}.key"
    assert (key.role, key.serial_number) == (Role[role.upper()], "PM-7")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert result.stdout.startswith(f"{role} key {key.key_id.hex()} of pump PM-7: {path}\n")
    assert f"scp -p {path} MACHINE:" in result.stdout


def test_two_keys_differ_in_key_id_and_secret(folder: Path) -> None:
    keygen(folder, "technician")
    keygen(folder, "technician")
    first, second = keys_of(folder)
    assert first.key_id != second.key_id
    assert first.secret != second.secret


def test_a_key_is_carried_by_the_command_that_was_printed_even_with_spaces(tmp_path: Path) -> None:
    result = keygen(tmp_path / "my keys", "viewer")
    command = next(line for line in result.stdout.splitlines() if "scp" in line)
    assert shlex.split(command)[2] == str(tmp_path / "my keys" / "PM-00001.viewer.key")


def test_no_command_prints_a_part_of_a_key(folder: Path) -> None:
    said = [keygen(folder, role) for role in ("viewer", "technician", "technician")]
    made = keys_of(folder)
    said += [run("keys", "list", "--keys", str(folder), *json_) for json_ in ([], ["--json"])]
    said += [run("keys", "drop", key.key_id.hex(), "--keys", str(folder)) for key in made]
    told = "".join(result.output for result in said)
    for key in made:
        assert key.key_id.hex() in told
        assert key.secret.hex()[:8] not in told


def test_a_key_pasted_in_the_place_of_its_id_is_not_repeated(folder: Path) -> None:
    keygen(folder, "viewer")
    (key,) = keys_of(folder)
    result = run("keys", "drop", key.secret.hex(), "--keys", str(folder))
    assert result.exit_code == 2
    assert "8 hexadecimal digits" in result.stderr
    assert key.secret.hex()[:8] not in result.output


def test_the_list_has_role_key_id_pump_and_file_a_line(folder: Path) -> None:
    for role in ("technician", "viewer"):
        keygen(folder, role)
    result = run("keys", "list", "--keys", str(folder))
    assert result.exit_code == 0
    ids = {key.role: key.key_id.hex() for key in keys_of(folder)}
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["technician", ids[Role.TECHNICIAN], "PM-00001", str(folder / "PM-00001.technician.key")],
        ["viewer", ids[Role.VIEWER], "PM-00001", str(folder / "PM-00001.viewer.key")],
    ]


def test_the_list_in_json_has_a_line_a_file_and_problems_end_it_with_1(folder: Path) -> None:
    keygen(folder, "viewer")
    keygen(folder, "technician")
    (folder / "PM-00001.viewer.key").chmod(0o644)
    result = run("keys", "list", "--json", "--keys", str(folder))
    assert result.exit_code == 1
    good, bad = (json.loads(line) for line in result.stdout.splitlines())
    assert list(good) == list(bad) == ["serial_number", "role", "key_id", "file", "problem"]
    assert (good["serial_number"], good["role"], good["problem"]) == ("PM-00001", "technician", None)
    assert (bad["key_id"], bad["file"]) == (None, str(folder / "PM-00001.viewer.key"))
    assert bad["problem"].endswith(f"chmod 600 {folder}/PM-00001.viewer.key")
    words = run("keys", "list", "--keys", str(folder))
    assert words.exit_code == 1
    assert f"chmod 600 {folder}/PM-00001.viewer.key" in words.stdout


def test_a_folder_without_keys_is_told_so(folder: Path) -> None:
    result = run("keys", "list", "--keys", str(folder))
    assert (result.exit_code, "there are no keys in" in result.stdout) == (0, True)
    assert run("keys", "list", "--json", "--keys", str(folder)).stdout == ""


def test_a_dropped_key_is_gone_and_the_others_stay(folder: Path) -> None:
    keygen(folder, "technician")
    keygen(folder, "technician")
    old = next(
        key
        for key in keys_of(folder)
        if (folder / "PM-00001.technician.key").read_text().find(key.key_id.hex()) > 0
    )
    result = run("keys", "drop", old.key_id.hex(), "--keys", str(folder))
    assert result.exit_code == 0
    assert f"dropped the technician key {old.key_id.hex()} of pump PM-00001" in result.stdout
    assert old not in keys_of(folder)
    assert len(keys_of(folder)) == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("keygen", 2, "--role"),
        ("keygen --role owner", 2, "'owner' is not one of"),
        ("keygen --role viewer --serial-number pm-1", 2, "no serial number"),
        ("keys drop", 2, "KEY_ID"),
        ("keys drop a1a2a3", 2, "8 hexadecimal digits"),
        ("keys drop zzzzzzzz", 2, "8 hexadecimal digits"),
        ("keys drop a1a2a3a4", 1, "there is no key a1a2a3a4 in"),
    ],
)
def test_a_slip_is_one_sentence_and_an_exit_code(folder: Path, words: str, code: int, said: str) -> None:
    command = shlex.split(words)
    result = run(*command, "--keys", str(folder))
    assert result.exit_code == code
    assert said in result.stderr
    assert not folder.exists()


@pytest.mark.parametrize("command", ["keygen --role viewer", "keys list", "keys drop a1a2a3a4"])
def test_a_folder_that_others_can_write_to_is_refused_with_the_command_that_mends_it(
    folder: Path, command: str
) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    result = run(*shlex.split(command), "--keys", str(folder))
    assert result.exit_code == 1
    assert result.stderr == f"pumpmock: others than its owner can write to {folder}: chmod 700 {folder}\n"
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("keygen", "--role", "viewer", "--keys", str(tmp_path / "file" / "keys"))
    assert result.exit_code == 1
    assert result.stderr.startswith("pumpmock: ")
    assert result.stderr.endswith("Not a directory\n")


def test_without_a_folder_the_users_own_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run("keygen", "--role", "viewer").exit_code == 0
    assert len(keys_of(default_keys())) == 1
    assert tmp_path in default_keys().parents


def test_every_help_has_text_for_every_option() -> None:
    for words in (["keygen"], ["keys"], ["keys", "list"], ["keys", "drop"]):
        result = run(*words, "--help")
        assert result.exit_code == 0
        assert "Usage:" in result.stdout
