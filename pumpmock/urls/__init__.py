"""`mock://NAME`: a pump in this process, at a URL that pyserial opens like any other port.

    with served("bench", emulator.plug()) as url, serial.serial_for_url(url, timeout=1) as host:
        host.write(...)

pyserial asks the packages that it is told of for the handler of a scheme; importing this one tells it.
docs/decisions/0035-mock-url.md
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakSet

import serial

from pumpmock.ports.base import PortError, PortInUseError
from pumpmock.ports.memory import MemoryPort

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pumpmock.ports.base import OpenConversation

SCHEME = "mock://"

if __name__ not in serial.protocol_handler_packages:
    serial.protocol_handler_packages.append(__name__)


class _Socket:
    """A name that hosts can open, with the hosts that have."""

    def __init__(self, open_conversation: OpenConversation) -> None:
        self.open_conversation = open_conversation
        self.hosts: WeakSet[MemoryPort] = WeakSet()


_sockets: dict[str, _Socket] = {}


@contextmanager
def served(name: str, open_conversation: OpenConversation) -> Iterator[str]:
    """Serve a pump by a name as long as the context lasts, and yield its URL; then every host gets an error, at once.

    Args:
        name: any text; hosts open "mock://" and the name.
        open_conversation: called once a host, with "memory", in the host's thread: see `pumpmock.ports.memory.in_loop`.

    Raises:
        PortInUseError: the name is taken.
        ValueError: there is no name.
    """
    if not name:
        raise ValueError("a pump is served by a name: mock://bench, for instance")
    if name in _sockets:
        raise PortInUseError(f"{SCHEME}{name} is served already: choose another name")
    _sockets[name] = socket = _Socket(open_conversation)
    try:
        yield SCHEME + name
    finally:
        del _sockets[name]
        for host in list(socket.hosts):
            host.unplug()


def plug_in(url: str) -> MemoryPort:
    """Return a new line to the pump at `url`.

    Raises:
        PortError: nobody serves there; the message says who is served.
    """
    name = url.partition("://")[2]
    socket = _sockets.get(name)
    if socket is None:
        known = ", ".join(SCHEME + served_name for served_name in sorted(_sockets))
        advice = f"there is {known}" if known else "none is served, see pumpmock.urls.served"
        raise PortError(f"no pump is served as {SCHEME}{name} in this process: {advice}")
    host = MemoryPort(socket.open_conversation)
    socket.hosts.add(host)
    return host
