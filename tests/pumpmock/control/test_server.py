"""Who may speak to a pump's control socket, where the system says who somebody is."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from pumpmock.control import server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        yield ours, theirs


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="this system does not say who a peer is")
@pytest.mark.parametrize(("pumps", "may"), [(0, True), (1, False)])
def test_a_peer_is_the_user_that_the_pump_runs_as(
    ends: tuple[socket.socket, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
    pumps: int,
    may: bool,  # noqa: FBT001 - what is expected
) -> None:
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + pumps)

    assert server._is_owner(ends[0]) is (may or user == 0)


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="this system does not say who a peer is")
@pytest.mark.parametrize(("theirs", "may"), [(1_000, True), (0, True), (1_001, False)])
def test_of_others_only_root_may(monkeypatch: pytest.MonkeyPatch, theirs: int, may: bool) -> None:  # noqa: FBT001 - as above
    monkeypatch.setattr(os, "geteuid", lambda: 1_000)

    class Peer:
        def getsockopt(self, *_: int) -> bytes:
            return server._CREDENTIALS.pack(1, theirs, theirs)

    assert server._is_owner(Peer()) is may  # type: ignore[arg-type]
