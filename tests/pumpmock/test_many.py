"""Many pumps of one process: each is somebody else, somewhere else, and all of them answer."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pumpmock.many import each_of, room_for
from pumpmock.options import Options
from pumpmock.ports import PortError
from pumpmock.profile_file import USUAL, shipped

if TYPE_CHECKING:
    from collections.abc import Iterator


def options(**figures: object) -> Options:
    profile = shipped(USUAL)
    usual: dict[str, Any] = {
        "serial_number": "PM-00009",
        "profile": profile,
        "fill_nl": 18_000_000,
        "low_reservoir_nl": profile.settings.low_reservoir_nl,
        "rate_nl_h": 20_833,
        "battery_percent": 100,
        "concentration_ug_ml": 500,
        "rate_error_ppm": 0,
        "drugs": None,
        "drug": None,
        "limits": None,
        "speed": 0,
        "seed": 2**32 - 1,
        "link": None,
        "tcp": None,
        "state": None,
        "keys": None,
    }
    return Options(**{**usual, **figures})


def test_a_single_pump_is_what_was_asked_for_to_the_letter() -> None:
    one = options()

    assert each_of(one, Path("/run")) == [one]


def test_serial_number_link_port_state_and_seed_are_counted_up() -> None:
    first, second, third = each_of(
        options(
            pumps=3,
            link=Path("/tmp/tty"),  # noqa: S108
            tcp=("127.0.0.1", 7070),
            rfc2217=("::1", 0),
            state=Path("/var/pump.json"),
        ),
        Path("/run"),
    )

    assert [one.serial_number for one in (first, second, third)] == ["PM-00009", "PM-00010", "PM-00011"]
    assert [one.rfc2217 for one in (first, third)] == [("::1", 0), ("::1", 0)]
    assert [str(one.link) for one in (first, third)] == ["/tmp/tty0", "/tmp/tty2"]  # noqa: S108
    assert [one.tcp for one in (first, third)] == [("127.0.0.1", 7070), ("127.0.0.1", 7072)]
    assert [str(one.state) for one in (first, third)] == [
        "/var/pump-PM-00009.json",
        "/var/pump-PM-00011.json",
    ]
    assert [one.seed for one in (first, second)] == [2**32 - 1, 0]


def test_each_has_a_journal_of_its_own() -> None:
    assert [str(one.journal) for one in each_of(options(pumps=2, journal=Path("/var/j.jsonl")), Path())] == [
        "/var/j-PM-00009.jsonl",
        "/var/j-PM-00010.jsonl",
    ]


def test_without_a_link_the_names_are_those_of_the_run_time_folder() -> None:
    assert [str(one.link) for one in each_of(options(pumps=2), Path("/run"))] == ["/run/pump0", "/run/pump1"]


def test_any_free_port_stays_any_free_port() -> None:
    assert {one.tcp for one in each_of(options(pumps=3, tcp=("::1", 0)), Path())} == {("::1", 0)}


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"serial_number": "PM-9"}, "PM-9 can't be counted up that far"),
        ({"serial_number": "PUMP"}, "PUMP can't be counted up that far"),
        ({"tcp": ("127.0.0.1", 65_530)}, "there are no 7 ports from 65530 on"),
    ],
)
def test_what_cannot_be_counted_up_is_refused_in_a_sentence(figures: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        each_of(options(**{"pumps": 1_000_000, "serial_number": "A1", **figures}), Path())


def test_more_pumps_than_the_system_allows_files_are_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1_024))

    with pytest.raises(
        PortError, match=r"1000 pumps want 7200 open files and this system allows 1024: .* ulimit"
    ):
        room_for(1_000)


def test_the_limit_of_open_files_is_raised_no_further_than_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (300, 10_000))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: raised.append(limits))

    room_for(10)
    room_for(1_000)
    room_for(1_000, listening=2)

    assert raised == [(7_200, 10_000), (9_200, 10_000)]


@pytest.fixture
def three(tmp_path: Path) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "pumpmock", "serve", "--pumps", "3", "--pty", str(tmp_path / "tty")]
    command += ["--tcp", "127.0.0.1:0", "--bench-key", "--state", str(tmp_path / "pump.json"), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline()), process
        process.kill()


def test_each_of_three_pumps_answers_by_its_own_name_on_both_its_ports(
    three: tuple[dict[str, Any], subprocess.Popen[str]], tmp_path: Path
) -> None:
    ready, process = three
    monitor = [sys.executable, "-m", "monitor", "status", "--bench-key", "--json"]
    for number, pump in enumerate(ready["pumps"], start=1):
        for url in pump["ports"].values():
            done = subprocess.run([*monitor, url], capture_output=True, text=True, check=True)
            assert json.loads(done.stdout)["serial_number"] == f"PM-0000{number}" == pump["serial_number"]

    assert len({url for pump in ready["pumps"] for url in pump["ports"].values()}) == 6
    process.terminate()
    told = [json.loads(line) for line in process.communicate()[0].splitlines()]
    sessions = [line["serial_number"] for line in told if line["event"] == "session"]
    assert sessions == ["PM-00001"] * 2 + ["PM-00002"] * 2 + ["PM-00003"] * 2
    assert process.returncode == 0
    assert sorted(path.name for path in tmp_path.glob("*.json")) == [
        f"pump-PM-0000{number}.json" for number in (1, 2, 3)
    ]
