"""Changing a rate from the command line: limits, the second act, abandoning, and reading back."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from monitor import cli
from monitor.commands import options
from protocol.messages import Commit, Poll, Prepare, Prepared, Resolve
from protocol.vocabulary import EventKind
from tests.monitor.conftest import RATE_NL_H, LivePump, codes_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def change(live: LivePump, patient: None) -> Callable[..., Result]:
    """Return a function that runs a command against the pump."""
    del patient

    def run(command: str, *words: str, stdin: str = "") -> Result:
        place = [live.url, "--keys", str(live.keys_folder)]
        place += (
            ["--drugs", "none"] if command == "set-rate" else []
        )  # tests/monitor/test_cli_drugs.py has those
        return CliRunner().invoke(cli.main, [command, *place, *words], input=stdin)

    return run


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands believe that somebody sits there."""
    monkeypatch.setattr(options, "check_terminal", lambda **_: None)


@pytest.fixture
def sent(live: LivePump) -> list[int]:
    """Return the type codes of all requests, as they come."""
    codes: list[int] = []

    def noted(data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
        codes.extend(codes_in(data))
        return answer(data)

    live.spoil = noted
    return codes


def test_a_small_step_is_shown_applied_and_read_back(live: LivePump, change: Callable[..., Result]) -> None:
    result = change("set-rate", "0.55 mL/day", "--yes")
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"pump PM-00001 on {live.url}" in result.stdout
    assert "0.500 mL/day" in result.stdout
    assert "+10.0 %" in result.stdout
    assert result.stdout.endswith("set: the pump reports 0.550 mL/day (revision 1)\n")
    assert live.rate_nl_h == 22_917


def test_a_step_over_a_soft_limit_needs_to_be_meant(live: LivePump, change: Callable[..., Result]) -> None:
    refused = change("set-rate", "0.7 mL/day", "--yes")
    assert refused.exit_code == 1
    over = "0.700 mL/day (+40.0 %) is over a soft limit: the step up is above its upper soft limit, 20 % (assumption)"
    assert f'{over}: add --reason "why" if it is meant' in refused.stderr
    assert live.rate_nl_h == RATE_NL_H
    overridden: list[int] = []

    def noted(request: Prepare, said: Prepared) -> Prepared:
        overridden.append(request.overridden)
        return said

    live.lie(Prepare, noted)
    assert change("set-rate", "0.7 mL/day", "--yes", "--reason", "meant").exit_code == 0
    assert change("set-rate", "0.71 mL/day", "--yes", "--reason", "meant").exit_code == 0
    assert overridden == [1, 0]
    assert live.rate_nl_h == 29_583


@pytest.mark.parametrize(
    ("rate", "said"), [("0.04 mL/day", "below the least rate"), ("24.1 mL/day", "above the greatest rate")]
)
def test_a_hard_bound_is_exit_1_whatever_is_overridden(
    live: LivePump, change: Callable[..., Result], sent: list[int], rate: str, said: str
) -> None:
    result = change("set-rate", rate, "--yes", "--reason", "meant")
    assert result.exit_code == 1
    assert said in result.stderr
    assert live.rate_nl_h == RATE_NL_H
    assert Prepare.code not in sent


def test_a_bound_that_only_the_pump_knows_of_is_exit_1_and_in_its_log(
    live: LivePump, change: Callable[..., Result]
) -> None:
    assert change("stop", "--yes").exit_code == 0
    result = change("set-rate", "0.55 mL/day", "--yes")
    assert result.exit_code == 1
    assert "pump-monitor: the pump is stopped: resume it first" in result.stderr
    assert live.log[-1].kind == EventKind.REFUSED


def test_a_viewer_key_is_exit_1(live: LivePump, change: Callable[..., Result]) -> None:
    next(live.keys_folder.glob("*.technician.key")).unlink()
    result = change("set-rate", "0.55 mL/day", "--yes")
    assert (result.exit_code, "use a technician key" in result.stderr) == (1, True)


def test_without_a_terminal_and_without_yes_nothing_is_even_prepared(
    change: Callable[..., Result], sent: list[int]
) -> None:
    for command in (["set-rate", "0.55 mL/day"], ["stop"], ["resume"]):
        result = change(*command)
        assert (result.exit_code, "add --yes" in result.stderr) == (2, True)
    assert sent == []


@pytest.mark.usefixtures("at_terminal")
@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (["set-rate", "0.55 mL/day"], "n\n"),
        (["set-rate", "0.55 mL/day"], "\n"),
        (["set-rate", "0.55 mL/day"], "yes\n"),
        (["set-rate", "0.55 mL/day"], ""),  # the end of the input, as after Ctrl-C
        (["set-rate", "1.0 mL/day", "--reason", "meant"], "y\n"),
        (["set-rate", "1.0 mL/day", "--reason", "meant"], "10 mL/day\n"),
        (["stop"], "y\n"),
        (["stop"], "STOP\n"),
    ],
)
def test_an_abandoned_change_is_exit_1_changes_nothing_and_frees_the_place(
    live: LivePump, change: Callable[..., Result], sent: list[int], words: list[str], typed: str
) -> None:
    result = change(*words, stdin=typed)
    assert result.exit_code == 1
    assert ("abandoned; nothing was changed" in result.stderr) == bool(typed)
    assert live.rate_nl_h == RATE_NL_H
    assert sent[-1] == Resolve.code
    assert Commit.code not in sent
    assert change("set-rate", "0.55 mL/day", "--yes").exit_code == 0


