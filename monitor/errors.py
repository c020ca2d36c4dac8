"""What can go wrong for a host, each with the exit code that scripts rely on and a sentence for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from monitor.verdicts import doubt

if TYPE_CHECKING:
    from protocol.intent import Intent


class MonitorError(Exception):
    """Something a person should be told in one sentence; never shown as a traceback."""

    exit_code: ClassVar[int] = 1


class RefusedError(MonitorError):
    """The pump, or a bound that it told us, refused a request; nothing changed.

    Args:
        sentence: why, for a person.
        reason: the pump's code (`protocol.vocabulary.Refusal`), 0 where the monitor refused by itself.
        bound: the bound that was crossed, in the unit of the field that crossed it.
    """

    def __init__(self, sentence: str, reason: int = 0, bound: int = 0) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.bound = bound


class LinkError(MonitorError):
    """No such port, no answer, no key, or not a pump."""

    exit_code = 3


class OutcomeUnknownError(MonitorError):
    """A change was committed, its answer was lost, and the pump can't be asked now: nothing but asking is allowed.

    Args:
        intent: the change, with both possible rates.
        why: what is in the way of asking, for a person.
    """

    exit_code = 4

    def __init__(self, intent: Intent, why: str) -> None:
        super().__init__(f"{doubt(intent)}: {why}")
        self.intent = intent
