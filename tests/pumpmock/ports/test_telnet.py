from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpmock.ports.telnet import (
    MAX_SUBNEGOTIATION,
    Agreements,
    Break,
    Item,
    Negotiation,
    Option,
    Parser,
    Subnegotiation,
    Verb,
    escape,
    negotiate,
    subnegotiate,
)

THEIRS, OURS = (Verb.WILL, Option.BINARY), (Verb.DO, Option.BINARY)

byte = st.integers(0, 255)
items = st.lists(
    st.one_of(
        st.binary(min_size=1, max_size=20),
        st.binary(min_size=1, max_size=5).map(lambda data: data.replace(b"a", b"\xff")),
        st.builds(Negotiation, st.sampled_from(Verb), byte),
        st.builds(Subnegotiation, byte, st.binary(max_size=MAX_SUBNEGOTIATION - 1)),
        st.just(Break()),
    )
)
# What a telnet stream is made of, so that what is random is often nearly right.
garbage = st.lists(st.sampled_from([255, 240, 241, 243, 250, 251, 252, 253, 254, 44, 0, 1, 13]) | byte).map(
    bytes
)
cuts = st.lists(st.integers(0, 200))


def as_bytes(item: Item) -> bytes:
    match item:
        case Negotiation(verb, option):
            return negotiate(verb, option)
        case Subnegotiation(option, payload):
            return subnegotiate(option, payload)
        case Break():
            return b"\xff\xf3"
        case _:
            return escape(item)


def parsed(stream: bytes, at: list[int]) -> list[Item]:
    """Return what the stream brings when it is cut there, with bytes in a row as one."""
    parser = Parser()
    ends = sorted({0, len(stream), *(min(cut, len(stream)) for cut in at)})
    found: list[Item] = []
    for begin, end in itertools.pairwise(ends):
        for item in parser.feed(stream[begin:end]):
            found = joined(found, item)
    return found


def joined(found: list[Item], item: Item) -> list[Item]:
    if isinstance(item, bytes) and found and isinstance(found[-1], bytes):
        return [*found[:-1], found[-1] + item]
    return [*found, item]


@given(items, cuts)
def test_what_was_put_into_a_stream_comes_out_however_it_is_cut(sent: list[Item], at: list[int]) -> None:
    expected: list[Item] = []
    for item in sent:
        expected = joined(expected, item)
    assert parsed(b"".join(map(as_bytes, sent)), at) == expected


@given(garbage, cuts)
def test_garbage_is_taken_in_the_same_way_however_it_is_cut_and_raises_nothing(
    stream: bytes, at: list[int]
) -> None:
    assert parsed(stream, at) == parsed(stream, [])


def test_what_is_said_within_an_option_is_escaped_like_everything_else() -> None:
    assert subnegotiate(44, b"\x6f\xff") == b"\xff\xfa\x2c\x6f\xff\xff\xff\xf0"
    assert escape(b"a\xffb") == b"a\xff\xffb"


def test_a_subnegotiation_without_end_keeps_no_more_than_a_bounded_number_of_bytes() -> None:
    parser = Parser()
    assert list(parser.feed(b"\xff\xfa\x2c")) == []
    for _ in range(1_000):
        assert list(parser.feed(bytes(1_000) + b"\xff\xff")) == []
    assert len(parser._sub or b"") <= MAX_SUBNEGOTIATION + 1
    # It is passed over to its end, and what follows is understood.
    assert list(parser.feed(b"\xff\xf0after")) == [b"after"]


