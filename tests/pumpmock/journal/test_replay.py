"""What a host asked is asked again of another pump: sealed anew, in terms of what that pump has said."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from protocol.changes import NO_COMMAND
from protocol.keys import BENCH_KEY
from protocol.messages import Change, Commit, Outcome, Poll, Prepare, Prepared, Resolve, Status
from protocol.places import BAUD
from protocol.vocabulary import ChangeKind
from pumpmock.commands.replay import ask_all
from pumpmock.journal.caller import Caller
from pumpmock.journal.entry import HEARD
from pumpmock.journal.file import JournalError
from pumpmock.journal.reading import Recorded
from pumpmock.journal.replay import Adapter, course_of
from pumpmock.ports.base import PortError
from pumpmock.ports.memory import MemoryPort
from tests.protocol.helpers import READING
from tests.pumpmock.stand import Host, Stand

if TYPE_CHECKING:
    from protocol.fields import Message
    from pumpmock.journal.replay import Course

TO_25, TO_28 = Change(ChangeKind.RATE, 25_000), Change(ChangeKind.RATE, 28_000)


def counting() -> Adapter:
    numbers = itertools.count(1)
    return Adapter(lambda size: next(numbers).to_bytes(size, "big"))


def recorded(stand: Stand) -> Recorded:
    return Recorded("j", {}, [*stand.emulator.journal.lines()], is_cut=False)


def lived() -> Recorded:
    """Return the journal of two hosts: one that changes the rate twice, one that reads, and what was dropped of it."""
    stand = Stand()
    host = Host(MemoryPort(stand.emulator.plug()))
    host.change(TO_25)
    host.change(TO_28)
    asked, _ = host.end.ask(Poll())
    host.port.write(asked)
    host.port.write(asked)  # again, which is dropped
    Host(MemoryPort(stand.emulator.plug())).poll()
    return recorded(stand)


def requests(course: Course) -> list[str]:
    return [type(step.message).__name__ for step in course.steps if step.is_request]


class Line:
    """A line to a pump in memory."""

    url = "memory"
    baud = BAUD

    def __init__(self, stand: Stand) -> None:
        self._port = MemoryPort(stand.emulator.plug())
        self._deaf = False

    def read(self) -> bytes:
        return self._port.read(4_096)

    def write(self, data: bytes) -> None:
        self._port.write(data)


def caller(stand: Stand, passed: list[tuple[str, bytes]] | None = None) -> Caller:
    now = itertools.count(0, 1_000_000)
    noted: list[tuple[str, bytes]] = [] if passed is None else passed
    return Caller(
        Line(stand),  # type: ignore[arg-type]
        BENCH_KEY,
        lambda size: bytes(range(size)),
        lambda: next(now),
        lambda what, data: noted.append((what, data)),
    )


def test_a_course_has_what_was_asked_and_taken_and_counts_the_rest() -> None:
    course = course_of(lived())

    change = ["Poll", "Prepare", "Commit"]
    assert requests(course) == [*change, *change, "Poll", "Poll"]
    assert course.left_out == {"dropped by the pump": 1}
    assert [type(one) for one in course.changing] == [Prepare, Commit, Prepare, Commit]
    assert [step.begins for step in course.steps if step.is_request] == [True, *[False] * 6, True]


def test_only_the_readings_of_a_course_change_nothing() -> None:
    course = course_of(lived()).only_reading()

    assert requests(course) == ["Poll"] * 4
    assert course.changing == []
    assert course.left_out["not a reading"] == 4


def test_the_same_pump_new_is_changed_in_the_same_way() -> None:
    stand = Stand()
    waits: list[int] = []

    counts = ask_all(course_of(lived()), caller(stand), counting(), 5, waits.append)

    assert counts == {"asked": 8, "answered": 8}
    assert stand.emulator.device.memory.revision == 2
    assert stand.emulator.device.pump.sample().commanded_rate_nl_h == 28_000
    assert waits == [0, 5, 10, 15, 20, 25, 30, 35]


def test_a_pump_with_a_past_is_changed_in_the_same_way_in_its_own_terms() -> None:
    stand = Stand()
    Host(MemoryPort(stand.emulator.plug())).change(Change(ChangeKind.RATE, 22_000))

    ask_all(course_of(lived()), caller(stand), counting(), 0, lambda _ns: None)

    assert stand.emulator.device.memory.revision == 3
    assert stand.emulator.device.pump.sample().commanded_rate_nl_h == 28_000


def test_gaps_are_as_long_as_they_were_where_that_is_wanted() -> None:
    stand = Stand()
    host = Host(MemoryPort(stand.emulator.plug()))
    for pause_ns in (0, 3_000, 40_000):
        stand.hand.advance(pause_ns)
        host.poll()
    waits: list[int] = []

    ask_all(course_of(recorded(stand)), caller(Stand()), counting(), None, waits.append)

    assert waits == [0, 3_000, 43_000]


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        (Prepare(b"recorded", 7, 20_833, 0, TO_25), (3, 15_000)),  # as the host heard last
        (Prepare(b"recorded", 5, 20_833, 0, TO_25), (1, 15_000)),  # of two revisions before
        (Prepare(b"recorded", 7, 19_000, 0, TO_25), (3, 19_000)),  # of a rate that it made up
        (Prepare(b"recorded", 0, 20_833, 0, TO_25), (0, 15_000)),
    ],
)
def test_what_a_host_had_seen_is_put_in_terms_of_what_it_sees_now(
    wanted: Prepare, asked: tuple[int, int]
) -> None:
    adapter = counting()
    adapter.heard_then(READING)
    adapter.heard_now(replace(READING, revision=3, commanded_rate_nl_h=15_000))
    found = adapter.adapted(wanted)

    assert isinstance(found, Prepare)
    assert (found.expect_revision, found.expect_rate_nl_h) == asked
    assert found.command_id == (1).to_bytes(8, "big")
    assert found.change == TO_25


def test_a_commit_names_the_token_of_this_pump_and_a_resolve_the_same_id() -> None:
    adapter = counting()
    prepare = adapter.adapted(Prepare(b"recorded", 0, 0, 0, TO_25))
    assert isinstance(prepare, Prepare)
    adapter.heard_now(
        Prepared(prepare.command_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, b"newtoken", 15_000, prepare.change)
    )

    assert adapter.adapted(Commit(b"recorded", b"oldtoken")) == Commit(prepare.command_id, b"newtoken")
    assert adapter.adapted(Resolve(b"recorded")) == Resolve(prepare.command_id)
    assert adapter.adapted(Commit(b"another_", b"oldtoken")) == Commit((2).to_bytes(8, "big"), b"oldtoken")


def test_outcomes_are_what_a_host_knows_of_a_pump_too() -> None:
    adapter = counting()
    for heard, revision in ((adapter.heard_then, 4), (adapter.heard_now, 9)):
        heard(Outcome(NO_COMMAND, 1, revision, 100 * revision, 0))  # type: ignore[arg-type]
    found = adapter.adapted(Prepare(b"recorded", 4, 400, 0, TO_25))

    assert isinstance(found, Prepare)
    assert (found.expect_revision, found.expect_rate_nl_h) == (9, 900)


def test_all_that_passes_is_noted_as_a_pump_would() -> None:
    passed: list[tuple[str, bytes]] = []
    one = caller(Stand(), passed)
    greeting: list[Message] = one.greet()
    answer = one.ask(Poll())

    assert isinstance(greeting[0], Status)
    assert isinstance(answer, Status)
    assert [what for what, _ in passed] == ["in", "out", "in", "out", "in", "out"]
    assert passed[0][0] == HEARD


def test_a_pump_that_says_nothing_is_given_up_on() -> None:
    stand = Stand()
    stand.emulator._reception._keys = {}  # type: ignore[assignment]

    with pytest.raises(
        PortError, match=r"nobody answers on memory who has the key 736d1010, or the line .*--baud"
    ):
        caller(stand).greet()


def test_a_journal_whose_messages_cannot_be_is_refused_with_the_entry() -> None:
    journal = lived()
    line = next(
        line for line in journal.lines if line.get("frames") and line["frames"][0]["name"] == "Commit"
    )
    line["frames"][0]["fields"]["command_id"] = "x"

    with pytest.raises(JournalError, match=f"^j, entry {line['n']}: Commit can't say that"):
        course_of(journal)
