"""Requests: each has its answer, what is not known or not well formed is refused as such, and a viewer only reads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from protocol.frame import MOST_PAYLOAD
from protocol.messages import (
    MINOR_VERSION,
    Acknowledge,
    AudioPause,
    Bench,
    Change,
    Commit,
    GetBench,
    GetEvents,
    GetLimits,
    GetProgram,
    GetStatistics,
    Identify,
    Poll,
    Prepare,
    Rejected,
    Resolve,
    Status,
    Step,
    build,
)
from protocol.vocabulary import ChangeKind, Refusal
from pumpmock.conform.check import Check, FailedError, Need, SkippedError, demand, ensure, judged
from pumpmock.conform.misshapen import misshapen
from pumpmock.conform.rig import NO_COMMAND

if TYPE_CHECKING:
    from protocol.fields import Message
    from pumpmock.conform.rig import Rig

REQUESTS, CONVENTIONS = "Requests", "Conventions"
UNKNOWN = (0x00, 0x03, 0x0F, 0x17, 0x1F, 0x25, 0x40, 0x7F)
_ID = b"conform\xc0"
_FLEX = Change(ChangeKind.FLEX, weekdays=1, steps=(Step(0, 20_000), Step(720, 21_000)))
_READING: tuple[Message, ...] = (
    Identify(),
    Poll(),
    GetLimits(),
    GetEvents(1),
    GetProgram(0),
    GetStatistics(),
)
# What only a technician may ask, such that it would do nothing if it were taken after all.
_CHANGING: tuple[Message, ...] = (
    Prepare(_ID, 0, 0, 0, _FLEX),
    Commit(_ID, bytes(8)),
    Resolve(_ID),
    Acknowledge(0),
    AudioPause(0),
)

EXAMPLES = (*_READING, GetBench(), *_CHANGING)


def _unknown_type(rig: Rig, size: int) -> None:
    for code in UNKNOWN:
        rig.refused_raw(code, b"\xa5" * size, Refusal.UNSUPPORTED, bound=0)


def _is_later(rig: Rig) -> bool:
    """Say whether the device is of a later minor version, and may know types and kinds that are unknown here."""
    return rig.offer is not None and rig.offer.challenge.minor_version > MINOR_VERSION


def _unknown_types(rig: Rig) -> None:
    if _is_later(rig):
        raise SkippedError("the device speaks a later minor version, which may know these types")
    for size in (0, 9, MOST_PAYLOAD):
        _unknown_type(rig, size)


def _malformed(rig: Rig, example: Message) -> None:
    for what, payload in misshapen(example):
        if what.startswith("change.kind") and _is_later(rig):
            continue
        try:
            rig.refused_raw(example.code, payload, Refusal.MALFORMED, bound=0)
        except FailedError as error:
            raise FailedError(f"{error.expected}, {type(example).__name__} {what}", error.got) from error


def _malformed_at_a_bench(rig: Rig) -> None:
    if isinstance(rig.ask_raw(GetBench.code), Rejected):
        raise SkippedError("the device is no bench, to which this type is unknown")
    _malformed(rig, GetBench())


def _tells_its_faults(rig: Rig) -> None:
    """A device that is no bench has none, and does not know the question."""
    answer = rig.ask_raw(GetBench.code)
    faults = rig.ask(Poll(), Status).bench_faults
    if isinstance(answer, Bench):
        demand(answer.faults, faults, "faults, as many as in Status:")
        return
    judged(answer, GetBench.code, (Refusal.UNSUPPORTED,), command_id=NO_COMMAND, bound=0)
    demand(faults, 0, "Status.bench_faults of a device that is no bench:")


def _viewer_is_refused(rig: Rig, request: Message) -> None:
    before = rig.ask(Poll(), Status)
    command_id = getattr(request, "command_id", NO_COMMAND)
    rig.refused(request, Refusal.ROLE, command_id=command_id, bound=0)
    after = rig.ask(Poll(), Status)
    demand(
        (after.revision, after.commanded_rate_nl_h), (before.revision, before.commanded_rate_nl_h), "still"
    )


def _sentences(rig: Rig) -> None:
    """The codec takes printable text alone; here it is also to say something."""
    answer = rig.refused_raw(Poll.code, b"\0", Refusal.MALFORMED)
    ensure(so=bool(answer.sentence), expected="a sentence for a person", got=repr(answer.sentence))


def _longer_is_malformed(rig: Rig) -> None:
    for request in _READING:
        payload = build(request)
        for longer in (payload + b"\0", payload + bytes(20)):
            rig.refused_raw(request.code, longer, Refusal.MALFORMED, bound=0)


def _refusals_change_nothing(rig: Rig) -> None:
    before = rig.statistics()
    rig.refused_raw(Poll.code, b"\0", Refusal.MALFORMED)
    after = rig.statistics()
    demand(after.accepted - before.accepted, 2, "a refused request is an accepted frame; accepted, risen by")


_MALFORMED = "{} that is not as this table has it is MALFORMED"

CHECKS = (
    Check(
        "Bench", "a bench tells as many faults as its Status; what is no bench has none", _tells_its_faults
    ),
    Check("GetBench", _MALFORMED.format("GetBench"), _malformed_at_a_bench),
    Check(REQUESTS, "a type that is not known is UNSUPPORTED, whatever its payload", _unknown_types),
    Check(REQUESTS, "a refusal has a sentence of printable ASCII", _sentences),
    Check(REQUESTS, "a request that is refused was an accepted frame", _refusals_change_nothing),
    Check(CONVENTIONS, "a longer payload is MALFORMED, not a later version", _longer_is_malformed),
    *(
        Check(
            type(example).__name__,
            _MALFORMED.format(type(example).__name__),
            partial(_malformed, example=example),
            needs,
        )
        for examples, needs in ((_READING, Need.READS), (_CHANGING, Need.GUARDED))
        for example in examples
    ),
    *(
        Check(
            REQUESTS,
            f"a viewer's {type(request).__name__} is refused with ROLE, under its command id",
            partial(_viewer_is_refused, request=request),
            Need.VIEWER,
        )
        for request in _CHANGING
    ),
)
