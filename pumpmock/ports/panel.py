"""The ports that a pump is plugged into, by name: each can be pulled out, and put back in where it was."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from protocol.strict_toml import meant
from pumpmock.ports.base import PortError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.ports.base import Port
    from pumpmock.wall import Planned, Wall


class Panel:
    """The ports of one pump, in the event loop that they run in.

    Args:
        wall: wall time.
        note: told of each port that was pulled out or put in: the word, the port's name and its URL.
        warn: told why a port could not be put back by itself.
    """

    def __init__(
        self, wall: Wall, note: Callable[[str, str, str], None], warn: Callable[[str], None]
    ) -> None:
        self._wall = wall
        self._note = note
        self._warn = warn
        self._ports: dict[str, Port] = {}
        self._out: dict[str, Planned | None] = {}  # those that are pulled out, and what puts them back
        self._turn: asyncio.Lock | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, name: str, port: Port) -> None:
        """Take up a port that is open."""
        self._ports[name] = port
        self._note("port", name, port.url)

    def state(self) -> list[dict[str, Any]]:
        """Return each port as JSON values."""
        return [
            {"port": name, "url": port.url, "plugged": name not in self._out}
            for name, port in self._ports.items()
        ]

    async def unplug(self, name: str | None = None, for_ns: int | None = None) -> None:
        """Pull out a port, or all of them; of those that are out, just the time changes at which they are put back.

        Args:
            name: which one; None for all.
            for_ns: put it back after so long, wall time; None for not by itself.

        Raises:
            ValueError: where there is no such port.
        """
        for one in self._named(name):
            async with self._lock():
                self._plan(one, None)
                if one not in self._out:
                    await self._ports[one].close()
                    self._note("unplugged", one, self._ports[one].url)
                self._out[one] = None
                if for_ns is not None:
                    self._plan(one, for_ns)

    async def replug(self, name: str | None = None) -> None:
        """Put a port back in, or all of them; one that is in stays in.

        Raises:
            ValueError: where there is no such port.
            PortError: where somebody else has taken its place.
        """
        for one in self._named(name):
            async with self._lock():
                if one not in self._out:
                    continue
                self._plan(one, None)
                await self._ports[one].open()
                del self._out[one]
                self._note("plugged", one, self._ports[one].url)

    async def close(self) -> None:
        """Close all ports."""
        for planned in self._out.values():
            if planned is not None:
                planned.cancel()
        for task in self._tasks:
            task.cancel()
        for port in self._ports.values():
            await port.close()

    def _named(self, name: str | None) -> list[str]:
        if name is None:
            return list(self._ports)
        if name not in self._ports:
            raise ValueError(f'this pump has no port "{name}"; {meant(name, self._ports)}')
        return [name]

    def _lock(self) -> asyncio.Lock:
        if self._turn is None:
            self._turn = asyncio.Lock()
        return self._turn

    def _plan(self, name: str, delay_ns: int | None) -> None:
        """Plan that a port is put back, in place of what was planned before."""
        planned = self._out.get(name)
        if planned is not None:
            planned.cancel()
            self._out[name] = None
        if delay_ns is not None:
            self._out[name] = self._wall.later(delay_ns, lambda: self._begin(name))

    def _begin(self, name: str) -> None:
        task = asyncio.get_running_loop().create_task(self._put_back(name))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _put_back(self, name: str) -> None:
        try:
            await self.replug(name)
        except PortError as error:
            self._warn(f"{name} stays unplugged: {error}")
