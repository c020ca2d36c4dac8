"""Whole conversations about changes: what is applied, what is refused and why."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from docs.vectors.bench import (
    BOUNDS,
    MINIMUM_RATE_NL_H,
    NL_TO_EMPTY,
    NL_TO_LOW,
    NOT_OFFERED,
    START_MS,
    Recorder,
)
from docs.vectors.given import TECHNICIAN, VIEWER, Json, key_json, topic
from docs.vectors.typical import CHANGES, RATE_NL_H
from protocol.changes import PREPARE_TTL_MS
from protocol.fields import specs
from protocol.messages import USED, Acknowledge, AudioPause, Change, Commit, Prepare, Prepared, Resolve, Step
from protocol.vocabulary import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Callable

_RATE, _STOP, _RESUME = (CHANGES[kind] for kind in (ChangeKind.RATE, ChangeKind.STOP, ChangeKind.RESUME))


def changes() -> Json:
    """Return the conversations, with the rules of the pump that they are held with."""
    return topic(
        "Conversations with a pump of few rules, which are told in `pump`. Each begins with a new pump.",
        keys=[key_json(TECHNICIAN), key_json(VIEWER)],
        pump={
            "now_ms": START_MS,
            "revision": 0,
            "commanded_rate_nl_h": RATE_NL_H,
            "programmed_rate_nl_h": RATE_NL_H,
            "least_rate_nl_h": BOUNDS.least_rate_nl_h,
            "most_rate_nl_h": BOUNDS.most_rate_nl_h,
            "minimum_rate_nl_h": MINIMUM_RATE_NL_H,
            "step_up_percent": BOUNDS.step_up_percent,
            "step_down_percent": BOUNDS.step_down_percent,
            "most_bolus_nl": BOUNDS.most_bolus_nl,
            "nl_to_low": NL_TO_LOW,
            "nl_to_empty": NL_TO_EMPTY,
            "not_offered": NOT_OFFERED.name,
            "prepare_ttl_ms": PREPARE_TTL_MS,
        },
        vectors=[_held(hold) for hold in _CONVERSATIONS],
    )


def _held(hold: Callable[[Recorder], None]) -> Json:
    recorder = Recorder()
    hold(recorder)
    return {"name": hold.__name__.replace("_", " ").strip(), "about": hold.__doc__, "steps": recorder.steps}


def _id(number: int) -> bytes:
    return b"change" + number.to_bytes(2, "big")


def _prepare(recorder: Recorder, number: int, change: Change, port: str = "A") -> Prepare:
    """Ask for a change on what the pump is at now."""
    bench = recorder.bench
    request = Prepare(_id(number), bench.desk.ledger.revision, bench.commanded_nl_h, 0, change)
    recorder.ask(port, request)
    return request


def _make(recorder: Recorder, number: int, change: Change) -> Commit:
    """Prepare a change and commit it."""
    bench = recorder.bench
    request = Prepare(_id(number), bench.desk.ledger.revision, bench.commanded_nl_h, 0, change)
    prepared = recorder.ask("A", request)
    commit = Commit(request.command_id, prepared.token)
    recorder.ask("A", commit)
    return commit


def _applied_once(recorder: Recorder) -> None:
    """A rate is changed; after that, nothing that names the same change applies it again."""
    recorder.open("A")
    commit = _make(recorder, 1, _RATE)
    recorder.wait(2_000)
    recorder.ask("A", commit)
    recorder.ask("A", Commit(_id(1), bytes(8)))
    recorder.ask("A", Resolve(_id(1)))
    _prepare(recorder, 1, _RATE)


def _stop_and_resume(recorder: Recorder) -> None:
    """Zero is a dose: both take the two steps, and a pump that runs has nothing to resume."""
    recorder.open("A")
    _make(recorder, 1, _STOP)
    _make(recorder, 2, _RESUME)
    _prepare(recorder, 3, _RESUME)


def _decided_on_old_figures(recorder: Recorder) -> None:
    """What the operator saw is compared with what is."""
    recorder.open("A")
    recorder.ask("A", Prepare(_id(1), 1, RATE_NL_H, 0, _RATE))
    recorder.ask("A", Prepare(_id(1), 0, RATE_NL_H + 1, 0, _RATE))
    _make(recorder, 1, _RATE)
    recorder.ask("A", Prepare(_id(2), 0, 25_000, 0, _STOP))
    recorder.ask("A", Prepare(_id(2), 1, RATE_NL_H, 0, _STOP))


def _limits_of_a_rate(recorder: Recorder) -> None:
    """The limits themselves are allowed, a nL/h beyond is not; the first one crossed is told."""
    recorder.open("A")
    for rate in (1_999, 1_000_001, 29_167, 10_416, 0, 0xFFFF_FFFF, 250_000):
        _prepare(recorder, 1, Change(ChangeKind.RATE, rate))
    for rate in (29_166, 10_417):
        _prepare(recorder, 1, Change(ChangeKind.RATE, rate))


def _limits_of_a_bolus(recorder: Recorder) -> None:
    """Its volume is limited, and its duration by the greatest rate; its rate is rounded up to a whole nL/h."""
    recorder.open("A")
    for volume, duration in ((500_001, 3_600), (500_000, 1_799), (500_000, 1_800), (100_001, 3_601)):
        _prepare(recorder, 1, Change(ChangeKind.BOLUS, volume_nl=volume, duration_s=duration))


def _resolved_before_the_commit(recorder: Recorder) -> None:
    """Not applied is final: neither Commit nor Prepare brings the change back."""
    recorder.open("A")
    request = _prepare(recorder, 1, _RATE)
    recorder.ask("A", Resolve(_id(1)))
    recorder.ask("A", Commit(_id(1), bytes(8)))
    recorder.ask("A", request)
    recorder.ask("A", Resolve(_id(1)))
    _make(recorder, 2, _RATE)


def _resolve_of_what_was_never_heard_of(recorder: Recorder) -> None:
    """It is answered, and from then on that change is void."""
    recorder.open("A")
    recorder.ask("A", Resolve(_id(1)))
    _prepare(recorder, 1, _RATE)


def _two_hosts(recorder: Recorder) -> None:
    """There is one place for a prepared change; it is free again after 15 s to the millisecond."""
    recorder.open("A")
    recorder.open("B")
    _prepare(recorder, 1, _RATE)
    recorder.wait(PREPARE_TTL_MS - 1)
    _prepare(recorder, 2, _STOP, "B")
    recorder.wait(1)
    _prepare(recorder, 2, _STOP, "B")
    recorder.ask("B", Resolve(_id(1)))
    recorder.ask("A", Resolve(_id(2)))
    _prepare(recorder, 3, _RATE)


def _commit_with_what_is_not_right(recorder: Recorder) -> None:
    """A wrong token or session is refused and does not void the right one."""
    recorder.open("A")
    recorder.open("B")
    request = Prepare(_id(1), 0, RATE_NL_H, 0, _RATE)
    prepared = recorder.ask("A", request)
    recorder.ask("A", Commit(_id(1), bytes(8)))
    recorder.ask("A", Commit(_id(2), prepared.token))
    recorder.ask("B", Commit(_id(1), prepared.token))
    recorder.ask("A", Commit(_id(1), prepared.token))


def _prepared_again(recorder: Recorder) -> None:
    """The same change may be prepared again: token and 15 s are new, the old token is void."""
    recorder.open("A")
    request = Prepare(_id(1), 0, RATE_NL_H, 0, _RATE)
    old = recorder.ask("A", request)
    recorder.wait(PREPARE_TTL_MS - 1)
    new = recorder.ask("A", request)
    recorder.wait(PREPARE_TTL_MS - 1)
    recorder.ask("A", Commit(_id(1), old.token))
    recorder.ask("A", Commit(_id(1), new.token))


def _prepared_again_by_another_session(recorder: Recorder) -> None:
    """The same id, by any session and with any content, takes the place of the first: each commits its own or nothing."""
    recorder.open("A")
    recorder.open("B")
    first = recorder.ask("A", Prepare(_id(1), 0, RATE_NL_H, 0, _RATE))
    second = recorder.ask("B", Prepare(_id(1), 0, RATE_NL_H, 0, _STOP))
    recorder.ask("A", Commit(_id(1), first.token))
    recorder.ask("A", Commit(_id(1), second.token))
    recorder.ask("B", Commit(_id(1), first.token))
    recorder.ask("B", Commit(_id(1), second.token))
    recorder.ask("A", Commit(_id(1), first.token))


def _prepared_again_in_vain(recorder: Recorder) -> None:
    """Where the second Prepare of an id is refused, the first stands, with its token and what is left of its 15 s."""
    recorder.open("A")
    recorder.open("B")
    prepared = recorder.ask("A", Prepare(_id(1), 0, RATE_NL_H, 0, _RATE))
    recorder.wait(PREPARE_TTL_MS - 1)
    _prepare(recorder, 1, Change(ChangeKind.RATE, 250_000))
    _prepare(recorder, 1, Change(ChangeKind.RATE, 250_000), "B")
    _prepare(recorder, 2, _STOP, "B")
    recorder.ask("A", Commit(_id(1), prepared.token))


def _too_late(recorder: Recorder) -> None:
    """After 15 s there is nothing to commit; the change can be prepared anew."""
    recorder.open("A")
    request = Prepare(_id(1), 0, RATE_NL_H, 0, _RATE)
    prepared = recorder.ask("A", request)
    recorder.wait(PREPARE_TTL_MS)
    recorder.ask("A", Commit(_id(1), prepared.token))
    _make(recorder, 1, _RATE)


def _its_session_ends(recorder: Recorder) -> None:
    """What was prepared ends with its session: nobody else can commit it, and nobody waits for it."""
    recorder.open("A")
    recorder.open("B")
    prepared = recorder.ask("A", Prepare(_id(1), 0, RATE_NL_H, 0, _RATE))
    recorder.close("A")
    recorder.ask("B", Commit(_id(1), prepared.token))
    _prepare(recorder, 2, _STOP, "B")


def _empty_before_the_commit(recorder: Recorder) -> None:
    """The pump's state is judged again at the Commit; the change is no longer prepared then."""
    recorder.open("A")
    prepared = recorder.ask("A", Prepare(_id(1), 0, RATE_NL_H, 0, _RATE))
    recorder.set("is_empty", to=True)
    recorder.ask("A", Commit(_id(1), prepared.token))
    recorder.set("is_empty", to=False)
    recorder.ask("A", Commit(_id(1), prepared.token))


