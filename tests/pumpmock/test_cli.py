"""The `pumpmock` command: what may be typed, what is refused and how, and which exit code says what."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from protocol.keys import BENCH_KEY, KeyFileError
from pumpmock import cli
from pumpmock.commands import serve as serving
from pumpmock.options import Options, new_memory, pairing_keys, randomness
from pumpmock.ports.base import PortError
from pumpmock.snapshot import SnapshotError
from tests.pumpmock.conftest import counting_random

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from pumpmock.console import Console


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """Let nothing be served, and return what would have been."""
    found: list[Options] = []
    monkeypatch.setattr(serving, "serve", lambda options, _console: found.append(options))
    return found


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.main, ["serve", *words])


def test_without_options_it_serves_the_usual_pump_at_real_speed(served: list[Options]) -> None:
    assert run().exit_code == 0
    (options,) = served
    assert (options.serial_number, options.fill_nl, options.low_reservoir_nl) == (
        "PM-00001",
        18_000_000,
        2_000_000,
    )
    assert (options.rate_nl_h, options.battery_percent, options.speed) == (20_833, 100, 1_000)
    assert (options.link, options.tcp, options.rfc2217, options.state) == (None, None, None, None)
    assert options.keys == serving.default_keys()


def test_each_option_reaches_the_pump(served: list[Options], tmp_path: Path) -> None:
    words = (
        "--pty /x/pump --tcp [::1]:7070 --rfc2217 localhost:2217 --speed 2.5 --reservoir 10mL --low-reservoir '1500 uL' --flow '25 uL/h' "
        f"--battery 62% --serial-number PM-7 --seed 9 --state {tmp_path}/s --keys {tmp_path}"
    )
    result = run(*shlex.split(words))
    assert result.exit_code == 0, result.output
    (options,) = served
    assert (str(options.link), options.tcp, options.speed) == ("/x/pump", ("::1", 7070), 2_500)
    assert options.rfc2217 == ("localhost", 2217)
    assert (options.fill_nl, options.low_reservoir_nl, options.rate_nl_h) == (10_000_000, 1_500_000, 25_000)
    assert (options.battery_percent, options.serial_number, options.seed) == (62, "PM-7", 9)
    assert (options.state, options.keys) == (tmp_path / "s", tmp_path)


def test_frozen_is_a_speed_of_its_own(served: list[Options]) -> None:
    assert run("--frozen").exit_code == 0
    assert served[0].speed == 0
    both = run("--frozen", "--speed", "2")
    assert (both.exit_code, "exclude each other" in both.stderr) == (2, True)


def test_the_bench_key_takes_the_place_of_the_folder(served: list[Options], tmp_path: Path) -> None:
    assert run("--bench-key").exit_code == 0
    assert (served[0].keys, served[0].repeatable) == (None, False)
    both = run("--bench-key", "--keys", str(tmp_path))
    assert (both.exit_code, "exclude each other" in both.stderr) == (2, True)


def draws(words: str, served: list[Options]) -> set[bytes]:
    """Return what a pump of these options would draw in two runs of the same start."""
    served.clear()
    assert run(*shlex.split(words)).exit_code == 0
    return {randomness(served[0], "start 1")(16) for _ in range(2)}


def test_only_a_seed_together_with_the_bench_key_makes_nonces_come_again(served: list[Options]) -> None:
    assert len(draws("--seed 7 --bench-key", served)) == 1
    assert len(draws("--bench-key", served)) == 2
    assert len(draws("--seed 7", served)) == 2
    assert len(draws("", served)) == 2


@pytest.mark.parametrize("seed", [0, 7])
def test_a_pump_with_secret_keys_draws_no_nonce_from_a_seed_whatever_its_options_say(
    served: list[Options], tmp_path: Path, seed: int
) -> None:
    assert run("--seed", str(seed), "--bench-key").exit_code == 0
    forced = dataclasses.replace(served[0], keys=tmp_path)
    assert forced.repeatable
    assert randomness(forced, "start 1") is os.urandom
    assert randomness(served[0], "start 1") is not os.urandom


def test_each_start_and_each_seed_draws_other_bytes(served: list[Options]) -> None:
    run("--seed", "7", "--bench-key")
    run("--seed", "8", "--bench-key")
    purposes = ("memory", "start 1", "start 2")
    assert len({randomness(options, purpose)(16) for options in served for purpose in purposes}) == 6


def test_the_bench_key_is_the_only_one_of_a_pump_without_a_folder(tmp_path: Path) -> None:
    assert dict(pairing_keys(None, "PM-00001")) == {BENCH_KEY.key_id: BENCH_KEY}
    assert BENCH_KEY not in pairing_keys(tmp_path, "PM-00001").values()


def test_two_starts_draw_different_seeds(served: list[Options], monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = iter((5, 6))
    monkeypatch.setattr(serving, "randbelow", lambda most: next(seeds) if most == 2**32 else None)
    run()
    run()
    assert [options.seed for options in served] == [5, 6]


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--reservoir", "0,5 mL", 'write a point, "0.5 mL"'),
        ("--reservoir", "18", "has no unit"),
        ("--reservoir", "-1 mL", "is negative"),
        ("--reservoir", "18 mg", "is not a unit of a volume"),
        ("--reservoir", "20.1 mL", "the reservoir holds 20.00 mL"),
        ("--reservoir", ".5 mL", "leading zero"),
        ("--reservoir", "1e1 mL", "exponent"),
        ("--reservoir", "", "nothing was given"),
        ("--low-reservoir", "1.39 mL", "can be set to 1.40 mL to 20.00 mL"),
        ("--low-reservoir", "21 mL", "can be set to"),
        ("--flow", "0,5 mL/day", 'write a point, "0.5 mL/day"'),
        ("--flow", "0.5", "has no unit"),
        ("--flow", "-0.5 mL/day", "is negative"),
        ("--flow", "0.5 mL/hour", "is not a unit of a rate"),
        ("--flow", "0.04 mL/day", "below the least rate"),
        ("--flow", "24.1 mL/day", "above the greatest rate"),
        ("--flow", "0 mL/day", "below the least rate"),
        ("--battery", "101 %", "more than there is"),
        ("--rate-error", "2", 'write "2 %"'),
        ("--rate-error", "drwn", "is not a share"),
        ("--profile", "bensh", 'did you mean "bench"?'),
        ("--battery", "62", "has no unit"),
        ("--battery", "62,5 %", "decimal comma"),
        ("--speed", "2,5", "decimal comma"),
        ("--speed", "-1", "negative"),
        ("--speed", "fast", "not a number"),
        ("--speed", "1000001", "1000000 times"),
        ("--tcp", "7070", "has no port"),
        ("--tcp", "localhost:70000", "out of range"),
        ("--rfc2217", "2217", "has no port"),
        ("--serial-number", "pm 1", "no serial number"),
        ("--seed", "4294967296", "not in the range"),
    ],
)
def test_a_slip_in_a_figure_is_exit_2_with_the_sentence_that_mends_it(
    served: list[Options], option: str, text: str, said: str
) -> None:
    result = run(option, text)
    assert (result.exit_code, served) == (2, [])
    assert said in re.sub(r"\s+", " ", result.stderr)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (PortError("the link is in the way"), 3, "the link is in the way"),
        (SnapshotError("x.json is damaged"), 1, "x.json is damaged"),
        (KeyFileError("chmod 600 k"), 1, "chmod 600 k"),
        (ValueError("fill_nl is odd"), 2, "there is no such pump: fill_nl is odd"),
        (PermissionError(13, "Permission denied", "/x/keys"), 1, "/x/keys: Permission denied"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, said: str
) -> None:
    def fail(_options: Options, _console: Console) -> None:
        raise error

    monkeypatch.setattr(serving, "serve", fail)
    result = run()
    assert (result.exit_code, result.stderr) == (code, f"pumpmock: {said}\n")


def test_whoever_names_a_state_that_is_there_is_told_that_it_wins(
    served: list[Options], tmp_path: Path
) -> None:
    state = tmp_path / "s.json"
    assert run("--state", str(state)).stderr == ""
    state.write_text("{}")
    assert "the pump goes on from" in run("--state", str(state)).stderr
    assert len(served) == 2


def test_a_damaged_state_file_is_exit_1_and_names_the_file(tmp_path: Path) -> None:
    state = tmp_path / "s.json"
    state.write_bytes(b"\xff\xfe\0")
    result = run("--state", str(state), "--keys", str(tmp_path / "keys"))
    assert result.exit_code == 1
    assert f"{state} is not a pump's state" in result.stderr


def test_every_help_has_text_for_every_option() -> None:
    for words in ([], ["serve"]):
        result = CliRunner().invoke(cli.main, [*words, "--help"])
        assert result.exit_code == 0
        assert "Usage:" in result.stdout
    for command in (
        cli.main,
        *(
            cli.main.get_command(click.Context(cli.main), name)
            for name in cli.main.list_commands(click.Context(cli.main))
        ),
    ):
        assert command.help
        for param in command.params:
            assert not isinstance(param, click.Option) or param.help, param.name


def test_the_examples_in_the_help_are_taken_as_they_stand(served: list[Options]) -> None:
    text = CliRunner().invoke(cli.main, ["serve", "--help"]).stdout
    examples = re.findall(r"^ *pumpmock (serve.*)$", text, re.MULTILINE)
    assert len(examples) == 7
    for example in examples:
        result = CliRunner().invoke(cli.main, shlex.split(example))
        assert result.exit_code == 0, result.output
    assert len(served) == 7


def options_with_seed(seed: int) -> Options:
    run_options: list[Options] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serving, "serve", lambda options, _console: run_options.append(options))
        run("--seed", str(seed))
    return run_options[0]


def test_a_seed_makes_the_same_pump_again_and_another_seed_another() -> None:
    offsets = [
        new_memory(options_with_seed(seed), 1_000, counting_random()).pump.settings.sensor_offset_nl
        for seed in (1, 1, 2)
    ]
    assert offsets[0] == offsets[1] != offsets[2]
    assert all(-200_000 <= offset <= 200_000 for offset in offsets)


def rate_error(*words: str) -> int:
    """Return by how many ppm the drive of a new pump is off."""
    options: list[Options] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serving, "serve", lambda made, _console: options.append(made))
        assert run(*words).exit_code == 0
    return new_memory(options[0], 1_000, counting_random()).pump.settings.rate_error_ppm


@pytest.mark.requirement("R5.1.0(3)")
def test_the_drive_is_off_by_what_was_asked_for_or_else_by_what_the_seed_draws() -> None:
    assert rate_error("--rate-error", "0 %") == 0
    assert rate_error("--rate-error", "-2.4 %") == -24_000
    assert rate_error("--rate-error", "3 %") == 30_000
    drawn = [rate_error("--rate-error", "drawn", "--seed", str(seed)) for seed in (1, *range(1, 30))]
    assert drawn[0] == drawn[1] == rate_error("--seed", "1")
    assert len(set(drawn)) > 20
    assert all(-145_000 <= ppm <= 145_000 for ppm in drawn)
    assert min(drawn) < -50_000 < 50_000 < max(drawn)


def test_asking_for_an_error_of_the_drive_changes_no_other_draw() -> None:
    offsets = {
        new_memory(
            dataclasses.replace(options_with_seed(1), rate_error_ppm=ppm), 1, counting_random()
        ).pump.settings.sensor_offset_nl
        for ppm in (0, 5, None)
    }
    assert len(offsets) == 1


def test_a_new_pump_is_as_the_options_say_and_has_never_been_started() -> None:
    memory = new_memory(options_with_seed(1), 1_767_225_600, counting_random())
    now = memory.pump.sample()
    assert (memory.serial_number, memory.boot, memory.revision, memory.ledger.lines) == ("PM-00001", 0, 0, ())
    assert (now.reservoir_nl, now.low_reservoir_nl, now.commanded_rate_nl_h) == (
        18_000_000,
        2_000_000,
        20_833,
    )
    assert (now.battery_percent, now.clock_s, len(memory.store_id)) == (100, 1_767_225_600, 8)
