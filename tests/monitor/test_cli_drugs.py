"""Changing a rate by the rules of a drug library: what is asked for, what is kept, and which library is taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import protocol
from monitor import cli
from monitor.commands import options
from monitor.intents import Intents
from protocol.drugs import sealed
from protocol.messages import Change, Commit, Prepare, Prepared
from protocol.places import DRUG_LIBRARY
from protocol.vocabulary import ChangeKind, EventKind, Mode
from tests.monitor.conftest import RATE_NL_H, STORE_ID, LivePump, codes_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

SHIPPED = Path(protocol.__file__).parent.joinpath(*DRUG_LIBRARY)
DAY_US = 86_400_000_000
AGE_US = 3 * DAY_US


def age(live: LivePump, concentration_ug_ml: int = 500, age_us: int = AGE_US) -> None:
    """Put a pump in the place of the live one that has been running for a while."""
    live.renew(STORE_ID, concentration_ug_ml=concentration_ug_ml, age_us=age_us)


@pytest.fixture
def change(live: LivePump, patient: None) -> Callable[..., Result]:
    """Return a function that runs set-rate against a pump that has been running for three days."""
    del patient
    age(live)

    def run(*words: str, stdin: str = "") -> Result:
        place = [live.url, "--keys", str(live.keys_folder)]
        return CliRunner().invoke(cli.main, ["set-rate", *place, *words], input=stdin)

    return run


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "check_terminal", lambda **_: None)


@pytest.fixture
def prepared(live: LivePump, change: Callable[..., Result]) -> list[tuple[int, list[str]]]:
    """Return what is told the pump of an override, and the reasons that are noted by then, request by request."""
    del change  # it puts another pump in place
    told: list[tuple[int, list[str]]] = []

    def noted(request: Prepare, said: Prepared) -> Prepared:
        told.append((request.overridden, [one.intent.reason for one in Intents().look().noted]))
        return said

    live.lie(Prepare, noted)
    return told


def test_within_the_titration_band_nothing_is_asked(
    live: LivePump, change: Callable[..., Result], prepared: list[tuple[int, list[str]]]
) -> None:
    result = change("0.6 mL/day", "--yes", "--reason", "not wanted")
    assert result.exit_code == 0, result.stderr
    assert "soft limit" not in result.stdout
    assert prepared == [(0, [""])]
    assert live.rate_nl_h == 25_000


@pytest.mark.requirement("R6.5.0(9)")
def test_over_a_soft_limit_parameter_bound_and_source_are_named_and_a_reason_is_wanted(
    live: LivePump, change: Callable[..., Result]
) -> None:
    result = change("0.68 mL/day", "--yes")
    assert result.exit_code == 1
    assert result.stderr == (
        "pump-monitor: 0.680 mL/day (+36.0 %) is over a soft limit: the step up is above its upper soft limit, 30 % "
        '(Saulino 2016; upper hard an assumption): add --reason "why" if it is meant\n'
    )
    assert live.rate_nl_h == RATE_NL_H


def test_the_reason_is_kept_with_the_intent_and_the_pump_is_told_of_the_override(
    live: LivePump, change: Callable[..., Result], prepared: list[tuple[int, list[str]]]
) -> None:
    result = change("0.68 mL/day", "--yes", "--reason", " no response yet ")
    assert result.exit_code == 0, result.stderr
    assert prepared == [(1, ["no response yet"])]
    assert "soft limit the step up is above its upper soft limit, 30 %" in result.stdout
    assert "reason     no response yet\n" in result.stdout
    assert live.rate_nl_h == 28_333


def test_the_reason_outlives_a_monitor_that_never_heard_the_verdict(
    live: LivePump, change: Callable[..., Result]
) -> None:
    live.on_request(Commit.code, live.port.unplug, serve_first=True)
    assert change("0.68 mL/day", "--yes", "--reason", "no response yet").exit_code == 4
    listed = CliRunner().invoke(cli.main, ["unresolved", "--json"])
    assert json.loads(listed.stdout)["reason"] == "no response yet"


@pytest.mark.usefixtures("at_terminal")
def test_at_a_terminal_the_reason_is_asked_for_before_the_pump_is(
    live: LivePump, change: Callable[..., Result], prepared: list[tuple[int, list[str]]]
) -> None:
    result = change("0.68 mL/day", stdin="no response yet\ny\n")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.index("the reason for it") < result.stdout.index("type y to apply it")
    assert prepared == [(1, ["no response yet"])]
    assert live.rate_nl_h == 28_333


@pytest.mark.usefixtures("at_terminal")
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("\n", "a reason is wanted"),
        ("   \n", "a reason is wanted"),
        ("x" * 121 + "\n", "at most 120 characters"),
    ],
)
def test_without_a_reason_that_can_be_kept_nothing_is_prepared(
    live: LivePump, change: Callable[..., Result], typed: str, said: str
) -> None:
    codes: list[int] = []

    def noted(data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
        codes.extend(codes_in(data))
        return answer(data)

    live.spoil = noted
    result = change("0.68 mL/day", stdin=typed)
    assert (result.exit_code, said in result.stderr) == (1, True)
    assert change("0.68 mL/day", "--yes", "--reason", typed.strip()).exit_code == 1
    assert Prepare.code not in codes


@pytest.mark.requirement("R6.5.0(10)")
def test_the_drug_s_hard_bound_is_not_even_asked_for_whatever_the_reason(
    live: LivePump, change: Callable[..., Result]
) -> None:
    result = change("0.71 mL/day", "--yes", "--reason", "meant")
    assert result.exit_code == 1
    assert "0.710 mL/day is more than +40 % in one step: 0.700 mL/day at the most" in result.stderr
    assert live.rate_nl_h == RATE_NL_H


@pytest.mark.parametrize(("patient", "code"), [("spinal", 0), ("cerebral", 1), ("child", 1)])
def test_the_class_of_the_patient_says_which_band_applies(
    change: Callable[..., Result], patient: str, code: int
) -> None:
    assert change("0.6 mL/day", "--yes", "--patient-class", patient).exit_code == code


def test_a_second_increase_within_24_hours_wants_a_reason(
    live: LivePump, change: Callable[..., Result]
) -> None:
    assert change("0.55 mL/day", "--yes").exit_code == 0
    result = change("0.61 mL/day", "--yes")
    assert result.exit_code == 1
    assert "one increase in 24 h (Saulino 2016): " in result.stderr
    assert change("0.54 mL/day", "--yes").exit_code == 0
    assert live.rate_nl_h == 22_500


def test_an_increase_far_back_in_the_log_is_found(live: LivePump, change: Callable[..., Result]) -> None:
    def busy() -> None:
        pump = live.memory.pump
        pump.apply(Change(ChangeKind.RATE, RATE_NL_H + 1))
        for _ in range(50):
            pump.record(EventKind.AUDIO_PAUSED)

    live.call(busy)
    assert "one increase in 24 h" in change("0.6 mL/day", "--yes").stderr


def test_a_pump_that_was_just_started_wants_a_reason_for_an_increase_and_none_for_less(
    live: LivePump, change: Callable[..., Result]
) -> None:
    age(live, age_us=DAY_US - 1_000_000)
    result = change("0.6 mL/day", "--yes")
    assert (result.exit_code, "no increase in the first 24 h" in result.stderr) == (1, True)
    assert change("0.45 mL/day", "--yes").exit_code == 0


def test_the_dose_is_the_rate_times_the_concentration_of_the_reading(
    live: LivePump, change: Callable[..., Result]
) -> None:
    age(live, 2_000)
    result = change("0.55 mL/day", "--yes")  # 1100 ug/day
    assert "the daily dose is above its upper soft limit, 1000 ug/day (assumption)" in result.stderr


def test_another_library_has_other_limits(tmp_path: Path, change: Callable[..., Result]) -> None:
    path = tmp_path / "own.toml"
    own = (
        SHIPPED.read_text()
        .replace('upper_soft = "30 %"', 'upper_soft = "20 %"')
        .replace("drugs.baclofen", "drugs.own")
    )
    path.write_bytes(sealed(str(path), own.encode()))
    result = change("0.61 mL/day", "--yes", "--drugs", str(path), "--drug", "own")
    assert "above its upper soft limit, 20 %" in result.stderr
    path.write_text(own)
    result = change("0.6 mL/day", "--yes", "--drugs", str(path), "--drug", "own")
    assert (result.exit_code, f"pumpmock drugs seal {path}" in result.stderr) == (2, True)


@pytest.mark.requirement("R6.9.0(1-3), R8.1(4)")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--drugs", "/nowhere.toml"], "No such file or directory"),
        (["--drugs", "/dev/zero"], "is not an ordinary file"),
        (["--drugs", "/"], "can't be read"),
        (["--drugs", ""], "can't be read"),
        (["--drug", "baclofem"], 'has no baclofem; did you mean "baclofen"?'),
        (["--drug", "x"], "has no x; known are baclofen"),
        (["--patient-class", "adult"], "is not one of 'spinal', 'cerebral', 'child'"),
    ],
)
@pytest.mark.parametrize("command", ["set-rate", "dashboard"])
def test_a_library_that_can_not_be_taken_is_a_slip_of_usage(
    command: str, words: list[str], said: str
) -> None:
    rate = ["0.6 mL/day", "--yes"] if command == "set-rate" else []
    result = CliRunner().invoke(cli.main, [command, "/dev/none", *rate, *words])
    assert (result.exit_code, said in " ".join(result.stderr.replace("│", " ").split())) == (2, True), (
        result.stderr
    )


# --- one bolus ----------------------------------------------------------------------------------------------------


@pytest.fixture
def bolus(live: LivePump, change: Callable[..., Result]) -> Callable[..., Result]:
    """Return a function that runs bolus against a pump that has been running for three days."""
    del change  # it puts another pump in place

    def run(*words: str, stdin: str = "") -> Result:
        place = [live.url, "--keys", str(live.keys_folder)]
        return CliRunner().invoke(cli.main, ["bolus", *place, *words], input=stdin)

    return run


def delivering(live: LivePump) -> tuple[Mode, int]:
    now = live.call(live.memory.pump.sample)
    return now.mode, now.commanded_rate_nl_h


@pytest.mark.parametrize(("dose", "rate_nl_h"), [("50 ug", 200_000), ("0.1 mL", 200_000), ("25 ug", 100_000)])
def test_a_bolus_is_given_as_a_dose_or_as_a_volume(
    live: LivePump, bolus: Callable[..., Result], dose: str, rate_nl_h: int
) -> None:
    result = bolus(dose, "--over", "30 min", "--yes")
    assert result.exit_code == 0, result.stderr
    assert delivering(live) == (Mode.BOLUS, rate_nl_h)
    assert " mL at 500 ug/mL, within 30 min 0 s\n" in result.stdout


@pytest.mark.usefixtures("at_terminal")
@pytest.mark.parametrize(("typed", "code"), [("50 ug", 0), ("5 ug", 1), ("y", 1), ("", 1)])
def test_a_bolus_is_confirmed_by_its_own_dose(
    live: LivePump, bolus: Callable[..., Result], typed: str, code: int
) -> None:
    assert bolus("50 ug", "--over", "30 min", stdin=f"{typed}\n").exit_code == code
    assert delivering(live)[0] is (Mode.PROGRAM if code else Mode.BOLUS)


def test_a_bolus_over_a_soft_limit_wants_a_reason_and_over_a_hard_one_is_not_asked_for(
    live: LivePump, bolus: Callable[..., Result], prepared: list[tuple[int, list[str]]]
) -> None:
    result = bolus("101 ug", "--over", "2 h", "--yes")
    assert result.exit_code == 1
    assert "101.0 ug, 0.2020 mL at 500 ug/mL, within 2 h 0 min is over a soft limit: " in result.stderr
    assert "the bolus dose is above its upper soft limit, 100 ug (assumption)" in result.stderr
    result = bolus("301 ug", "--over", "2 h", "--yes", "--reason", "meant")
    assert "the bolus dose is above its upper hard limit, 300 ug (assumption)" in result.stderr
    assert prepared == []
    assert bolus("101 ug", "--over", "2 h", "--yes", "--reason", "meant").exit_code == 0
    assert prepared == [(1, ["meant"])]
    assert delivering(live)[0] is Mode.BOLUS


def test_screening_doses_come_24_hours_apart_and_begin_at_50_ug(
    live: LivePump, bolus: Callable[..., Result]
) -> None:
    age(live, 50)
    result = bolus("25 ug", "--over", "30 min", "--yes")
    assert "the screening dose is below its lower soft limit, 50 ug (drugs.com)" in result.stderr
    assert (
        bolus("50 ug", "--over", "30 min", "--yes", "--drugs", "none").exit_code == 1
    )  # 1 mL in 30 min: too fast
    result = bolus("50 ug", "--over", "2 h", "--yes")
    assert result.exit_code == 0, result.stderr
    live.call(lambda: live.memory.pump.advance(3 * 3_600 * 1_000_000))
    result = bolus("75 ug", "--over", "2 h", "--yes")
    assert "screening doses are 1 d 0 h apart (drugs.com): 21 h 0 min left" in result.stderr
    live.call(lambda: live.memory.pump.advance(21 * 3_600 * 1_000_000))
    assert bolus("75 ug", "--over", "2 h", "--yes").exit_code == 0
    assert "above its upper hard limit, 100 ug" in bolus("101 ug", "--over", "3 h", "--yes").stderr


def test_a_dose_needs_a_concentration(live: LivePump, bolus: Callable[..., Result]) -> None:
    age(live, 0)
    result = bolus("50 ug", "--over", "30 min", "--yes")
    assert (result.exit_code, "give the bolus as a volume" in result.stderr) == (1, True)
    assert bolus("0.1 mL", "--over", "30 min", "--yes").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["50", "--over", "30 min"], "50"),
        (["50 ug"], "Missing option '--over'"),
        (["50 ug", "--over", "30"], "has no unit"),
        (["50 ug/day", "--over", "30 min"], "is not a unit of a volume"),
        (["-50 ug", "--over", "30 min"], "is negative"),
        (["50", "ug", "--over", "30 min"], "quote the dose"),
    ],
)
def test_a_bolus_that_can_not_be_read_is_a_slip_of_usage(words: list[str], said: str) -> None:
    result = CliRunner().invoke(cli.main, ["bolus", "/dev/none", *words, "--yes"])
    assert (result.exit_code, said in " ".join(result.stderr.replace("│", " ").split())) == (2, True), (
        result.stderr
    )
