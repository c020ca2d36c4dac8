"""`pump-monitor web`, as far as it is refused; what it serves is in tests/acceptance/test_web.py."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from monitor import cli

if TYPE_CHECKING:
    from click.testing import Result


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.main, ["web", *words])


def said(result: Result) -> str:
    return " ".join(result.output.split())


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.5", "pump.example", "", "128.0.0.1", "2130706433"],  # noqa: S104 - refused
)
def test_an_address_that_other_machines_could_reach_is_refused_with_the_way_round(host: str) -> None:
    result = run("socket://127.0.0.1:1", "--host", host)
    assert result.exit_code == 2
    assert "could be reached from other machines" in said(result)
    assert "ssh -L" in said(result)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2", "::1"])
def test_an_address_of_this_machine_alone_is_taken(host: str) -> None:
    assert run("/nowhere", "--host", host).exit_code == 3


def test_a_port_that_is_not_there_is_told_before_anything_is_served() -> None:
    result = run("/nowhere")
    assert result.exit_code == 3
    assert "there is no port /nowhere" in said(result)


def test_a_port_to_listen_on_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("socket://127.0.0.1:1", "--port", str(port), "--no-history")
    assert result.exit_code == 1
    assert f"port {port} of 127.0.0.1 can't be had" in said(result)


@pytest.mark.parametrize("package", ["aiohttp", "textual_serve"])
def test_without_what_it_serves_with_it_says_what_to_install(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    result = run("socket://127.0.0.1:1")
    assert result.exit_code == 2
    assert "pip install 'pumpmock[web]'" in said(result)
