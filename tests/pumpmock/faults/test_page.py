"""The page on faults says what the table of kinds says, and its examples are taken as they stand."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from click.testing import CliRunner

from pumpmock import cli
from pumpmock.commands import control as commands
from pumpmock.commands import serve as serving
from pumpmock.control.verbs import VERBS
from pumpmock.faults import KINDS, parse_fault_line
from tests.pumpmock.stand import Stand

if TYPE_CHECKING:
    import pytest

PAGE = (Path(__file__).parents[3] / "docs" / "faults.md").read_text(encoding="utf-8")


def test_the_page_has_every_kind_with_its_sentence_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", PAGE, re.MULTILINE)
    assert dict(rows) == {name: kind.says for name, kind in KINDS.items()}


def test_every_fault_that_the_page_writes_is_taken() -> None:
    written = re.findall(r'--fault "([^"]+)"', PAGE)
    assert len(written) == 3
    for line in written:
        parse_fault_line(line)


class Answered:
    """A control socket behind which a pump is."""

    asked: ClassVar[list[str]] = []
    stand = Stand()

    def __init__(self, _path: Path) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def call(self, verb: str, given: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON values
        self.asked.append(verb)
        return VERBS[verb].call(self.stand.emulator, given)


def test_every_command_of_the_page_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[object] = []
    monkeypatch.setattr(serving, "serve", lambda options, _console: served.append(options))
    monkeypatch.setattr(commands, "Control", Answered)
    written = re.findall(r"^    pumpmock ([^#\n]+)", PAGE, re.MULTILINE)
    assert len(written) == 10
    for command in written:
        result = CliRunner().invoke(cli.main, shlex.split(command))
        assert result.exit_code == 0, result.output
    assert len(served) == 4
    assert Answered.asked == ["fault add", "fault add", "fault list", "fault clear"]
