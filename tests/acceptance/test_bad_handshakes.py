"""Strangers at the door of a real emulator: told once a minute and port, held off on that port, and harmless to the others."""

from __future__ import annotations

import dataclasses
import json
import socket
from typing import TYPE_CHECKING

import pytest

from monitor.client import PumpClient
from monitor.errors import LinkError
from monitor.keys import Keyring, find_keys
from protocol.exchange import HostEnd
from protocol.frame import Decoder
from protocol.handshake import BAD_TAGS_ALLOWED
from protocol.messages import Challenge
from tests.acceptance.conftest import WAIT_S

if TYPE_CHECKING:
    from protocol.keys import Key
    from tests.acceptance.conftest import Bench, Emulator


def strangers_greet(emulator: Emulator, key: Key, times: int) -> list[str]:
    """Greet on as many connections with a key that has the right id and the wrong secret; return their names."""
    host, port = emulator.ports["tcp"].removeprefix("socket://").split(":")
    wrong = dataclasses.replace(key, secret=bytes(32))
    names = []
    for _ in range(times):
        with socket.create_connection((host, int(port)), timeout=WAIT_S) as line:
            names.append("tcp {}:{}".format(*line.getsockname()))
            line.sendall(HostEnd(wrong, bytes(16)).hello())
            line.shutdown(socket.SHUT_WR)
            while line.recv(4_096):
                pass
    return names


def is_answered(emulator: Emulator, key: Key) -> bool:
    """Tell whether a greeting over TCP with the right key brings a challenge, before the pump is through with it."""
    host, port = emulator.ports["tcp"].removeprefix("socket://").split(":")
    with socket.create_connection((host, int(port)), timeout=WAIT_S) as line:
        line.sendall(HostEnd(key, bytes(16)).hello())
        line.shutdown(socket.SHUT_WR)
        heard = b""
        while data := line.recv(4_096):
            heard += data
    return Challenge.code in [frame.type for frame in Decoder().feed(heard)]


def falls_silent(emulator: Emulator, key: Key) -> bool:
    """Tell whether strangers, each on a connection of its own, bring the port to ignore even the right key.

    The silence begins with a second and doubles, so on the slowest machine one of these greetings falls into it.
    """
    for _ in range(BAD_TAGS_ALLOWED + 7):
        strangers_greet(emulator, key, 1)
        if not is_answered(emulator, key):
            return True
    return False


def test_wrong_tags_are_told_at_once_and_the_rest_of_the_minute_together(bench: Bench) -> None:
    emulator = bench.serve("--frozen")
    key = find_keys(bench.keys).keys[0]
    names = strangers_greet(emulator, key, BAD_TAGS_ALLOWED)
    first = emulator.event("bad_handshakes")
    assert first == {"event": "bad_handshakes", "count": 1, "peer": names[0]}
    emulator.process.terminate()
    rest = emulator.event("bad_handshakes")
    assert rest == {"event": "bad_handshakes", "count": BAD_TAGS_ALLOWED - 1, "peer": names[-1]}
    assert json.loads(emulator.line() or "")["event"] == "ended"


def test_wrong_tags_are_in_the_pump_s_own_log(bench: Bench) -> None:
    emulator = bench.serve("--frozen")
    strangers_greet(emulator, find_keys(bench.keys).keys[0], 1)
    entries = bench.events(emulator.ports["pty"])
    assert [entry["a"] for entry in entries if entry["kind"] == "bad_handshakes"] == [1]


def test_a_stranger_who_hangs_up_and_comes_back_is_held_off_and_nobody_else_is_harmed(bench: Bench) -> None:
    emulator = bench.serve("--frozen")
    keyring = find_keys(bench.keys)
    key = keyring.keys[0]
    with PumpClient(emulator.ports["tcp"], keyring=keyring) as neighbour:
        assert is_answered(emulator, key)
        assert falls_silent(emulator, key)
        assert neighbour.status().status.revision == 0
        with PumpClient(emulator.ports["pty"], keyring=keyring) as elsewhere:
            assert elsewhere.status().status.revision == 0


def test_a_key_whose_role_was_edited_opens_nothing(bench: Bench, port: str) -> None:
    emulator = bench.serve("--frozen")
    viewer = next(key for key in find_keys(bench.keys).keys if key.role.name == "VIEWER")
    path = bench.keys / "PM-00001.viewer.key"
    path.write_text(path.read_text().replace('"viewer"', '"technician"'))
    edited = tuple(key for key in find_keys(bench.keys).keys if key.key_id == viewer.key_id)
    assert [key.role.name for key in edited] == ["TECHNICIAN"]
    with pytest.raises(LinkError, match=r"opens no session: .* our key file was altered"):
        PumpClient(emulator.ports[port], keyring=Keyring(bench.keys, edited, ()))
    assert {entry["kind"] for entry in bench.events(emulator.ports[port])} == {"start", "session"}
