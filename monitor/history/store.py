"""Writes the history. One connection, used by one thread: whoever talks to the pump stores what was said, then shows it.

Each call is one transaction, on the disk when it returns. Several programs may write to one file; SQLite lets them in one
after the other, and the chains go on from what is there at that moment.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from itertools import takewhile
from typing import TYPE_CHECKING

from monitor.history.chain import GENESIS, KEPT, Break, Entry, entry_after, first_break, reading_rows
from monitor.history.names import named_after
from monitor.history.retention import (
    CHUNK,
    HOUR_S,
    MINUTE_S,
    MOST_READINGS,
    Span,
    folded,
    is_due,
    minutes_due_before,
    span_of,
)
from monitor.history.schema import open_to_write, told
from monitor.history.told import NOTHING, Page, Pump, Turn, whose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from protocol.messages import EventRecord, Status

_ADD_READING = f"INSERT INTO readings VALUES ({', '.join('?' * (4 + len(KEPT)))})"  # noqa: S608 - question marks
_ADD_EVENT = "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_TURN = "INSERT INTO links VALUES (?, ?, ?)"
_GO_ON = "UPDATE pumps SET next_event = max(next_event, ?) WHERE id = ? AND next_event >= ?"
_ADD_ENTRY = "INSERT INTO audit VALUES (?, ?, ?, ?, ?)"
_ADD_SPAN = f"INSERT OR REPLACE INTO spans VALUES ({', '.join('?' * len(Span._fields))})"  # noqa: S608 - as above
_THE_SPAN = "SELECT * FROM spans WHERE (pump, step_s, start_ms) = (?, ?, ?)"
_MINUTES = "FROM spans WHERE pump = ? AND step_s = ? AND start_ms < ?"
_MOST_WHY = 300  # characters of a reason
_TAIL = 100  # audit records whose chain is checked at each start; `audit verify` checks them all


class Store:
    """An open history.

    Args:
        file: where it is; made where there is none.

    Raises:
        HistoryError: where it can't be opened; from every method, where it can't be written.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._connection = open_to_write(file)
        self._ids: dict[Pump, int] = {}

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def broken_tail(self) -> Break | None:
        """Return the first of the newest audit records that is not what was written, None where they hold."""
        with told(self.file):
            found = self._connection.execute(
                "SELECT seq, wall_ms, kind, body, hash FROM audit ORDER BY seq DESC LIMIT ?", (_TAIL + 1,)
            ).fetchall()
        entries = [Entry(*row) for row in reversed(found)]
        if len(entries) <= _TAIL:
            return first_break(entries)
        return first_break(entries[1:], entries[0].hash, entries[0].seq + 1)

    def add(self, pump: Pump, readings: Iterable[tuple[int, Status]], log: Page = NOTHING) -> None:
        """Store readings of a pump, each with the host's calendar time in ms, and a page of its event log.

        A page that was asked for from beyond `next_event` is passed over: it would leave a gap that nobody looks for.
        """
        self.add_all([(pump, readings)], {pump: log})

    def add_all(
        self,
        told: Iterable[tuple[Pump, Iterable[tuple[int, Status]]]],
        logs: Mapping[Pump, Page],
        turns: Iterable[Turn] = (),
    ) -> None:
        """Store readings of many pumps, in the order in which they came, a page of the event log of some of them, and links."""
        with self._writing():
            seq, before = self._last("readings")
            for pump, readings in told:
                rows = list(reading_rows(before, seq + 1, self._id(pump), readings))
                self._connection.executemany(_ADD_READING, rows)
                if rows:
                    seq, before = int(rows[-1][0]), bytes(rows[-1][-1])
            for pump, log in logs.items():
                self._add_log(self._id(pump), log)
            for pump, wall_ms, why in turns:
                self._connection.execute(_ADD_TURN, (self._id(pump), wall_ms, _storable(why)))

    def _add_log(self, number: int, log: Page) -> None:
        go_on = (log.events[-1].number + 1, number, log.since) if log.events else ()
        if go_on and self._connection.execute(_GO_ON, go_on).rowcount:
            self._connection.executemany(_ADD_EVENT, _event_rows(number, log.events))

    def next_event(self, pump: Pump) -> int:
        """Return the number of the first entry of a pump's event log that is not stored yet."""
        with told(self.file):
            found = self._connection.execute(
                "SELECT next_event FROM pumps WHERE (serial_number, store_id) = (?, ?)", pump
            )
            row = found.fetchone()
        return 1 if row is None else int(row[0])

    def append(self, wall_ms: int, kind: str, facts: dict[str, object]) -> Entry:
        """Add a record to the audit trail and return it.

        Args:
            wall_ms: now, by this host's calendar clock, ms.
            kind: what it tells.
            facts: JSON values.
        """
        with self._writing():
            return self._append(wall_ms, kind, facts)

    def intend(self, wall_ms: int, facts: dict[str, object]) -> bytes:
        """Add the record of how a change is meant, and return the command id that follows from the chain up to here.

        Args:
            wall_ms: now, by this host's calendar clock, ms.
            facts: JSON values, a nonce among them.
        """
        with self._writing():
            seq, before = self._last("audit")
            entry, name = named_after(before, seq + 1, wall_ms, facts)
            self._add(entry)
        return name

    def newest(self, kind: str, pump: Pump) -> dict[str, object] | None:
        """Return what the newest record of a kind tells of a pump; None where there is none."""
        sql = "SELECT body FROM audit WHERE kind = ? ORDER BY seq DESC"
        with told(self.file):
            for (body,) in self._connection.execute(sql, (kind,)):
                try:
                    facts: dict[str, object] = json.loads(body)
                except ValueError:  # nobody of ours wrote it: `audit verify` tells
                    continue
                if whose(facts) == pump:
                    return facts
        return None

    def fold(self, now_ms: int) -> bool:
        """Fold a chunk of what is older than it is kept as it is (`monitor.history.retention`).

        Args:
            now_ms: this host's calendar clock, ms.

        Returns:
            Whether there may be more of it.
        """
        with told(self.file):
            first = self._connection.execute(
                "SELECT seq, wall_ms FROM readings ORDER BY seq LIMIT 1"
            ).fetchone()
            due = first is not None and (is_due(first[1], now_ms) or first[0] <= self._beyond())
            minutes = self._minutes_due(now_ms)
        if not due and minutes is None:
            return False
        with self._writing():
            more = self._fold_readings(now_ms)
            return (minutes is not None and self._fold_minutes(minutes, now_ms)) or more

    def _fold_readings(self, now_ms: int) -> bool:
        rows = self._connection.execute(
            "SELECT * FROM readings ORDER BY seq LIMIT ?", (CHUNK + 1,)
        ).fetchall()
        # The last one stays, whatever its age: the chain goes on from it.
        beyond = self._beyond()
        due = list(takewhile(lambda row: row[0] <= beyond or is_due(row[2], now_ms), rows[:-1]))
        if not due:
            return False
        self._merge(folded(span_of(row) for row in due))
        first, last = due[0][0], due[-1][0]
        self._connection.execute("DELETE FROM readings WHERE seq <= ?", (last,))
        self._append(now_ms, "folded", {"first": first, "last": last, "hash": due[-1][-1].hex()})
        return len(due) == CHUNK

    def _beyond(self) -> int:
        """Return up to which number there are more readings than are kept as they are, whatever their age."""
        return self._last("readings")[0] - MOST_READINGS

    def _minutes_due(self, now_ms: int) -> int | None:
        """Return a pump that has minutes to be folded into hours, None where there is none."""
        for (pump,) in self._connection.execute("SELECT id FROM pumps").fetchall():
            where = (pump, MINUTE_S, minutes_due_before(now_ms))
            if self._connection.execute(f"SELECT 1 {_MINUTES} LIMIT 1", where).fetchone():
                return int(pump)
        return None

    def _fold_minutes(self, pump: int, now_ms: int) -> bool:
        where = (pump, MINUTE_S, minutes_due_before(now_ms))
        rows = self._connection.execute(
            f"SELECT * {_MINUTES} ORDER BY start_ms LIMIT ?", (*where, CHUNK)
        ).fetchall()
        minutes = [Span(*row) for row in rows]
        if minutes:  # else another program was quicker
            self._merge(folded(one.lengthened(HOUR_S) for one in minutes))
            until = (pump, MINUTE_S, minutes[-1].start_ms + 1)
            self._connection.execute(f"DELETE {_MINUTES}", until)
        return True

    def _merge(self, spans: Iterable[Span]) -> None:
        """Add spans to those that begin together with them."""
        for span in spans:
            row = self._connection.execute(_THE_SPAN, span[:3]).fetchone()
            self._connection.execute(_ADD_SPAN, span if row is None else Span(*row).and_then(span))

    def _append(self, wall_ms: int, kind: str, facts: dict[str, object]) -> Entry:
        seq, before = self._last("audit")
        return self._add(entry_after(before, seq + 1, wall_ms, kind, facts))

    def _add(self, entry: Entry) -> Entry:
        self._connection.execute(_ADD_ENTRY, (entry.seq, entry.wall_ms, entry.kind, entry.body, entry.hash))
        return entry

    def _id(self, pump: Pump) -> int:
        if pump not in self._ids:
            self._connection.execute(
                "INSERT OR IGNORE INTO pumps (serial_number, store_id) VALUES (?, ?)", pump
            )
            found = self._connection.execute(
                "SELECT id FROM pumps WHERE (serial_number, store_id) = (?, ?)", pump
            )
            self._ids[pump] = int(found.fetchone()[0])
        return self._ids[pump]

    def _last(self, table: str) -> tuple[int, bytes]:
        """Return the number and the hash of the last record of a table; 0 and GENESIS of an empty one."""
        found = self._connection.execute(f"SELECT seq, hash FROM {table} ORDER BY seq DESC LIMIT 1")  # noqa: S608 - a table of ours
        row = found.fetchone()
        return (0, GENESIS) if row is None else (int(row[0]), bytes(row[1]))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Make one transaction of what is done within."""
        with told(self.file):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._ids.clear()  # what was numbered in it has no number
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


def _storable(why: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in why[:_MOST_WHY])


def _event_rows(pump: int, events: Iterable[EventRecord]) -> Iterator[tuple[int, ...]]:
    for one in events:
        yield (pump, one.number, one.pump_time_us, one.clock_s, one.kind, one.detail, one.a, one.b)
