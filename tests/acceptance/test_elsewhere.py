"""A project that knows nothing of this one installs the wheel, and its tests have pumps: passed, failed and refused."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
# Under twenty lines: pyserial, and the protocol for the frames.
STRANGERS = """
import os
import serial
from protocol.exchange import HostEnd
from protocol.messages import Poll

def test_a_day_is_half_a_millilitre(pump):
    with serial.serial_for_url(pump.url, timeout=10) as port:
        hear = lambda: port.read(max(1, port.in_waiting))
        host = HostEnd(pump.key, os.urandom(16))
        port.write(host.hello())
        while not host.is_open:
            port.write(host.receive(hear())[1])
        pump.clock.advance("24 h")
        port.write(host.ask(Poll())[0])
        answers = []
        while not answers:
            answers, _ = host.receive(hear())
    assert answers[0].message.delivered_nl == 24 * 20_833 == pump.delivered_nl
"""
OURS = """
import asyncio
import pytest
import serial
from monitor.client import PumpClient
from pumpmock.testing import UnmetError

pytestmark = pytest.mark.pump(reservoir="19 mL")

def test_the_client_needs_the_url_alone(pump):
    with PumpClient(pump.url) as client:
        assert client.status().status.reservoir_nl == 19_000_000

@pytest.mark.pump(transport="tcp", reservoir="3 mL")
def test_the_nearest_marker_goes_first(pump):
    assert (pump.transport, pump.status.reservoir_nl) == ("tcp", 3_000_000)

def test_several_pumps_are_each_its_own(pump_factory):
    pumps = pump_factory(3, reservoir="4 mL")
    assert len({pump.serial_number for pump in pumps}) == len({pump.seed for pump in pumps}) == 3
    assert [pump.status.reservoir_nl for pump in pumps] == [4_000_000] * 3

def test_in_a_loop_what_waits_is_awaited(apump):
    async def main():
        await apump.advance("5 min")
        with pytest.raises(UnmetError):
            async with apump.expect("Poll", within="0 s"):
                await apump.settle()
        await apump.assert_quiet("0 s")
        apump.unplug()
        apump.replug()
        return await apump.wait_for("plugged")
    assert asyncio.run(main()).pump_time_us == apump.now_us == 300_000_000

@pytest.mark.parametrize("pump_transport", ["tcp", "pty"], indirect=True)
def test_a_test_may_name_its_transports(pump, request):
    assert pump.transport in request.node.name
"""
WRONG = """
import pytest
import serial
from monitor.client import PumpClient

@pytest.mark.pump(seed=7)
def test_that_fails(pump):
    with PumpClient(pump.url) as client:
        assert client.status().status.revision == 99

def test_that_breaks_the_protocol(pump):
    with serial.serial_for_url(pump.url) as port:
        port.write(b"\\0ATZ\\r\\n\\0")
        pump.settle()

@pytest.mark.pump(strict=False)
def test_that_may(pump):
    with serial.serial_for_url(pump.url) as port:
        port.write(b"\\0ATZ\\r\\n\\0")
        pump.settle()

@pytest.mark.pump(reservior="3 mL")
def test_that_is_mistyped(pump):
    raise SystemExit("it ran")

@pytest.mark.pump("tcp")
def test_that_has_no_names(pump):
    raise SystemExit("it ran")

def test_that_waits_for_nothing(pump):
    pump.expect("Commit")

def test_that_skips_is_not_judged(pump):
    pump.expect("Commit")
    pytest.skip("halfway")

@pytest.mark.xfail(strict=True)
def test_that_is_known_to_fail(pump):
    pump.expect("Commit")
    assert False
"""


class Elsewhere:
    """A folder far from this one, and an environment with the wheel in it.

    Args:
        project: the folder.
        python: of the environment.
    """

    def __init__(self, project: Path, python: Path) -> None:
        self.project = project
        self._python = python

    def pytest(self, tests: Mapping[str, str], *options: str) -> Ran:
        for name, text in tests.items():
            (self.project / name).write_text(text, encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        # pyserial's client of RFC 2217 starts its thread in the old way.
        old = (f"-Wignore:{name}:DeprecationWarning" for name in ("setDaemon", "setName"))
        warned = ["-Werror", *old]
        quiet = [*warned, "-p", "no:cacheprovider", "-rA", "--tb=short", "--color=no"]
        done = subprocess.run(
            [str(self._python), "-m", "pytest", *quiet, *options, *tests],
            cwd=self.project,
            env=environment | {"COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout + done.stderr)


class Ran:
    """What came of a run."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = text
        self.outcomes = {
            name: outcome
            for outcome, name in re.findall(r"^(PASSED|FAILED|ERROR|XFAIL) \S+?::(\S+)", text, re.MULTILINE)
        }


def _installed(folder: Path) -> Path:
    """Return the Python of an environment in `folder` with the wheel in it: made by the first of those who ask."""
    folder.mkdir(exist_ok=True)
    python = folder / "env" / "bin" / "python"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not python.exists():
            _install(folder, python)
    return python


