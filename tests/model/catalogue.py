"""What is explored, and the mutants that a search has to catch: the transaction and the handshake in one place.

for configuration in CONFIGURATIONS:
    explored = explore(configuration)
for mutant in MUTANTS:
    steps = mutant.caught()
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.model import handshake, transaction
from tests.model.state import Configuration as Transaction
from tests.model.state import Rules as TransactionRules

if TYPE_CHECKING:
    from tests.model.explore import Explored

Handshake = handshake.Configuration
HandshakeRules = handshake.Rules
Configuration = Transaction | Handshake
Rules = TransactionRules | HandshakeRules

# Hosts, sessions, requests a session, kills of the pump, kills of each host, changes. Each is searched to its end.
QUICK: tuple[Configuration, ...] = (
    Handshake(handshakes=2, challenges=2, requests=1, kills=0),
    Handshake(handshakes=2, challenges=3, requests=2, kills=1),
    Transaction(1, 2, 3, 1, 1),
    Transaction(1, 2, 3, 0, 0, changes=2),
    Transaction(1, 3, 2, 1, 1),
    Transaction(2, 1, 2, 1, 1),
    Transaction(2, 1, 3, 0, 0),
)
LONG: tuple[Configuration, ...] = (
    Transaction(1, 2, 3, 2, 2),
    Transaction(1, 3, 2, 2, 1),
    Transaction(1, 2, 3, 1, 1, changes=2),
    Transaction(1, 2, 4, 1, 1),
    Transaction(2, 1, 3, 1, 1),
    Handshake(handshakes=3, challenges=4, requests=1, kills=1),
)
CONFIGURATIONS = QUICK + LONG
CUT_SHORT = Transaction(2, 2, 2, 1, 0)
"""More than can be searched to its end: `explore(CUT_SHORT, most_states=6_000_000)` takes 1.3 GiB."""


def explore(
    configuration: Configuration,
    rules: Rules | None = None,
    *,
    promises: tuple[str, ...] | None = None,
    most_states: int | None = None,
) -> Explored:
    """Try everything within `configuration`, under the right rules if none are given; a broken promise ends it.

    Raises:
        TypeError: where the rules are those of the other model.
    """
    if isinstance(configuration, Transaction) and isinstance(rules, TransactionRules | None):
        kept = promises or transaction.PROMISES
        return transaction.explore(configuration, rules, promises=kept, most_states=most_states)
    if isinstance(configuration, Handshake) and isinstance(rules, HandshakeRules | None):
        kept = promises or handshake.PROMISES
        return handshake.explore(configuration, rules, promises=kept, most_states=most_states)
    raise TypeError(f"{rules} are not the rules for {configuration}")


@dataclass(frozen=True, slots=True)
class Mutant:
    """Sides with a rule broken, and the promise that falls with it.

    Attributes:
        name: what the broken side does.
        rules: the rules without the one.
        breaks: the promise.
        within: the configuration in which the search finds it.
    """

    name: str
    rules: Rules
    breaks: str
    within: Configuration

    def caught(self) -> Explored:
        """Search for the shortest course on which the promise breaks."""
        return explore(self.within, self.rules, promises=(self.breaks,))


_ONE = Transaction(1, 2, 3, 1, 1)
_TWICE = Transaction(1, 2, 3, 0, 0, changes=2)
_TWO = Transaction(2, 1, 3, 0, 0)
_GREETING = Handshake()
_T, _H = TransactionRules, HandshakeRules

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "the pump forgets what it has applied",
        _T(pump_looks_into_the_ledger=False), transaction.TRUE_IF_NOT, _ONE,
    ),
    Mutant(
        "nobody looks at counters",
        _T(pump_checks_the_counter=False, host_checks_the_counter=False), transaction.NOT_PREPARED, _ONE,
    ),
    Mutant(
        "the host takes frames of an old session",
        _T(host_checks_the_session=False), transaction.TRUE_IF_NOT, _ONE,
    ),
    Mutant(
        "the pump answers before it has stored the change",
        _T(order=("reply", "persist", "motor")), transaction.TRUE_IF_APPLIED, _ONE,
    ),
    Mutant(
        "the pump turns the motor before it has stored the change",
        _T(order=("motor", "persist", "reply")), transaction.RECORDED_RATE, _ONE,
    ),
    Mutant(
        "the host writes nothing down before it sends",
        _T(host_records_before_it_sends=False), transaction.HOST_KNOWS, _ONE,
    ),
    Mutant(
        "the host takes a time-out for a verdict",
        _T(a_timeout_is_no_verdict=False), transaction.TRUE_IF_NOT, _ONE,
    ),
    Mutant(
        "resolving leaves the change prepared",
        _T(resolve_aborts=False), transaction.NOT_PREPARED, _ONE,
    ),
    Mutant(
        "the host tries again under another id without a verdict on the first",
        _T(a_retry_waits_for_the_verdict=False), transaction.ONCE, _TWICE,
    ),
    Mutant(
        "all tokens are alike, and the pump takes frames of an old session",
        _T(tokens_are_fresh=False, pump_checks_the_session=False), transaction.TRUE_IF_NOT, _ONE,
    ),
    Mutant(
        "the pump does not compare the revision",
        _T(pump_compares_the_revision=False), transaction.AS_SEEN, _TWO,
    ),
    Mutant(
        "the pump takes frames of an old session",
        _T(pump_checks_the_session=False), transaction.NOT_PREPARED, _ONE,
    ),
    Mutant(
        "the host takes any answer for that to its newest question",
        _T(host_checks_the_ack=False), transaction.TRUE_IF_NOT, _ONE,
    ),
    Mutant(
        "the host prepares again what it has asked to resolve",
        _T(what_is_resolved_is_not_sent_again=False), transaction.TRUE_IF_NOT, _ONE,
    ),
    Mutant(
        "both directions have one key and no direction bit",
        _H(directions_differ=False), handshake.NO_REPLAY, _GREETING,
    ),
    Mutant(
        "the tag of Challenge leaves the host's nonce out",
        _H(challenge_answers_the_hello=False), handshake.NOW, _GREETING,
    ),
    Mutant(
        "the tag of Confirm leaves the pump's nonce out",
        _H(confirm_answers_the_challenge=False), handshake.ITS_OWN, _GREETING,
    ),
    Mutant(
        "the pump repeats its nonce",
        _H(pump_nonces_are_fresh=False), handshake.NO_REPLAY, _GREETING,
    ),
    Mutant(
        "a confirmed challenge stays pending",
        _H(a_challenge_is_used_up=False), handshake.NO_REPLAY, _GREETING,
    ),
    Mutant(
        "a Hello ends the session",
        _H(the_session_outlives_a_hello=False), handshake.NOT_TORN, _GREETING,
    ),
    Mutant(
        "the keys of a session depend on its number alone",
        _H(keys_come_from_the_nonces=False), handshake.NO_REFLECTION, _GREETING,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Survivor:
    """A rule that no promise needs within these bounds, as others stand behind it: kept as defence in depth."""

    name: str
    rules: Rules
    why: str
    within: Configuration


SURVIVORS: tuple[Survivor, ...] = (
    Survivor(
        "the host alone does not look at counters",
        _T(host_checks_the_counter=False), "the ack tells an old answer from a new one", _ONE,
    ),
    Survivor(
        "all tokens are alike",
        _T(tokens_are_fresh=False), "an old Commit is in an old session or below the counter", _ONE,
    ),
    Survivor(
        "the pump does not compare the revision, with one host",
        _T(pump_compares_the_revision=False), "nobody else makes revisions", _TWICE,
    ),
    Survivor(
        "the pump lets another host's Prepare take the slot",
        _T(pump_keeps_the_slot_for_its_owner=False), "the token that the first host holds is void then",
        Transaction(2, 1, 2, 1, 1),
    ),
    Survivor(
        "what was prepared outlives its session",
        _T(a_session_takes_its_slot_with_it=False), "Commit is taken in the session of its Prepare only", _ONE,
    ),
)  # fmt: skip
"""Without a switch: a refusal taken as final, and no record before Commit but that before Prepare. The host does both."""
