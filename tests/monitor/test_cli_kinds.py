"""Each kind of change from the command line: asked for, shown, confirmed, carried out, read back."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from monitor import cli
from monitor.commands import options
from protocol.alarms import Alarm
from protocol.messages import Acknowledge, Commit, GetProgram, Prepare, Step
from protocol.vocabulary import ChangeKind, EventKind, Mode
from tests.monitor.conftest import RATE_NL_H, STORE_ID, LivePump, codes_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from pumpmock.model.sample import Sample

DAYS = 3 * 86_400_000_000
EVERY: dict[ChangeKind, list[str]] = {
    ChangeKind.RATE: ["set-rate", "0.55 mL/day"],
    ChangeKind.TEMPORARY_RATE: ["temporary-rate", "0.55 mL/day", "--for", "2 h"],
    ChangeKind.BOLUS: ["bolus", "50 ug", "--over", "30 min"],
    ChangeKind.FLEX: ["flex", "--steps", "00:00 0.5 mL/day, 06:00 0.6 mL/day", "--days", "Mon-Fri"],
    ChangeKind.MINIMUM_RATE: ["minimum-rate"],
    ChangeKind.STOP: ["stop"],
    ChangeKind.REFILL: ["refill", "--withdrawn", "17.9 mL", "--filled", "18 mL"],
    ChangeKind.PRIME: ["prime", "0.2 mL"],
    ChangeKind.BRIDGE: ["bridge", "0.25 mL", "--at", "0.4 mL/day"],
    ChangeKind.CLOCK: ["set-clock", "2026-01-04 00:10"],
}


@pytest.fixture
def run(live: LivePump, patient: None) -> Callable[..., Result]:
    """Return a function that runs a command against a pump that has been running for three days."""
    del patient
    live.renew(STORE_ID, concentration_ug_ml=500, age_us=DAYS)

    def command(name: str, *words: str, stdin: str = "") -> Result:
        place = [live.url, "--keys", str(live.keys_folder)]
        return CliRunner().invoke(cli.main, [name, *place, *words], input=stdin)

    return command


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "check_terminal", lambda **_: None)


def sample(live: LivePump) -> Sample:
    return live.call(live.memory.pump.sample)


@pytest.mark.parametrize("kind", EVERY)
def test_each_kind_is_applied_and_read_back_as_json(
    live: LivePump, run: Callable[..., Result], kind: ChangeKind
) -> None:
    result = run(*EVERY[kind], "--yes", "--json")
    assert result.exit_code == 0, result.stderr
    told: dict[str, Any] = json.loads(result.stdout)
    assert (told["change"], told["revision"], told["as_set"]) == (kind.name.lower(), 1, True)
    assert told["new_rate_nl_h"] == sample(live).commanded_rate_nl_h
    assert f"pump PM-00001 on {live.url}" in result.stderr


@pytest.mark.usefixtures("at_terminal")
@pytest.mark.parametrize("kind", EVERY)
def test_each_kind_is_shown_old_beside_new_and_can_be_abandoned(
    live: LivePump, run: Callable[..., Result], kind: ChangeKind
) -> None:
    result = run(*EVERY[kind], stdin="no\n")
    assert (result.exit_code, "abandoned; nothing was changed" in result.stderr) == (1, True)
    for heading in ("now", "new", "rate", "low in", "empty in"):
        assert heading in result.stdout
    assert live.call(lambda: live.memory.ledger.revision) == 0
    assert sample(live).commanded_rate_nl_h == RATE_NL_H


@pytest.mark.parametrize("kind", EVERY)
def test_each_kind_needs_a_terminal_or_yes_before_the_pump_hears_of_it(
    live: LivePump, run: Callable[..., Result], kind: ChangeKind
) -> None:
    codes: list[int] = []

    def noted(data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
        codes.extend(codes_in(data))
        return answer(data)

    live.spoil = noted
    result = run(*EVERY[kind])
    assert (result.exit_code, "add --yes" in result.stderr, codes) == (2, True, [])


@pytest.mark.parametrize("kind", EVERY)
def test_each_kind_has_help_with_an_example_that_can_be_run(kind: ChangeKind) -> None:
    result = CliRunner().invoke(cli.main, [EVERY[kind][0], "--help"])
    assert result.exit_code == 0
    assert f"  pump-monitor {EVERY[kind][0]}" in result.stdout
    for option in ("--yes", "--reason", "--json", "--keys", "--history"):
        assert option in result.stdout


@pytest.mark.parametrize("kind", EVERY)
def test_a_lost_answer_to_any_kind_is_exit_4_and_named(
    live: LivePump, run: Callable[..., Result], kind: ChangeKind
) -> None:
    live.on_request(Commit.code, live.port.unplug, serve_first=True)
    result = run(*EVERY[kind], "--yes")
    assert result.exit_code == 4
    same_rate = kind in {ChangeKind.FLEX, ChangeKind.REFILL, ChangeKind.CLOCK}
    assert ("was applied or not" if same_rate else "the rate is 0.500 or") in result.stderr


@pytest.mark.usefixtures("at_terminal")
@pytest.mark.parametrize(
    ("words", "word"),
    [
        (["temporary-rate", "1.0 mL/day", "--for", "2 h", "--drugs", "none", "--reason", "meant"], "1.0 mL/day"),
        (["prime", "0.2 mL"], "0.2 mL"),
        (["bridge", "0.25 mL", "--at", "0.4 mL/day"], "0.25 mL"),
        (["minimum-rate"], "minimum"),
        (["refill", "--withdrawn", "17.9 mL", "--filled", "18 mL", "--concentration", "1000 ug/mL", "--drugs", "none", "--reason", "new drug"], "1000 ug/mL"),
        (["flex", "--steps", "00:00 0.5 mL/day, 12:00 1.6 mL/day", "--drugs", "none", "--reason", "meant"], "1.050"),
        (["set-clock", "2026-01-05 00:00"], "2026-01-05 00:00"),
    ],
)  # fmt: skip
def test_a_large_step_is_applied_only_when_its_figure_is_typed_again(
    run: Callable[..., Result], words: list[str], word: str
) -> None:
    refused = run(*words, stdin="y\n")
    assert (refused.exit_code, f"type {word} to apply it" in refused.stdout) == (1, True), refused.stderr
    result = run(*words, stdin=f"{word}\n")
    assert result.exit_code == 0, result.stderr
    assert "set: the pump reports" in result.stdout


def test_a_temporary_rate_ends_by_itself_and_the_review_says_when(
    live: LivePump, run: Callable[..., Result]
) -> None:
    result = run("temporary-rate", "0.6 mL/day", "--for", "2 h", "--yes")
    assert "2 h 0 min  then 0.500 mL/day" in result.stdout
    now = sample(live)
    assert (now.mode, now.commanded_rate_nl_h) == (Mode.TEMPORARY_RATE, 25_000)
    live.call(lambda: live.memory.pump.advance(7_200_000_000))
    assert sample(live).commanded_rate_nl_h == RATE_NL_H


def test_a_refill_is_held_beside_what_was_expected(live: LivePump, run: Callable[..., Result]) -> None:
    result = run("refill", "--withdrawn", "10 mL", "--filled", "18 mL", "--yes")
    assert result.exit_code == 1
    assert (
        "6.50 mL less withdrawn than expected: more than 2.00 mL off (assumption): add --reason"
        in result.stderr
    )
    result = run("refill", "--withdrawn", "10 mL", "--filled", "18 mL", "--yes", "--reason", "syringe leaked")
    assert result.exit_code == 0, result.stderr
    assert "the pump reports 18.00 mL, 500 ug/mL" in result.stdout
    assert sample(live).reservoir_nl == 18_000_000
    reasons = (
        [json.loads(line) for line in run("audit", "list", "--json").stdout.splitlines()] if False else []
    )
    assert reasons == []


def test_a_program_from_a_file_reaches_the_days_that_it_names_and_no_other(
    live: LivePump, run: Callable[..., Result], tmp_path: Path
) -> None:
    path = tmp_path / "week.toml"
    path.write_text('format = 1\ndays = "Sat, Sun"\nsteps = ["00:00 0.5 mL/day", "08:00 0.6 mL/day"]\n')
    result = run("flex", str(path), "--yes")
    assert result.exit_code == 0, result.stderr
    plain, made = (Step(0, RATE_NL_H),), (Step(0, 20_833), Step(480, 25_000))
    week = [live.call(lambda day=day: live.memory.pump.program_of(day)) for day in range(7)]  # type: ignore[misc]
    assert week == [plain] * 5 + [made] * 2


def test_a_program_that_reads_back_otherwise_is_not_as_set(
    live: LivePump, run: Callable[..., Result]
) -> None:
    calls: list[int] = []

    def lie(request: GetProgram, said: Any) -> Any:  # noqa: ANN401 - the pump's answer
        calls.append(request.weekday)
        return dataclasses.replace(said, steps=(Step(0, 99_999),)) if len(calls) > 7 else said

    live.lie(GetProgram, lie)
    result = run(*EVERY[ChangeKind.FLEX], "--yes", "--json")
    assert (result.exit_code, "not as set" in result.stderr) == (1, True)
    assert json.loads(result.stdout)["as_set"] is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["temporary-rate", "0.6 mL/day"], "Missing option '--for'"),
        (["temporary-rate", "0.6", "--for", "2 h"], "has no unit"),
        (["temporary-rate", "-0.6 mL/day", "--for", "2 h"], "is negative"),
        (["temporary-rate", "0.6 mL/day", "--for", "2 d"], "is not a unit of a span of time"),
        (["refill", "--filled", "18 mL"], "Missing option '--withdrawn'"),
        (["refill", "x", "--withdrawn", "1 mL", "--filled", "1 mL"], "one port is wanted"),
        (["refill", "--withdrawn", "1,9 mL", "--filled", "18 mL"], "has a decimal comma"),
        (["refill", "--withdrawn", "1 mL", "--filled", "18 mL", "--concentration", "5 %"], "is not a unit of a concentration"),
        (["prime"], "Missing argument"),
        (["prime", "0.2", "mL"], "quote the volume"),
        (["bridge", "0.2 mL"], "Missing option '--at'"),
        (["flex"], "a FILE or --steps is wanted"),
        (["flex", "/no/such.toml", "--steps", "00:00 1 mL/day"], "exclude each other"),
        (["flex", "/no/such.toml"], "No such file"),
        (["flex", "/no/such.toml", "--days", "Mon"], "leave --days out"),
        (["flex", "--steps", "06:00 1 mL/day"], "the day begins at 00:00"),
        (["flex", "--steps", "00:00 1 mL/day", "--days", "Mom"], 'did you mean "Mon"?'),
        (["set-clock", "tomorrow"], "is not a time"),
        (["set-clock"], "Missing argument"),
        (["minimum-rate", "0.1 mL/day"], "one port is wanted"),
        (["acknowledge", "--alarm", "low_reservoi"], 'did you mean "low_reservoir"?'),
        (["temporary-rat", "0.6 mL/day"], "Did you mean"),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_a_slip_of_usage(words: list[str], said: str) -> None:
    name, *rest = words
    port = (
        []
        if name == "temporary-rat" or (len(words) == 1 and name in {"prime", "set-clock", "flex"})
        else ["/dev/none"]
    )
    result = CliRunner().invoke(cli.main, [name, *port, *rest, "--yes"])
    told = " ".join(result.stderr.replace("│", " ").split())
    assert (result.exit_code, said in told) == (2, True), told


def test_a_figure_that_the_pump_refuses_is_exit_1_with_its_sentence(
    live: LivePump, run: Callable[..., Result]
) -> None:
    result = run("prime", "19 mL", "--yes")
    assert (result.exit_code, "more than the reservoir can give" in result.stderr) == (1, True)
    result = run("refill", "--withdrawn", "17 mL", "--filled", "21 mL", "--yes")
    assert (result.exit_code, "more than the reservoir holds" in result.stderr) == (1, True)
    assert live.log[-1].kind == EventKind.REFUSED


@pytest.mark.parametrize(
    "kind",
    [ChangeKind.RATE, ChangeKind.TEMPORARY_RATE, ChangeKind.BRIDGE, ChangeKind.FLEX, ChangeKind.BOLUS],
)
def test_the_bounds_are_looked_at_before_the_pump_is_asked(
    live: LivePump, run: Callable[..., Result], kind: ChangeKind
) -> None:
    codes: list[int] = []

    def noted(data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
        codes.extend(codes_in(data))
        return answer(data)

    live.spoil = noted
    beyond = {"0.55 mL/day": "30 mL/day", "0.4 mL/day": "30 mL/day", "50 ug": "301 ug"}
    words = [beyond.get(word, word).replace("0.6 mL/day", "30 mL/day") for word in EVERY[kind]]
    result = run(*words, "--yes", "--reason", "meant")
    assert result.exit_code == 1
    assert Prepare.code not in codes


# --- alarms -------------------------------------------------------------------------------------------------------


def low(live: LivePump) -> None:
    live.call(lambda: live.memory.pump.advance(40 * 86_400_000_000))


def test_alarms_are_acknowledged_by_all_or_by_name(live: LivePump, run: Callable[..., Result]) -> None:
    low(live)
    named = run("acknowledge", "--alarm", "low_reservoir", "--yes")
    assert named.exit_code == 0, named.stderr
    assert named.stdout.endswith("acknowledged: low_reservoir\n")
    assert "LOW RESERVOIR" in named.stdout
    rest = run("acknowledge", "--yes", "--json")
    assert "low_reservoir" not in json.loads(rest.stdout)["acknowledged"]
    assert json.loads(rest.stdout)["left"] == []
    none = run("acknowledge", "--yes")
    assert (none.exit_code, "nothing to acknowledge" in none.stderr) == (1, True)
    assert live.log[-1].kind == EventKind.ACKNOWLEDGED
    assert (
        sample(live).alarms >> Alarm.LOW_RESERVOIR & 1
    )  # an alarm ends with its condition, not with being seen


@pytest.mark.usefixtures("at_terminal")
def test_acknowledging_shows_the_alarms_and_can_be_abandoned(
    live: LivePump, run: Callable[..., Result]
) -> None:
    low(live)
    result = run("acknowledge", stdin="\n")
    assert (result.exit_code, "LOW RESERVOIR" in result.stdout) == (1, True)
    assert run("acknowledge", stdin="y\n").exit_code == 0


def test_an_alarm_that_stays_unacknowledged_is_exit_1(live: LivePump, run: Callable[..., Result]) -> None:
    low(live)

    live.lie(Acknowledge, lambda _request, said: dataclasses.replace(said, acknowledged=0))
    result = run("acknowledge", "--yes")
    assert (result.exit_code, "not acknowledged" in result.stderr) == (1, True)
