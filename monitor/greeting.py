"""Opening a session: one greeting a pump whose key we have, all at once; only the pump whose key it is answers.

docs/decisions/0009-which-key.md
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.snapshot import NS_PER_MS
from protocol.exchange import HostEnd
from protocol.handshake import NONCE_SIZE
from protocol.keys import serial_number_of
from protocol.timeouts import HANDSHAKE_TRIES, handshake_timeout_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.ports import Line
    from protocol.keys import Key

_Opened = tuple[HostEnd, "Key"]


class SilenceError(Exception):
    """No pump answered to any of the keys.

    Args:
        heard: whether anything answered at all.
        met: whether that was a pump with one of the keys, which did not get as far as a session in time.
    """

    def __init__(self, *, heard: bool, met: bool) -> None:
        super().__init__(heard, met)
        self.heard = heard
        self.met = met


def open_session(
    line: Line, rounds: list[list[Key]], random: Callable[[int], bytes], now_ns: Callable[[], int], baud: int
) -> tuple[HostEnd, Key]:
    """Return an open session and the key that opened it; the bench key bears the serial number of the pump it has met.

    Args:
        line: the port.
        rounds: the keys to try, one a pump in each round, as `Keyring.rounds` orders them.
        random: returns that many random bytes.
        now_ns: the host's monotonic clock.
        baud: of the line, bits a second.

    Raises:
        SilenceError: nobody answered to any key.
        LinkError: the port has vanished.
    """
    heard = met = False
    for keys in rounds:
        for _ in range(HANDSHAKE_TRIES):
            ends = [(HostEnd(key, random(NONCE_SIZE)), key) for key in keys]
            began_ns = now_ns()
            deadline_ns = began_ns + handshake_timeout_ms(baud, len(ends)) * NS_PER_MS
            line.write(b"".join(end.hello(began_ns // NS_PER_MS) for end, _ in ends))
            found, heard_now = _greet(line, ends, deadline_ns, now_ns)
            if found is not None:
                return found
            heard = heard or heard_now
            met = met or any(end.challenge is not None for end, _ in ends)
    raise SilenceError(heard=heard, met=met)


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
