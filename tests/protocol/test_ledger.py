from __future__ import annotations

import pytest

from protocol.changes import ChangeDesk
from protocol.ledger import VOID_KEPT, Applied, Ledger
from protocol.messages import Outcome, Resolve
from protocol.vocabulary import ChangeKind, Verdict
from tests.protocol.helpers import Bench

ID = b"change-1"
OTHER_ID = b"change-2"


def line(revision: int, command_id: bytes = ID) -> Applied:
    return Applied(revision, command_id, ChangeKind.RATE, 1, 2)


def test_a_ledger_comes_back_as_it_was_and_answers_for_its_changes() -> None:
    lines = (line(1), line(2, OTHER_ID))
    ledger = Ledger(lines)
    assert (ledger.lines, ledger.revision) == (lines, 2)
    assert ledger.find(OTHER_ID) == lines[1]
    assert ledger.find(bytes(8)) is None
    bench = Bench()
    desk = ChangeDesk(
        ledger,
        bytes,
        present=bench.present,
        refuse=bench.refuse,
        foresee=bench.foresee,
        apply=lambda line, _change: bench.applied.append(line),
    )
    assert desk.resolve(Resolve(ID)) == Outcome(ID, Verdict.APPLIED, 1, 1, 2)


@pytest.mark.parametrize(
    "lines",
    [(line(0),), (line(2),), (line(1), line(3, OTHER_ID)), (line(1), line(1, OTHER_ID)), (line(1), line(2))],
)
def test_a_ledger_with_a_gap_or_a_repeated_change_is_refused(lines: tuple[Applied, ...]) -> None:
    with pytest.raises(ValueError, match=r"^revision \d cannot follow revision [01]$"):
        Ledger(lines)


def test_a_withdrawn_line_is_forgotten() -> None:
    ledger = Ledger((line(1), line(2, OTHER_ID)))
    ledger.withdraw()
    assert ledger.lines == (line(1),)
    assert ledger.find(OTHER_ID) is None
    ledger.append(line(2, OTHER_ID))


def test_what_was_applied_cannot_become_void() -> None:
    ledger = Ledger((line(1),))
    with pytest.raises(ValueError, match=r"^a change that was applied can't become void$"):
        ledger.make_void(ID)
    assert (ledger.is_void(ID), ledger.voided) == (False, 0)


def test_so_many_void_changes_are_kept_and_each_is_counted_once() -> None:
    ids = [number.to_bytes(8, "little") for number in range(VOID_KEPT + 2)]
    ledger = Ledger()
    assert (VOID_KEPT, ledger.voided) == (64, 0)
    for command_id in ids:
        ledger.make_void(command_id)
    assert (ledger.void, ledger.voided) == (tuple(ids[2:]), 66)
    ledger.make_void(ids[-1])
    assert (ledger.void, ledger.voided) == (tuple(ids[2:]), 66)


def test_void_changes_come_back_with_the_ledger() -> None:
    ledger = Ledger((line(1),), (OTHER_ID,))
    assert (ledger.void, ledger.is_void(OTHER_ID), ledger.is_void(ID)) == ((OTHER_ID,), True, False)
    with pytest.raises(ValueError, match=r"^a change that was applied can't become void$"):
        Ledger((line(1),), (ID,))
