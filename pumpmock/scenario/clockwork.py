"""A stage whose time is moved by hand: months run in a second, and twice the same run is the same to the byte.

The pump goes at real speed on a wall that stands still until something is waited for; hosts of our own are at its ports.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from protocol.keys import BENCH_KEY
from protocol.places import APP
from pumpmock.emulator import Emulator
from pumpmock.host import Cable, Host, VanishedError
from pumpmock.host.talk import Talk
from pumpmock.journal.serving import write_journal
from pumpmock.model.reservoir import LedgerError
from pumpmock.options import REPEATABLE_EPOCH_S, new_memory, randomness
from pumpmock.scenario.host_words import AT_ONCE, POLL_EVERY, let_do
from pumpmock.scenario.stage import SceneError, Stage
from pumpmock.wall import HandWall

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from protocol.messages import EventRecord
    from pumpmock.options import Options
    from pumpmock.scenario.agenda import Item


class _Nobody:
    """Is told what happens, and says nothing: it is in the journal."""

    def tell(self, sentence: str, event: Mapping[str, Any]) -> None:
        pass

    def warn(self, sentence: str) -> None:
        pass

    def event(self, record: EventRecord) -> None:
        pass


class Clockwork(Stage):
    """A stage of its own time.

    Args:
        options: of the pump, which must be one that can be repeated.
        watch: called now and then with pump time, for whoever shows how far it has come; what it raises ends the run.
        journal: a file for all that happens, which is the same to the byte for the same seed; None for none.

    Raises:
        ValueError: where there can be no such pump, or something that is no journal is in the way of one.
        OSError: where the journal can't be made.
    """

    def __init__(
        self,
        options: Options,
        watch: Callable[[int], None] = lambda _us: None,
        *,
        journal: Path | None = None,
    ) -> None:
        self._hand = HandWall()
        memory = new_memory(options, REPEATABLE_EPOCH_S, randomness(options, "memory"))
        memory.boot += 1
        keys = {BENCH_KEY.key_id: BENCH_KEY}
        emulator = Emulator(
            memory,
            keys,
            speed=options.speed,
            wall=self._hand.wall,
            random=randomness(options, "start 1"),
            save=lambda _memory: None,
            teller=_Nobody(),
            firmware=version(APP),
            seed=options.seed,
        )
        super().__init__(emulator)
        emulator.journal.keep(None)
        self._file = None
        if journal is not None:
            began = datetime.fromtimestamp(REPEATABLE_EPOCH_S, UTC)
            self._file = write_journal(
                journal, options, emulator, keys, began=began, warn=self._fail_to_write
            )
        self._options = options
        self._watch = watch
        self._hosts: dict[str, Host] = {}
        self._cables: dict[str, Cable] = {}
        self._polling: dict[str, Item] = {}
        self._busy = False
        emulator.start()
        self.host(self.first)  # there is a port before anybody comes to it

    # --- hosts ------------------------------------------------------------------------------------------------------

    def host(self, name: str) -> Host:
        """Return the host of this name; one that is named for the first time comes to a port of its own."""
        if name not in self._hosts:
            cable = Cable(name, self.emulator.plug())
            draw = randomness(self._options, f"host {name}")
            talk = Talk(cable, BENCH_KEY, draw, self._hand.wall.now_ns, self._wait)
            self._cables[name], self._hosts[name] = cable, Host(talk, draw)
            self.emulator.ports.add(name, cable)
        return self._hosts[name]

    def let_host(self, name: str, verb: str, figure: Any) -> None:  # noqa: ANN401 - what the verb reads
        """Let a host do something, now if none is busy; else when that one has done."""
        host = self.host(name)
        if verb in AT_ONCE:
            let_do(host, verb, figure)
        elif verb == POLL_EVERY:
            self._poll_every(name, figure)
        else:
            self._in_turn(lambda: let_do(host, verb, figure))

    def _in_turn(self, action: Callable[[], object]) -> None:
        if self._busy:
            self.agenda.add(self.now_us, lambda: self._in_turn(action), takes_time=True)
            return
        self._busy = True
        try:
            action()
        except VanishedError:
            pass  # it was killed in the middle of it
        finally:
            self._busy = False

    def _poll_every(self, name: str, period_us: int) -> None:
        planned = self._polling.pop(name, None)
        if planned is not None:
            self.agenda.drop(planned)
        if period_us == 0:
            return
        self._polling[name] = self.agenda.add(
            self.now_us + period_us, lambda: self._poll_every(name, period_us), takes_time=True
        )
        host = self.host(name)
        if host.talk.here:
            self._in_turn(host.poll)

    # --- time -------------------------------------------------------------------------------------------------------

    def go_to(self, at_us: int) -> None:
        """Let pump time come to an instant, with all that is to happen until then; what is due then has happened.

        Raises:
            SceneError: where it never comes, as the pump is frozen.
        """
        try:
            self._settle(at_us)
            while self.now_us < at_us and self.emulator.doubt is None:
                self._step(at_us, None)
                self._settle(at_us)
        except LedgerError as error:
            self.emulator.stop(error)

    def finish(self) -> None:
        """Hang up for every host, and let the pump stand still: its volumes are held against one another once more."""
        for cable in self._cables.values():
            cable.hang_up()
        self.emulator.do(self._add_up)
        self.emulator.finish()
        if self._file is not None:
            self._file.close()

    def _add_up(self) -> None:
        self.emulator.device.pump.truth()

    def _fail_to_write(self, sentence: str) -> None:
        raise SceneError(sentence)

    def _settle(self, until_us: int | None = None) -> None:
        self.emulator.device.catch_up()
        self.do_due(busy=self._busy, until_us=until_us)
        self._watch(self.now_us)

    def _wait(self, span_ns: int, ready: Callable[[], bool]) -> None:
        """Let wall time pass for a host that waits, until what it waits for is there."""
        until_ns = self._hand.wall.now_ns() + span_ns
        while not ready() and self._hand.wall.now_ns() < until_ns:
            self._step(None, until_ns)
            self._settle()

    def _step(self, at_us: int | None, until_ns: int | None) -> None:
        """Let time pass to the next thing that happens, but not beyond an instant of the pump's or of the wall's."""
        now_ns, pace = self._hand.wall.now_ns(), self.emulator.device.pace
        next_us = self.agenda.next_us(busy=self._busy)
        instants = [pace.wall_ns_at(us) for us in (at_us, next_us) if us is not None]
        ends = [ns for ns in (until_ns, self._hand.next_due_ns, *instants) if ns is not None]
        if at_us is not None and pace.wall_ns_at(at_us) is None:
            raise SceneError("the pump is frozen, so its time never comes there: give it a speed again")
        self._hand.advance(max(0, min(ends) - now_ns))
