"""The ports a live pump can be plugged into, by name: one table. Another port is another line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from pumpmock.ports.base import Pluggable, Port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pumpmock.emulator import Emulator
    from pumpmock.ports import OpenConversation

LOOPBACK = "127.0.0.1"
_QUIET_S = 0.01  # after its host's write a pseudo-terminal takes 4.4 ms at the most until its other end can read (measured)


class Place(Port, Pluggable, Protocol):
    """A port whose plug can be pulled and put back."""


class Transport(NamedTuple):
    """One way to a pump.

    Attributes:
        place: makes a port on it, in the running loop: of what, given what opens conversations, and at which path of a folder
            of this process's own, the last part of which is the pump's name.
        quiet_s: for how long nothing must have come until all that hosts have written is here; 0 where it is at hand at
            once.
    """

    place: Callable[[Emulator, OpenConversation, Path], Place]
    quiet_s: float


# Each port is imported when it is wanted: a pseudo-terminal needs a POSIX system, and nobody waits for what is not used.


def _pty(_emulator: Emulator, open_conversation: OpenConversation, path: Path) -> Place:
    from pumpmock.ports.pty import PtyPort  # noqa: PLC0415

    return PtyPort(path, open_conversation)


def _tcp(_emulator: Emulator, open_conversation: OpenConversation, _path: Path) -> Place:
    from pumpmock.ports.tcp import TcpPort  # noqa: PLC0415

    return TcpPort(LOOPBACK, 0, open_conversation)


def _rfc2217(emulator: Emulator, open_conversation: OpenConversation, _path: Path) -> Place:
    from pumpmock.ports.rfc2217 import Rfc2217Port, noted_in  # noqa: PLC0415

    return Rfc2217Port(LOOPBACK, 0, open_conversation, noted_in(emulator.journal))


def _memory(_emulator: Emulator, open_conversation: OpenConversation, path: Path) -> Place:
    from pumpmock.testing.mock_port import MockPort  # noqa: PLC0415

    return MockPort(path.name, open_conversation)


TRANSPORTS: dict[str, Transport] = {
    "pty": Transport(_pty, _QUIET_S),
    "tcp": Transport(_tcp, 0),
    "rfc2217": Transport(_rfc2217, 0),
    "memory": Transport(_memory, 0),
}
