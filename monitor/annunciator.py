"""The alarms of the pump that is watched, from one look to the next: what calls, what is silent, what is on the shelf.

It knows no screen. It is told the newest snapshot and the instant, and what somebody wishes; what concerns the pump it
passes on, what is to be remembered it writes down, and what was done it has put on record.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from monitor.alarms import Board, Shelving, State, why_not_shelved
from monitor.errors import MonitorError, RefusedError
from monitor.judgement import alarm_lines, is_live
from monitor.memo import Memo, Memos
from monitor.missed import Missed
from protocol.messages import MOST_AUDIO_PAUSE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from concurrent.futures import Future

    from monitor.alarms import Entry
    from monitor.snapshot import Snapshot

_NS_PER_S: Final = 1_000_000_000
_AGAIN_NS: Final = 5 * _NS_PER_S


class Pump(Protocol):
    """Who passes wishes on to the pump, and keeps the record: `monitor.watch.Watcher`, say."""

    def acknowledge(self, alarms: int) -> Future[None]:
        """Tell the pump that somebody has seen these alarms, a bit each."""
        ...

    def pause_audio(self, seconds: int) -> Future[None]:
        """Have the pump's alarm sound silenced for so many seconds; 0 ends that."""
        ...

    def record(self, kind: str, facts: dict[str, object]) -> Future[None]:
        """Put on record what was done."""
        ...


