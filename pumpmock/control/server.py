"""The control socket: a request a line of JSON, an answer a line of JSON, for several clients, none of whom can hold the pump.

    {"verb": "advance", "args": {"span": "2 h"}}     {"ok": true, "result": {...}}
    {"verb": "journal follow", "args": {"last": 5}}  {"ok": true, "result": [...]}, then the same an entry as it is made

One request of a client is worked on at a time, and the loop goes on to the pump after each. A line that is too long, an
answer that nobody reads and a client too many are each the end of that client alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from typing import TYPE_CHECKING, Any, cast

from protocol.strict_toml import meant
from pumpmock.control.verb import VerbError
from pumpmock.control.verbs import VERBS

if TYPE_CHECKING:
    from pathlib import Path

    from pumpmock.control.address import Address
    from pumpmock.emulator import Emulator
    from pumpmock.journal.entry import Entry

TAIL, FOLLOW = "journal tail", "journal follow"
MOST_LINE = 64 * 1024  # bytes of a request
MOST_UNREAD = 1024 * 1024  # bytes of what a follower did not read yet
_MOST_CLIENTS = 16
_READ_WITHIN_S = 10.0
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid


class ControlServer:
    """Serves one pump's verbs on one socket.

    Args:
        emulator: the pump.
        address: where.
    """

    __slots__ = ("_address", "_clients", "_emulator", "_server")

    def __init__(self, emulator: Emulator, address: Address) -> None:
        self._emulator = emulator
        self._address = address
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    @property
    def path(self) -> Path:
        """Where it listens."""
        return self._address.path

    async def open(self) -> None:
        """Listen.

        Raises:
            PortInUseError: another process serves it.
            PortError: the socket can't be had; the message says what to do.
        """
        listener = self._address.listen()
        self._server = await asyncio.start_unix_server(self._meet, sock=listener, limit=MOST_LINE)

    async def close(self) -> None:
        """Stop listening and drop every client."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        self._address.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._clients.add(task)
        # An answer is done with when all of it has gone: so one that nobody reads is noticed.
        writer.transport.set_write_buffer_limits(high=0)
        try:
            if not _is_owner(writer.get_extra_info("socket")):
                return
            if len(self._clients) > _MOST_CLIENTS:
                await _say(writer, _no(f"{_MOST_CLIENTS} clients are connected already: end one of them"))
                return
            await self._serve(reader, writer)
        except (OSError, TimeoutError, asyncio.CancelledError):
            # It has gone, it does not read, or the pump ends: no difference to the pump.
            writer.transport.abort()
        finally:
            self._clients.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                line = await reader.readline()
            except ValueError:  # asyncio's word for a line above the limit
                await _say(writer, _no(f"a request has {MOST_LINE} bytes at the most"))
                return
            if not line.endswith(b"\n"):
                return
            try:
                verb, given = _request(line)
                if verb == FOLLOW:
                    await self._follow(reader, writer, given)
                    return
                found = VERBS[verb].call(self._emulator, given)
                answer = {"ok": True, "result": found}
            except VerbError as error:
                answer = _no(str(error))
            await _say(writer, answer)
            await asyncio.sleep(0)  # the pump's turn, however many requests have come together

    async def _follow(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, given: dict[str, Any]
    ) -> None:
        """Tell the newest entries, and every one from now on, until the client says anything or goes."""
        journal, transport = self._emulator.journal, writer.transport

        def tell(entry: Entry) -> None:
            if transport.get_write_buffer_size() > MOST_UNREAD:
                transport.abort()
            elif not transport.is_closing():
                writer.write(_line({"ok": True, "result": [journal.line(entry)]}))

        writer.write(_line({"ok": True, "result": VERBS[TAIL].call(self._emulator, given)}))
        journal.heard_by.append(tell)
        try:
            await reader.read(1)
        finally:
            journal.heard_by.remove(tell)


def _request(line: bytes) -> tuple[str, dict[str, Any]]:
    """Return the verb and its arguments.

    Raises:
        VerbError: where the line is no request.
    """
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise VerbError(f"a request is a line of JSON: {error}") from error
    if not isinstance(request, dict) or not isinstance(request.get("args", {}), dict):
        raise VerbError('a request is an object: {"verb": "advance", "args": {"span": "2 h"}}')
    verb = request.get("verb")
    known = (*VERBS, FOLLOW)
    if not isinstance(verb, str) or verb not in known:
        raise VerbError(f"{verb!r} is no verb; {meant(str(verb), known)}")
    return verb, request.get("args", {})


def _is_owner(connection: socket.socket) -> bool:
    """Tell whether a client runs as the user that the pump runs as, or as root, where the system says."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return _CREDENTIALS.unpack(raw)[1] in {os.geteuid(), 0}


async def _say(writer: asyncio.StreamWriter, answer: dict[str, Any]) -> None:
    writer.write(_line(answer))
    async with asyncio.timeout(_READ_WITHIN_S):
        await writer.drain()


def _no(sentence: str) -> dict[str, Any]:
    return {"ok": False, "error": sentence}


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode() + b"\n"
