"""A monitor that is killed while it waits for the answer to its commit: the next command learns what became of it."""

from __future__ import annotations

import json
import re
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from protocol.frame import Decoder
from protocol.messages import Commit, Outcome
from tests.acceptance.conftest import WAIT_S

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bench, Emulator


class Relay:
    """A line between one host and the pump that falls silent at the commit.

    Attributes:
        silent: set once the host waits for an answer that will not come.
    """

    def __init__(self, url: str, *, deliver: bool) -> None:
        self.silent = threading.Event()
        self._deliver = deliver
        host, _, port = url.removeprefix("socket://").rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()

    def _carry(self) -> None:
        host, _ = self._listener.accept()
        with host, socket.create_connection(self._target) as pump:
            decoder = Decoder()
            while data := host.recv(4096):
                if not any(frame.type == Commit.code for frame in decoder.feed(data)):
                    pump.sendall(data)
                    host.sendall(pump.recv(4096))
                    continue
                if self._deliver:
                    pump.sendall(data)
                    assert any(frame.type == Outcome.code for frame in Decoder().feed(pump.recv(4096)))
                self.silent.set()
                while host.recv(4096):  # until the host has gone
                    pass
                return

    def close(self) -> None:
        self._thread.join(timeout=WAIT_S)
        self._listener.close()
        assert not self._thread.is_alive()


@pytest.fixture
def emulator(bench: Bench) -> Emulator:
    return bench.serve("--frozen")


@pytest.fixture(params=[True, False], ids=["applied", "not applied"])
def applied(request: pytest.FixtureRequest, bench: Bench, emulator: Emulator) -> bool:
    """Have set-rate killed while it waits, with the pump having had its commit or not."""
    delivered: bool = request.param
    relay = Relay(emulator.ports["tcp"], deliver=delivered)
    monitor = bench.start_monitor("set-rate", relay.url, "0.6 mL/day", "--yes")
    assert relay.silent.wait(WAIT_S)
    monitor.kill()
    relay.close()
    return delivered


def said(*, applied: bool) -> str:
    verdict = "applied as revision 1" if applied else "not applied: the rate is still 0.500 mL/day"
    return rf"pump-monitor: the change of (\d+ \w+ )?\d\d:\d\d to 0\.600 mL/day was {re.escape(verdict)}\n"


def test_the_next_status_settles_it_before_anything_else_and_says_so(
    bench: Bench, emulator: Emulator, port: str, *, applied: bool
) -> None:
    open_changes = bench.unresolved()
    assert [change["stage"] for change in open_changes] == ["committing"]
    rates = (open_changes[0]["old_rate_nl_h"], open_changes[0]["new_rate_nl_h"])
    assert rates == (20_833, 25_000)
    done = bench.monitor("status", emulator.ports[port], "--json")
    assert done.returncode == 0
    assert re.fullmatch(said(applied=applied), done.stderr), done.stderr
    reading = json.loads(done.stdout)
    assert reading["commanded_rate_nl_h"] == (25_000 if applied else 20_833)
    assert bench.unresolved() == []
    assert bench.monitor("status", emulator.ports[port]).stderr == ""


def test_the_next_change_is_decided_on_what_became_of_the_last(
    bench: Bench, emulator: Emulator, *, applied: bool
) -> None:
    done = bench.monitor("set-rate", emulator.ports["pty"], "0.55 mL/day", "--yes")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(said(applied=applied), done.stderr)
    revision = 2 if applied else 1
    assert f"set: the pump reports 0.550 mL/day (revision {revision})" in done.stdout
    changes = [event for event in bench.events(emulator.ports["pty"]) if event["kind"] == "rate_changed"]
    assert len(changes) == revision


def test_without_the_pump_it_is_listed_and_kept(bench: Bench, emulator: Emulator, *, applied: bool) -> None:
    del applied
    emulator.end()
    done = bench.monitor("status", str(bench.link))
    assert done.returncode == 3
    listed = bench.run("unresolved")
    assert listed.returncode == 4
    assert "the rate is 0.500 or 0.600 mL/day  committed, no answer" in listed.stdout


def test_a_viewer_is_warned_and_settles_nothing(bench: Bench, emulator: Emulator, *, applied: bool) -> None:
    keys = bench.folder / "viewer"
    keys.mkdir()
    (found,) = bench.keys.glob("*.viewer.key")
    (keys / found.name).write_bytes(found.read_bytes())
    (keys / found.name).chmod(0o600)
    done = bench.monitor("status", emulator.ports["pty"], keys=keys)
    assert done.returncode == 0
    assert "OUTCOME UNKNOWN" in done.stderr
    assert "the rate is 0.500 or 0.600 mL/day: this key only reads" in done.stderr
    assert re.fullmatch(said(applied=applied), bench.monitor("status", emulator.ports["pty"]).stderr)
