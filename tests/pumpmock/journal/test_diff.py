"""Two journals are the same where nothing but what differs in any two runs does; else it is told what, and where."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import Acknowledge, Change, GetLimits, Poll
from protocol.vocabulary import ChangeKind
from pumpmock.cli import main
from pumpmock.journal.diff import Item, differences, told
from pumpmock.wall import NS_A_S
from tests.pumpmock.journal.test_file import Written

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from click.testing import Result


def run(path: Path, *, seed: int = 1, rate_nl_h: int = 25_000, polls: int = 1, name: str = "a") -> Path:
    """Write the journal of a pump that is polled, changed, and polled."""
    written = Written(path / name, seed)
    written.stand.emulator.set_speed(0)
    for _ in range(polls):
        written.host.poll()
    written.stand.hand.advance(seed * NS_A_S)
    written.host.change(Change(ChangeKind.RATE, rate_nl_h))
    written.host.ask(GetLimits())
    written.file.close()
    return written.path


def diff(*words: object) -> Result:
    return CliRunner().invoke(main, ["diff", *map(str, words)])


def test_two_runs_of_one_script_are_the_same_but_for_what_every_run_has_of_its_own(tmp_path: Path) -> None:
    one, other = run(tmp_path, seed=1), run(tmp_path, seed=2, name="b")
    same = diff(one, other)

    assert (same.exit_code, same.output) == (0, "")
    everything = diff(one, other, "--all")
    assert everything.exit_code == 1
    assert "device_nonce=" in everything.output


def test_another_figure_is_told_with_both_values_and_nothing_else(tmp_path: Path) -> None:
    done = diff(run(tmp_path), run(tmp_path, rate_nl_h=26_000, name="b"))

    assert done.exit_code == 1
    changed = [line for line in done.output.splitlines() if line[0] == "~"]
    assert changed[0] == "~ -> Prepare  change.rate_nl_h=25000 / 26000"
    assert changed[1].startswith("~ <- Prepared  new_rate_nl_h=25000 / 26000")
    assert changed[2] == "~ * rate_changed  new_rate_nl_h=25000 / 26000"
    assert "-> Commit" in done.output
    assert not [line for line in done.output.splitlines() if line[:2] in {"- ", "+ "}]


def test_what_was_asked_once_more_is_told_where_it_was(tmp_path: Path) -> None:
    done = diff(run(tmp_path), run(tmp_path, polls=2, name="b"))

    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert lines[:2] == [f"--- {tmp_path / 'a'}", f"+++ {tmp_path / 'b'}"]
    assert lines[2].startswith("@@ entry ")
    assert [line.split("  ")[0] for line in lines if line[0] == "+" and line[1] == " "] == [
        "+ -> Poll",
        "+ <- Status",
    ]


def test_of_a_journal_from_a_line_only_messages_are_compared_and_that_is_said(tmp_path: Path) -> None:
    one, other = run(tmp_path), run(tmp_path, name="b")
    header, *lines = other.read_text().splitlines()
    messages = [line for line in lines if json.loads(line)["what"] in {"in", "out"}]
    other.write_text("\n".join([json.dumps({**json.loads(header), "side": "line"}), *messages]) + "\n")
    done = diff(one, other)

    assert (done.exit_code, done.stdout) == (0, "")
    assert "only messages are compared" in done.stderr


def test_what_cannot_be_read_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "csv").write_text("a,b\n")

    for other in ("csv", "gone"):
        done = diff(run(tmp_path), tmp_path / other)
        assert done.exit_code == 2
        assert other in done.stderr


@pytest.mark.parametrize("count", [2_000])
def test_long_journals_that_differ_everywhere_are_told_item_by_item(tmp_path: Path, count: int) -> None:
    paths = []
    for name, alarms in (("a", 1), ("b", 2)):
        written = Written(tmp_path / name)
        for _ in range(count):
            written.host.ask(Acknowledge(alarms))
            written.host.ask(Poll())
        paths.append(written.path)
    done = diff(*paths)

    assert sum(line.startswith("~ -> Acknowledge") for line in done.output.splitlines()) == count


_ITEMS = st.lists(
    st.builds(
        Item,
        st.just(1),
        st.sampled_from(["-> Poll", "<- Status", "* alarm"]),
        st.sampled_from([(), (("x", "1"),), (("x", "2"),)]),
    ),
    max_size=12,
)


@given(_ITEMS, _ITEMS)
def test_whatever_differs_each_item_of_either_side_is_told_once(ours: list[Item], theirs: list[Item]) -> None:
    found = [*differences(ours, theirs)]
    differing = [side for _, difference in found for side in difference]

    def keys(items: Sequence[Item]) -> list[object]:
        return sorted(str(item.key) for item in items)

    same_ours = len(ours) - sum(len(difference.ours) for _, difference in found)
    assert same_ours == len(theirs) - sum(len(difference.theirs) for _, difference in found)
    assert bool(differing) == ([item.key for item in ours] != [item.key for item in theirs])
    for _, difference in found:
        lines = [*told(difference)]
        both = sum(line[0] in "~ " for line in lines)
        assert both + sum(line[0] == "-" for line in lines) == len(difference.ours)
        assert both + sum(line[0] == "+" for line in lines) == len(difference.theirs)
        assert keys(difference.ours) != keys([]) or keys(difference.theirs) != keys([])
