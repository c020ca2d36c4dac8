"""What the history has of a period: nothing within it is left out, and nothing of another is taken in."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from monitor.account.facts import Injected, Instant, Period, between
from monitor.account.gaps import Gap, longest, session_start
from monitor.history import store as module
from monitor.history.schema import opened_to_read
from monitor.history.store import Store
from monitor.history.told import Page, of_pump
from protocol.messages import EventRecord
from protocol.vocabulary import EventKind
from tests.monitor.account.bench import (
    HOSTILE,
    LOG,
    account_of,
    applied,
    bench,
    change,
    entry,
    identified,
    made,
    page_of,
    status,
)
from tests.monitor.history.bench import OTHER, PUMP, WALL_MS
from tests.monitor.history.test_store import forge

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.account.facts import Account

S = 1_000


@pytest.fixture
def found(tmp_path: Path) -> Account:
    account = account_of(made(tmp_path))
    assert account is not None
    return account


def test_the_figures_are_those_of_the_first_and_the_last_reading_and_of_the_extremes(found: Account) -> None:
    assert found.readings.total == 240 + 241
    assert (found.readings.first.at_ms, found.readings.last.at_ms) == (WALL_MS, WALL_MS + 600 * S)
    assert found.readings.last.reservoir_nl == 12_000_000 - 600
    assert found.readings.battery == (84, 84)
    assert (min(found.points.least[2]), max(found.points.most[2])) == (12_000_000 - 600, 12_000_000)


def test_a_time_without_readings_is_a_gap_and_what_was_logged_in_it_was_filled_in(found: Account) -> None:
    (gap,) = found.gaps
    assert (gap.from_ms, gap.to_ms, gap.seconds) == (WALL_MS + 239 * S, WALL_MS + 360 * S, 121)
    assert [one.number for one in gap.filled(found.events)] == [3]
    assert gap.why == HOSTILE[:-5] + "??[2J"  # the first of the reasons that were recorded meanwhile


def test_who_it_was_and_what_its_bench_did_are_known_from_the_record(found: Account) -> None:
    assert found.who is not None
    assert (found.who.model, found.who.low_reservoir_nl) == (HOSTILE, 2_000_000)
    assert found.injected == (Injected(WALL_MS + 30 * S, WALL_MS + 60 * S, 1, HOSTILE),)
    assert found.told_since_ms == WALL_MS


def test_a_change_is_beside_the_log_of_the_pump_and_what_the_trail_lacks_is_another_hosts(
    found: Account,
) -> None:
    (deed,) = found.deeds
    assert (deed.applied, deed.in_log, deed.revision, deed.reason) == (True, True, 5, HOSTILE)
    assert [one.number for one in found.others] == [5]
    assert [entry.kind for entry in found.acts] == ["acknowledged"]
    assert found.verdict.broken == ""
    assert (found.verdict.records, found.verdict.readings) == (8, 481)


def test_a_part_of_it_has_only_what_was_in_that_part(tmp_path: Path) -> None:
    part = account_of(made(tmp_path), Period(WALL_MS + 380 * S, WALL_MS + 450 * S))
    assert part is not None
    assert [one.number for one in part.events] == [4]
    assert part.deeds == part.others == part.injected == part.gaps == ()
    (alarm,) = part.alarms  # raised before, and active still
    assert alarm.raised == LOG[2]
    assert alarm.acknowledged == LOG[3]
    assert part.readings.total == 70


def test_what_was_logged_before_the_first_reading_after_a_pause_belongs_to_that_reading(
    tmp_path: Path,
) -> None:
    part = account_of(made(tmp_path), Period(WALL_MS + 360 * S, WALL_MS + 380 * S))
    assert part is not None
    assert [one.number for one in part.events] == [3]


def test_while_the_time_of_a_pump_stands_its_log_is_told_apart_by_its_numbers(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    log = tuple(entry(number, 0, EventKind.SESSION, 1, 1) for number in (1, 2, 3, 4))
    with closing(Store(file)) as store:
        for second, newest in ((0, 1), (1, 2), (60, 3), (61, 4)):
            reading = status(0, newest_event=newest)
            store.add(PUMP, [(WALL_MS + second * S, reading)])
        store.add(PUMP, [], Page(1, log))
    whole, first, last = (
        account_of(file, Period(WALL_MS + begin * S, WALL_MS + end * S))
        for begin, end in ((0, 62), (0, 2), (1, 61))
    )
    assert whole is not None
    assert first is not None
    assert last is not None
    (gap,) = whole.gaps
    assert [one.number for one in gap.filled(whole.events)] == [3]
    assert [one.number for one in first.events] == [1, 2]
    assert [one.number for one in last.events] == [2, 3]


def test_who_it_was_is_what_was_known_at_the_end_of_the_period(tmp_path: Path) -> None:
    file = made(tmp_path)
    with closing(Store(file)) as store:
        facts = {"model": "later", "firmware": "2", "capacity_nl": 1, "low_reservoir_nl": 1, "residual_nl": 1}
        store.append(WALL_MS + 500 * S, "identified", of_pump(PUMP) | facts)
    for until, model in ((450, HOSTILE), (550, "later")):
        account = account_of(file, Period(WALL_MS + 400 * S, WALL_MS + until * S))
        assert account is not None
        assert account.who is not None
        assert account.who.model == model


def test_the_ends_of_a_period_in_which_nothing_was_read_are_gaps(tmp_path: Path) -> None:
    wide = account_of(made(tmp_path), Period(WALL_MS - 100 * S, WALL_MS + 700 * S))
    assert wide is not None
    first, _, last = wide.gaps
    assert first == Gap(WALL_MS - 100 * S, WALL_MS)
    assert last == Gap(WALL_MS + 600 * S, WALL_MS + 700 * S)
    assert first.filled(wide.events) == ()


def test_of_a_period_without_a_reading_there_is_no_account(tmp_path: Path) -> None:
    assert account_of(made(tmp_path), Period(WALL_MS + 250 * S, WALL_MS + 350 * S)) is None


def test_what_was_folded_into_minutes_is_told_of_with_its_extremes_and_its_gaps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 10_000)
    file = made(tmp_path)
    with closing(Store(file)) as store:
        store.fold(WALL_MS + 8 * 86_400 * S)
    account = account_of(file)
    assert account is not None
    assert account.readings.total == 481
    assert account.readings.first.span_s == 60
    assert [one.number for one in account.events] == [1, 2, 3, 4, 5]
    assert account.verdict.broken == ""
    # Two minutes are missing, which is no gap where minutes are all that is kept.
    assert account.gaps == ()


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE audit SET wall_ms = wall_ms + 1 WHERE seq = 3", "record 3 is not what was written"),
        ("UPDATE readings SET reservoir_nl = 1 WHERE seq = 7", "reading 7 is not what was stored"),
        ("DELETE FROM events WHERE number = 2", "applied by this record, and not in the pump's log"),
    ],
)
def test_what_does_not_hold_is_the_verdict(tmp_path: Path, sql: str, said: str) -> None:
    file = made(tmp_path)
    forge(file, sql)
    account = account_of(file)
    assert account is not None
    assert said in account.verdict.broken


def test_a_change_that_is_not_named_after_what_stands_before_it_is_the_verdict(tmp_path: Path) -> None:
    file = made(tmp_path)
    with closing(Store(file)) as store:
        facts = of_pump(PUMP) | {"command": "00" * 8, "change": {"kind": "STOP"}}
        store.append(WALL_MS + 500 * S, "intended", facts)
    account = account_of(file)
    assert account is not None
    assert account.verdict.broken.startswith("record 9: the name of its change")


def test_a_record_of_nobodys_making_is_the_verdict_and_no_crash(tmp_path: Path) -> None:
    file = made(tmp_path)
    with closing(Store(file)) as store:
        change(store, 500, seen=None)
        identified(store, capacity_nl="much")
    account = account_of(file)
    assert account is not None
    assert "is none that pump-monitor writes" in account.verdict.broken
    assert account.deeds == ()


@pytest.mark.parametrize("body", ["[1]", "no json", '{"pump": 1, "store": null, "faults": "x"}', "null"])
@pytest.mark.parametrize("kind", ["intended", "bench", "identified", "folded", "acknowledged"])
def test_whatever_somebody_wrote_into_the_trail_ends_in_a_verdict(
    tmp_path: Path, kind: str, body: str
) -> None:
    file = made(tmp_path)
    forge(file, f"UPDATE audit SET kind = '{kind}', body = '{body}' WHERE seq = 2")  # noqa: S608 - the test's own
    account = account_of(file)
    assert account is not None
    assert "record 2 is not what was written" in account.verdict.broken
    assert "record 2 is not what was written" in page_of(account)


def test_another_memory_of_the_pump_is_counted_and_kept_apart(tmp_path: Path) -> None:
    file = made(tmp_path)
    with closing(Store(file)) as store:
        store.add(OTHER, [(WALL_MS + 5 * S, status(9_999))], Page(1, (entry(1, 1, EventKind.START),)))
    account = account_of(file)
    assert account is not None
    assert account.other_memories == 1
    assert account.readings.total == 481


def test_faults_whose_names_came_later_are_one_stretch(tmp_path: Path) -> None:
    file = made(tmp_path)
    with closing(Store(file)) as store:
        for second, count, names in ((100, 1, ""), (101, 1, "delay"), (102, 2, "delay; drop"), (110, 0, "")):
            bench(store, second, count, names)
    account = account_of(file)
    assert account is not None
    assert account.injected[1:] == (
        Injected(WALL_MS + 100 * S, WALL_MS + 102 * S, 1, "delay"),
        Injected(WALL_MS + 102 * S, WALL_MS + 110 * S, 2, "delay; drop"),
    )


def test_faults_that_were_injected_before_and_are_still_are_in_the_period(tmp_path: Path) -> None:
    file = made(tmp_path)
    with closing(Store(file)) as store:
        bench(store, 100, 1, "delay")
    account = account_of(file, Period(WALL_MS + 380 * S, WALL_MS + 400 * S))
    assert account is not None
    assert account.injected == (Injected(WALL_MS + 100 * S, None, 1, "delay"),)


def test_a_verdict_that_another_record_gave_is_one_change(tmp_path: Path) -> None:
    file = made(tmp_path)
    with closing(Store(file)) as store:
        applied(store, 500, "c9", 6)  # begun by a script without a trail
    account = account_of(file)
    assert account is not None
    assert [deed.wish for deed in account.deeds] == ["to 0.600 mL/day", ""]


def test_a_session_begins_where_nothing_was_read_for_an_hour(tmp_path: Path) -> None:
    file = made(tmp_path)
    with closing(Store(file)) as store:
        store.add(PUMP, [(WALL_MS + second * S, status(second)) for second in (9_000, 9_001, 12_601, 12_602)])
    with opened_to_read(file) as connection:
        for before in (10_000, 13_000):  # an hour to the second is none yet
            assert session_start(connection, 1, WALL_MS + before * S) == WALL_MS + 9_000 * S
        assert session_start(connection, 1, WALL_MS + 9_000 * S) == WALL_MS  # two minutes are no pause
        assert session_start(connection, 1, WALL_MS) is None


def test_of_many_gaps_the_longest_are_kept_in_their_order() -> None:
    gaps = [Gap(10 * number, 10 * number + number % 7) for number in range(20)]
    kept, left_out = longest(gaps, 5)
    assert left_out == 15
    assert list(kept) == sorted(kept)
    assert min(gap.to_ms - gap.from_ms for gap in kept) >= 5


@pytest.mark.parametrize(
    ("number", "pump_us", "host_ms"),
    [
        (2, 30_000_000, 1_500),  # half way
        (3, 120_000_000, 9_000),  # with the reading itself
        (5, 120_000_000, 20_000),  # the pump's time stood, or stands elsewhere by now
        (5, 0, 20_000),
        (1, 30_000_000, None),  # before all of them
        (6, 130_000_000, None),  # after
    ],
)
def test_an_entry_was_logged_between_the_readings_that_did_not_count_it_yet_and_that_did(
    number: int, pump_us: int, host_ms: int | None
) -> None:
    times = [
        *(Instant(0, 1_000, 1), Instant(60_000_000, 2_000, 2)),
        *(Instant(120_000_000, 9_000, 4), Instant(120_000_000, 20_000, 5)),
    ]
    one = EventRecord(number, pump_us, 0, EventKind.START, 0, 0, 0)
    assert between(times, one) == host_ms
    assert between([], one) is None
