"""What the monitor knows at one moment, frozen: what `watch` publishes and screens draw.

A snapshot holds no clock. How old a reading is depends on who asks when, so ages are worked out with a `now_ns` of the
host's monotonic clock that is passed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from protocol.places import BAUD

if TYPE_CHECKING:
    from protocol.intent import Intent
    from protocol.messages import Bench, EventRecord, Identity, Outcome, Status
    from protocol.vocabulary import Role

NS_PER_MS = 1_000_000


class Link(Enum):
    """How the monitor stands with the pump."""

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Reading:
    """A status and the moment before which it cannot have been taken.

    Attributes:
        serial_number: whose reading it is.
        status: what the pump said.
        asked_ns: when the poll that it answers was sent, host monotonic nanoseconds: the reading is younger than that.
    """

    serial_number: str
    status: Status
    asked_ns: int

    def age_ms(self, now_ns: int) -> int:
        """Return the greatest age that the reading can have, in milliseconds, rounded up."""
        return max(0, -(-(now_ns - self.asked_ns) // NS_PER_MS))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a screen needs to draw one pump.

    Attributes:
        url: the port, as pyserial names it.
        period_ms: a reading is asked for this often.
        link: how the link stands.
        link_since_ns: since when, host monotonic nanoseconds.
        problem: why there is no link, one sentence; empty while it is live.
        identity: who answers; kept when the link is lost.
        role: what our key may do; None as long as no key was accepted.
        reading: the newest reading; kept, and aging, when the link is lost.
        events: the newest entries of the pump's event log, oldest first.
        good: readings received.
        lost: polls without an answer.
        bad: damaged frames received.
        reply_us: how long the last answer took.
        tries: attempts to connect since the link was lost.
        retry_ns: when the next attempt is due, host monotonic nanoseconds; 0 while there is none.
        level: how the reservoir was judged last (`judgement.Level`), which the deadband of the next judgement needs.
        discrepant: whether sensed and expected volume were judged to differ, for the same.
        faults: the newest entries of the pump's fault log, oldest first.
        unresolved: this pump's changes without a verdict, oldest first: both their rates are possible.
        settled: those whose verdict was learned by asking, oldest first, with it.
        notes_problem: why changes can't be noted or looked up, one sentence; empty where they can.
        bench: which faults the bench injects, as it told last; None where the newest reading counts none.
        history_problem: why nothing is put on record, one sentence; empty where all is.
        bench_key: whether the link is by the published bench key, so that anybody could be at the other end.
        baud: of the line, bits a second.
        read_only: why nothing may be changed from this screen, whatever the key, one sentence; empty where the key decides.
        log_to: the newest entry of the pump's event log while not all up to it have been read; 0 once they have.
    """

    url: str
    period_ms: int
    link: Link = Link.CONNECTING
    link_since_ns: int = 0
    problem: str = ""
    identity: Identity | None = None
    role: Role | None = None
    reading: Reading | None = None
    events: tuple[EventRecord, ...] = ()
    good: int = 0
    lost: int = 0
    bad: int = 0
    reply_us: int = 0
    tries: int = 0
    retry_ns: int = 0
    level: int = 0
    discrepant: bool = False
    faults: tuple[EventRecord, ...] = ()
    unresolved: tuple[Intent, ...] = ()
    settled: tuple[tuple[Intent, Outcome], ...] = ()
    notes_problem: str = ""
    bench: Bench | None = None
    history_problem: str = ""
    bench_key: bool = False
    baud: int = BAUD
    read_only: str = ""
    log_to: int = 0
