"""Whatever goes wrong while a change is made, the monitor's client ends with the pump's own verdict, or with none."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor import changing
from monitor.client import PumpClient
from monitor.errors import LinkError, OutcomeUnknownError, RefusedError
from monitor.intents import Intents
from monitor.keys import Keyring
from protocol import timeouts
from protocol.keys import BENCH_KEY
from protocol.messages import Change
from protocol.places import BAUD
from protocol.vocabulary import ChangeKind, Verdict
from pumpmock.faults import KINDS
from pumpmock.medium import AS_SET, Medium
from tests.acceptance.live import LivePump

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE = Change(ChangeKind.RATE, 25_000)
FIGURES: dict[str, dict[str, Any]] = {
    "delay": {"by_ms": 400},
    "slow": {"by_ms": 400},
    "alarm": {"name": "stall"},
    "firmware": {"version": "9.9"},
    "pace": {"baud": 1_200},
    "unplug": {"for_ms": 100},
    "refuse-open": {"for_ms": 100},
    "deaf": {"for_ms": 300},
    "mute": {"for_ms": 300},
}
PORTS = ("pty", "tcp", "rfc2217")
# What can't wait for a Commit strikes what comes next.
AT_ONCE = {"slow-start", "echo"}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up early: a verdict that is right however soon that is is right on a slow machine, too."""
    monkeypatch.setattr(changing, "_PAUSE_BETWEEN_TRIES_S", 0.01)
    monkeypatch.setattr(timeouts, "REPLY_TIMEOUT_MS", 120)
    monkeypatch.setattr(timeouts, "HANDSHAKE_TIMEOUT_MS", 250)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait as long as it takes: a slow line is to be heard."""
    monkeypatch.setattr(timeouts, "REPLY_TIMEOUT_MS", 60_000)
    monkeypatch.setattr(timeouts, "HANDSHAKE_TIMEOUT_MS", 60_000)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LivePump]:
    with LivePump(tmp_path) as pump:
        yield pump


def client(url: str, folder: Path) -> PumpClient:
    """Return a client once the pump can be reached, as somebody who tries again does."""
    give_up_s = time.monotonic() + 30
    while True:
        try:
            return PumpClient(url, keyring=Keyring(Path(), (BENCH_KEY,), ()), intents=Intents(folder))
        except LinkError:
            assert time.monotonic() < give_up_s


def verdict_of(pump: PumpClient, url: str, folder: Path) -> Verdict:
    """Make a change, and ask on until there is a verdict."""
    prepared = pump.prepare(RATE, seen=pump.status())
    try:
        return pump.commit(prepared).verdict
    except RefusedError:
        return Verdict.NOT_APPLIED
    except OutcomeUnknownError:
        pump.close()
    while True:
        with client(url, folder) as again:
            if not again.unresolved:
                (found,) = (outcome.verdict for intent, outcome in again.settled)
                return found


@pytest.mark.parametrize("kind", [name for name in KINDS if name not in AT_ONCE])
def test_a_fault_at_the_commit_leads_to_no_wrong_verdict(kind: str, live: LivePump, tmp_path: Path) -> None:
    url, folder = live.urls["pty"], tmp_path / "intents"
    pump = client(url, folder)
    live.do(lambda emulator: emulator.faults.add(kind, on="Commit", **FIGURES.get(kind, {})))

    verdict = verdict_of(pump, url, folder)

    applied = live.do(lambda emulator: emulator.device.memory.ledger.lines)
    assert verdict is (Verdict.APPLIED if applied else Verdict.NOT_APPLIED)
    assert live.do(lambda emulator: any(entry.what == "fault" for entry in emulator.journal.entries))
    pump.close()


@pytest.mark.parametrize(
    "kind",
    [kind.name for kind in KINDS.values() if any(figure.key == "way" for figure in kind.figures)],
)
@pytest.mark.parametrize("after", [0, 1, 2])
def test_bytes_that_are_spoiled_on_their_way_to_the_pump_lead_to_no_wrong_verdict(
    kind: str, after: int, live: LivePump, tmp_path: Path
) -> None:
    url, folder = live.urls["tcp"], tmp_path / "intents"
    pump = client(url, folder)
    figures = FIGURES.get(kind, {})
    live.do(lambda emulator: emulator.faults.add(kind, way="in", after=after, **figures))

    verdict = verdict_of(pump, url, folder)

    applied = live.do(lambda emulator: emulator.device.memory.ledger.lines)
    assert verdict is (Verdict.APPLIED if applied else Verdict.NOT_APPLIED)
    pump.close()


@pytest.mark.parametrize("port", PORTS)
def test_a_pump_that_is_unplugged_and_plugged_in_again_is_there_under_the_same_name(
    port: str, live: LivePump, tmp_path: Path
) -> None:
    url, folder = live.urls[port], tmp_path / "intents"
    pump = client(url, folder)
    number = live.do(lambda emulator: emulator.faults.add("unplug", port=port))
    with pytest.raises(LinkError, match=r"has gone|closed"):
        pump.status()
    with pytest.raises(LinkError):
        PumpClient(url, keyring=Keyring(Path(), (BENCH_KEY,), ()), intents=Intents(folder))
    live.do(lambda emulator: emulator.faults.clear(number))
    with client(url, folder) as again:
        assert again.status().status.revision == 0
    pump.close()


@pytest.mark.parametrize("port", PORTS)
def test_a_port_that_refuses_keeps_its_host_and_takes_no_other(
    port: str, live: LivePump, tmp_path: Path
) -> None:
    url, folder = live.urls[port], tmp_path / "intents"
    with client(url, folder) as pump:
        live.do(lambda emulator: emulator.faults.add("refuse-open", port=port))
        assert pump.status().status.revision == 0
        with pytest.raises(LinkError):
            PumpClient(url, keyring=Keyring(Path(), (BENCH_KEY,), ()), intents=Intents(folder))
        live.do(lambda emulator: emulator.faults.clear())


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("kind", ["deaf", "mute"])
def test_a_silent_port_is_heard_again_when_that_is_over(
    kind: str, port: str, live: LivePump, tmp_path: Path
) -> None:
    url, folder = live.urls[port], tmp_path / "intents"
    other = live.urls["tcp" if port == "pty" else "pty"]
    with client(url, folder) as pump:
        number = live.do(lambda emulator: emulator.faults.add(kind, port=port))
        with pytest.raises(LinkError, match="does not answer"):
            pump.status()
        with client(other, folder) as through_the_other:
            assert through_the_other.status().status.revision == 0
        live.do(lambda emulator: emulator.faults.clear(number))
        assert pump.status().status.revision == 0


def test_a_pump_that_starts_slowly_is_silent_first(live: LivePump, tmp_path: Path) -> None:
    url, folder = live.urls["tcp"], tmp_path / "intents"
    live.do(lambda emulator: emulator.faults.add("slow-start", for_ms=60_000, times=1))
    with pytest.raises(LinkError, match="no pump answers"):
        PumpClient(url, keyring=Keyring(Path(), (BENCH_KEY,), ()), intents=Intents(folder))
    with client(url, folder) as pump:
        assert pump.status().status.revision == 0


def test_our_own_words_heard_back_are_nobodys_answer(live: LivePump, tmp_path: Path) -> None:
    live.do(lambda emulator: emulator.faults.add("echo", times=None))
    folder = tmp_path / "intents"
    pump = client(live.urls["pty"], folder)
    assert verdict_of(pump, live.urls["pty"], folder) is Verdict.APPLIED
    pump.close()


@pytest.mark.usefixtures("patient")
def test_a_trip_on_a_paced_port_takes_no_less_than_its_bytes(tmp_path: Path) -> None:
    with (
        LivePump(tmp_path, Medium(9_600, latency_ms=3)) as live,
        client(live.urls["pty"], tmp_path / "intents") as pump,
    ):
        began_ns = time.monotonic_ns()
        pump.status()
        taken_ns = time.monotonic_ns() - began_ns
        entries = live.do(lambda emulator: list(emulator.journal.entries))
        size = sum(len(entry.data) for entry in entries if entry.data and entry.number >= entries[-2].number)
        assert taken_ns >= size * 10 * 10**9 // 9_600 + 6_000_000


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("port", ["pty", "rfc2217"])
def test_a_port_is_paced_as_its_host_sets_it(port: str, tmp_path: Path) -> None:
    with (
        LivePump(tmp_path, Medium(AS_SET)) as live,
        client(live.urls[port], tmp_path / "intents"),
    ):
        (peer,) = {
            entry.peer for entry in live.do(lambda emulator: list(emulator.journal.entries)) if entry.peer
        }
        assert live.do(lambda emulator: emulator.ports.baud_of(peer)) == BAUD
