"""Where the hosts of a live pump come in: by any port, each with a line and a conversation of its own."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from protocol.handshake import BackOff
from pumpmock.dialects.native import NativeConversation
from pumpmock.journal.entry import CAME, WENT
from pumpmock.medium import PERFECT
from pumpmock.tally import Tally
from pumpmock.wall import NS_A_S
from pumpmock.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from protocol.keys import Key
    from protocol.vocabulary import Role
    from pumpmock.emulator import Emulator
    from pumpmock.medium import Medium
    from pumpmock.ports import OpenConversation, Send


class Reception:
    """The lines of all hosts that are there, and what their ports have in common.

    Args:
        emulator: whose hosts they are.
        keys: the pump's table of keys.
    """

    __slots__ = ("_emulator", "_keys", "_lines", "_tallies", "_wires")

    def __init__(self, emulator: Emulator, keys: Mapping[bytes, Key]) -> None:
        self._emulator = emulator
        self._keys = keys
        self._wires: set[Wire] = set()
        self._tallies: list[Tally] = []
        self._lines = 0

    def plug(self, medium: Medium = PERFECT) -> OpenConversation:
        """Return what opens the conversations of one port; they share its back-off, its tally and its kind of link."""
        back_off = BackOff()
        tally = Tally(self._tell_bad_handshakes, self._later)
        self._tallies.append(tally)

        def open_dialect(peer: str) -> NativeConversation:
            return self._converse(peer, tally, back_off)

        def open_wire(peer: str, send: Send) -> Wire:
            name = self._name_of(peer)
            self._emulator.journal.passed(CAME, name, b"")
            self._lines += 1
            wire = Wire(self._emulator, name, send, open_dialect, medium, self._lines)
            self._wires.add(wire)
            return wire

        return open_wire

    @property
    def has_hosts(self) -> bool:
        """Whether there is any line."""
        return bool(self._wires)

    def leave(self, wire: Wire) -> None:
        """Forget a line whose host has gone, and with it what was prepared there."""
        self._wires.discard(wire)
        self._emulator.guard(wire.end)
        self._emulator.journal.passed(WENT, wire.peer, b"")

    def renew(self) -> None:
        """End every session: there is another pump behind the lines."""
        for wire in self._wires:
            wire.renew()

    def finish(self) -> None:
        """Tell what is still held back."""
        for tally in self._tallies:
            tally.tell()

    def _name_of(self, peer: str) -> str:
        """Return a name of its own: two hosts of one name would have their bytes taken for one's."""
        taken = {wire.peer for wire in self._wires}
        names = itertools.chain([peer], (f"{peer} ({place})" for place in itertools.count(2)))
        return next(name for name in names if name not in taken)

    def _converse(self, peer: str, tally: Tally, back_off: BackOff) -> NativeConversation:
        emulator = self._emulator

        def opened(role: Role) -> None:
            name = role.name.lower()
            emulator.tell(f"{name} on {peer}", {"event": "session", "peer": peer, "role": name})

        return NativeConversation(
            emulator.device,
            self._keys,
            emulator.random,
            opened=opened,
            unsaved=emulator.telling.unsaved,
            bad_handshakes=lambda count: tally.add(count, peer),
            back_off=back_off,
            emulator=emulator,
        )

    def _tell_bad_handshakes(self, count: int, peer: str) -> None:
        self._emulator.device.note_bad_handshakes(count)
        said = f"{count} handshake frame{'s' if count > 1 else ''} with a wrong tag refused on {peer}"
        self._emulator.tell(said, {"event": "bad_handshakes", "count": count, "peer": peer})

    def _later(self, delay_s: float, action: Callable[[], None]) -> None:
        def act() -> None:
            self._emulator.guard(action)

        self._emulator.wall.later(int(delay_s * NS_A_S), act)