def _install(folder: Path, python: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheels = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(_copy(folder))]
    subprocess.run([*pip, *wheels], check=True)
    venv.create(folder / "env", with_pip=False)
    (wheel,) = folder.glob("*.whl")
    install = ["--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([*pip, *install], check=True)
    # What the wheel needs is lent, not installed anew; a path in such a file brings no editable project with it.
    (site,) = (folder / "env" / "lib").glob("python*/site-packages")
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")


def _copy(folder: Path) -> Path:
    """Return a copy of what the wheel is made of: building leaves things behind."""
    source = folder / "source"
    for package in ("protocol", "pumpmock", "monitor"):
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    return source


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    # Of workers side by side each has a folder of its own, beside those of the others: there they share one.
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    return Elsewhere(tmp_path_factory.mktemp("project"), _installed(shared / "elsewhere"))


def test_a_strangers_test_of_under_twenty_lines_passes(elsewhere: Elsewhere) -> None:
    assert len(STRANGERS.strip().splitlines()) < 20
    ran = elsewhere.pytest({"test_stranger.py": STRANGERS})
    assert ran.code == 0, ran.text
    assert "pumpmock: --pump-seed=1" in ran.text


def test_every_fixture_and_the_marker_work_there(elsewhere: Elsewhere) -> None:
    ran = elsewhere.pytest({"test_ours.py": OURS}, "--strict-markers")
    assert ran.code == 0, ran.text


def test_side_by_side_and_on_every_transport_pumps_never_meet(elsewhere: Elsewhere) -> None:
    tests = {"test_stranger.py": STRANGERS, "test_ours.py": OURS}
    ran = elsewhere.pytest(tests, "-n", "2", "--pump-transport=all", "--pump-seed=random")
    assert ran.code == 0, ran.text
    assert {"test_a_day_is_half_a_millilitre[pty]", "test_a_day_is_half_a_millilitre[tcp]"} <= set(
        ran.outcomes
    )
    assert "test_the_nearest_marker_goes_first" in ran.outcomes  # its marker says where: once
    seeds = set(re.findall(r"--pump-seed=(\d+)", ran.text))
    assert len(seeds) == 1


@pytest.fixture(scope="module")
def wrong(elsewhere: Elsewhere) -> Ran:
    return elsewhere.pytest({"test_wrong.py": WRONG}, "--pump-journal=journals")


def test_a_test_that_fails_shows_what_its_pump_saw_and_how_to_repeat_it(wrong: Ran) -> None:
    assert wrong.code == 1
    assert wrong.outcomes["test_that_fails"] == "FAILED"
    assert "to have the same again: --pump-seed=7 --pump-transport=pty" in wrong.text
    assert re.search(r"pty -> Poll\n.* pty <- Status\b", wrong.text)


def test_a_host_that_breaks_the_protocol_fails_its_test_by_a_sentence(wrong: Ran) -> None:
    assert wrong.outcomes["test_that_breaks_the_protocol"] == "ERROR"
    assert (
        'what it sent is no frame (too short or too long) (docs/protocol.md, "The order of checks")'
        in wrong.text
    )
    assert wrong.outcomes["test_that_may"] == "PASSED"


def test_a_mistyped_marker_is_refused_with_its_line_and_what_was_meant(wrong: Ran) -> None:
    assert 'test_wrong.py:22: "reservior" is not an option of a pump; did you mean "reservoir"?' in wrong.text
    assert 'pytest.mark.pump takes options by name: pytest.mark.pump(transport="tcp"), say' in wrong.text
    assert "it ran" not in wrong.text


def test_what_was_expected_and_did_not_come_fails_its_test(wrong: Ran) -> None:
    assert "Commit: not seen by the end of the test" in wrong.text
    assert wrong.outcomes["test_that_waits_for_nothing"] == "ERROR"


def test_a_test_that_did_not_come_to_its_end_is_not_judged(wrong: Ran) -> None:
    assert "test_that_skips_is_not_judged" not in wrong.outcomes
    assert wrong.outcomes["test_that_is_known_to_fail"] == "XFAIL"


def test_journals_are_kept_where_somebody_asks_for_them(wrong: Ran, elsewhere: Elsewhere) -> None:
    del wrong
    (kept,) = (elsewhere.project / "journals").glob("*test_that_fails*.jsonl")
    header, *lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert (header["serial_number"], header["seed"]) == ("PM-00001", 7)
    names = [frame["name"] for line in lines for frame in line.get("frames", [])]
    assert names[:4] == ["Hello", "Challenge", "Confirm", "Status"]
    command = [sys.executable, "-m", "pumpmock", "decode", str(kept), "--only", "Poll"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "pty -> Poll" in told


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--pump-transport=ptty", "'ptty' is no transport; known are pty"),
        ("--pump-seed=x", "'x' is neither 0 to 4294967295 nor 'random'"),
    ],
)
def test_a_mistyped_option_is_refused_before_anything_runs(
    elsewhere: Elsewhere, option: str, said: str
) -> None:
    ran = elsewhere.pytest({"test_stranger.py": STRANGERS}, option)
    assert ran.code == 4
    assert said in ran.text
