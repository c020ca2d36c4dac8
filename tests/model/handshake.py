"""The three frames that open a session and the first sealed ones, against an attacker who has the wire but not the key.

Symbols, no bytes (Dolev and Yao's way): a nonce is a number that nobody guesses, a tag is the tuple of all that went into
it. Who holds the key can make any tag; the attacker can't make one, but has all that were ever sent, and puts them under
whatever header and payload he likes. So a receiver, who works out the tag of what is in front of him, takes a frame if
and only if that very tag was sent before, by anybody, to anybody: recording, dropping, delaying, replaying, splicing and
reflecting are all in this one sentence.

Session numbers are four bytes and come again sooner than a nonce: the model's pump draws them from two, so nothing may
rest upon them. docs/protocol.md, "The handshake" and "Sessions".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tests.model.explore import search

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from tests.model.explore import Explored, Step

HOST, PUMP = "host", "pump"
HELLO, CHALLENGE, CONFIRM, SEALED = "Hello", "Challenge", "Confirm", "sealed"
NUMBERS = (1, 2)  # session numbers

Tag = tuple["Hashable", ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the two sides do right. A mutant has one of them otherwise."""

    directions_differ: bool = True
    challenge_answers_the_hello: bool = True
    confirm_answers_the_challenge: bool = True
    pump_nonces_are_fresh: bool = True
    a_challenge_is_used_up: bool = True
    the_session_outlives_a_hello: bool = True
    keys_come_from_the_nonces: bool = True


@dataclass(frozen=True, slots=True)
class Configuration:
    """How much may happen.

    Attributes:
        handshakes: hellos that the host says.
        challenges: challenges that the pump makes.
        requests: sealed requests of the host in a session.
        kills: how often the pump may be started again.
    """

    handshakes: int = 2
    challenges: int = 3
    requests: int = 2
    kills: int = 1

    def __str__(self) -> str:
        return (
            f"handshakes {self.handshakes}, challenges {self.challenges}, requests {self.requests},"
            f" kills {self.kills}"
        )


class Offer(NamedTuple):
    """What a session is made of: the host's nonce, the pump's, the session number."""

    host_nonce: int
    pump_nonce: int
    number: int


class Session(NamedTuple):
    """One end of a session: what it is made of, the newest counter heard and the newest sent."""

    offer: Offer
    heard: int = 0
    sent: int = 0


class Host(NamedTuple):
    """The host: handshakes begun so far, its session, and whether a sealed frame of the pump has opened.

    The nonce of a handshake is its number.
    """

    begun: int = 0
    greeting: bool = False
    session: Session | None = None
    proved: bool = False


class Pump(NamedTuple):
    """The pump: challenges made so far, the pending one, its session, and how often it may be started again."""

    made: int = 0
    pending: Offer | None = None
    session: Session | None = None
    kills: int = 0


class Past(NamedTuple):
    """What was done, for the promises to look at.

    Attributes:
        challenged: offers that the pump made.
        confirmed: offers that the host confirmed.
        opened: offers on which the pump opened a session, as often as it did.
        asked: requests that the host sent, by offer and counter.
        acted: requests that the pump acted upon, as often as it did.
        answered: sealed frames that the pump sent.
        believed: frames that the host took for the pump's.
        torn: sessions that the pump gave up without another confirmation.
    """

    challenged: tuple[Offer, ...] = ()
    confirmed: tuple[Offer, ...] = ()
    opened: tuple[Offer, ...] = ()
    asked: tuple[tuple[Offer, int], ...] = ()
    acted: tuple[tuple[Offer, int], ...] = ()
    answered: tuple[tuple[Offer, int], ...] = ()
    believed: tuple[tuple[Offer, int], ...] = ()
    torn: int = 0


Spot = tuple[Host, Pump, frozenset[Tag], Past]
"""Both sides, the tags that the attacker has, and the past."""


