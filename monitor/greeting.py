"""Opening a session: one greeting a pump whose key we have, all at once; only the pump whose key it is answers.

docs/decisions/0009-which-key.md
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.snapshot import NS_PER_MS
from protocol.exchange import HANDSHAKE_TIMEOUT_MS, HANDSHAKE_TRIES, HostEnd
from protocol.handshake import NONCE_SIZE
from protocol.keys import serial_number_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.ports import Line
    from protocol.keys import Key

_Opened = tuple[HostEnd, "Key"]


class SilenceError(Exception):
    """No pump answered to any of the keys.

    Args:
        heard: whether anything answered at all.
    """

    def __init__(self, *, heard: bool) -> None:
        super().__init__(heard)
        self.heard = heard


def open_session(
    line: Line, rounds: list[list[Key]], random: Callable[[int], bytes], now_ns: Callable[[], int]
) -> tuple[HostEnd, Key]:
    """Return an open session and the key that opened it; the bench key bears the serial number of the pump it has met.

    Args:
        line: the port.
        rounds: the keys to try, one a pump in each round, as `Keyring.rounds` orders them.
        random: returns that many random bytes.
        now_ns: the host's monotonic clock.

    Raises:
        SilenceError: nobody answered to any key.
        LinkError: the port has vanished.
    """
    heard = False
    for keys in rounds:
        for _ in range(HANDSHAKE_TRIES):
            ends = [(HostEnd(key, random(NONCE_SIZE)), key) for key in keys]
            began_ns = now_ns()
            deadline_ns = began_ns + HANDSHAKE_TIMEOUT_MS * NS_PER_MS
            line.write(b"".join(end.hello(began_ns // NS_PER_MS) for end, _ in ends))
            found, heard_now = _greet(line, ends, deadline_ns, now_ns)
            if found is not None:
                return found
            heard = heard or heard_now
    raise SilenceError(heard=heard)


def _greet(
    line: Line, ends: list[_Opened], deadline_ns: int, now_ns: Callable[[], int]
) -> tuple[_Opened | None, bool]:
    """Return the end that the pump opened, if one did before the deadline, and whether anything was heard."""
    heard = False
    while (left_ns := deadline_ns - now_ns()) > 0:
        data = line.read(-(-left_ns // NS_PER_MS))
        if data is None:
            continue
        heard = True
        for end, key in ends:
            _, to_send = end.receive(data)
            if to_send:
                line.write(to_send)
            if end.is_open and end.challenge is not None:
                met = serial_number_of(end.challenge.device_id)
                return (end, replace(key, serial_number=met)), heard
    return None, heard
