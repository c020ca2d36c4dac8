"""What a host was told by a pump, held against what it is told later: nothing may be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.messages import EventRecord, Events, Outcome, Status

if TYPE_CHECKING:
    from protocol.fields import Message

# Of a status: what only grows, whatever happens in between.
_GROWS = ("revision", "delivered_nl", "pump_time_us", "newest_event", "boot")


class Told:
    """All that a host has heard, as far as it binds the pump.

    Attributes:
        figures: what only grows, as it was told last.
        verdicts: of each change.
        events: of the log, by number.
    """

    def __init__(self) -> None:
        self.figures = dict.fromkeys(_GROWS, 0)
        self.verdicts: dict[bytes, Outcome] = {}
        self.events: dict[int, EventRecord] = {}

    def take(self, message: Message) -> None:
        """Note an answer.

        Raises:
            AssertionError: where it contradicts an earlier one.
        """
        match message:
            case Status():
                for name, before in self.figures.items():
                    now = getattr(message, name)
                    assert now >= before, f"{name} was told to be {before}, and then {now}"
                    self.figures[name] = now
            case Events():
                newest = self.figures["newest_event"]
                assert message.newest >= newest, f"{newest} events were told of, and then {message.newest}"
                self.figures["newest_event"] = message.newest
                for record in message.events:
                    known = self.events.setdefault(record.number, record)
                    assert known == record, f"event {record.number} was told to be {known}, and then {record}"
            case Outcome():
                known_outcome = self.verdicts.setdefault(message.command_id, message)
                assert known_outcome.verdict == message.verdict, "a verdict was taken back"
                assert message.revision >= self.figures["revision"], "a revision was taken back"
                self.figures["revision"] = message.revision
