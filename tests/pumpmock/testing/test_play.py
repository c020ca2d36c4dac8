"""A scenario goes along with the pump of a test: exact, and what it expects is an error at the end if it is not so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protocol.messages import Change, Commit, Outcome, Prepare, Prepared, Resolve
from protocol.vocabulary import ChangeKind, Verdict
from pumpmock.scenario.reading import ScenarioError
from pumpmock.testing import LivePump, UnmetError, live_pump, start_pump
from tests.pumpmock.scenario.scenes import END, written
from tests.pumpmock.testing.hosts import Host

if TYPE_CHECKING:
    from pathlib import Path

OCCLUDED = """
[[step]]
at = "10 min"
strike = "occlusion"
[[step]]
at = "20 min"
relieve = "occlusion"
expect = { troubles = [], tip = "2.5 uL" }
"""


@pytest.mark.pump(transport="memory", rate="0.6 mL/day")
def test_an_advance_stops_at_each_step_of_it(pump: LivePump, tmp_path: Path) -> None:
    told = pump.play(written(tmp_path, OCCLUDED))
    pump.clock.advance("30 min")
    assert told().sentences == [f"{tmp_path}/scene.toml: it was ended before its end"]
    pump.clock.advance("30 min")
    assert told().is_good


@pytest.mark.pump(transport="memory", limits="none")
def test_what_it_does_to_an_answer_befalls_the_host_of_the_test(pump: LivePump, tmp_path: Path) -> None:
    steps = '[[step]]\non = "Commit"\nfault = { kind = "lose-reply", on = "Commit" }\ngoto = "lost"\n'
    pump.play(written(tmp_path, steps, END + 'expect = { in = "lost", requests = { Resolve = 1 } }'))
    with Host(pump.url, pump.key) as host:
        now = host.poll()
        change = Change(ChangeKind.RATE, 25_000)
        prepared = host.ask(Prepare(bytes(8), now.revision, now.commanded_rate_nl_h, 0, change))
        assert isinstance(prepared, Prepared)
        host.send(Commit(prepared.command_id, prepared.token))
        outcome = host.ask(Resolve(prepared.command_id))
        assert isinstance(outcome, Outcome)
        assert outcome.verdict is Verdict.APPLIED
    pump.clock.advance("1 h")


@pytest.mark.parametrize("advance", ["10 min", "2 h"])
def test_what_is_not_as_it_expects_is_an_error_at_the_end(tmp_path: Path, advance: str) -> None:
    path = written(tmp_path, '[[step]]\nat = "1 h"\nexpect = { revision = 1 }\n')
    pump = start_pump(transport="memory")
    pump.play(path)
    pump.clock.advance(advance)
    with pytest.raises(UnmetError, match=r"scene\.toml"):
        pump.close()


def test_one_at_a_time_and_none_with_a_host_of_its_own(tmp_path: Path) -> None:
    with live_pump(transport="memory") as pump:
        with pytest.raises(ScenarioError, match="pumpmock run only"):
            pump.play(written(tmp_path, '[[step]]\nat = "1 h"\nhost = { poll = true }\n'))
        path = written(tmp_path, OCCLUDED.replace(', tip = "2.5 uL"', ""))
        pump.play(path)
        with pytest.raises(ValueError, match="goes along with this pump already"):
            pump.play(path)
        pump.clock.advance("1 h")
        told = pump.play(written(tmp_path, '[[step]]\nat = "1 h"\npress = true\n'))
        pump.clock.advance("0 s")
        assert told().is_good
