"""The ports that a pump is plugged into, by name: each can be pulled out, and put back in where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.strict_toml import meant, shown
from pumpmock.ports.base import Pluggable, PortError, Rated

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.ports.base import Port
    from pumpmock.wall import Planned, Wall


class Panel:
    """The ports of one pump.

    Args:
        wall: wall time.
        note: told of each port that was pulled out or put in: the word, the port's name and its URL.
        warn: told why a port could not be put back by itself.

    Attributes:
        named: each port by its kind, which is the first word of its hosts' names: "tcp" of "tcp 127.0.0.1:51234".
        muted: the names of those that are not answered, each as often as something keeps it so; "" for all.
    """

    __slots__ = ("_note", "_out", "_wall", "_warn", "muted", "named")

    def __init__(
        self, wall: Wall, note: Callable[[str, str, str], None], warn: Callable[[str], None]
    ) -> None:
        self.named: dict[str, Port] = {}
        self.muted: list[str] = []
        self._wall = wall
        self._note = note
        self._warn = warn
        self._out: dict[str, Planned | None] = {}  # those that are pulled out, and what puts them back

    def add(self, name: str, port: Port) -> None:
        """Take up a port that is open."""
        self.named[name] = port
        self._note("port", name, port.url)

    def state(self) -> list[dict[str, Any]]:
        """Return each port as JSON values."""
        return [
            {"port": name, "url": port.url, "plugged": name not in self._out}
            for name, port in self.named.items()
        ]

    def baud_of(self, peer: str) -> int:
        """Return the rate that a host has set on its port in bits a second; 0 where that can't be known."""
        port: object = self.named.get(peer.partition(" ")[0])
        return port.baud_of(peer) if isinstance(port, Rated) else 0

    def is_muted(self, peer: str) -> bool:
        """Tell whether a host is not to be answered."""
        return bool(self.muted) and not {"", peer.partition(" ")[0]}.isdisjoint(self.muted)

    def unplug(self, name: str | None = None, for_ns: int | None = None) -> None:
        """Pull out a port, or all of them; of those that are out, just the time changes at which they are put back.

        Args:
            name: which one; None for all.
            for_ns: put it back after so long, wall time; None for not by itself.

        Raises:
            ValueError: where there is no such port, or it has no plug.
        """
        for one, port in self.pluggable("unplug", name or "").items():
            self._plan(one, None)
            if one not in self._out:
                port.unplug()
                self._note("unplugged", one, self.named[one].url)
            self._out[one] = None
            if for_ns is not None:
                self._plan(one, for_ns)

    def replug(self, name: str | None = None) -> None:
        """Put a port back in, or all of them; one that is in stays in.

        Raises:
            ValueError: where there is no such port, or it has no plug.
            PortError: where somebody else has taken its place.
        """
        for one, port in self.pluggable("replug", name or "").items():
            if one not in self._out:
                continue
            self._plan(one, None)
            port.replug()
            del self._out[one]
            self._note("plugged", one, self.named[one].url)

    async def close(self) -> None:
        """Close all ports."""
        for planned in self._out.values():
            if planned is not None:
                planned.cancel()
        for port in self.named.values():
            await port.close()

    def pluggable(self, what: str, name: str = "") -> dict[str, Pluggable]:
        """Return the ports that something is to be done to, by name; "" names all.

        Raises:
            ValueError: where there is no such port, or it can't be done to one of them.
        """
        self.check(name)
        chosen = {one: port for one, port in self.named.items() if name in ("", one)}
        if not chosen:
            raise ValueError(f"{what} needs a port, and none is attached: serve the pump on one, or use mute")
        able: dict[str, Pluggable] = {
            one: port for one, port in chosen.items() if isinstance(port, Pluggable)
        }
        if len(able) < len(chosen):
            unable = ", ".join(sorted(set(chosen) - set(able)))
            raise ValueError(f"{what} is not possible on {unable}: name another port")
        return able

    def check(self, name: str) -> None:
        """Refuse a name that no port has; "" is all of them.

        Raises:
            ValueError: with those that there are.
        """
        if name and name not in self.named:
            known = meant(name, self.named) if self.named else "none is open"
            raise ValueError(f"there is no port {shown(name)}; {known}")

    def _plan(self, name: str, delay_ns: int | None) -> None:
        """Plan that a port is put back, in place of what was planned before."""
        planned = self._out.get(name)
        if planned is not None:
            planned.cancel()
            self._out[name] = None
        if delay_ns is not None:
            self._out[name] = self._wall.later(delay_ns, lambda: self._put_back(name))

    def _put_back(self, name: str) -> None:
        try:
            self.replug(name)
        except PortError as error:
            self._warn(f"{name} stays unplugged: {error}")
