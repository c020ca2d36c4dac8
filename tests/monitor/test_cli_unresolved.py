"""Every command says what became of changes that were left; none changes anything while there is an open one."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from monitor import cli
from monitor.commands import options, unresolved
from monitor.conversation import Conversation
from monitor.errors import OutcomeUnknownError
from monitor.intents import Intents, default_folder
from monitor.verdicts import noted_time
from protocol.bounds import Finding
from protocol.changes import rejected
from protocol.intent import Intent
from protocol.machines import Stage
from protocol.messages import Change, Commit, Poll, Prepare, Resolve
from protocol.vocabulary import ChangeKind, Refusal
from tests.monitor.conftest import RATE_NL_H, SERIAL_NUMBER, STORE_ID, LivePump, codes_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

NEW_NL_H = 25_000
NOTED_S = 1_767_225_600
CHANGE = Change(ChangeKind.RATE, NEW_NL_H)
LEFT = Intent(
    b"command1", SERIAL_NUMBER, STORE_ID, NOTED_S, CHANGE, 0, RATE_NL_H, NEW_NL_H, stage=Stage.COMMITTING
)
OPENING = [["status"], ["status", "--json"], ["watch", "--count", "1"], ["events"], ["unresolved"]]
CHANGING = [["set-rate", "0.55 mL/day", "--yes", "--drugs", "none"], ["stop", "--yes"], ["resume", "--yes"]]


@pytest.fixture(autouse=True)
def _state_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def run(live: LivePump, patient: None) -> Callable[..., Result]:
    """Return a function that runs a command against the pump."""
    del patient

    def invoke(command: str, *words: str, stdin: str = "") -> Result:
        place = [live.url, "--keys", str(live.keys_folder)]
        return CliRunner().invoke(cli.main, [command, *place, *words], input=stdin)

    return invoke


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (options, unresolved):
        monkeypatch.setattr(module, "check_terminal", lambda **_: None)


def leave(intent: Intent = LEFT) -> None:
    """Leave the note of a monitor that ended."""
    made = Intents()
    made.note(intent)
    made.close()


def time_noted() -> str:
    return noted_time(LEFT, time.time())


def keep_silent(live: LivePump) -> None:
    """Have the pump refuse to say what became of anything."""
    live.answer(Resolve, lambda _: rejected(Resolve.code, Finding(Refusal.ROLE, 0, "not now")))


@pytest.mark.parametrize("words", OPENING, ids=" ".join)
def test_whatever_opens_the_pump_says_on_standard_error_what_was_settled(
    live: LivePump, run: Callable[..., Result], words: list[str]
) -> None:
    with live.connect() as pump:
        prepared = pump.prepare(CHANGE, seen=pump.status())
        live.on_request(Commit.code, live.port.unplug, serve_first=True)
        with pytest.raises(OutcomeUnknownError):
            pump.commit(prepared)
        live.call(live.port.replug)
    result = run(*words)
    assert result.exit_code == 0, result.stderr
    said = r"pump-monitor: the change of (\d+ \w+ )?\d\d:\d\d to 0\.600 mL/day was applied as revision 1\n"
    assert re.fullmatch(said, result.stderr)
    assert run(*words).stderr == ""  # once


def test_a_change_that_was_not_applied_is_told_with_the_rate_that_stands(run: Callable[..., Result]) -> None:
    leave()
    said = f"the change of {time_noted()} to 0.600 mL/day was not applied: the rate is still 0.500 mL/day"
    assert run("status").stderr == f"pump-monitor: {said}\n"


def test_a_rate_that_was_changed_since_is_not_called_the_same_still(run: Callable[..., Result]) -> None:
    leave(replace(LEFT, old_rate_nl_h=22_000))
    assert "was not applied: the rate is 0.500 mL/day" in run("status").stderr


@pytest.mark.parametrize("words", OPENING[:-1], ids=" ".join)
def test_whatever_reads_warns_of_what_is_in_doubt_and_reads(
    live: LivePump, run: Callable[..., Result], words: list[str]
) -> None:
    leave()
    keep_silent(live)
    result = run(*words)
    assert result.exit_code == 0
    assert result.stderr == (
        f"pump-monitor: OUTCOME UNKNOWN: the change of {time_noted()} to 0.600 mL/day: the rate is 0.500 or 0.600 mL/day: "
        "the pump does not say what became of it\n"
    )
    assert "OUTCOME" not in result.stdout


@pytest.mark.parametrize("words", CHANGING, ids=" ".join)
def test_while_there_is_no_verdict_nothing_is_changed_and_both_rates_are_shown_with_exit_code_4(
    live: LivePump, run: Callable[..., Result], words: list[str]
) -> None:
    leave()
    keep_silent(live)
    codes: list[int] = []

    def noted(data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
        codes.extend(codes_in(data))
        return answer(data)

    live.spoil = noted
    result = run(*words)
    assert result.exit_code == 4
    assert result.stderr.count("the rate is 0.500 or 0.600 mL/day") == 2
    assert "nothing else is changed before that is known" in result.stderr
    assert Resolve.code in codes
    assert not {Poll.code, Prepare.code} & set(codes)
    assert live.rate_nl_h == RATE_NL_H


def test_a_key_that_only_reads_is_told_what_another_key_could_do(
    live: LivePump, run: Callable[..., Result]
) -> None:
    leave()
    next(live.keys_folder.glob("*.technician.key")).unlink()
    result = run("status")
    assert result.exit_code == 0
    assert "this key only reads: the pump tells a technician key what became of it" in result.stderr
    assert run("stop", "--yes").exit_code == 4


@pytest.mark.usefixtures("live")
def test_ctrl_c_while_the_answer_is_awaited_is_exit_4_with_both_rates(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = Conversation._ask_here

    def interrupted(conversation: Any, request: Any, *others: Any) -> object:  # noqa: ANN401 - a conversation
        answer = asking(conversation, request, *others)
        if isinstance(request, Commit):
            raise KeyboardInterrupt  # at the last moment: the pump has answered, and nobody has looked at it
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(Conversation, "_ask_here", interrupted)
        result = run("set-rate", "0.55 mL/day", "--yes", "--drugs", "none")
    assert result.exit_code == 4
    assert (
        "the rate is 0.500 or 0.550 mL/day: not waited for; pump-monitor status asks again" in result.stderr
    )
    assert "to 0.550 mL/day was applied as revision 1" in run("status").stderr


# --- the list -------------------------------------------------------------------------------------------------------


def listed(*words: str) -> Result:
    return CliRunner().invoke(cli.main, ["unresolved", *words])


def test_without_a_pump_all_that_was_noted_is_listed() -> None:
    leave()
    leave(
        replace(
            LEFT,
            command_id=b"command2",
            serial_number="PM-00002",
            noted_s=NOTED_S + 60,
            stage=Stage.INTENDED,
            new_rate_nl_h=None,
            change=Change(ChangeKind.STOP),
        )
    )
    result = listed()
    assert result.exit_code == 4
    first, second = result.stdout.splitlines()
    assert first == (
        f"{LEFT.command_id.hex()}  pump PM-00001  {time_noted()}  to 0.600 mL/day  the rate is 0.500 or 0.600 mL/day  "
        "committed, no answer"
    )
    assert second.endswith("to a stop  the rate is 0.500 mL/day  begun, not committed")


def test_json_has_every_field_that_scripts_rely_on() -> None:
    leave()
    result = listed("--json")
    assert json.loads(result.stdout) == {
        "command_id": LEFT.command_id.hex(),
        "serial_number": SERIAL_NUMBER,
        "noted_s": NOTED_S,
        "kind": "rate",
        "revision": 0,
        "old_rate_nl_h": RATE_NL_H,
        "new_rate_nl_h": NEW_NL_H,
        "reason": None,
        "stage": "committing",
        "under_way": False,
    }
    assert result.exit_code == 4


def test_with_nothing_open_the_list_says_so_and_json_is_empty() -> None:
    assert (listed().exit_code, listed().stdout) == (0, "no change is without a verdict\n")
    assert (listed("--json").exit_code, listed("--json").stdout) == (0, "")


def test_what_is_under_way_is_listed_as_that_and_is_no_unknown_outcome() -> None:
    holder = Intents()
    holder.note(LEFT)
    result = listed()
    assert (result.exit_code, result.stdout.rstrip().endswith("under way")) == (0, True)
    holder.close()


def test_a_change_that_was_never_committed_is_no_unknown_outcome() -> None:
    leave(replace(LEFT, stage=Stage.INTENDED, new_rate_nl_h=None))
    assert listed().exit_code == 0


def test_a_damaged_note_is_told_with_exit_code_4() -> None:
    leave()
    (path,) = default_folder().iterdir()
    path.write_bytes(b"{}\n")
    result = listed()
    assert (result.exit_code, result.stdout) == (4, "")
    assert f"pump-monitor: {path} is not what this program wrote" in result.stderr


def test_a_damaged_note_is_told_by_whatever_opens_the_pump_and_refuses_changes_with_exit_code_1(
    run: Callable[..., Result],
) -> None:
    leave()
    (path,) = default_folder().iterdir()
    path.write_bytes(b"{}\n")
    assert f"nothing can be changed: {path}" in run("status").stderr
    assert run("status").exit_code == 0
    assert run("stop", "--yes").exit_code == 1


def test_with_a_pump_it_is_asked_first(run: Callable[..., Result]) -> None:
    leave()
    leave(replace(LEFT, command_id=b"command2", serial_number="PM-00002"))
    result = run("unresolved")
    assert "to 0.600 mL/day was not applied" in result.stderr
    assert result.stdout.count("\n") == 1
    assert "pump PM-00002" in result.stdout
    assert result.exit_code == 4


# --- giving one up --------------------------------------------------------------------------------------------------


@pytest.fixture
def replaced() -> str:
    """Leave a change whose pump has another memory by now; returns its ID."""
    leave(replace(LEFT, store_id=b"store-00"))
    return LEFT.command_id.hex()


@pytest.mark.parametrize("digits", [4, 16])
def test_a_change_of_a_memory_that_was_replaced_is_given_up_when_it_is_meant(
    run: Callable[..., Result], replaced: str, digits: int
) -> None:
    assert "another memory answers now" in run("status").stderr
    assert run("stop", "--yes").exit_code == 4
    result = run("unresolved", "--discard", replaced[:digits], "--yes")
    assert result.exit_code == 0, result.stderr
    assert "left the rate at 0.500 or 0.600 mL/day, and nobody can tell any more." in result.stdout
    assert "pump PM-00001 reports 0.500 mL/day (revision 0)" in result.stdout
    assert "to 0.600 mL/day was given up" in result.stderr
    assert run("stop", "--yes").exit_code == 0


@pytest.mark.usefixtures("at_terminal")
def test_giving_up_asks_for_its_word(run: Callable[..., Result], replaced: str) -> None:
    for slip in ("y\n", "\n", "yes\n"):
        result = run("unresolved", "--discard", replaced, stdin=slip)
        assert (result.exit_code, "abandoned; it is kept" in result.stderr) == (1, True)
    assert listed().exit_code == 4
    assert run("unresolved", "--discard", replaced, stdin="discard\n").exit_code == 0
    assert listed().exit_code == 0


def test_without_a_terminal_and_without_yes_nothing_is_given_up(
    run: Callable[..., Result], replaced: str
) -> None:
    result = run("unresolved", "--discard", replaced)
    assert (result.exit_code, "add --yes" in result.stderr) == (2, True)
    assert listed().exit_code == 4


def test_without_its_pump_nothing_is_given_up(replaced: str) -> None:
    result = listed("--discard", replaced, "--yes")
    assert (result.exit_code, "the port is wanted as well" in result.stderr) == (2, True)


def test_what_the_pump_can_tell_is_not_given_up(live: LivePump, run: Callable[..., Result]) -> None:
    leave()
    keep_silent(live)
    result = run("unresolved", "--discard", LEFT.command_id.hex(), "--yes")
    assert (result.exit_code, "the pump can tell what became of it" in result.stderr) == (1, True)
    assert listed().exit_code == 4


@pytest.mark.parametrize("chosen", ["ffff", "x", ""])
def test_an_id_that_fits_none_or_several_gives_none_up(
    run: Callable[..., Result], replaced: str, chosen: str
) -> None:
    del replaced
    leave(replace(LEFT, command_id=b"command2", store_id=b"store-00"))
    result = run("unresolved", "--discard", chosen, "--yes")
    assert result.exit_code == 1
    assert "without a verdict begins with" in result.stderr
    assert listed().stdout.count("\n") == 2


def test_a_viewer_may_give_up_what_no_memory_can_tell(
    live: LivePump, run: Callable[..., Result], replaced: str
) -> None:
    next(live.keys_folder.glob("*.technician.key")).unlink()
    assert run("unresolved", "--discard", replaced, "--yes").exit_code == 0
