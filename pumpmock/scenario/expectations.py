"""What a scenario can expect: the keys of `expect = { … }`, each with what it looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from protocol.alarms import Alarm
from protocol.units import (
    format_rate,
    ml,
    parse_concentration,
    parse_mass,
    parse_percent,
    parse_rate,
    parse_volume,
)
from protocol.vocabulary import EventKind, Mode, Refusal, State
from pumpmock.faults import KINDS
from pumpmock.faults.asked import REQUESTS
from pumpmock.host import Fate
from pumpmock.model.alarms import members
from pumpmock.model.troubles import Trouble
from pumpmock.scenario.host_words import WHO
from pumpmock.scenario.wanted import Members, OneOf, Wanted, bounded, name_of, names_of, tally_of
from pumpmock.scenario.words import Word, count, member_of, members_of, name_in, quantity, read_table, text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from pumpmock.scenario.stage import Stage

_PG_A_UG = 1_000_000
_MEMBERS_EXAMPLE = '["LOW_RESERVOIR"]'


@dataclass(frozen=True, slots=True)
class Look:
    """What a key looks at.

    Attributes:
        word: how what is expected is written; what it reads is a `Wanted`.
        see: returns what is so: the stage, and the host that is meant.
        show: returns it for a person.
    """

    word: Word
    see: Callable[[Stage, str], Any]
    show: Callable[[Any], str]


def _nl_text(volume_nl: int) -> str:
    return f"{ml(volume_nl, 6)} mL"


def _rate_text(rate_nl_h: int) -> str:
    return f"{format_rate(rate_nl_h)} ({rate_nl_h} nL/h)"


def _pg_text(mass_pg: int) -> str:
    whole, rest = divmod(mass_pg, _PG_A_UG)
    return f"{whole}.{rest:06} ug" if rest else f"{whole} ug"


def _tally_text(seen: Mapping[Any, int]) -> str:
    there = {name: number for name, number in seen.items() if number}
    return ", ".join(sorted(f"{name_of(name)} {number}" for name, number in there.items())) or "none"


def _volume(see: Callable[[Stage], int], says: str, example: str = '"6 mL"') -> Look:
    word = Word(bounded(quantity(parse_volume, example), _nl_text), example, says)
    return Look(word, lambda stage, _: see(stage), _nl_text)


def _rate(see: Callable[[Stage], int], says: str) -> Look:
    example = '"0.6 mL/day"'
    word = Word(bounded(quantity(parse_rate, example), _rate_text), example, says)
    return Look(word, lambda stage, _: see(stage), _rate_text)


def _count(see: Callable[[Stage, str], int], says: str, example: str = "1") -> Look:
    return Look(Word(bounded(count), example, says), see, str)


def _figure(
    parse: Callable[[str], int],
    show: Callable[[int], str],
    see: Callable[[Stage], int],
    example: str,
    says: str,
) -> Look:
    word = Word(bounded(quantity(parse, example), show), example, says)
    return Look(word, lambda stage, _: see(stage), show)


def _alarms(how: str, see: Callable[[Stage], Collection[Alarm]], says: str) -> Look:
    read = members_of(Alarm, "an alarm")
    word = Word(lambda value: Members(how, read(value)), _MEMBERS_EXAMPLE, says)
    return Look(word, lambda stage, _: see(stage), names_of)


def _one(read: Callable[[object], Any], see: Callable[[Stage, str], Any], example: str, says: str) -> Look:
    def read_all(value: object) -> OneOf:
        return OneOf(frozenset(read(one) for one in (value if isinstance(value, list) else [value])))

    return Look(Word(read_all, example, says), see, name_of)


def _tally(
    read: Callable[[object], Any], see: Callable[[Stage, str], Mapping[Any, int]], example: str, says: str
) -> Look:
    return Look(Word(tally_of(read), example, says), see, _tally_text)


def _active(stage: Stage) -> tuple[Alarm, ...]:
    return members(stage.sample.alarms)


EXPECT: dict[str, Look] = {
    # --- alarms
    "alarms": _alarms("just", _active, "these are active, and no others"),
    "alarm": _alarms("also", _active, "these are active, among others"),
    "no_alarm": _alarms("none of", _active, "none of these is active"),
    "raised": _alarms("also", lambda stage: stage.seen.raised, "these have been raised since the start"),
    "never_raised": _alarms(
        "none of", lambda stage: stage.seen.raised, "none of these has been raised since the start"
    ),
    "cleared": _alarms("also", lambda stage: stage.seen.cleared, "these have been raised and cleared"),
    # --- what the firmware believes
    "state": _one(
        member_of(State, "a state"), lambda stage, _: stage.sample.state, '"RUNNING"', "what the motor does"
    ),
    "mode": _one(
        member_of(Mode, "a mode"),
        lambda stage, _: stage.sample.mode,
        '"PROGRAM"',
        "what stands over the program",
    ),
    "rate": _rate(lambda stage: stage.sample.commanded_rate_nl_h, "the commanded rate"),
    "measured_rate": _rate(
        lambda stage: stage.sample.measured_rate_nl_h, "the motor's rate, as telemetry has it"
    ),
    "delivered": _volume(
        lambda stage: stage.sample.delivered_nl, "believed to be delivered since the last fill"
    ),
    "reservoir": _volume(lambda stage: stage.sample.reservoir_nl, "believed to be in the reservoir"),
    "sensed": _volume(lambda stage: stage.sample.sensed_nl, "what the level sensor reads"),
    "battery": _figure(
        parse_percent,
        lambda percent: f"{percent} %",
        lambda stage: stage.sample.battery_percent,
        '"80 %"',
        "charge left",
    ),
    "concentration": _figure(
        parse_concentration,
        lambda held: f"{held} ug/mL",
        lambda stage: stage.sample.concentration_ug_ml,
        '"500 ug/mL"',
        "of the drug that the pump was told of",
    ),
    "revision": _count(lambda stage, _: stage.emulator.device.memory.revision, "changes applied so far"),
    "boot": _count(lambda stage, _: stage.emulator.device.memory.boot, "starts so far"),
    # --- what is so
    "tip": _volume(lambda stage: stage.truth.tip_nl, "what came out of the catheter's tip since the start"),
    "tip_rate": _rate(lambda stage: stage.truth.tip_rate_nl_h, "the flow at the tip"),
    "given": _figure(
        lambda written: parse_mass(written) * _PG_A_UG,
        _pg_text,
        lambda stage: stage.truth.tip_pg,
        '"300 ug"',
        "drug that came out of the tip since the start",
    ),
    "held": _volume(lambda stage: stage.truth.held_nl, "what is in the reservoir"),
    "leaked": _volume(lambda stage: stage.truth.leaked_nl, "lost before the catheter"),
    "troubles": Look(
        Word(
            lambda value: Members("just", members_of(Trouble, "a trouble")(value)),
            '["OCCLUSION"]',
            "what is wrong inside, and nothing else",
        ),
        lambda stage, _: stage.truth.troubles,
        names_of,
    ),
    # --- what passed on the wire
    "requests": _tally(
        name_in(REQUESTS, "a request"),
        lambda stage, _: stage.seen.requests,
        "{ Commit = 1 }",
        "requests that the pump accepted, of all hosts, since the start",
    ),
    "refused": _tally(
        member_of(Refusal, "a refusal"),
        lambda stage, _: stage.seen.refused,
        "{ STEP_UP = 1 }",
        "requests that it refused, by the reason",
    ),
    "events": _tally(
        member_of(EventKind, "an event"),
        lambda stage, _: stage.seen.events,
        "{ PATIENT_BOLUS = 1 }",
        "entries of the pump's logs since the start",
    ),
    "faults": _tally(
        name_in(KINDS, "a kind of fault"),
        lambda stage, _: stage.seen.faults,
        "{ lose-reply = 1 }",
        "how often faults have struck",
    ),
    # --- what the host knows
    "outcome": _one(
        member_of(Fate, "an outcome"),
        lambda stage, who: stage.host(who).fate,
        '"APPLIED"',
        "what the host knows of its newest change",
    ),
    "resolved": _count(
        lambda stage, who: stage.host(who).resolved, "verdicts that the host learned by asking"
    ),
    "unanswered": _count(
        lambda stage, who: stage.host(who).talk.unanswered,
        "requests and greetings of the host that got no answer in time",
        "{ min = 1 }",
    ),
    "bad_frames": _count(
        lambda stage, who: getattr(stage.host(who).talk.status, "frames_bad", 0),
        "frames dropped on its port, as the host's newest reading tells",
        "{ min = 1 }",
    ),
    "sessions": _count(lambda stage, who: stage.host(who).talk.sessions, "sessions that the host has opened"),
    "in": _one(text, lambda stage, _: stage.state, '"retrying"', "the state that the scenario is in"),
}

OF_A_HOST = frozenset(
    {"outcome", "resolved", "unanswered", "bad_frames", "sessions"}
)  # what only a host of the stage's own can tell
EXPECT_WORDS: dict[str, Word] = {key: look.word for key, look in EXPECT.items()} | {
    WHO: Word(text, '"second"', "which host is meant")
}


@dataclass(frozen=True, slots=True)
class Expectations:
    """What is expected at one moment.

    Attributes:
        line: where it stands.
        who: which host is meant; None for the first.
        wanted: by the key.
    """

    line: int
    who: str | None
    wanted: Mapping[str, Wanted]

    def unmet(self, stage: Stage) -> list[str]:
        """Return a sentence for each that is not so."""
        failed = []
        for key, wanted in self.wanted.items():
            look = EXPECT[key]
            seen = look.see(stage, self.who or stage.first)
            if not wanted.holds(seen):
                failed.append(f"{key}: expected {wanted.text}, got {look.show(seen)}")
        return failed


def read_expect(value: object, line: int) -> Expectations:
    """Return what a table of expectations means, which stands in a line.

    Raises:
        ValueError: with a sentence.
    """
    found = read_table(value, EXPECT_WORDS, "key of expect")
    who = found.pop(WHO, None)
    return Expectations(line, who, found)
