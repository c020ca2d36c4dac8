"""The pump on a TCP socket: what `socket://` of pyserial, and any terminal server's client, can talk to.

Each connection is a host of its own with its own conversation, and any number may be connected. Loopback is the
caller's default; `TcpPort.is_loopback` lets it warn about anything else.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
from typing import TYPE_CHECKING, cast

from protocol.frame import READ_SIZE
from pumpmock.ports.base import PortError, PortInUseError

if TYPE_CHECKING:
    from pumpmock.ports.base import Conversation, OpenConversation

MAX_UNSENT = 32 * 1024
"""Bytes kept for a host that does not read, beyond the kernel's own buffers: some 130 of the longest replies."""

HIGHEST_PORT = 65_535


class TcpPort:
    """A listening socket on which any number of hosts can talk to the pump, each in its own conversation.

    Args:
        host: a name or an address of this machine; an IPv6 address without brackets.
        port: 0 to 65535; 0 lets the system choose, and the choice is kept when the port is opened again.
        open_conversation: called once a connection, with "tcp HOST:PORT" of the peer.
    """

    scheme = "socket"
    """Of the URL."""
    kind = "tcp"
    """What the port is called, in the peers' names too."""

    def __init__(self, host: str, port: int, open_conversation: OpenConversation) -> None:
        self._host = host
        self._port = port
        self._open_conversation = open_conversation
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self._is_open = False
        self._is_unplugged = False
        self._is_refusing = False
        self._is_deaf = False
        self._plugging: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """What a host passes to `serial.serial_for_url`; the port is the real one once the port is open."""
        return f"{self.scheme}://{_join(self._host, self._port)}"

    @property
    def is_open(self) -> bool:
        """Whether it was opened and not closed since, whatever it is plugged into."""
        return self._is_open

    @property
    def is_loopback(self) -> bool:
        """Whether this machine alone can connect."""
        try:
            return ipaddress.ip_address(self._host).is_loopback
        except ValueError:
            return self._host == "localhost"

    async def open(self) -> None:
        """Listen.

        Raises:
            PortInUseError: another program listens there.
            PortError: the host isn't an address of this machine, or the port isn't to be had by this user.
        """
        self._is_open = True
        self._is_unplugged = self._is_refusing = self._is_deaf = False
        try:
            await self._listen(self._listener())
        except PortError:
            self._is_open = False
            raise

    async def close(self) -> None:
        """Stop listening and cut every connection; returns when every conversation has been closed."""
        self._is_open = False
        if self._plugging is not None:
            await self._plugging
        server = self._hang_up()
        ends = self._cut()
        if ends:
            await asyncio.wait(ends)
        if server is not None:
            await server.wait_closed()

    def unplug(self) -> None:
        """Pull the plug: every connection is cut, and nobody can connect."""
        self._is_unplugged = True
        self._hang_up()
        self._cut()

    def replug(self) -> None:
        """Plug in again, at the same port.

        Raises:
            PortInUseError: another program has taken the port meanwhile.
        """
        self._is_unplugged = False
        self._listen_again()

    def refuse(self, *, refusing: bool) -> None:
        """Let nobody connect, or let them connect again; who is connected stays.

        Raises:
            PortInUseError: another program has taken the port meanwhile.
        """
        self._is_refusing = refusing
        if refusing:
            self._hang_up()
        else:
            self._listen_again()

    def deafen(self, *, deaf: bool) -> None:
        """Read nothing, so that a host that writes on is held up once the kernel's buffers are full; or read again."""
        self._is_deaf = deaf
        for connection in self._connections:
            connection.deafen(deaf=deaf)

    def _listener(self) -> socket.socket:
        # A socket of our own: the loop's words for what is wrong with an address differ between versions of Python.
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            listener = socket.create_server((self._host, self._port), family=family)
        except OSError as error:
            raise self._refusal(error) from error
        self._port = listener.getsockname()[1]
        return listener

    async def _listen(self, listener: socket.socket) -> None:
        server = await asyncio.get_running_loop().create_server(self._connection, sock=listener)
        if self._is_open and not self._is_unplugged and not self._is_refusing:
            self._server = server
        else:  # what was asked for meanwhile came first
            server.close()

    def _listen_again(self) -> None:
        is_under_way = self._plugging is not None and not self._plugging.done()
        wanted = self._is_open and not self._is_unplugged and not self._is_refusing
        if wanted and self._server is None and not is_under_way:
            # Hosts can connect from now on; the loop takes them up in its next turn.
            self._plugging = asyncio.get_running_loop().create_task(self._listen(self._listener()))

    def _hang_up(self) -> asyncio.Server | None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        return server

    def _cut(self) -> list[asyncio.Future[None]]:
        return [connection.cut() for connection in self._connections]

    def _connection(self) -> _Connection:
        return _Connection(self.kind, self._open_conversation, self._connections, deaf=self._is_deaf)

    def _refusal(self, error: OSError) -> PortError:
        where = _join(self._host, self._port)
        if error.errno == errno.EADDRINUSE:
            return PortInUseError(
                f"{where} is in use by another program: choose another port, or 0 for any that is free"
            )
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            return PortError(f"{self._host} is not an address of this machine: try 127.0.0.1")
        if error.errno == errno.EACCES:
            return PortError(f"{where} is reserved for the administrator: choose a port from 1024 up")
        return PortError(f"{where} can't be listened on: {error}")