@pytest.mark.usefixtures("at_terminal")
@pytest.mark.parametrize(
    ("words", "word", "rate_nl_h"),
    [
        (["set-rate", "0.55 mL/day"], "y", 22_917),
        (["set-rate", "1.0 mL/day", "--reason", "meant"], "1.0 mL/day", 41_667),
        (["set-rate", " 1.0 mL/day ", "--reason", "meant"], "1.0 mL/day", 41_667),
        (["set-rate", "0.25 mL/day", "--reason", "meant"], "0.25 mL/day", 10_417),
        (["stop"], "stop", 0),
    ],
)
def test_the_word_that_is_asked_for_applies_it(
    live: LivePump, change: Callable[..., Result], words: list[str], word: str, rate_nl_h: int
) -> None:
    result = change(*words, stdin=f"{word}\n")
    assert result.exit_code == 0, result.stderr
    assert f"type {word} to apply it" in result.stdout
    assert live.rate_nl_h == rate_nl_h


def test_stopping_and_resuming(live: LivePump, change: Callable[..., Result]) -> None:
    stopped = change("stop", "--yes")
    assert stopped.stdout.endswith("set: the pump reports 0.000 mL/day (revision 1)\n")
    assert live.rate_nl_h == 0
    resumed = change("resume", "--yes")
    assert resumed.stdout.endswith("set: the pump reports 0.500 mL/day (revision 2)\n")
    again = change("resume", "--yes")
    assert (again.exit_code, "nothing to resume" in again.stderr) == (1, True)


def test_an_unknown_outcome_is_exit_4_with_both_rates(live: LivePump, change: Callable[..., Result]) -> None:
    live.on_request(Commit.code, live.port.unplug, serve_first=True)
    result = change("set-rate", "0.55 mL/day", "--yes")
    assert result.exit_code == 4
    assert "the rate is 0.500 or 0.550 mL/day" in result.stderr


def test_a_rate_that_does_not_read_back_as_set_is_exit_1(
    live: LivePump, change: Callable[..., Result]
) -> None:
    live.lie(Poll, lambda _request, said: dataclasses.replace(said, commanded_rate_nl_h=RATE_NL_H))
    result = change("set-rate", "0.55 mL/day", "--yes")
    assert result.exit_code == 1
    assert "not as set: applied as revision 1, but now the pump reports 0.500 mL/day" in result.stderr


def test_a_link_lost_after_the_change_is_exit_3_and_says_that_it_was_applied(
    live: LivePump, change: Callable[..., Result]
) -> None:
    polls: list[bytes] = []

    def spoil(data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
        if Poll.code in codes_in(data):
            polls.append(data)
            if len(polls) == 2:
                live.port.unplug()
                return b""
        return answer(data)

    live.spoil = spoil
    result = change("set-rate", "0.55 mL/day", "--yes")
    assert result.exit_code == 3
    assert "applied as revision 1, but not read back" in result.stderr
    assert live.rate_nl_h == 22_917


def test_what_is_reviewed_is_what_the_pump_read_back(live: LivePump, change: Callable[..., Result]) -> None:
    live.lie(Prepare, lambda _request, said: dataclasses.replace(said, new_to_low_s=86_400))
    assert "1.0 days" in change("set-rate", "0.55 mL/day", "--yes").stdout


def test_keys_that_are_open_to_others_are_told_before_anything_else(
    live: LivePump, change: Callable[..., Result], tmp_path: Path
) -> None:
    for path in live.keys_folder.iterdir():
        path.chmod(0o644)
    result = change("stop", "--yes")
    assert result.exit_code == 3
    assert result.stderr.count(f"chmod 600 {tmp_path}") == 2
    assert live.rate_nl_h == RATE_NL_H