def test_the_longest_subnegotiation_is_understood_and_one_byte_more_is_not() -> None:
    longest = bytes(MAX_SUBNEGOTIATION - 1)
    assert list(Parser().feed(subnegotiate(44, longest))) == [Subnegotiation(44, longest)]
    assert list(Parser().feed(subnegotiate(44, longest + b"\0"))) == []


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"a\xff\xffb", [b"a", b"\xff", b"b"]),
        (b"\xff\xf1\xff\xf6a", [b"a"]),  # NOP, and ARE YOU THERE
        (b"\xff\xf0a", [b"a"]),  # an end without a beginning
        (b"\xff\xfa\xff\xf0a", [b"a"]),  # nothing in between
        (b"\xff\xfa\x2c\x01\xff\xfb\x00a", [Negotiation(Verb.WILL, 0), b"a"]),  # a command breaks it off
        (b"\xff\xfa\x2c\x01\xff\xfa\x2c\x05\xff\xf0", [Subnegotiation(44, b"\x05")]),
        (b"\xff\xfb\xff\xff\xfd\xffa", [Negotiation(Verb.WILL, 255), Negotiation(Verb.DO, 255), b"a"]),
        (b"\r\n\r\0", [b"\r\n\r\0"]),  # no terminal's line ends
    ],
)
def test_a_stream_is_read_as_rfc_854_and_855_say(stream: bytes, expected: list[Item]) -> None:
    assert list(Parser().feed(stream)) == expected


@pytest.mark.parametrize(("verb", "yes"), [(Verb.WILL, Verb.DO), (Verb.DO, Verb.WILL)])
def test_an_option_that_is_wanted_is_agreed_to_once(verb: Verb, yes: Verb) -> None:
    agreements = Agreements(frozenset([(verb, 0)]))
    assert agreements.answer(Negotiation(verb, 0)) == negotiate(yes, 0)
    assert agreements.answer(Negotiation(verb, 0)) == b""
    assert agreements.has((verb, 0))


@pytest.mark.parametrize(("verb", "no"), [(Verb.WILL, Verb.DONT), (Verb.DO, Verb.WONT)])
def test_any_other_option_is_refused_as_often_as_it_is_asked_for(verb: Verb, no: Verb) -> None:
    agreements = Agreements(frozenset())
    for _ in range(2):
        assert agreements.answer(Negotiation(verb, 31)) == negotiate(no, 31)
    assert not agreements.has((verb, 31))


@pytest.mark.parametrize(
    ("verb", "back", "confirmed"),
    [(Verb.WILL, Verb.WONT, Verb.DONT), (Verb.DO, Verb.DONT, Verb.WONT)],
)
def test_what_is_taken_back_is_off_and_confirmed_once(verb: Verb, back: Verb, confirmed: Verb) -> None:
    agreements = Agreements(frozenset([(verb, 0)]))
    agreements.answer(Negotiation(verb, 0))
    assert agreements.answer(Negotiation(back, 0)) == negotiate(confirmed, 0)
    assert agreements.answer(Negotiation(back, 0)) == b""
    assert not agreements.has((verb, 0))


def test_what_we_asked_for_is_not_answered_again_when_it_is_granted() -> None:
    agreements = Agreements(frozenset([THEIRS, OURS]))
    assert agreements.ask(THEIRS) == negotiate(Verb.DO, Option.BINARY)
    assert agreements.ask(THEIRS) == b""
    assert agreements.answer(Negotiation(Verb.WILL, Option.BINARY)) == b""
    assert agreements.has(THEIRS)
    assert agreements.ask(THEIRS) == b""


def test_what_we_asked_for_and_was_refused_can_still_be_agreed_to_later() -> None:
    agreements = Agreements(frozenset([THEIRS]))
    agreements.ask(THEIRS)
    assert agreements.answer(Negotiation(Verb.WONT, Option.BINARY)) == b""
    assert agreements.answer(Negotiation(Verb.WILL, Option.BINARY)) == negotiate(Verb.DO, Option.BINARY)


@given(st.lists(st.tuples(st.booleans(), st.builds(Negotiation, st.sampled_from(Verb), st.just(0)))))
def test_two_ends_that_both_agree_to_all_never_talk_for_ever(moves: list[tuple[bool, Negotiation]]) -> None:
    """Whatever either says of its own accord, the answers to the answers come to an end."""
    ends = [Agreements(frozenset([THEIRS, OURS])) for _ in range(2)]
    for to_first, said in moves:
        here, waiting = int(to_first), [said]
        for _ in range(4):
            reply = b"".join(ends[here].answer(move) for move in waiting)
            waiting = [item for item in Parser().feed(reply) if isinstance(item, Negotiation)]
            here = 1 - here
        assert waiting == []