def _not_stored(recorder: Recorder) -> None:
    """What can't be stored is not made, and makes no revision."""
    recorder.open("A")
    prepared = recorder.ask("A", Prepare(_id(1), 0, RATE_NL_H, 0, _RATE))
    recorder.set("is_full", to=True)
    recorder.ask("A", Commit(_id(1), prepared.token))
    recorder.set("is_full", to=False)
    recorder.ask("A", Commit(_id(1), prepared.token))
    _make(recorder, 1, _RATE)


def _a_key_that_only_reads(recorder: Recorder) -> None:
    """Every request that changes something is refused for its role, whatever it says."""
    recorder.open("A", VIEWER)
    _prepare(recorder, 1, _RATE)
    for request in (Commit(_id(1), bytes(8)), Resolve(_id(1)), Acknowledge(1), AudioPause(60)):
        recorder.ask("A", request)


def _every_kind(recorder: Recorder) -> None:
    """Each kind of change with the fields that it uses; one is not offered by this pump."""
    recorder.open("A")
    for number, change in enumerate(CHANGES.values(), 1):
        if isinstance(recorder.ask("A", _wish(number, change)), Prepared):
            recorder.ask("A", Resolve(_id(number)))


def _wish(number: int, change: Change) -> Prepare:
    return Prepare(_id(number), 0, RATE_NL_H, 0, change)


