"""One turn: what came of the bytes that the pump looked at together, for the faults that strike on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message
    from pumpmock.faults.plan import Faults


class Watcher(Protocol):
    """Who wants to know of each request, before a fault can strike it; may ask for faults, which strike it then."""

    def asked(self, request: Message, labels: frozenset[str]) -> None:
        """Hear of a request that was accepted and not executed yet, and by which names it can be meant."""
        ...

    def answered(self, answer: Message) -> None:
        """Hear of the answer to it, whether it will arrive or not."""
        ...


@dataclass(slots=True)
class Turn:
    """A turn of one host.

    Attributes:
        faults: the plan.
        peer: which host.
        asked: the names of the request that is being answered.
        greets: whether a session has just been opened, and what is answered next is the reading that opens it.
        labels: those of all requests of the turn.
        delay_ms: by how much its answers come later; they go together, so the slowest decides.
        is_silent: whether nothing is answered any more: the pump has just gone down.
        then: done once the turn is over.
    """

    faults: Faults
    peer: str
    asked: frozenset[str] = frozenset()
    greets: bool = False
    labels: frozenset[str] = frozenset()
    delay_ms: int = 0
    is_silent: bool = False
    then: list[Callable[[], None]] = field(default_factory=list)

    def ask(self, labels: frozenset[str]) -> None:
        """Begin with a request."""
        self.asked = labels
        self.labels |= labels

    def end(self) -> None:
        """Do what waits for the end of the turn."""
        for action in self.then:
            action()
