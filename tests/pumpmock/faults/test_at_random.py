"""Whatever goes wrong together, the emulator goes on, what is cleared is over, and a seed tells all of it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.messages import Commit, GetEvents, Identify, Poll, Prepared, Resolve, Status
from pumpmock.faults import KINDS
from pumpmock.faults.kinds import Seam, Stage
from pumpmock.medium import PERFECT, Jitter, Medium
from tests.pumpmock.faults.stand import BOLUS, HOUR_US, RATE, Stand

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.faults.kinds import Figure, Kind
    from tests.pumpmock.faults.stand import Host


@dataclass(frozen=True)
class Deed:
    """Something that a test does: a fault that is asked for or cleared, a request, or time that passes."""

    what: str
    arguments: dict[str, Any]


def _figure(figure: Figure) -> st.SearchStrategy[Any]:
    if figure.words:
        return st.sampled_from(figure.words)
    if figure.is_word:
        return st.sampled_from(["9.9", "memory"]) if figure.is_needed else st.just("")
    return st.integers(figure.least, min(figure.most, figure.least + 5_000))


def _fault(kind: Kind) -> st.SearchStrategy[Deed]:
    figures = {figure.name: _figure(figure) for figure in kind.figures if not figure.only}
    needed = {name: figures[name] for name in figures if _by_name(kind, name).is_needed}
    optional = {name: one for name, one in figures.items() if name not in needed}
    when: dict[str, st.SearchStrategy[Any]] = {
        "on": st.sampled_from(["Poll", "Commit", "BOLUS", "Prepare", "Resolve:RATE", "Identify"]),
        "after": st.integers(0, 2),
        "chance_ppm": st.integers(300_000, 1_000_000),
        "first_us": st.integers(0, 3 * HOUR_US),
        "until_us": st.integers(HOUR_US, 9 * HOUR_US),
    }
    if not kind.lasts and kind.stage is not Stage.ONCE:
        when["times"] = st.sampled_from([1, 2, None])
    made = st.fixed_dictionaries({**needed, "kind": st.just(kind.name)}, optional={**optional, **when})
    return made.map(lambda arguments: Deed("fault", arguments))


def _by_name(kind: Kind, name: str) -> Figure:
    return next(figure for figure in kind.figures if figure.name == name)


_DEEDS = st.one_of(
    st.sampled_from([kind for kind in KINDS.values() if kind.seam is not Seam.PORT or kind.name == "mute"])
    .flatmap(_fault),
    st.sampled_from(["poll", "identify", "events", "change", "bolus", "greet"]).map(lambda one: Deed(one, {})),
    st.integers(1, 2 * HOUR_US).map(lambda span: Deed("advance", {"span": span})),
    st.integers(1, 12).map(lambda number: Deed("clear", {"number": number})),
)  # fmt: skip


def change(host: Host, wanted: Any) -> None:  # noqa: ANN401 - a change
    """Change something as far as it goes, and ask what became of it."""
    readings = [answer for answer in host.answers(Poll()) if isinstance(answer, Status)]
    if not readings:
        return
    request = host.prepare_for(readings[-1], wanted)
    for answer in host.answers(request):
        if isinstance(answer, Prepared):
            host.answers(Commit(answer.command_id, answer.token))
    host.answers(Resolve(request.command_id))


def add(stand: Stand, arguments: dict[str, Any]) -> None:
    with contextlib.suppress(ValueError):  # what does not go together is refused, and that is all
        stand.faults.add(**arguments)


DONE_TO_THE_BENCH: dict[str, Callable[[Stand, dict[str, Any]], object]] = {
    "fault": add,
    "clear": lambda stand, arguments: stand.faults.clear(arguments["number"]),
    "advance": lambda stand, arguments: stand.emulator.advance(arguments["span"]),
}
ASKED: dict[str, Callable[[Host], object]] = {
    "poll": lambda host: host.answers(Poll()),
    "identify": lambda host: host.answers(Identify()),
    "events": lambda host: host.answers(GetEvents(1)),
    "change": lambda host: change(host, RATE),
    "bolus": lambda host: change(host, BOLUS),
}


def live_through(deeds: list[Deed], seed: int, medium: Medium) -> tuple[Stand, Host]:
    stand = Stand(seed=seed, medium=medium)
    host = stand.host()
    for deed in deeds:
        if deed.what in DONE_TO_THE_BENCH:
            DONE_TO_THE_BENCH[deed.what](stand, deed.arguments)
        elif deed.what == "greet" or not host.end.is_open:
            host.greet()
        else:
            ASKED[deed.what](host)
    return stand, host


_MEDIA = st.sampled_from([PERFECT, Medium(9_600), Medium(0, 5, Jitter("lognormal", 5), 3)])


@settings(deadline=None)
@given(st.lists(_DEEDS, max_size=14), st.integers(0, 9), _MEDIA)
def test_once_all_is_cleared_the_pump_can_be_greeted_and_read(
    deeds: list[Deed], seed: int, medium: Medium
) -> None:
    stand, host = live_through(deeds, seed, medium)
    assert stand.emulator.doubt is None

    stand.faults.clear()

    assert stand.faults.active == ()
    assert stand.emulator.ports.muted == []
    assert stand.pump.misread is None
    host.read()  # what is under way
    host.greet()
    assert host.end.is_open or host.greet()  # what was held back comes first
    host.status()
    assert stand.faults.turn is None


@settings(deadline=None)
@given(st.lists(_DEEDS, max_size=10), st.integers(0, 9), _MEDIA)
def test_the_same_again_is_the_same_to_the_byte(deeds: list[Deed], seed: int, medium: Medium) -> None:
    (one, _), (other, _) = live_through(deeds, seed, medium), live_through(deeds, seed, medium)
    assert list(one.emulator.journal.entries) == list(other.emulator.journal.entries)
    assert one.saves == other.saves