class _Connection(asyncio.BufferedProtocol):
    """One host. It reads into a buffer of its own: asyncio's usual reads take 256 KiB at a time."""

    def __init__(
        self,
        kind: str,
        open_conversation: OpenConversation,
        connections: set[_Connection],
        *,
        deaf: bool,
    ) -> None:
        self._is_deaf = deaf
        self._kind = kind
        self._open_conversation = open_conversation
        self._connections = connections
        self._transport: asyncio.Transport
        self._conversation: Conversation
        self._ended = asyncio.get_running_loop().create_future()
        self._buffer = bytearray(READ_SIZE)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A listening socket hands out nothing but Transports; asyncio's signature doesn't say so.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=MAX_UNSENT)
        # asyncio does this itself for sockets that it made, not for those of a listener that it was given.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        host, port = transport.get_extra_info("peername")[:2]
        self._conversation = self._open_conversation(f"{self._kind} {_join(host, port)}", self._send)
        self._connections.add(self)
        if self._is_deaf:
            self._transport.pause_reading()

    def deafen(self, *, deaf: bool) -> None:
        if deaf == self._is_deaf or self._transport.is_closing():
            return
        self._is_deaf = deaf
        if deaf:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def get_buffer(self, sizehint: int) -> bytearray:
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        reply = self._conversation.receive(bytes(self._buffer[:nbytes]))
        if reply:
            self._send(reply)

    def pause_writing(self) -> None:
        # The host asks and asks and never reads. Waiting would let it hold our memory: it is dropped, nobody else.
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # how the host went makes no difference to the pump
        self._connections.discard(self)
        self._ended.set_result(None)
        self._conversation.close()

    def _send(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def cut(self) -> asyncio.Future[None]:
        """Drop the host without waiting for it to read the rest; the future is done when its conversation ended."""
        self._transport.abort()
        return self._ended


def parse_host_port(text: str) -> tuple[str, int]:
    """Read "127.0.0.1:7070", "localhost:0" or "[::1]:7070"; the brackets of an IPv6 address are taken off.

    Raises:
        ValueError: with the sentence that mends what was typed.
    """
    host, colon, digits = text.rpartition(":")
    if not colon or text.endswith("]"):
        raise ValueError(f"{text!r} has no port: write it as HOST:PORT, for instance 127.0.0.1:7070")
    if not host:
        raise ValueError(
            f"{text!r} has no host: write it as HOST:PORT, for instance 127.0.0.1:{digits or '7070'}"
        )
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"{digits!r} in {text!r} is not a port number: write digits, for instance 7070")
    port = int(digits)
    if port > HIGHEST_PORT:
        raise ValueError(f"port {port} is out of range: ports go from 0 (any that is free) to {HIGHEST_PORT}")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"{text!r} is ambiguous: write an IPv6 address in brackets, for instance [::1]:7070")
    if not host:
        raise ValueError(f"{text!r} has no host: write it as HOST:PORT, for instance [::1]:{port}")
    return host, port


def _join(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
