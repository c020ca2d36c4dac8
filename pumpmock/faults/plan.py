"""What is to go wrong with one live pump: asked for, counted, taken back.

Each fault draws from a stream of its own, seeded from the emulator's seed and from what the fault is, so that one more
fault of another description moves no other. A fault strikes when its request is accepted or its bytes pass, whatever
becomes of the answer; and where it strikes it is in the journal.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

from pumpmock.faults.checks import Wish, check_wish, figures_of, kind_of, stage_of
from pumpmock.faults.fault import Fault
from pumpmock.faults.happenings import BEGIN, LOST_WITH_A_START, check_possible, is_there_still
from pumpmock.faults.kinds import Stage
from pumpmock.faults.turn import Turn
from pumpmock.wall import NS_A_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pumpmock.emulator import Emulator
    from pumpmock.faults.fault import Active
    from pumpmock.faults.turn import Watcher


class Faults:
    """The faults of one emulator. In its thread, as all of it.

    Args:
        emulator: whose.
        seed: of all their randomness.

    Attributes:
        live: all that may strike yet, or last, by id; empty where nothing is to be looked at.
        seed: of all their randomness.
        turn: what is being answered now; None while nothing is, or no fault is live and nobody watches.
        watchers: told of each request and its answer.
    """

    __slots__ = ("_alike", "_emulator", "_made", "live", "seed", "turn", "watchers")

    def __init__(self, emulator: Emulator, seed: int) -> None:
        self.live: dict[int, Fault] = {}
        self.turn: Turn | None = None
        self.watchers: list[Watcher] = []
        self._emulator = emulator
        self.seed = seed
        self._made = 0
        self._alike: Counter[str] = Counter()

    @property
    def active(self) -> tuple[Active, ...]:
        """All that may strike yet, or last, oldest first."""
        for fault in list(self.live.values()):
            if fault.undo is not None and not is_there_still(self._emulator, fault):
                self._forget(fault)  # it has ended otherwise: a hold by an interrogation, say
        return tuple(fault.seen() for fault in self.live.values())

    @property
    def count(self) -> int:
        """How many those are."""
        return len(self.active) if self.live else 0

    # --- asking for them, and taking them back ----------------------------------------------------------------------

    def add(
        self,
        kind: str,
        *,
        on: str | None = None,
        times: int | None = 1,
        after: int = 0,
        chance_ppm: int = 1_000_000,
        first_us: int | None = None,
        until_us: int | None = None,
        **figures: int | str,
    ) -> int:
        """Let something go wrong, and return the number that `clear` takes it back by.

        Args:
            kind: a name of `KINDS`, with hyphens or underscores.
            on: which request it waits for, as `asked.check_on` takes it. None for any within a session; what happens by
                itself then happens now.
            times: how often it strikes; None until cleared. What lasts strikes once.
            after: how many that match are passed by first.
            chance_ppm: of striking one that matches, in parts in a million.
            first_us: pump time from which on it strikes; what happens by itself does then.
            until_us: pump time at which it ends by itself.
            **figures: those of its row in `KINDS`, by their names with units.

        Raises:
            ValueError: where there is no such kind or figure, or they do not go together; nothing is added then.
        """
        row, wish = kind_of(kind), Wish(on, times, after, chance_ppm, first_us, until_us)
        found = figures_of(row, figures)
        check_wish(row, stage_of(row, found), wish)
        now_us = self._emulator.device.pump.clock.now_us
        if until_us is not None and until_us <= now_us:
            raise ValueError(f"until_us is {until_us}: pump time is {now_us} us already")
        described = f"{row.name} {wish} {sorted(found.items())}"
        seed = f"{self.seed} {described} {self._alike[described]}"
        stream = Random(seed)  # noqa: S311 - a mishap, not a secret
        left = 1 if row.lasts else times
        fault = Fault(
            self._made + 1, row, on, left, after, chance_ppm, first_us, until_us, found, seed, stream
        )
        self._check_single(fault)
        check_possible(self._emulator, fault)
        self._begin(fault)
        self._made = fault.id
        self._alike[described] += 1
        return fault.id

    def clear(self, number: int | None = None) -> int:
        """Take back a fault, or all, and return how many that were; what lasted ends."""
        chosen = [fault for fault in self.live.values() if number in (None, fault.id)]
        for fault in chosen:
            self._end(fault)
        return len(chosen)

    def finish(self) -> None:
        """Let nothing more happen by itself: the pump is about to end, and its ports are closed."""
        for fault in list(self.live.values()):
            self._forget(fault)

    # --- where they strike ------------------------------------------------------------------------------------------

    def open_turn(self, peer: str) -> Turn | None:
        """Begin the turn of a host; None where no fault is live and nobody watches."""
        self.turn = Turn(self, peer) if self.live or self.watchers else None
        return self.turn

    def due(self, stage: Stage, labels: frozenset[str], peer: str, was: bytes = b"") -> Iterator[Fault]:
        """Strike with each fault of a stage whose turn has come, the oldest first; of ONCE, `befall` strikes.

        Args:
            stage: which faults are asked.
            labels: the names of what they may wait for.
            peer: which host it befalls.
            was: the bytes that are about to be spoiled, for the journal.
        """
        now_us = self._emulator.device.pump.clock.now_us
        for fault in list(self.live.values()):
            is_asked = stage_of(fault.kind, fault.figures) is stage and fault.id in self.live
            if is_asked and fault.is_due(labels, now_us):
                if stage is not Stage.ONCE:
                    self._strike(fault, peer, {"was": was.hex()} if was else {})
                yield fault

    def befall(self, fault: Fault, peer: str = "") -> None:
        """Let what happens by itself happen at this instant: in an action of the clock's, or in a turn."""
        try:
            self._happen(fault)
        except ValueError as error:
            self._forget(fault)
            what = {"event": "fault_void", "id": fault.id, "kind": fault.kind.name, "why": str(error)}
            self._emulator.tell(f"fault {fault.id} {fault.kind.name} did not strike: {error}", what)
        else:
            self._strike(fault, peer, {})

    def renew(self) -> None:
        """Go on with another pump behind the ports: what no pump's memory keeps is brought about again."""
        for fault in list(self.live.values()):
            if fault.undo is not None and fault.kind.name in LOST_WITH_A_START:
                self._happen(fault)
            self._plan_instants(fault)

    # --- their course -----------------------------------------------------------------------------------------------

    def _begin(self, fault: Fault) -> None:
        """Put a fault in the plan; what happens by itself does so now, if nothing is to be waited for."""
        emulator = self._emulator
        if fault.is_of_itself and (fault.first_us or 0) <= emulator.device.pump.clock.now_us:
            emulator.do(lambda: self._happen(fault))
            self._tell_set(fault)
            self._strike(fault, "", {})
        else:
            self._tell_set(fault)
        if not fault.is_over:
            self.live[fault.id] = fault
            self._plan_instants(fault)
            emulator.plan()

    def _check_single(self, fault: Fault) -> None:
        """Refuse a second one of what lasts: neither would end when the other does."""
        if not fault.kind.lasts:
            return
        ports = {fault.word("port")}
        for other in self.active:
            theirs = {other.figures.get("port", "")}
            if other.kind == fault.kind.name and (ports == theirs or "" in ports | theirs):
                raise ValueError(f"there is a {other.kind} already, fault {other.id}: clear it first")

    def _happen(self, fault: Fault) -> None:
        undo = BEGIN[fault.kind.name](self._emulator, fault)
        if fault.kind.lasts and fault.undo is None:
            for_ms = fault.number("for_ms")
            if for_ms:
                end = self._emulator.wall.later(for_ms * NS_A_MS, lambda: self._end(fault))
                fault.timers.append(end)
        fault.undo = undo if fault.kind.lasts else None

    def _strike(self, fault: Fault, peer: str, told: dict[str, Any]) -> None:
        """Count a strike, and note it; who watches the bench is told of the first of many that have no end."""
        fault.struck += 1
        if fault.left is not None:
            fault.left -= 1
        if fault.is_over:
            self._forget(fault)
        kind, journal = fault.kind, self._emulator.journal
        what = {"id": fault.id, "kind": kind.name, "seam": kind.seam.value, "on": fault.on} | told
        if fault.left is not None or fault.struck == 1:
            where = f" {peer}" if peer else ""
            self._emulator.tell(
                f"fault {fault.id} {kind.name} strikes{where}", {"event": "fault", "peer": peer} | what
            )
        else:
            journal.note("fault", peer, **what)

    def _plan_instants(self, fault: Fault) -> None:
        """Plan what is to happen to a fault at instants of the pump's time."""
        clock = self._emulator.device.pump.clock
        for planned in fault.instants:
            planned.cancel()
        fault.instants.clear()
        if fault.is_of_itself and not fault.struck and fault.first_us is not None:
            first_us = max(fault.first_us, clock.now_us)
            fault.instants.append(clock.call_at(first_us, lambda: self.befall(fault)))
        if fault.until_us is not None:
            until_us = max(fault.until_us, clock.now_us)
            fault.instants.append(clock.call_at(until_us, lambda: self._end(fault, at_its_instant=True)))

    def _end(self, fault: Fault, *, at_its_instant: bool = False) -> None:
        """End a fault; inside an action of the clock's, which is in the middle of an advance, `at_its_instant`."""
        self._forget(fault)
        undo, fault.undo = fault.undo, None
        if undo is not None and is_there_still(self._emulator, fault):
            if at_its_instant:
                undo()
            else:
                self._emulator.do(undo)
        said = f"fault {fault.id} {fault.kind.name} is over"
        self._emulator.tell(said, {"event": "fault_over", "id": fault.id, "kind": fault.kind.name})

    def _forget(self, fault: Fault) -> None:
        self.live.pop(fault.id, None)
        for planned in (*fault.timers, *fault.instants):
            planned.cancel()

    def _tell_set(self, fault: Fault) -> None:
        seen = fault.seen()
        told = {"event": "fault_set", "id": seen.id, "kind": seen.kind, "seam": seen.seam, "on": seen.on}
        self._emulator.tell(f"fault {seen.text}", told | {"left": seen.left} | dict(seen.figures))
