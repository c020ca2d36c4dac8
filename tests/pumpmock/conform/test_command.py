"""`pumpmock conform` where there is nothing to conform: what it lists, what it refuses, and in which words."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from protocol.keys import Key, to_text
from protocol.vocabulary import Role
from pumpmock.cli import main
from pumpmock.conform.table import CHECKS, UNTRIED

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture(autouse=True)
def _own_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))


def conform(*words: str) -> Result:
    return CliRunner().invoke(main, ["conform", *words])


def key_file(folder: Path, serial_number: str, role: Role) -> str:
    path = folder / f"{serial_number}.{role.name.lower()}.key"
    path.write_text(to_text(Key(serial_number, role, bytes((role,)) * 4, bytes((role,)) * 32)))
    path.chmod(0o600)
    return str(path)


def test_the_list_has_each_check_and_what_is_not_tried() -> None:
    done = conform("--list")
    assert done.exit_code == 0
    assert all(f"  {check.name}" in done.output for check in CHECKS)
    assert all(f"  {section}: {why}" in done.output for section, why in UNTRIED.items())
    assert "  what was prepared expires after 15 s  (--allow-changes, --slow)" in done.output


def test_the_list_of_a_section_has_that_alone() -> None:
    done = conform("--list", "--only", "cobs")
    assert done.output.splitlines()[0] == "COBS"
    assert len(done.output.splitlines()) == 6


def test_a_section_that_is_not_there_is_refused_with_those_there_are() -> None:
    done = conform("--list", "--only", "The freme")
    assert done.exit_code == 2
    assert 'no section with checks is called "The freme": there are' in done.output


def test_without_a_port_it_says_how_to_name_one() -> None:
    done = conform("--key", "bench")
    assert (done.exit_code, "name a port: pumpmock conform URL; or --list" in done.output) == (2, True)


def test_without_a_key_it_says_how_to_name_one() -> None:
    done = conform("/dev/null")
    assert done.exit_code == 1
    assert "name one with --key FILE, or --key bench" in done.output


def test_changes_are_not_allowed_to_a_viewer(tmp_path: Path) -> None:
    done = conform("/dev/null", "--allow-changes", "--key", key_file(tmp_path, "PM-1", Role.VIEWER))
    assert done.exit_code == 2
    assert "--allow-changes needs a technician key: --key FILE" in done.output


def test_keys_of_two_pumps_are_refused(tmp_path: Path) -> None:
    ours, theirs = (key_file(tmp_path, name, Role.VIEWER) for name in ("PM-1", "PM-2"))
    done = conform("/dev/null", "--key", ours, "--key", theirs)
    assert done.exit_code == 1
    assert "the keys are of several pumps, PM-1, PM-2: name those of one" in done.output


def test_a_key_that_is_open_to_others_is_refused_with_what_mends_it(tmp_path: Path) -> None:
    path = key_file(tmp_path, "PM-1", Role.VIEWER)
    (tmp_path / "PM-1.viewer.key").chmod(0o644)
    done = conform("/dev/null", "--key", path)
    assert (done.exit_code, f"chmod 600 {path}" in done.output) == (1, True)


def test_a_port_that_is_not_there_is_no_link(tmp_path: Path) -> None:
    done = conform(str(tmp_path / "nothing"), "--key", "bench")
    assert done.exit_code == 3
    assert "is it plugged in, is the device running?" in done.output


def test_a_port_on_which_nobody_listens_is_no_link() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        done = conform(f"socket://127.0.0.1:{taken.getsockname()[1]}", "--key", "bench")
    assert done.exit_code == 3
    assert "nobody listens on socket://" in done.output


def test_a_port_on_which_nobody_speaks_is_no_link() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        done = conform(url, "--key", "bench", "--timeout", "1")
    assert done.exit_code == 3
    assert f"nobody answers on {url} to the key of a pump with the bench key" in done.output
    assert "--baud" in done.output
