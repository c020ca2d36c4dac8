"""A pump is recorded through a line in the middle, asked again, and held against itself: all as real programs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.conftest import WAIT_S, Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.acceptance.conftest import Bench, Emulator


def pumpmock(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pumpmock", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )


class Middle(Program):
    """`pumpmock record`, once its port answers."""

    def __init__(self, *options: str) -> None:
        super().__init__("pumpmock", "record", "--json", *options)
        self.ready: dict[str, Any] = json.loads(self.line() or "{}")
        self.ports: dict[str, str] = self.ready["ports"]


@pytest.fixture
def emulator(bench: Bench) -> Emulator:
    return bench.serve("--bench-key", "--frozen", "--seed", "4", "--drugs", "none")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


@pytest.fixture
def journal(bench: Bench) -> Path:
    return bench.folder / "line.jsonl"


def frames(path: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    return [frame for line in lines for frame in line.get("frames", ())]


@pytest.mark.parametrize(("key", "verified"), [(("--key", "bench"), True), ((), None)])
def test_what_passes_is_written_and_reaches_the_other_end(
    bench: Bench,
    emulator: Emulator,
    stack: ExitStack,
    journal: Path,
    key: tuple[str, ...],
    verified: bool | None,  # noqa: FBT001 - what is expected
    port: str,
) -> None:
    ours = ("--pty", str(bench.folder / "mid")) if port == "pty" else ("--tcp", "127.0.0.1:0")
    middle = stack.enter_context(Middle(emulator.ports[port], "--journal", str(journal), *ours, *key))
    (url,) = middle.ports.values()
    direct = bench.monitor("status", emulator.ports["tcp"], "--json", "--bench-key")
    through = bench.monitor("status", url, "--json", "--bench-key")
    middle.process.send_signal(signal.SIGINT)
    assert middle.wait() == 0

    assert json.loads(through.stdout)["reservoir_nl"] == json.loads(direct.stdout)["reservoir_nl"]
    found = frames(journal)
    assert [frame["name"] for frame in found[:4]] == ["Hello", "Challenge", "Confirm", "Status"]
    assert {frame["verified"] for frame in found} == {verified}
    assert "-> Poll" in pumpmock("decode", journal).stdout


def test_a_line_that_is_gone_ends_the_recording_with_exit_3(
    bench: Bench, emulator: Emulator, stack: ExitStack, journal: Path
) -> None:
    words = (emulator.ports["tcp"], "--journal", str(journal), "--pty", str(bench.folder / "mid"))
    middle = stack.enter_context(Middle(*words))
    emulator.end()

    assert middle.wait() == 3
    assert "is gone" in (middle.line("err") or "")
    assert not (bench.folder / "mid").exists()


def test_a_port_that_cannot_be_opened_is_exit_3(bench: Bench, journal: Path) -> None:
    done = pumpmock("record", bench.folder / "nothing", "--journal", journal, "--pty", bench.folder / "mid")

    assert done.returncode == 3
    assert "can't be opened" in done.stderr
    assert not journal.exists()


def test_a_recorded_change_made_again_on_a_new_pump_of_that_make_is_the_same_to_the_last_figure(
    bench: Bench, emulator: Emulator, stack: ExitStack, journal: Path
) -> None:
    words = ("--journal", str(journal), "--pty", str(bench.folder / "mid"), "--key", "bench")
    middle = stack.enter_context(Middle(emulator.ports["tcp"], *words))
    changed = bench.monitor("set-rate", middle.ports["pty"], "0.6 mL/day", "--yes", "--bench-key")
    assert changed.returncode == 0, changed.stderr
    middle.end()
    fresh = ("--bench-key", "--frozen", "--seed", "4", "--drugs", "none")
    other = bench.serve(*fresh, link=bench.folder / "other")
    again = bench.folder / "again.jsonl"

    refused = pumpmock("replay", journal, other.ports["pty"], "--key", "bench")
    assert refused.returncode == 1
    assert "2 requests in" in refused.stderr
    assert "--allow-changes asks for them" in refused.stderr
    words = ("--key", "bench", "--allow-changes", "--journal", str(again))
    replayed = pumpmock("replay", journal, other.ports["pty"], *words)
    assert (replayed.returncode, replayed.stdout) == (0, "4 requests asked, 4 answered\n")
    same = pumpmock("diff", journal, again)
    assert (same.returncode, same.stdout) == (0, "")

    once_more = pumpmock("replay", journal, other.ports["pty"], *words)
    assert once_more.returncode == 0
    differs = pumpmock("diff", journal, again)
    assert differs.returncode == 1
    assert "~ <- Outcome  revision=1 / 2" in differs.stdout


def test_only_readings_are_asked_where_nothing_shall_change(
    bench: Bench, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "pump.jsonl"
    own = bench.serve("--bench-key", "--journal", str(path), "--drugs", "none", link=bench.folder / "own")
    bench.monitor("set-rate", own.ports["tcp"], "0.6 mL/day", "--yes", "--bench-key")
    own.end()
    done = pumpmock("replay", path, emulator.ports["tcp"], "--key", "bench", "--reads-only")

    assert done.returncode == 0
    assert done.stdout.splitlines() == ["2 requests asked, 2 answered", "2 left out: not a reading"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--key", "bench", "--gap", "soon"), 2, "span of time"),
        ((), 2, "give one --key"),
        (("--key", "bench", "--allow-changes", "--reads-only"), 2, "exclude each other"),
        (("--key", "bench", "--reads-only"), 3, "can't be opened"),
    ],
)
def test_what_cannot_be_replayed_is_a_sentence_and_an_exit_code(
    bench: Bench, tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    path = tmp_path / "pump.jsonl"
    own = bench.serve("--bench-key", "--journal", str(path), "--frozen")
    own.end()
    done = pumpmock("replay", path, bench.folder / "nothing", *words)

    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
