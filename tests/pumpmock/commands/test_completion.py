"""A shell completes commands, verbs, troubles, profiles and messages, and leaves files to itself."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner

from pumpmock.cli import main
from pumpmock.profile_file import shipped_names

if TYPE_CHECKING:
    from pathlib import Path


def completed(*words: str) -> list[str]:
    """Return what may stand in place of the last word."""
    complete = BashComplete(main, {}, "pumpmock", "_PUMPMOCK_COMPLETE")
    *before, incomplete = words
    return [found.value for found in complete.get_completions(before, incomplete) if found.type == "plain"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("rep",), {"replay"}),
        (("ctl", "trouble", "strike", "l"), {"leak", "lost-clock"}),
        (("ctl", "set", "res"), {"reservoir="}),
        (("ctl", "f"), {"fault", "freeze"}),
        (("decode", "x", "--only", "Com"), {"Commit"}),
        (("serve", "--profile", ""), set(shipped_names())),
    ],
)
def test_what_begins_so_is_offered(words: tuple[str, ...], found: set[str]) -> None:
    assert set(completed(*words)) == found


@pytest.mark.parametrize("words", [("decode", ""), ("diff", ""), ("replay", ""), ("serve", "--profile", "")])
def test_where_a_file_may_stand_the_shell_completes_files(words: tuple[str, ...]) -> None:
    complete = BashComplete(main, {}, "pumpmock", "_PUMPMOCK_COMPLETE")

    assert "file" in {found.type for found in complete.get_completions([*words[:-1]], words[-1])}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_takes(shell: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["completion", shell])

    assert done.exit_code == 0
    assert "_PUMPMOCK_COMPLETE" in done.stdout
    if (program := shutil.which(shell)) is not None:
        (tmp_path / "script").write_text(done.stdout)
        subprocess.run([program, "-n", str(tmp_path / "script")], check=True, timeout=30)


def test_a_shell_that_is_not_known_is_told_those_that_are() -> None:
    done = CliRunner().invoke(main, ["completion", "csh"])

    assert done.exit_code == 2
    assert "'bash', 'zsh', 'fish'" in done.stderr
