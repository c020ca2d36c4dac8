from __future__ import annotations

import copy
import dataclasses
import itertools
import pickle
from typing import Any

import pytest

from protocol.fields import Message, specs
from protocol.messages import MESSAGES, Outcome, Poll, build, parse
from protocol.vocabulary import Verdict
from tests.protocol.helpers import extreme

RECORDS = {spec.record for kind in MESSAGES.values() for spec in specs(kind).values() if spec.record}
KINDS: list[type[Any]] = [*MESSAGES.values(), *sorted(RECORDS, key=lambda kind: kind.__name__)]


def named(kind: type[Message]) -> str:
    return kind.__name__


def ways_to_make(kind: type[Message]) -> list[Message]:
    made = extreme(kind, largest=True)
    fields = {name: getattr(made, name) for name in specs(kind)}
    return [
        made,
        kind(*fields.values()),
        kind(**fields),
        parse(kind.code, build(made)) if kind.code else made,
        dataclasses.replace(made),
        copy.copy(made),
        copy.deepcopy(made),
        pickle.loads(pickle.dumps(made)),  # noqa: S301 - our own bytes
    ]


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_message_cannot_be_written_to_however_it_was_made(kind: type[Message]) -> None:
    for made in ways_to_make(kind):
        for name in (*specs(kind), "anything_else", "__class__"):
            with pytest.raises((AttributeError, TypeError)):
                setattr(made, name, 0)
            with pytest.raises((AttributeError, TypeError)):
                delattr(made, name)
        assert made == extreme(kind, largest=True)


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_message_is_of_its_own_type_and_equal_however_it_was_made(kind: type[Message]) -> None:
    for made in ways_to_make(kind):
        assert type(made) is kind
        assert made == extreme(kind, largest=True)
        assert hash(made) == hash(extreme(kind, largest=True))
        assert repr(made) == repr(extreme(kind, largest=True))


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_message_is_made_of_all_fields_that_have_no_default_and_of_no_others(kind: type[Any]) -> None:
    made = extreme(kind, largest=True)
    fields = {name: getattr(made, name) for name in specs(kind)}
    defaults = {f.name: f.default for f in dataclasses.fields(kind) if f.default is not dataclasses.MISSING}
    for left in fields:
        less = {name: value for name, value in fields.items() if name != left}
        if left in defaults:
            assert getattr(kind(**less), left) == defaults[left]
        else:
            with pytest.raises(TypeError, match=kind.__name__):
                kind(**less)
    with pytest.raises(TypeError, match=kind.__name__):
        kind(**fields, more=0)


def test_messages_of_two_types_differ_even_where_their_fields_are_alike() -> None:
    alike = [kind() for kind in KINDS if not specs(kind)]
    assert len(alike) > 1
    for one, other in itertools.permutations(
        [*alike, *(extreme(k, largest=False) for k in KINDS if specs(k))], 2
    ):
        assert one != other


def test_a_message_is_printed_as_it_is_made() -> None:
    assert repr(Poll()) == "Poll()"
    assert repr(Outcome(b"change-1", Verdict.APPLIED, 1, 2, 3)) == (
        "Outcome(command_id=b'change-1', verdict=<Verdict.APPLIED: 1>, revision=1, rate_nl_h=2, pump_time_us=3)"
    )


def test_messages_that_differ_fall_apart_in_a_table_of_hashes() -> None:
    assert len({hash(Outcome(bytes(8), Verdict.APPLIED, revision, 2, 3)) for revision in range(100)}) > 90
