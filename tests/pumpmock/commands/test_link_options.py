"""What `pumpmock serve` and `pumpmock faults` take and say of faults and links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from pumpmock import cli
from pumpmock.commands import serve as serving
from pumpmock.faults import KINDS
from pumpmock.medium import AS_SET, Jitter, Medium

if TYPE_CHECKING:
    from pumpmock.options import Options


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """Let nothing be served, and return what would have been."""
    found: list[Options] = []
    monkeypatch.setattr(serving, "serve", lambda options, _console: found.append(options))
    return found


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.main, [*words])


def test_by_default_links_are_perfect_and_nothing_goes_wrong(served: list[Options]) -> None:
    assert run("serve").exit_code == 0
    assert (served[0].medium, served[0].faults) == (Medium(), ())


def test_a_link_is_as_it_was_asked_for(served: list[Options]) -> None:
    words = ("--baud", "9600", "--latency", "20 ms", "--jitter", "normal 5 ms", "--chunk", "4")
    assert run("serve", *words).exit_code == 0
    assert served[0].medium == Medium(9_600, 20, Jitter("normal", 5), 4)
    assert run("serve", "--baud", "as-set").exit_code == 0
    assert served[1].medium.baud == AS_SET


def test_faults_are_those_that_were_asked_for_in_their_order(served: list[Options]) -> None:
    result = run("serve", "--fault", "lose-reply on=Commit", "--fault", "occlusion first='1 h'")
    assert result.exit_code == 0
    assert [dict(fault)["kind"] for fault in served[0].faults] == ["lose-reply", "occlusion"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--baud", "9600 baud"), "write 9600, say, or as-set"),
        (("--baud", "0"), "write 9600"),
        (("--latency", "20"), "has no unit"),
        (("--latency", "61 min"), "more than an hour"),
        (("--jitter", "5 ms"), 'write "uniform 5 ms"'),
        (("--jitter", "uniform"), "its spread is missing"),
        (("--jitter", "gauss 5 ms"), "known are uniform"),
        (("--chunk", "0"), "1<=x<=4096"),
        (("--fault", "lose-replay"), 'did you mean "lose-reply"'),
        (("--fault", "delay"), "needs by: wall time"),
    ],
)
def test_a_slip_is_refused_as_usage(served: list[Options], words: tuple[str, str], sentence: str) -> None:
    result = run("serve", *words)
    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.split())
    assert served == []


def test_faults_lists_every_kind_with_its_sentence() -> None:
    lines = run("faults").stdout.splitlines()
    for kind in KINDS.values():
        assert any(line.split() == [kind.name, *kind.says.split()] for line in lines)


@pytest.mark.parametrize("kind", KINDS)
def test_faults_tells_how_a_kind_is_written(kind: str) -> None:
    told = run("faults", kind).stdout
    assert told.startswith(f"{kind}: {KINDS[kind].says}")
    for figure in KINDS[kind].figures:
        assert f"  {figure.key} = " in told


def test_faults_refuses_a_kind_that_there_is_not() -> None:
    result = run("faults", "occlussion")
    assert (result.exit_code, 'did you mean "occlusion"' in result.stderr) == (2, True)
