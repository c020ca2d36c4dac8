"""The wire between two hosts and the pump, as a machine without rules: all that was ever sent, and ways to deliver it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from hypothesis.stateful import RuleBasedStateMachine

from tests.model.desk import Desk
from tests.model.plant import PORTS, Numbers, Plant

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.machines import Stage

FATES = (
    *("prompt", "prompt", "prompt", "late", "late answer", "a bit flips", "a bit of the answer flips"),
    *("the disk is full", "the pump dies before a save", "the pump dies after a save"),
)
_DIES = {"the pump dies before a save": "before", "the pump dies after a save": "after"}


class Fate(NamedTuple):
    """What becomes of a request and its answer on the way; `bit` is for one that flips."""

    name: str = "prompt"
    bit: int = 0


PROMPT = Fate()


class Wire(RuleBasedStateMachine):
    """Two hosts and a pump.

    Attributes:
        plant: the pump.
        hosts: a host a port.
        to_pump: all that was ever sent to the pump, with its port.
        to_host: all that was ever sent to the host on each port.
        late: what is on its way: whether to a host, the port, the bytes.
    """

    make_desk: ClassVar[type[Desk]] = Desk

    def __init__(self) -> None:
        super().__init__()
        self.plant = Plant()
        random = Numbers()
        self.hosts = [self.make_desk(random, self.plant) for _ in range(PORTS)]
        self.to_pump: list[tuple[int, bytes]] = []
        self.late: list[tuple[bool, int, bytes]] = []
        self.to_host: list[list[bytes]] = [[] for _ in range(PORTS)]

    def send(self, port: int, data: bytes, fate: Fate = PROMPT, then: Fate = PROMPT) -> None:
        """Put bytes on the wire, and settle how far they and their answer come at once, and what that answer brings."""
        self.to_pump.append((port, data))
        self.plant.counts[f"sent, {fate.name}"] += 1
        if fate.name == "late":
            self.late.append((False, port, data))
            return
        self.plant.disk_is_full = fate.name == "the disk is full"
        self.plant.dies = _DIES.get(fate.name)
        answer = self.bring(port, flipped(data, fate.bit) if fate.name == "a bit flips" else data)
        self.plant.disk_is_full = False
        if fate.name == "a bit of the answer flips":
            answer = flipped(answer, fate.bit)
        if fate.name == "late answer":
            self.late.append((True, port, answer))
        else:
            self.give(port, answer, then)

    def bring(self, port: int, data: bytes) -> bytes:
        """Deliver bytes to the pump; what it answers is on the wire then."""
        answer = self.plant.take(port, data)
        if answer:
            self.to_host[port].append(answer)
        return answer

    def give(self, port: int, data: bytes, then: Fate = PROMPT) -> None:
        """Deliver bytes to a host; what it says at once is sent."""
        to_send = self.hosts[port].hear(data)
        if to_send:
            self.send(port, to_send, then)

    def some(self, which: int, fit: Callable[[Desk], bool]) -> tuple[int, Desk] | None:
        """Return one of the hosts that fit, if any does."""
        fitting = [(port, host) for port, host in enumerate(self.hosts) if fit(host)]
        return fitting[which % len(fitting)] if fitting else None

    def at_work(self, which: int, *stages: Stage | None) -> tuple[int, Desk] | None:
        """Return a host that is at one of these stages, connected if it can be."""
        found = self.some(which, lambda host: host.stage in stages)
        if found is not None and not found[1].is_connected:
            self.send(found[0], found[1].greet())
        return found if found is not None and found[1].is_connected else None

    def old(self, back: int, *, astray: bool) -> tuple[int, bytes]:
        """Return one of the newest things sent to the pump, and the port to deliver it to: its own, unless it goes astray."""
        port, data = self.to_pump[-1 - back % len(self.to_pump)]
        return (port + astray) % PORTS, data


def flipped(data: bytes, bit: int) -> bytes:
    """Return `data`, if there is any, with one bit changed."""
    if not data:
        return data
    changed = bytearray(data)
    changed[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(changed)
