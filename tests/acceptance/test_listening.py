"""What `pumpmock serve` tells of the ports on which other machines could listen in, and what it refuses."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.conftest import WAIT_S, Program

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bench

ANYWHERE = "0.0.0.0:0"


def test_a_pump_tells_where_each_of_its_ports_is(bench: Bench) -> None:
    ports = bench.serve("--frozen").ports
    assert list(ports) == ["pty", "tcp", "rfc2217"]
    assert re.fullmatch(r"socket://127\.0\.0\.1:\d+", ports["tcp"])
    assert re.fullmatch(r"rfc2217://127\.0\.0\.1:\d+", ports["rfc2217"])


@pytest.mark.parametrize(
    ("key", "what"),
    [((), "the link is authenticated, not secret"), (("--bench-key",), "anyone there can change this pump")],
)
def test_a_port_that_other_machines_can_reach_is_warned_about(
    bench: Bench, key: tuple[str, ...], what: str
) -> None:
    emulator = bench.serve(*key, "--frozen", "--tcp", ANYWHERE, "--rfc2217", ANYWHERE)
    for kind in ("tcp", "rfc2217"):
        warning = emulator.line_with("can be reached from other machines", "err")
        assert emulator.ports[kind] in warning
        assert what in warning


@pytest.mark.parametrize("option", ["--tcp", "--rfc2217"])
def test_a_port_in_use_is_exit_3_with_the_sentence_that_says_what_to_do(bench: Bench, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        keys = ("--keys", str(bench.keys), "--pty", str(bench.link))
        with Program("pumpmock", "serve", *keys, option, where) as refused:
            assert refused.line("err") == (
                f"pumpmock: {where} is in use by another program: choose another port, or 0 for any that is free"
            )
            assert refused.process.wait(WAIT_S) == 3
    assert not bench.link.is_symlink()