def _fields_that_a_kind_does_not_use(recorder: Recorder) -> None:
    """They are 0 or empty; anything else is MALFORMED, before revision and rate are compared."""
    recorder.open("A")
    for number, (kind, change) in enumerate(CHANGES.items(), 1):
        for name in specs(Change):
            if name != "kind" and name not in USED[kind]:
                value = (Step(0, 1),) if name == "steps" else 1
                unfit = dataclasses.replace(change, **{name: value})  # type: ignore[arg-type] # by name
                recorder.ask("A", dataclasses.replace(_wish(number, unfit), expect_revision=9))


def _changes_that_contradict_themselves(recorder: Recorder) -> None:
    """A pattern begins at minute 0 and rises, for some weekday; a duration is not 0, a volume to deliver neither."""
    recorder.open("A")
    flex, bolus, temporary, prime, bridge, refill = (
        CHANGES[kind]
        for kind in (
            *(ChangeKind.FLEX, ChangeKind.BOLUS, ChangeKind.TEMPORARY_RATE),
            *(ChangeKind.PRIME, ChangeKind.BRIDGE, ChangeKind.REFILL),
        )
    )
    for change in (
        dataclasses.replace(flex, steps=()),
        dataclasses.replace(flex, steps=(Step(1, 18_000),)),
        dataclasses.replace(flex, steps=(Step(0, 18_000), Step(0, 25_000))),
        dataclasses.replace(flex, steps=(Step(0, 18_000), Step(600, 1), Step(599, 2))),
        dataclasses.replace(flex, weekdays=0),
        dataclasses.replace(bolus, duration_s=0),
        dataclasses.replace(temporary, duration_s=0),
        dataclasses.replace(bolus, volume_nl=0),
        dataclasses.replace(prime, volume_nl=0),
        dataclasses.replace(bridge, volume_nl=0),
        dataclasses.replace(refill, volume_nl=0),
    ):
        _prepare(recorder, 1, change)


_CONVERSATIONS: tuple[Callable[[Recorder], None], ...] = (
    _applied_once,
    _stop_and_resume,
    _decided_on_old_figures,
    _limits_of_a_rate,
    _limits_of_a_bolus,
    _resolved_before_the_commit,
    _resolve_of_what_was_never_heard_of,
    _two_hosts,
    _commit_with_what_is_not_right,
    _prepared_again,
    _prepared_again_by_another_session,
    _prepared_again_in_vain,
    _too_late,
    _its_session_ends,
    _empty_before_the_commit,
    _not_stored,
    _a_key_that_only_reads,
    _every_kind,
    _fields_that_a_kind_does_not_use,
    _changes_that_contradict_themselves,
)
