"""`pump-monitor check` as a monitoring system calls it: the line on standard output, and the exit code."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bench


def test_a_pump_is_ok_then_low_then_stalled_and_nothing_is_left_behind(bench: Bench) -> None:
    pump = bench.serve("--frozen", "--reservoir", "12 mL").ports["tcp"]
    done = bench.monitor("check", pump)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("PUMP OK - PM-00001 running, 0.500 mL/day, 12.00 mL, low in 20.0 d")
    assert done.stdout.count("\n") == 1

    low = bench.monitor("check", pump, "--low", "13 mL")
    assert (low.returncode, "LOW RESERVOIR" in low.stdout) == (1, True)

    told = json.loads(bench.monitor("check", pump, pump.replace("127.0.0.1", "localhost"), "--json").stdout)
    assert [one["reading"]["reservoir_nl"] for one in told["pumps"]] == [12_000_000] * 2
    assert not (bench.folder / "data").exists()  # it is a look: nothing is stored


def test_a_pump_that_is_empty_is_critical(bench: Bench) -> None:
    done = bench.monitor("check", bench.serve("--frozen", "--reservoir", "1.4 mL").ports["tcp"])
    assert done.returncode == 2
    assert done.stdout.startswith("PUMP CRITICAL - PM-00001 RESERVOIR EMPTY: ")


def test_a_port_that_another_program_has_is_unknown(bench: Bench) -> None:
    pump = bench.serve("--frozen").ports["pty"]
    watch = bench.start_monitor("watch", pump, "--no-history")
    assert watch.line() is not None
    done = bench.monitor("check", pump)
    assert done.returncode == 3
    assert "is in use by another program" in done.stdout


def test_a_listener_that_never_says_a_word_is_waited_for_as_long_as_was_said(bench: Bench) -> None:
    bench.serve("--frozen")  # makes the keys
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"socket://127.0.0.1:{silent.getsockname()[1]}"
        done = bench.monitor("check", url, "--timeout", "0.7")
    assert done.returncode == 2
    assert done.stdout == f"PUMP CRITICAL - {url} NO LINK: no answer within 0.7 s\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--timeout", "soon"), '"soon" is not a number'),
        (("--low", "3"), '"3" has no unit'),
        (("--sooon", "1 h"), "No such option '--sooon'"),
        (("--bench", "no-such-file.toml"), "the bench file no-such-file.toml can't be read"),
        (("socket://127.0.0.1:1", "--keys", "/nowhere"), "there is no key in /nowhere"),
    ],
)
def test_what_keeps_it_from_checking_is_unknown_and_says_what_to_do(
    bench: Bench, words: tuple[str, ...], said: str
) -> None:
    done = bench.run("check", *words)
    assert done.returncode == 3
    assert done.stdout.startswith("PUMP UNKNOWN - ")
    assert said in done.stdout
    assert "Traceback" not in done.stderr