class Model:
    """All that can happen under `rules`, within `configuration`."""

    def __init__(self, configuration: Configuration, rules: Rules) -> None:
        self.bounds = configuration
        self.rules = rules

    # --- tags -------------------------------------------------------------------------------------------------------

    def challenge_tag(self, offer: Offer) -> Tag:
        """Return the tag of a Challenge."""
        bound = offer.host_nonce if self.rules.challenge_answers_the_hello else 0
        return (CHALLENGE, bound, offer.pump_nonce, offer.number)

    def confirm_tag(self, offer: Offer) -> Tag:
        """Return the tag of a Confirm."""
        bound = offer.pump_nonce if self.rules.confirm_answers_the_challenge else 0
        return (CONFIRM, offer.host_nonce, bound, offer.number)

    def sealed_tag(self, offer: Offer, sender: str, counter: int) -> Tag:
        """Return the tag of a sealed frame: under the key of its session and direction."""
        nonces = offer[:2] if self.rules.keys_come_from_the_nonces else (0, 0)
        return (SEALED, *nonces, offer.number, sender if self.rules.directions_differ else "", counter)

    # --- steps ------------------------------------------------------------------------------------------------------

    def steps(self, spot: Spot) -> Iterator[tuple[Step, Spot]]:
        """Yield each step that can be taken, and where it leads."""
        yield from self.host_speaks(spot)
        yield from self.host_hears(spot)
        yield from self.pump_hears(spot)
        host, pump, tags, past = spot
        if pump.kills:
            yield ("the pump starts again",), (host, Pump(pump.made, kills=pump.kills - 1), tags, past)

    def host_speaks(self, spot: Spot) -> Iterator[tuple[Step, Spot]]:
        """Let the host say hello, with a fresh nonce, or send a request once the pump has proved itself."""
        host, pump, tags, past = spot
        if host.begun < self.bounds.handshakes:
            nonce = host.begun + 1
            yield (
                (HOST, "says hello", nonce),
                (Host(nonce, greeting=True), pump, tags | {(HELLO, nonce)}, past),
            )
        session = host.session
        if session is not None and host.proved and session.sent < self.bounds.requests:
            counter = session.sent + 1
            tag = self.sealed_tag(session.offer, HOST, counter)
            asking = host._replace(session=session._replace(sent=counter))
            after = past._replace(asked=(*past.asked, (session.offer, counter)))
            yield (HOST, "asks", counter), (asking, pump, tags | {tag}, after)

    def host_hears(self, spot: Spot) -> Iterator[tuple[Step, Spot]]:
        """Bring the host whatever it may take for the pump's."""
        host, pump, tags, past = spot
        if host.greeting:
            for nonce in range(1, pump.made + 1):
                for number in NUMBERS:
                    offer = Offer(host.begun, nonce, number)
                    if self.challenge_tag(offer) in tags:
                        confirming = host._replace(greeting=False, session=Session(offer))
                        after = past._replace(confirmed=(*past.confirmed, offer))
                        confirm = self.confirm_tag(offer)
                        yield (HOST, "confirms", offer), (confirming, pump, tags | {confirm}, after)
        session = host.session
        if session is not None:
            for counter in range(session.heard + 1, self.most_frames + 1):
                if self.sealed_tag(session.offer, PUMP, counter) in tags:
                    hearing = host._replace(session=session._replace(heard=counter), proved=True)
                    after = past._replace(believed=(*past.believed, (session.offer, counter)))
                    yield (HOST, "believes", counter), (hearing, pump, tags, after)

    def pump_hears(self, spot: Spot) -> Iterator[tuple[Step, Spot]]:
        """Bring the pump whatever it may take for the host's."""
        host, pump, tags, past = spot
        if pump.made < self.bounds.challenges:
            for nonce in range(1, host.begun + 1):
                if (HELLO, nonce) in tags:
                    yield from self.challenges(spot, nonce)
        pending = pump.pending
        if (
            pending is not None
            and self.confirm_tag(pending) in tags
            and len(past.opened) < self.bounds.challenges
        ):
            left = None if self.rules.a_challenge_is_used_up else pending
            answering = pump._replace(pending=left, session=Session(pending, sent=1))
            after = past._replace(opened=(*past.opened, pending), answered=_with(past.answered, (pending, 1)))
            tag = self.sealed_tag(pending, PUMP, 1)
            yield (PUMP, "opens", pending), (host, answering, tags | {tag}, after)
        session = pump.session
        if session is not None:
            for counter in range(session.heard + 1, self.most_frames + 1):
                if self.sealed_tag(session.offer, HOST, counter) in tags:
                    sent = session.sent + 1
                    acting = pump._replace(session=session._replace(heard=counter, sent=sent))
                    after = past._replace(
                        acted=(*past.acted, (session.offer, counter)),
                        answered=_with(past.answered, (session.offer, sent)),
                    )
                    tag = self.sealed_tag(session.offer, PUMP, sent)
                    yield (PUMP, "acts upon", counter), (host, acting, tags | {tag}, after)

    def challenges(self, spot: Spot, nonce: int) -> Iterator[tuple[Step, Spot]]:
        """Answer a Hello: the pending handshake is replaced, the session is not."""
        host, pump, tags, past = spot
        made = pump.made + 1
        kept = pump.session if self.rules.the_session_outlives_a_hello else None
        for number in NUMBERS:
            offer = Offer(nonce, made if self.rules.pump_nonces_are_fresh else 1, number)
            challenging = Pump(made, offer, kept, pump.kills)
            after = past._replace(
                challenged=(*past.challenged, offer), torn=past.torn + (kept is not pump.session)
            )
            yield (PUMP, "challenges", offer), (host, challenging, tags | {self.challenge_tag(offer)}, after)

    @property
    def most_frames(self) -> int:
        """How many sealed frames a side can have sent in a session: the pump's first, and an answer a request."""
        return self.bounds.requests + 1


