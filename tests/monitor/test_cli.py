"""The `pump-monitor` command without a change: what may be typed, what is printed, and which exit code says what."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from monitor import cli
from monitor.commands import reading
from monitor.errors import LinkError
from monitor.snapshot import Reading
from monitor.ui.app import DashboardApp
from protocol.vocabulary import EventKind
from tests.monitor.conftest import SERIAL_NUMBER, STATUS, LivePump

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

JSON_FIELDS = [
    "serial_number",
    "state",
    "commanded_rate_nl_h",
    "measured_rate_nl_h",
    "reservoir_nl",
    "low_reservoir_nl",
    "battery_percent",
    "alarms",
    "days_to_low",
    "days_to_empty",
    "revision",
    "pump_time_us",
    "mode",
    "mode_left_s",
    "refusing_s",
    "audio_pause_s",
    "bench_faults",
    "bench_fault_names",
    "age_s",
]


NAMES = cli.main.list_commands(click.Context(cli.main))
USAGE = {"check": 3}  # of a monitoring system, to which 2 says that a pump is in danger
WORDS = {
    "audit": ["list"],
    "export": [],
    "trend": [],
    "report": [],
    "set-rate": ["/dev/none", "0.6 mL/day"],
    "bolus": ["/dev/none", "50 ug", "--over", "30 min"],
    "temporary-rate": ["/dev/none", "0.6 mL/day", "--for", "2 h"],
    "flex": ["/dev/none", "--steps", "00:00 0.6 mL/day"],
    "refill": ["/dev/none", "--withdrawn", "1.9 mL", "--filled", "18 mL"],
    "prime": ["/dev/none", "0.2 mL"],
    "bridge": ["/dev/none", "0.25 mL", "--at", "0.4 mL/day"],
    "set-clock": ["/dev/none", "now"],
}
CHANGING = {"set-rate", "stop", "resume", "minimum-rate", "acknowledge", *WORDS} - {
    "audit",
    "export",
    "trend",
    "report",
}


def command_named(name: str) -> click.Command:
    return cli.main.get_command(click.Context(cli.main), name)


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli.main, words, input=stdin)


@pytest.fixture
def at_pump(live: LivePump, patient: None) -> list[str]:
    """Return the words that lead a command to the pump."""
    del patient
    return [live.url, "--keys", str(live.keys_folder)]


# --- reading ------------------------------------------------------------------------------------------------------


def test_status_in_json_is_one_line_with_exactly_the_promised_names(at_pump: list[str]) -> None:
    result = run("status", *at_pump, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    (line,) = result.stdout.splitlines()
    fields = json.loads(line)
    assert list(fields) == JSON_FIELDS
    assert (fields["serial_number"], fields["state"], fields["alarms"]) == (SERIAL_NUMBER, "running", [])
    assert (fields["commanded_rate_nl_h"], fields["reservoir_nl"], fields["revision"]) == (
        20_833,
        18_000_000,
        0,
    )
    assert fields["age_s"] >= 0


def test_status_in_words_names_the_pump_and_its_port(at_pump: list[str], live: LivePump) -> None:
    result = run("status", *at_pump)
    assert result.exit_code == 0
    assert f"PM-00001, running, on {live.url}" in result.stdout
    assert "0.500 mL/day set" in result.stdout


def test_watch_prints_as_many_readings_as_were_asked_for(at_pump: list[str]) -> None:
    result = run("watch", *at_pump, "--json", "--count", "3", "--every", "0.001")
    assert result.exit_code == 0
    assert [list(json.loads(line)) for line in result.stdout.splitlines()] == [JSON_FIELDS] * 3
    words = run("watch", *at_pump, "--count", "2", "--every", "0.001").stdout.splitlines()
    assert len(words) == 2
    assert all("0.500 mL/day" in line for line in words)


def test_events_are_printed_oldest_first_and_from_where_asked(at_pump: list[str], live: LivePump) -> None:
    live.call(lambda: [live.memory.pump.record(EventKind.START) for _ in range(9)])
    lines = run("events", *at_pump, "--json").stdout.splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(1, 11))
    assert json.loads(lines[-1])["kind"] == "session"
    later = run("events", *at_pump, "--since", "8").stdout.splitlines()
    assert [line.split()[0] for line in later] == ["8", "9", "10", "11"]
    assert ["pump started" in line for line in later] == [True, True, False, False]


def test_faults_are_printed_from_a_log_of_their_own(at_pump: list[str], live: LivePump) -> None:
    live.call(lambda: [live.memory.pump.memory_error() for _ in range(9)])
    lines = run("events", *at_pump, "--faults", "--json").stdout.splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(1, 10))
    later = run("events", *at_pump, "--faults", "--since", "9").stdout
    assert later.split()[0] == "9"
    assert "memory error: delivery goes on" in later


class Unsteady:
    """A pump whose link is lost now and then."""

    settled = unresolved = ()
    problem = ""

    def __init__(self, *course: str) -> None:
        self._course = list(course)

    def _next(self) -> None:
        step = self._course.pop(0)
        if step != "ok":
            raise LinkError(step)

    def status(self) -> Reading:
        self._next()
        return Reading(SERIAL_NUMBER, STATUS, 0)

    def reopen(self) -> None:
        self._next()


def test_a_lost_link_is_told_once_a_reason_and_tried_until_it_is_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reading, "_RETRY_S", 0)
    shown: list[Reading] = []
    pump = Unsteady("ok", "it has gone", "no port", "no port", "ok", "ok")
    turns: list[str] = []
    reading._watch(pump, lambda found, _: shown.append(found), turns.append, 2, 0)
    assert len(shown) == 2
    assert turns == ["", "it has gone", ""]
    assert capsys.readouterr().err.splitlines() == [
        "pump-monitor: no link, trying again: it has gone",
        "pump-monitor: no link, trying again: no port",
        "pump-monitor: the link is back",
    ]


# --- what goes wrong ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["status", "watch", "events", "stop --yes", "resume --yes"])
def test_no_port_is_exit_3_and_one_sentence(command: str, live: LivePump) -> None:
    result = run(*shlex.split(command), "/dev/none", "--keys", str(live.keys_folder))
    said = "pump-monitor: there is no port /dev/none: is it plugged in, is the emulator running?\n"
    assert (result.exit_code, result.stderr, result.stdout) == (3, said, "")


def test_no_key_is_exit_3_and_says_where_it_was_looked_for(live: LivePump, tmp_path: Path) -> None:
    result = run("status", live.url, "--keys", str(tmp_path / "none"))
    assert result.exit_code == 3
    assert f"there is no key in {tmp_path / 'none'}" in result.stderr


def test_without_a_port_the_emulators_own_is_taken_and_told(
    monkeypatch: pytest.MonkeyPatch, live: LivePump, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    url = tmp_path / "run" / "pumpmock" / "pump0"
    for command in (["status"], ["set-rate", "0.6 mL/day", "--yes"]):
        result = run(*command, "--keys", str(live.keys_folder))
        assert result.exit_code == 3
        assert result.stderr.splitlines() == [
            f"pump-monitor: no port was named, taking {url}",
            f"pump-monitor: no emulator serves {url}: start one with pumpmock serve, or name a port",
        ]


def test_the_dashboard_wants_a_terminal() -> None:
    result = run("dashboard", "/dev/none")
    assert result.exit_code == 2
    assert "status and watch do without" in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0,5 mL/day", 'write a point, "0.5 mL/day"'),
        ("0.5", 'has no unit: write "0.5 mL/day"'),
        ("-0.5 mL/day", "is negative"),
        ("-1", "is negative"),
        ("\u22120.5 mL/day", "is negative"),
        ("0.5 mL/hour", "is not a unit of a rate"),
        ("0.5 ml/day", 'did you mean "0.5 mL/day"?'),
        ("0.5 mg/day", "is not a unit of a rate"),
        (".5 mL/day", "leading zero"),
        ("00.5 mL/day", "leading zero"),
        ("5e-1 mL/day", "exponent"),
        ("0.5001 mL/day", "finer than"),
        ("half a mL/day", "is not a rate"),
        ("", "nothing was given"),
        ("12345678901234567 nL/h", "too many digits"),
    ],
)
def test_a_slip_in_a_rate_is_exit_2_with_the_sentence_that_mends_it_and_no_port_is_opened(
    text: str, said: str
) -> None:
    result = run("set-rate", "/dev/none", text, "--yes")
    assert result.exit_code == 2
    assert said in re.sub(r"\s+", " ", result.stderr)


@pytest.mark.parametrize(
    "words",
    [
        ["set-rate"],
        ["set-rate", "/dev/none", "/dev/nil", "0.5 mL/day", "--yes"],
        ["set-rate", "/dev/none", "0.6", "mL/day", "--yes"],
        ["status", "--every", "1"],
        ["watch", "--count", "0"],
        ["watch", "/dev/none", "--every", "0,5"],
        ["watch", "/dev/none", "--every", "-1"],
        ["events", "--since", "0"],
        ["status", "a", "b"],
        ["nonsense"],
    ],
    ids=" ".join,
)
def test_other_slips_are_exit_2(words: list[str]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert "Error: " in result.stderr


def test_a_rate_in_two_words_is_answered_with_the_quotes_it_lacks() -> None:
    result = run("set-rate", "/dev/none", "0.6", "mL/day", "--yes")
    assert 'quote the rate: "0.6 mL/day"' in result.stderr


# --- the bench key ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["status", "watch", "events", *sorted(CHANGING)])
def test_every_command_says_on_standard_error_that_it_tries_the_bench_key(command: str) -> None:
    words = WORDS.get(command, ["/dev/none"])
    yes = ["--yes"] if command in CHANGING else []
    result = run(command, *words, *yes, "--bench-key")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[0] == "pump-monitor: BENCH KEY: anyone can change this pump"
    assert result.stdout == ""


@pytest.mark.parametrize("baud", ["0", "299", "4000001", "fast"])
@pytest.mark.parametrize(
    "command", [name for name in NAMES if name not in {"audit", "export", "trend", "report"}]
)
def test_a_rate_that_no_line_can_have_is_exit_2_with_what_can_be_asked_for(command: str, baud: str) -> None:
    result = run(command, *WORDS.get(command, ["/dev/none"]), "--baud", baud)
    assert result.exit_code == USAGE.get(command, 2)
    assert "'--baud'" in result.output
    assert baud == "fast" or "300<=x<=4000000" in result.output


def test_the_record_can_be_held_against_a_pump_at_any_rate_of_a_line() -> None:
    result = run("audit", "verify", "/dev/none", "--baud", "1200")
    assert (result.exit_code, "there is no port /dev/none" in result.stderr) == (3, True)
    assert run("audit", "verify", "/dev/none", "--baud", "1").exit_code == 2


@pytest.mark.parametrize("command", NAMES)
def test_the_bench_key_and_a_folder_of_keys_exclude_each_other(command: str, tmp_path: Path) -> None:
    words = WORDS.get(command, ["/dev/none"])
    result = run(command, *words, "--bench-key", "--keys", str(tmp_path))
    assert result.exit_code == USAGE.get(command, 2)
    assert "--bench-key and --keys exclude each other" in result.output


def test_a_pump_with_secret_keys_is_not_changed_by_the_bench_key(
    live: LivePump, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocol.timeouts.HANDSHAKE_TIMEOUT_MS", 1)
    result = run("stop", live.url, "--yes", "--bench-key")
    assert result.exit_code == 3
    assert (
        "to the bench key: it is off, it is another device, or it was started without --bench-key"
        in result.stderr
    )
    assert live.log == ()


@pytest.mark.parametrize("words", [[], ["--bench-key"]])
def test_the_dashboard_knows_from_its_start_whether_it_is_by_the_bench_key(
    words: list[str], live: LivePump, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[bool] = []

    class Noted(DashboardApp):
        def run(self, *_: object, **__: object) -> None:
            shown.append(self._source.snapshot.bench_key)

    monkeypatch.setattr("monitor.ui.app.DashboardApp", Noted)
    monkeypatch.setattr("monitor.commands.dashboard._is_a_terminal", lambda: True)
    assert run("dashboard", live.url, *words).exit_code == 0
    assert shown == [bool(words)]


# --- help ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", NAMES)
def test_every_command_explains_itself_and_its_options(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    loaded = command_named(command)
    assert loaded.help
    for param in loaded.params:
        assert not isinstance(param, click.Option) or param.help, param.name


def test_the_help_lists_every_command_and_every_exit_code() -> None:
    text = run("--help").stdout
    assert set(NAMES) == {
        "dashboard",
        "fleet",
        "web",
        "status",
        "watch",
        "events",
        *CHANGING,
        "unresolved",
        "audit",
        "export",
        "trend",
        "report",
        "check",
    }
    assert all(re.search(rf"^  {name} ", text, re.MULTILINE) for name in NAMES)
    assert "0 done, 1 refused by the pump or a bound, 2 usage, 3 no link, 4 outcome unknown" in text


@pytest.mark.parametrize("example", ["0.6 mL/day", "25 uL/h"])
def test_the_rates_that_the_help_gives_as_examples_are_taken(example: str, live: LivePump) -> None:
    assert f'"{example}"' in run("set-rate", "--help").stdout
    result = run("set-rate", "/dev/none", example, "--yes", "--keys", str(live.keys_folder))
    assert result.exit_code == 3  # the rate was read, the port was tried


def test_a_slip_in_a_commands_name_is_a_usage_error_that_suggests_one() -> None:
    result = run("statu")
    assert result.exit_code == 2
    assert "status" in result.stderr