class Annunciator:
    """The alarms of one dashboard.

    Args:
        pump: the pump, through the one who talks to it.
        memos: where is remembered what is shelved; None where that ends with the program.
        now_s: the host's calendar clock, seconds since 1970 UTC.
        changed: called when somebody's wish has changed what a screen shows.

    Attributes:
        board: the alarms as of the last look.
    """

    def __init__(
        self,
        pump: Pump,
        memos: Memos | None = None,
        *,
        now_s: Callable[[], float] = time.time,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._pump = pump
        self._changed = changed
        self._memos = memos
        self._now_s = now_s
        self._memo = Memo()
        self._whose: tuple[str, bytes] | None = None
        self._missed = Missed()
        self._was_live = False
        self._pause_until_ns = 0
        self._past: tuple[Entry, ...] = ()  # as long as the pump that is known has not been read
        self._unread = self._unwritten = ""
        self._again_ns: int | None = None  # when what could not be written down is tried again
        self._asked: dict[Future[None], frozenset[str]] = {}
        self.board = Board()

    # --- what is so -----------------------------------------------------------------------------------------------

    @property
    def problem(self) -> str:
        """Why nothing can be remembered, one sentence; empty where it can."""
        return self._unwritten or self._unread

    def look(self, snapshot: Snapshot, now_ns: int) -> Board:
        """Take what is known now, and return the alarms; what becomes of them is remembered by then."""
        self._recognise(snapshot)
        if self._past and snapshot.reading is not None:  # before, no condition of the pump is known to hold
            self.board, self._past = self.board.with_past(self._past), ()
        before, lines, now_s = self.board, alarm_lines(snapshot, now_ns), self._now_s()
        self._missed, missed = self._missed.after(snapshot)
        passed = [line for line in missed if line.key not in {one.key for one in lines}]
        if passed:  # it came, and went
            self.board = self.board.update((*lines, *passed), now_s)
        self.board = self.board.update(lines, now_s)
        live = is_live(snapshot, now_ns)
        # Whoever asked for silence did not know of this one; and a pump that can't be heard ends its own pause.
        if self.board.calls != before.calls or (self._was_live and not live):
            self._pause_until_ns = 0
        self._was_live = live
        for one in before.shelved:
            if one not in self.board.shelved:
                self._note("alarm_unshelved", alarm=one.key, how="of itself")
        if self._again_ns is not None and now_ns >= self._again_ns:
            self._write(self._memo)
        self._remember()
        if self._unwritten and self._again_ns is None:
            self._again_ns = now_ns + _AGAIN_NS
        return self.board

    def now_s(self) -> int:
        """Return the calendar clock by which the time on the shelf ends."""
        return int(self._now_s())

    def pause_s(self, now_ns: int) -> int:
        """Return for how many seconds this monitor makes no sound, rounded up; 0 where it may."""
        return max(0, -(-(self._pause_until_ns - now_ns) // _NS_PER_S))

    def new_faults(self, snapshot: Snapshot) -> int:
        """Return how many entries of the pump's fault log nobody has seen here."""
        identity = snapshot.identity
        seen = 0 if identity is None else self._memo.faults_seen
        return sum(one.number > seen for one in snapshot.faults)

    # --- what somebody does ---------------------------------------------------------------------------------------

    def acknowledge(self, keys: Collection[str]) -> Future[None] | None:
        """Note that somebody has seen these alarms. The pump's active ones it has to confirm: then with a future."""
        entries = [one for one in self.board.entries if one.line.key in keys and one.acknowledgeable]
        bits = {
            one.line.key: 1 << one.line.alarm
            for one in entries
            if one.state is State.UNACKNOWLEDGED and one.line.alarm is not None
        }
        here = {one.line.key for one in entries} - bits.keys()
        if here:
            self.board = self.board.acknowledge(here)
            self._note("alarm_acknowledged", alarms=sorted(here))
            self._remember()
        self._changed()
        if not bits:
            return None
        future = self._pump.acknowledge(sum(bits.values()))
        self._asked[future] = frozenset(bits)
        return future

    def answered(self, future: Future[Any]) -> None:
        """Take that a request has ended: an alarm that went when the pump heard that it was seen calls no longer."""
        asked = self._asked.pop(future, frozenset())
        if not future.cancelled() and future.exception() is None:
            self.board = self.board.acknowledge(asked)
            self._remember()
            self._changed()

    def silence(self, now_ns: int, seconds: int = MOST_AUDIO_PAUSE_S) -> Future[None] | None:
        """Make no sound for so many seconds of wall time, 0 ends that; with a link the pump is asked for the same."""
        self._pause_until_ns = now_ns + seconds * _NS_PER_S if seconds else 0
        self._note("sound_paused" if seconds else "sound_resumed", seconds=seconds)
        self._changed()
        return self._pump.pause_audio(seconds) if self._was_live else None

    def shelve(self, key: str, reason: str, for_s: int) -> None:
        """Put an alarm on the shelf; `problem` tells where that can't be remembered.

        Raises:
            RefusedError: it may not lie there, or not for so long, or without a reason.
        """
        entry = next((one for one in self.board.alarms if one.line.key == key), None)
        if entry is None:
            raise RefusedError(why_not_shelved(None))
        now_s = int(self._now_s())
        one = Shelving(key, entry.line.title, entry.line.priority, reason.strip(), now_s, now_s + for_s)
        self.board = self.board.shelve(one)
        self._note("alarm_shelved", alarm=key, reason=one.reason, until_s=one.until_s)
        self._remember()
        self._changed()

    def unshelve(self, key: str) -> None:
        """Take an alarm off the shelf."""
        self.board = self.board.unshelve(key)
        self._note("alarm_unshelved", alarm=key, how="by hand")
        self._remember()
        self._changed()

    def see_faults(self, snapshot: Snapshot) -> None:
        """Note that somebody has looked at the pump's fault log."""
        if snapshot.faults and snapshot.identity is not None:
            seen = snapshot.faults[-1].number
            self._write(replace(self._memo, faults_seen=seen))
            self._changed()

    # --- what is remembered ---------------------------------------------------------------------------------------

    def _recognise(self, snapshot: Snapshot) -> None:
        """Begin anew with another pump, or another memory: what was with the one is no past of the other."""
        identity = snapshot.identity
        if identity is None or self._whose == (identity.serial_number, identity.store_id):
            return
        known, self._whose = self._whose, (identity.serial_number, identity.store_id)
        self._memo, self._unread, self._unwritten, self._again_ns = Memo(), "", "", None
        if self._memos is not None:
            try:
                self._memo = self._memos.load(identity.serial_number)
            except MonitorError as error:
                self._unread = str(error)
        if self._memo.store_id != identity.store_id:
            self._memo = Memo(self._memo.shelved, identity.store_id)
        self._past, self._missed = self._memo.alarms, Missed()
        before = self.board if known is None else Board(calls=self.board.calls)
        self.board = replace(before, shelved=self._memo.shelved)

    def _remember(self) -> None:
        """Write down how the alarms stand, where that has changed; words and figures are those of that moment."""
        if self._whose is None:
            return
        board = self.board.with_past(self._past)
        alarms = sorted((one for one in board.entries if one.state is not State.SHELVED), key=_by_order)
        if board.shelved != self._memo.shelved or _standing(alarms) != _standing(self._memo.alarms):
            self._write(replace(self._memo, shelved=board.shelved, alarms=tuple(alarms)))

    def _write(self, memo: Memo) -> None:
        self._memo = memo
        if self._memos is None or self._whose is None:
            return
        self._again_ns = None
        try:
            self._memos.save(self._whose[0], memo)
        except MonitorError as error:
            self._unwritten = str(error)
        else:
            self._unwritten = ""

    def _note(self, kind: str, **facts: object) -> None:
        whose = "" if self._whose is None else self._whose[0]
        self._pump.record(kind, {"pump": whose} | facts)


def _by_order(entry: Entry) -> int:
    return entry.order


def _standing(entries: Iterable[Entry]) -> list[tuple[object, ...]]:
    """Return what of alarms is worth a file: all but words, which change with every figure in them."""
    return [(one.line.key, one.line.priority, one.state) for one in entries]