def _with(done: tuple[tuple[Offer, int], ...], one: tuple[Offer, int]) -> tuple[tuple[Offer, int], ...]:
    return done if one in done else (*done, one)


# --- the promises -------------------------------------------------------------------------------------------------------

NOW = "the host confirms only what the pump offered for this very hello"
ITS_OWN = "the pump opens a session only where the host confirmed this very offer, and once"
NO_REPLAY = "the pump acts upon a request once, and only if the host sent it in this session"
NO_REFLECTION = "the host believes only what the pump sent in this session"
NOT_TORN = "a session lives until the Confirm of the next one verifies"
PROMISES = (NOW, ITS_OWN, NO_REPLAY, NO_REFLECTION, NOT_TORN)


def broken(spot: Spot) -> Iterator[str]:
    """Yield the promises that this state breaks."""
    past = spot[3]
    if not set(past.confirmed) <= set(past.challenged):
        yield NOW
    if len(set(past.opened)) < len(past.opened) or not set(past.opened) <= set(past.confirmed):
        yield ITS_OWN
    if len(set(past.acted)) < len(past.acted) or not set(past.acted) <= set(past.asked):
        yield NO_REPLAY
    if not set(past.believed) <= set(past.answered):
        yield NO_REFLECTION
    if past.torn:
        yield NOT_TORN


def explore(
    configuration: Configuration,
    rules: Rules | None = None,
    *,
    promises: tuple[str, ...] = PROMISES,
    most_states: int | None = None,
) -> Explored:
    """Try everything within `configuration`, until one of `promises` is broken; the right rules break none."""

    def first_broken(spot: Spot) -> str | None:
        return next((promise for promise in broken(spot) if promise in promises), None)

    start: Spot = (Host(), Pump(kills=configuration.kills), frozenset(), Past())
    return search(start, Model(configuration, rules or Rules()).steps, first_broken, most_states=most_states)
