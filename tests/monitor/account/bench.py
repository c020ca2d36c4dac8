"""A history made to order, in which something of everything has happened, and the account of it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from monitor.account.facts import Period
from monitor.account.gather import account
from monitor.account.page import page
from monitor.history.schema import opened_to_read
from monitor.history.store import Store
from monitor.history.told import Page, Turn, of_pump
from protocol.alarms import Alarm
from protocol.messages import EventRecord
from protocol.vocabulary import EventKind
from tests.monitor.conftest import STATUS
from tests.monitor.history.bench import PUMP, WALL_MS

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.account.facts import Account
    from protocol.messages import Status

WHOLE = Period(WALL_MS, WALL_MS + 601_000)
HOSTILE = "</table><script>alert(1)</script>\"'&\u202e\x1b[2J"
BY = {"by": "f4ab8b38", "role": "TECHNICIAN"}
SEEN = {"boot": 2, "newest_event": 0, "rate_nl_h": 20_000, "revision": 4}


def entry(number: int, second: int, kind: EventKind, detail: int = 0, a: int = 0, b: int = 0) -> EventRecord:
    return EventRecord(number, second * 1_000_000, WALL_MS // 1_000 + second, kind, detail, a, b)


LOG = (
    entry(1, 5, EventKind.SESSION, 2, 1),
    entry(2, 20, EventKind.RATE_CHANGED, 0, 20_000, 25_000),
    entry(3, 300, EventKind.ALARM_RAISED, Alarm.LOW_RESERVOIR),  # while nobody asked
    entry(4, 400, EventKind.ACKNOWLEDGED, Alarm.LOW_RESERVOIR),
    entry(5, 500, EventKind.STOPPED, 0, 25_000, 0),  # by another host
)


def status(second: int, **changes: int) -> Status:
    """Make a reading, one a second: the pump's time is in step with the host's."""
    newest = sum(one.pump_time_us <= second * 1_000_000 for one in LOG)
    usual = {"pump_time_us": second * 1_000_000, "reservoir_nl": 12_000_000 - second, "newest_event": newest}
    return replace(STATUS, **(usual | changes))


def change(store: Store, second: int, **more: object) -> str:
    """Record the beginning of a change of the rate, and return its command id."""
    facts = of_pump(PUMP) | BY | {"reason": None, "seen": SEEN, "nonce": "5a" * 16}
    wanted = {"kind": "RATE", "rate_nl_h": 25_000}
    return store.intend(WALL_MS + second * 1_000, facts | {"change": wanted} | more).hex()


def then(store: Store, second: int, kind: str, command: str, **more: object) -> None:
    """Record what became of a change."""
    store.append(WALL_MS + second * 1_000, kind, of_pump(PUMP) | BY | {"command": command} | more)


def applied(store: Store, second: int, command: str, revision: int) -> None:
    then(store, second, "prepared", command, old_rate_nl_h=20_000, new_rate_nl_h=25_000)
    then(store, second, "committing", command, rate_nl_h=25_000)
    verdict = {"verdict": "APPLIED", "revision": revision, "rate_nl_h": 25_000}
    then(store, second, "outcome", command, **verdict, pump_time_us=second * 1_000_000, boot=2)


def identified(store: Store, **more: object) -> None:
    limits = {"capacity_nl": 20_000_000, "low_reservoir_nl": 2_000_000, "residual_nl": 1_400_000}
    store.append(WALL_MS, "identified", of_pump(PUMP) | {"model": "bench", "firmware": "1"} | limits | more)


def bench(store: Store, second: int, faults: int, names: str) -> None:
    store.append(WALL_MS + second * 1_000, "bench", of_pump(PUMP) | {"faults": faults, "names": names})


def made(folder: Path) -> Path:
    """Make ten minutes of a pump, of which two are missing, with a change, an alarm, and a fault that was injected."""
    file = folder / "history.db"
    with closing(Store(file)) as store:
        identified(store, model=HOSTILE)
        applied(store, 20, change(store, 20, reason=HOSTILE), 5)
        bench(store, 30, 1, HOSTILE)
        bench(store, 60, 0, "")
        seconds = [*range(240), *range(360, 601)]
        readings = [(WALL_MS + second * 1_000, status(second)) for second in seconds]
        store.add(PUMP, readings, Page(1, LOG))
        gone = [
            Turn(PUMP, WALL_MS + 241_000, HOSTILE),
            Turn(PUMP, WALL_MS + 250_000, "later"),
            Turn(PUMP, WALL_MS + 360_000, ""),
        ]
        store.add_all((), {}, gone)
        store.append(WALL_MS + 400_000, "acknowledged", of_pump(PUMP) | BY | {"alarms": 1})
    return file


def account_of(file: Path, period: Period = WHOLE) -> Account | None:
    with opened_to_read(file) as connection:
        connection.execute("BEGIN")
        return account(connection, 1, period, file.name, bench_key=False)


def page_of(found: Account | None) -> str:
    assert found is not None
    return page(found, made_ms=WALL_MS, version="1.2.3", zone=UTC)
