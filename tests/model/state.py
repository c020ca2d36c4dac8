"""What the model of a change is made of: what the sides do right, how much may happen, and what a state holds.

Tuples of numbers and short strings throughout: millions of them are hashed and compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


class Kind:
    """What a frame is."""

    PREPARE, COMMIT, RESOLVE = "Prepare", "Commit", "Resolve"
    PREPARED, OUTCOME, REJECTED = "Prepared", "Outcome", "Rejected"


class Record:
    """What a host has on its disk of a change: nothing, its command id, or the verdict."""

    NOTHING, INTENT, APPLIED, NOT_APPLIED = "nothing", "intent", "applied", "not applied"


class Stage:
    """Where a host is with its newest change, in memory."""

    IDLE, DECIDED, PREPARING, READ_BACK = "idle", "decided", "preparing", "read back"
    COMMITTING, RESOLVING, DONE = "committing", "resolving", "done"


ALREADY_APPLIED = 1  # in a Rejected; 0 stands for every other reason
MOST_CHANGES = 8  # command ids are numbered: those of the second host follow on the first's


@dataclass(frozen=True, slots=True)
class Rules:
    """What the two sides do right. A mutant has one of them otherwise."""

    pump_looks_into_the_ledger: bool = True
    pump_checks_the_session: bool = True
    pump_checks_the_counter: bool = True
    pump_compares_the_revision: bool = True
    pump_keeps_the_slot_for_its_owner: bool = True
    tokens_are_fresh: bool = True
    resolve_aborts: bool = True
    a_session_takes_its_slot_with_it: bool = True
    order: tuple[str, ...] = ("persist", "motor", "reply")
    host_checks_the_session: bool = True
    host_checks_the_counter: bool = True
    host_checks_the_ack: bool = True
    host_records_before_it_sends: bool = True
    a_timeout_is_no_verdict: bool = True
    a_retry_waits_for_the_verdict: bool = True
    what_is_resolved_is_not_sent_again: bool = True


@dataclass(frozen=True, slots=True)
class Configuration:
    """How much may happen.

    Attributes:
        hosts: 1 or 2, each on a port of its own.
        sessions: how often each may connect.
        requests: how many requests each may send in a session.
        pump_kills: how often the pump may be killed.
        host_kills: how often each host may be killed.
        changes: command ids that each host may use; the next one only for the same wish of its operator, once the
            verdict on the last one is that it was not applied.
    """

    hosts: int
    sessions: int
    requests: int
    pump_kills: int
    host_kills: int
    changes: int = 1

    def __str__(self) -> str:
        return (
            f"hosts {self.hosts}, sessions {self.sessions}, requests {self.requests}, changes {self.changes},"
            f" kills {self.pump_kills}/{self.host_kills}"
        )


class Link(NamedTuple):
    """The pump's end of a session: its number (0: none), the newest counter heard, the newest sent."""

    session: int = 0
    heard: int = 0
    sent: int = 0


class Slot(NamedTuple):
    """The one prepared change."""

    command: int
    token: int
    session: int


class Pump(NamedTuple):
    """The pump.

    Attributes:
        links: an end a port.
        kills: how often it may still be killed.
        ledger: command ids in the order applied; survives. The revision is its length.
        motor: whose rate the motor turns at; 0 for the first of all.
        slot: what is prepared.
        doing: what is left to do of a commit that has passed its checks: micro-steps, port and command id.
        tokens: tokens drawn so far.
        denied: command ids of which the pump has said NOT_APPLIED; of no account to it, the promises look at it.
    """

    links: tuple[Link, ...]
    kills: int
    ledger: tuple[int, ...] = ()
    motor: int = 0
    slot: Slot | None = None
    doing: tuple[tuple[str, ...], int, int] | None = None
    tokens: int = 0
    denied: frozenset[int] = frozenset()


class Host(NamedTuple):
    """A host.

    Attributes:
        kills: how often it may still be killed.
        opened: sessions that it has opened.
        session: the session it is in; 0: none.
        sent: the newest counter sent in it.
        heard: the newest counter accepted in it.
        waiting: whether its newest request has no answer yet.
        stage: where it is with its newest change.
        token: from the read-back.
        seen: the revision that its operator saw, a change each.
        disk: what it has recorded, a change each; survives. The last is the newest change.
    """

    kills: int
    opened: int = 0
    session: int = 0
    sent: int = 0
    heard: int = 0
    waiting: bool = False
    stage: str = Stage.IDLE
    token: int = 0
    seen: tuple[int, ...] = ()
    disk: tuple[str, ...] = ()


class Request(NamedTuple):
    """A host's frame, as the network keeps it; `figure` is the revision seen, the token, or nothing."""

    session: int
    counter: int
    kind: str
    command: int
    figure: int


class Reply(NamedTuple):
    """The pump's frame; `figure` is the token, whether the verdict is APPLIED, or the reason."""

    session: int
    counter: int
    ack: int
    kind: str
    command: int
    figure: int


Spot = tuple[Pump, tuple[Host, ...], tuple[tuple[Request, ...], ...], tuple[tuple[Reply, ...], ...]]
"""A state: the pump, the hosts, and all requests and replies ever sent, by port. Kept for ever, they are the network."""


def command_id(port: int, change: int) -> int:
    """Return the name of a change: no two are alike."""
    return port * MOST_CHANGES + change + 1


def put(parts: tuple[Any, ...], place: int, part: object) -> tuple[Any, ...]:
    """Return `parts` with one of them replaced."""
    return (*parts[:place], part, *parts[place + 1 :])
