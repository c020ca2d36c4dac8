"""A pump with a drug that its library does not have stays stopped and says so, whoever asks it on a real port."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from monitor.client import PumpClient
from monitor.errors import RefusedError
from monitor.keys import find_keys
from protocol.messages import Change
from protocol.vocabulary import ChangeKind, Refusal
from pumpmock.drug_file import shipped

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.conftest import Bench

UNKNOWN = "baclofen at 750 ug/mL is not in the drug library: refill with 50, 500, 1000 or 2000 ug/mL"


def refill(concentration_ug_ml: int) -> Change:
    return Change(
        ChangeKind.REFILL,
        withdrawn_nl=18_000_000,
        volume_nl=18_000_000,
        concentration_ug_ml=concentration_ug_ml,
    )


def make(pump: PumpClient, change: Change) -> None:
    pump.commit(pump.prepare(change, seen=pump.status()))


def alarms(state: dict[str, Any]) -> set[str]:
    return set(state["alarms"])


@pytest.mark.requirement("R6.9.0(4)")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--concentration", "750 ug/mL"), UNKNOWN),
        (("--concentration", "0 ug/mL"), "baclofen of no known concentration is not in the drug library"),
        (("--drug", "morphine"), "the drug library has no morphine"),
    ],
)
def test_a_pump_with_an_unknown_drug_stays_stopped_and_refuses_to_resume(
    bench: Bench, words: tuple[str, ...], said: str
) -> None:
    emulator = bench.serve("--speed", "3600", *words)
    url = emulator.ports["pty"]
    state = bench.status(url)
    assert (state["state"], state["commanded_rate_nl_h"], state["measured_rate_nl_h"]) == ("stopped", 0, 0)
    assert alarms(state) == {"drug_unknown"}
    assert state["reservoir_nl"] == 18_000_000
    done = bench.monitor("resume", url, "--yes")
    assert done.returncode == 1
    assert said in done.stderr
    assert [one["detail"] for one in bench.events(url) if one["kind"] == "refused"] == [Refusal.DRUG_UNKNOWN]
    assert bench.status(url)["state"] == "stopped"


def test_a_refill_ends_it_and_begins_it_and_only_a_resume_delivers(bench: Bench) -> None:
    emulator = bench.serve("--concentration", "750 ug/mL")
    url = emulator.ports["pty"]
    with PumpClient(url, keyring=find_keys(bench.keys)) as pump:
        with pytest.raises(RefusedError) as refused:
            make(pump, Change(ChangeKind.RESUME))
        assert (refused.value.reason, UNKNOWN in str(refused.value)) == (Refusal.DRUG_UNKNOWN, True)
        make(pump, refill(500))
        assert pump.status().status.commanded_rate_nl_h == 0
        make(pump, Change(ChangeKind.RESUME))
        assert pump.status().status.measured_rate_nl_h == 20_833
        prepared = pump.prepare(refill(501), seen=pump.status())
        assert prepared.new_rate_nl_h == 0
        pump.commit(prepared)
        assert pump.status().status.measured_rate_nl_h == 0
    assert "drug_unknown" in alarms(bench.status(url))


def test_without_a_library_any_drug_is_delivered(bench: Bench) -> None:
    emulator = bench.serve("--concentration", "0 ug/mL", "--drugs", "none")
    state = bench.status(emulator.ports["pty"])
    assert (state["state"], alarms(state)) == ("running", set())


def test_the_library_is_named_at_the_start_and_kept_with_the_pump(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    emulator = bench.serve("--state", str(path), "--concentration", "750 ug/mL")
    assert (emulator.ready["drug"], emulator.ready["drugs"]) == ("baclofen", "baclofen")
    assert emulator.ready["drugs_sha256"] == shipped().checksum
    emulator.end()
    stored = json.loads(path.read_text())["pump"]["drug"]
    assert (stored["drug"], stored["checksum"]) == ("baclofen", shipped().checksum)
    again = bench.serve("--state", str(path))
    assert again.ready["drugs_sha256"] == shipped().checksum
    assert "drug_unknown" in alarms(bench.status(again.ports["pty"]))
    again.end()
    other = bench.serve("--state", str(path), "--drugs", "none")
    assert other.ready["drugs"] is None
    state = bench.status(other.ports["pty"])
    assert (state["state"], alarms(state)) == ("stopped", set())
