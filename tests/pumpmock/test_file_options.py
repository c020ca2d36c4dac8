"""Whatever stands where an option names a file or a folder: a sentence that names it, an exit code, and nothing touched."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pumpmock.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

# How each option is given; serve is pointed at a port that can't be, so that it ends even where it takes the file.
COMMANDS: dict[str, Sequence[str]] = {
    "limits": ("serve", "--pty", "/nonexistent/pump", "--bench-key", "--limits"),
    "state": ("serve", "--pty", "/nonexistent/pump", "--bench-key", "--state"),
    "keys": ("serve", "--pty", "/nonexistent/pump", "--keys"),
    "recording": ("decode",),
    "key": ("decode", "00", "--key"),
}
FOLDER, PIPE, UNREADABLE, LOOP = "a folder", "a pipe", "an unreadable file", "a link to itself"
CASES = [
    ("limits", FOLDER, 2, "it is a folder"),
    ("limits", PIPE, 2, "it is not an ordinary file"),
    ("limits", UNREADABLE, 2, "Permission denied"),
    ("limits", LOOP, 2, "Too many levels of symbolic links"),
    ("state", FOLDER, 2, "is a directory"),
    ("state", PIPE, 1, "it is not an ordinary file; move it away to begin with a new pump"),
    ("state", UNREADABLE, 1, "Permission denied"),
    ("state", LOOP, 1, "Too many levels of symbolic links"),
    ("keys", PIPE, 1, "is not a folder"),
    ("keys", UNREADABLE, 2, "is a file"),
    ("keys", LOOP, 1, "Too many levels of symbolic links"),
    ("recording", FOLDER, 2, "is a folder: give hexadecimal, a file, or -"),
    ("recording", UNREADABLE, 2, "Permission denied"),
    ("recording", LOOP, 2, "Too many levels of symbolic links"),
    ("key", FOLDER, 2, "is a directory"),
    ("key", PIPE, 1, "is not a regular file"),
    ("key", UNREADABLE, 1, "Permission denied"),
    ("key", LOOP, 1, "is a symbolic link"),
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Return what puts something of a kind at a path that is named 'odd'."""
    path = tmp_path / "odd"

    def refuse(opened: object, *words: object, **named: object) -> int:
        if opened in {path, str(path)}:
            raise PermissionError(13, "Permission denied", str(path))
        return honest(opened, *words, **named)  # type: ignore[arg-type] # passed on

    honest = os.open

    def put(kind: str) -> Path:
        match kind:
            case "a folder":
                path.mkdir(mode=0o700)
            case "a pipe":
                os.mkfifo(path, 0o600)
            case "a link to itself":
                path.symlink_to(path)
            case _:
                path.write_text("unread")
                path.chmod(0)
                monkeypatch.setattr(os, "open", refuse)  # modes are nothing to a superuser
                monkeypatch.setattr(
                    "pumpmock.commands.decode.Path.read_bytes", lambda one: os.close(os.open(one, 0))
                )
        return path

    return put


@pytest.mark.timeout(30)
@pytest.mark.parametrize(("option", "kind", "code", "said"), CASES)
def test_what_is_no_file_that_can_be_read_is_named_and_refused(
    place: Callable[[str], Path], option: str, kind: str, code: int, said: str
) -> None:
    path = place(kind)
    before = path.lstat()
    done = CliRunner().invoke(main, [*COMMANDS[option], str(path)])
    output = " ".join(done.output.split())
    assert (done.exit_code, type(done.exception)) == (code, SystemExit), output
    assert f"{path}" in output
    assert said in output
    assert "Errno" not in output
    assert "goes on" not in output or kind is UNREADABLE
    assert (path.lstat().st_ino, path.lstat().st_mode) == (before.st_ino, before.st_mode)


@pytest.mark.parametrize("option", COMMANDS)
def test_a_name_too_long_for_a_file_is_a_sentence(tmp_path: Path, option: str) -> None:
    done = CliRunner().invoke(main, [*COMMANDS[option], str(tmp_path / ("x" * 300))])
    assert type(done.exception) is SystemExit, done.exception
    assert "Traceback" not in done.output
    assert "too long" in done.output or "no hexadecimal digit" in done.output


def test_a_recording_may_come_through_a_pipe() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"00 01 02 00\n")
    os.close(writer)
    done = CliRunner().invoke(main, ["decode", f"/dev/fd/{reader}"])
    os.close(reader)
    assert done.exit_code == 0
    assert "with a failed check" in done.output
