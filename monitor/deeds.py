"""What is put on record of a change, by whom, and when: before Prepare and Commit leave, and after each answer.

The intents (`monitor.intents`) are what is asked about after a crash, and go with the verdict; this is what stays. Where
no record can be made beforehand the change is not made. What can't be recorded afterwards is owed: it is tried again
before anything else, nothing is changed until then, and of a verdict the intent stays on the disk as long.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol, TypeVar

from monitor.errors import MonitorError, RefusedError
from protocol.machines import StageEvent
from protocol.vocabulary import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.conversation import Conversation
    from protocol.intent import Intent
    from protocol.messages import Change, Outcome, Prepared, Status

_ENDINGS = {
    StageEvent.SILENCE: "no_answer",
    StageEvent.DIFFERENT: "read_back_differs",
    StageEvent.ABANDON: "abandoned",
}


NONCE_SIZE = 16  # random bytes of each change: without them its name could be foreseen, or come twice
_NO_RECORD = "nothing is changed without a record of it: start without --no-history"
_T = TypeVar("_T")


class Trail(Protocol):
    """Where records go: `monitor.history.recorder.Recorder`, say."""

    def intend(self, facts: dict[str, object]) -> bytes:
        """Add the record of how a change is meant; on the disk when this returns the command id that it has to bear.

        Raises:
            MonitorError: it can't be.
        """
        ...

    def note(self, kind: str, facts: dict[str, object]) -> None:
        """Add a record; on the disk when this returns.

        Raises:
            MonitorError: it can't be.
        """
        ...

    def note_late(self, kind: str, facts: dict[str, object]) -> bool:
        """Add a record of what has been done already; False if it can't be."""
        ...


class NoTrail:
    """The trail of a monitor that was told to remember nothing: it changes nothing either."""

    def intend(self, facts: dict[str, object]) -> bytes:
        """Refuse.

        Raises:
            RefusedError: always.
        """
        del facts
        raise RefusedError(_NO_RECORD)

    def note(self, kind: str, facts: dict[str, object]) -> None:
        """Refuse.

        Raises:
            RefusedError: always.
        """
        del kind, facts
        raise RefusedError(_NO_RECORD)

    def note_late(self, kind: str, facts: dict[str, object]) -> bool:
        """Pass over what an earlier monitor had begun; its intent tells of it."""
        del kind, facts
        return True


class Deeds:
    """The records of one conversation with a pump.

    Args:
        line: the conversation: whose pump it is, and by whose key.
        trail: where records go; None where none are kept.
    """

    def __init__(self, line: Conversation, trail: Trail | None) -> None:
        self._line = line
        self._trail = trail
        self._owed: list[tuple[str, dict[str, object]]] = []

    # --- before -------------------------------------------------------------------------------------------------------

    def intended(self, intent: Intent, seen: Status, nonce: bytes) -> bytes:
        """Record a change before the pump hears of it, and return the command id that it has to bear.

        Args:
            intent: the change; the id that it has so far is the one where no record is kept.
            seen: what its operator saw.
            nonce: 16 random bytes, with which the id can't be foreseen.

        Raises:
            RefusedError: it can't be recorded, so it may not be made.
        """
        facts = self._who() | {
            "store": intent.store_id.hex(),
            "nonce": nonce.hex(),
            "change": _change(intent.change),
            "reason": intent.reason or None,
            "seen": {
                "boot": seen.boot,
                "newest_event": seen.newest_event,
                "rate_nl_h": intent.old_rate_nl_h,
                "revision": intent.revision,
            },
        }
        name = self._before(lambda trail: trail.intend(facts))
        return intent.command_id if name is None else name

    def committing(self, intent: Intent) -> None:
        """Record that the operator applies it, before the Commit leaves.

        Raises:
            RefusedError: as above.
        """
        facts = self._of(intent) | {"rate_nl_h": intent.new_rate_nl_h}
        self._before(lambda trail: trail.note("committing", facts))

    # --- after --------------------------------------------------------------------------------------------------------

    def read_back(self, intent: Intent, prepared: Prepared) -> None:
        """Record what the pump understood."""
        self._after(
            "prepared",
            intent,
            old_rate_nl_h=prepared.old_rate_nl_h,
            new_rate_nl_h=prepared.new_rate_nl_h,
            least_rate_nl_h=prepared.least_rate_nl_h,
            most_rate_nl_h=prepared.most_rate_nl_h,
        )

    def refused(self, intent: Intent, error: RefusedError) -> None:
        """Record that the pump refused it."""
        reason = Refusal(error.reason).name if error.reason in set(Refusal) else error.reason
        self._after(
            "refused", intent, at=intent.stage.name, reason=reason, bound=error.bound, sentence=str(error)
        )

    def ended(self, intent: Intent, event: StageEvent) -> None:
        """Record what happened to it where the pump has not refused it."""
        if event in _ENDINGS:
            self._after(_ENDINGS[event], intent, at=intent.stage.name)

    def learned(self, intent: Intent, outcome: Outcome) -> bool:
        """Record the pump's verdict; False if it is owed."""
        self._after(
            "outcome",
            intent,
            verdict=outcome.verdict.name,
            revision=outcome.revision,
            rate_nl_h=outcome.rate_nl_h,
            pump_time_us=outcome.pump_time_us,
            boot=self._line.boot,
        )
        return not self.owes(intent.command_id)

    def given_up(self, intent: Intent) -> None:
        """Record that somebody gave up asking for the verdict."""
        self._after("given_up", intent)

    def did(self, kind: str, **facts: object) -> None:
        """Record what is no change: an alarm acknowledged, its sound paused."""
        self._late(kind, self._who() | facts)

    def owes(self, command_id: bytes) -> bool:
        """Tell whether a record of a change is still to be made, having tried to make it."""
        self._pay()
        return any(facts.get("command") == command_id.hex() for _, facts in self._owed)

    # --- the trail ----------------------------------------------------------------------------------------------------

    def _before(self, record: Callable[[Trail], _T]) -> _T | None:
        if self._trail is None:
            return None
        self._pay()
        if self._owed:
            raise RefusedError(
                "nothing is changed before what was done last is on record, and that can't be written"
            )
        try:
            return record(self._trail)
        except RefusedError:
            raise
        except MonitorError as error:
            raise RefusedError(f"nothing is changed without a record of it: {error}") from error

    def _after(self, kind: str, intent: Intent, **facts: object) -> None:
        self._late(kind, self._of(intent) | facts)

    def _late(self, kind: str, facts: dict[str, object]) -> None:
        self._owed.append((kind, facts))
        self._pay()

    def _pay(self) -> None:
        while self._owed and (self._trail is None or self._trail.note_late(*self._owed[0])):
            del self._owed[0]

    def _of(self, intent: Intent) -> dict[str, object]:
        return self._who() | {"command": intent.command_id.hex(), "store": intent.store_id.hex()}

    def _who(self) -> dict[str, object]:
        key = self._line.key
        return {"pump": key.serial_number, "by": key.key_id.hex(), "role": key.role.name}


def _change(change: Change) -> dict[str, object]:
    """Return a change as JSON values, without the fields that its kind does not use."""
    used = {name: value for name, value in asdict(change).items() if value}
    return used | {"kind": change.kind.name}
