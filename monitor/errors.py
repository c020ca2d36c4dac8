"""What can go wrong for a host, each with the exit code that scripts rely on and a sentence for a person."""

from __future__ import annotations

from typing import ClassVar


class MonitorError(Exception):
    """Something a person should be told in one sentence; never shown as a traceback."""

    exit_code: ClassVar[int] = 1


class RefusedError(MonitorError):
    """The pump, or a bound that it told us, refused a request; nothing changed.

    Args:
        sentence: why, for a person.
        reason: the pump's code (`protocol.messages.Refusal`), 0 where the monitor refused by itself.
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
    """A change was committed, its answer was lost, and the pump cannot be asked now.

    Args:
        command_id: the change, for asking again.
        old_rate_nl_h: the rate if it was not applied.
        new_rate_nl_h: the rate if it was.
    """

    exit_code = 4

    def __init__(self, sentence: str, command_id: bytes, old_rate_nl_h: int, new_rate_nl_h: int) -> None:
        super().__init__(sentence)
        self.command_id = command_id
        self.old_rate_nl_h = old_rate_nl_h
        self.new_rate_nl_h = new_rate_nl_h
