"""Lines of a few thousand bits a second: real programs that know the rate, and what one is told that does not."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.acceptance.terminal import Screen

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bench


def test_a_pump_at_4800_baud_is_read_and_changed_through_any_port(bench: Bench, port: str) -> None:
    url = bench.serve("--baud", "4800").ports[port]

    changed = bench.monitor("set-rate", url, "0.6 mL/day", "--yes", "--baud", "4800")
    read = bench.monitor("status", url, "--json", "--baud", "4800")

    assert (changed.returncode, changed.stderr) == (0, "")
    assert json.loads(read.stdout)["commanded_rate_nl_h"] == 25_000


def test_who_does_not_know_the_rate_is_told_to_say_it(bench: Bench, port: str) -> None:
    url = bench.serve("--baud", "2400").ports[port]

    told = bench.monitor("status", url)

    assert told.returncode == 3
    assert "--baud" in told.stderr


def test_readings_at_1200_baud_come_whole_and_as_often_as_the_line_allows(bench: Bench) -> None:
    emulator = bench.serve("--baud", "1200")

    watched = bench.monitor(
        "watch", emulator.ports["tcp"], "--baud", "1200", "--every", "0.1", "--count", "3", "--json"
    )

    assert (watched.returncode, watched.stderr) == (0, "")
    times_us = [json.loads(line)["pump_time_us"] for line in watched.stdout.splitlines()]
    assert len(times_us) == 3
    assert all(later - earlier > 1_600_000 for earlier, later in pairwise(times_us))


def test_a_commit_at_1200_baud_whose_answer_is_lost_ends_in_a_verdict(bench: Bench) -> None:
    emulator = bench.serve("--baud", "1200", "--fault", "lose-reply on=Commit")

    changed = bench.monitor("set-rate", emulator.ports["pty"], "0.6 mL/day", "--yes", "--baud", "1200")

    assert (changed.returncode, changed.stderr) == (0, "")
    assert "set: the pump reports 0.600 mL/day (revision 1)" in changed.stdout
    assert bench.unresolved() == []


def test_the_dashboard_at_1200_baud_is_live_says_so_and_shows_what_another_host_changes(
    bench: Bench,
) -> None:
    ports = bench.serve("--baud", "1200").ports
    words = (ports["pty"], *bench.with_keys("--baud", "1200", "--drugs", "none"))
    with Screen("monitor", "dashboard", *words) as screen:
        screen.wait_for("each 2.0 s at 1200 baud")
        other = bench.monitor("set-rate", ports["rfc2217"], "0.6 mL/day", "--yes", "--baud", "1200")
        assert (other.returncode, other.stderr) == (0, "")
        screen.wait_for("0.500 -> 0.600 mL/day")
        assert screen.quit() == 0
