"""One pump, live: the device, the timer that wakes it for what is due in pump time, its hosts' lines, its journal.

It knows no event loop, no port and no file: wall time, randomness and what makes the state last are passed in, so that
a test, a script and `pumpmock serve` drive the same pump. All of it runs in one thread.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, Protocol

from protocol.vocabulary import EventKind
from pumpmock.device import Device
from pumpmock.faults.plan import Faults
from pumpmock.journal.journal import Journal
from pumpmock.medium import PERFECT
from pumpmock.model.reservoir import LedgerError
from pumpmock.notice import no_faults
from pumpmock.pace import Pace
from pumpmock.ports.panel import Panel
from pumpmock.reception import Reception
from pumpmock.snapshot import InDoubtError, copied
from pumpmock.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from protocol.keys import Key
    from pumpmock.medium import Medium
    from pumpmock.ports import OpenConversation
    from pumpmock.snapshot import Memory
    from pumpmock.telling import Teller
    from pumpmock.wall import Planned, Wall
    from pumpmock.wire import Wire

MODEL = "pumpmock bench"


class Companion(Protocol):
    """Who goes along with a pump, and has something to do at certain instants of its time."""

    def next_us(self) -> int | None:
        """Return the next of them; None where there is none."""
        ...

    def come(self) -> None:
        """Do what is due: pump time stands at such an instant, or beyond it."""
        ...

    def moved(self) -> None:
        """Hear that pump time may have come to something new, or goes at another pace."""
        ...


class Emulator:
    """A pump that goes with the wall's time and talks to any number of hosts.

    Args:
        memory: the pump, and what survives with it.
        keys: its table of keys.
        speed: of pump time, in thousandths of wall time.
        wall: wall time.
        random: returns that many random bytes, for nonces, session numbers and tokens.
        save: makes the memory last; OSError where it can't.
        teller: told what happens.
        firmware: version, as hosts see it.
        seed: of the randomness of faults and of links.

    Attributes:
        device: the pump behind all its ports.
        journal: what happened.
        telling: tells of it.
        faults: what is to go wrong.
        doubt: why it ended at once, without another word; None while all is well.
        on_doubt: called once when it does.
        ports: those that it is plugged into, as far as somebody has said so.
        companion: who goes along with it; None for nobody.
    """

    __slots__ = (
        "_due_us",
        "_firmware",
        "_random",
        "_reception",
        "_save",
        "_stored",
        "_timer",
        "companion",
        "device",
        "doubt",
        "faults",
        "journal",
        "on_doubt",
        "ports",
        "telling",
        "wall",
    )

    def __init__(  # noqa: PLR0913 - whatever it would else reach for is passed in
        self,
        memory: Memory,
        keys: Mapping[bytes, Key],
        *,
        speed: int,
        wall: Wall,
        random: Callable[[int], bytes],
        save: Callable[[Memory], None],
        teller: Teller,
        firmware: str,
        seed: int = 0,
    ) -> None:
        self.wall = wall
        self.doubt: InDoubtError | LedgerError | None = None
        self.on_doubt: Callable[[], None] = lambda: None
        self.companion: Companion | None = None
        self._random = random
        self._save = save
        self._firmware = firmware
        self._stored: list[Memory] | None = None
        self.faults = Faults(self, seed)
        self._due_us: int | None = None
        self._timer: Planned | None = None
        self.journal = Journal(wall.now_ns, lambda: self.device.pump.clock.now_us, self._present_us, keys)
        self.telling = Telling(self.journal, teller)
        self.ports = Panel(wall, self.telling.port, teller.warn)
        self._reception = Reception(self, keys)
        self.device = self._device_of(memory, speed)

    def _device_of(self, memory: Memory, speed: int) -> Device:
        pump = memory.pump
        pump.on_event = self.telling.event
        return Device(
            memory,
            pace=Pace(speed, self.wall.now_ns(), pump.clock.now_us),
            wall_ns=self.wall.now_ns,
            random=self._random,
            save=self._keep,
            model=MODEL,
            firmware=self._firmware,
            notice=self.bench_notice,
        )

    def _present_us(self, wall_ns: int) -> int:
        return self.device.time_us(wall_ns)  # of the pump that there is then: one may be put back

    def bench_notice(self) -> tuple[int, str]:
        """Return how many faults are injected now, and their names for a person: what every host is told."""
        if not self.faults.live:
            return no_faults()
        active = self.faults.active
        return len(active), "; ".join(fault.text for fault in active)

    # --- its life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Log the start, make it last, and follow the wall's time from now on.

        Raises:
            OSError: where the state can't be written.
            InDoubtError: where it is not sure what was written.
        """
        self.device.pump.record(EventKind.START)
        self.device.persist()
        self.plan()

    def finish(self) -> None:
        """Come to the present, tell and store what is still held back, and stand still."""
        if self.doubt is None:
            try:
                self.device.catch_up()
            except LedgerError as error:
                self.stop(error)
        if self._timer is not None:
            self._timer.cancel()
        self.faults.finish()
        if self.doubt is None:
            self._reception.finish()
            self.device.finish()
            self.persist()

    def stop(self, doubt: InDoubtError | LedgerError) -> None:
        """End at once, and say nothing more to any host: docs/decisions/0023-fail-stop.md."""
        if self.doubt is None and isinstance(doubt, LedgerError):
            state = self.device.pump.last_state()
            event = {"event": "ledger_error", "error": str(doubt), "pump": state}
            self.tell(f"the pump's last sound state: {json.dumps(state)}", event)
        self.doubt = doubt
        self.on_doubt()

    def persist(self) -> None:
        """Make the present state last; where that fails, readings go on and somebody is told."""
        if self.doubt is not None:
            return
        try:
            self.device.persist()
        except InDoubtError as doubt:
            self.stop(doubt)
        except OSError as error:
            self.telling.unsaved(error)

    # --- what is done to it -----------------------------------------------------------------------------------------

    def press(self) -> None:
        """Let the patient press the button."""
        self.do(self.device.press)

    def advance(self, dt_us: int) -> None:
        """Let `dt_us` of pump time pass at once, with all that is due in it; then it goes on at its pace from there.

        It stops on the way wherever whoever goes along with the pump has something to do.
        """
        self.do(lambda: None)
        until_us, companion = self.device.pump.clock.now_us + dt_us, self.companion
        while companion is not None and self.doubt is None:
            next_us = companion.next_us()
            if next_us is None or next_us > until_us:
                break
            self._go_to(next_us)
            companion.come()
        self._go_to(until_us)

    def _go_to(self, at_us: int) -> None:
        """Let pump time come to an instant at once; one that has passed is passed over."""
        self.do(lambda: self.device.pump.advance_to(max(at_us, self.device.pump.clock.now_us)))

    def set_speed(self, speed: int) -> None:
        """Let pump time run at `speed` thousandths of wall time from now on; 0 freezes it."""
        self.do(lambda: None, speed)

    def restore(self, memory: Memory) -> None:
        """Let the pump be as `memory` has it, and start: the memory of an earlier day put back in.

        Its starts go on counting from the greatest number there was, so that no session of an earlier start can be
        replayed; every host has to greet anew.
        """
        self.device.pump.on_event = None
        memory.boot = max(self.device.memory.boot, memory.boot) + 1
        self.device = self._device_of(memory, self.device.pace.speed)
        self._reception.renew()
        self._due_us = None
        self.faults.renew()
        self.start()
        if self.companion is not None:
            self.companion.moved()

    def restart(self, memory: Memory) -> None:
        """As `restore`, where there is nobody to be told that the state could not be stored."""
        if self.doubt is not None:
            return
        try:
            self.restore(memory)
        except InDoubtError as doubt:
            self.stop(doubt)
        except LedgerError as error:
            self.stop(error)
        except OSError as error:
            self.telling.unsaved(error)
            self.plan()

    @property
    def firmware(self) -> str:
        """The version that hosts are told."""
        return self._firmware

    @firmware.setter
    def firmware(self, version: str) -> None:
        self._firmware = self.device.firmware = version

    def random(self, size: int) -> bytes:
        """Return that many random bytes."""
        return self._random(size)

    @contextlib.contextmanager
    def keeping(self) -> Iterator[list[Memory]]:
        """Keep a copy of each memory that is stored with a change that the motor does not follow yet."""
        kept: list[Memory] = []
        self._stored = kept
        try:
            yield kept
        finally:
            self._stored = None

    def _keep(self, memory: Memory) -> None:
        self._save(memory)
        if self._stored is not None and memory.ahead is not None:
            self._stored.append(copied(memory))

    def do(self, action: Callable[[], None], speed: int | None = None) -> None:
        """Do something to the pump of this very instant, store what came of it, and go on from there.

        What `action` raises to refuse it is raised; nothing is to be changed then. A speed is in thousandths of wall time.
        """
        if self.doubt is not None:
            return
        device = self.device
        if not (self.guard(device.catch_up) and self.guard(action)):
            return
        now_ns = self.wall.now_ns()
        if speed is not None or device.pump.clock.now_us > device.pace.pump_us_at(now_ns):
            pace = device.pace.speed if speed is None else speed
            device.pace = Pace(pace, now_ns, device.pump.clock.now_us)
            self._due_us = None  # whatever the timer was set to, it is another instant of the wall's
        self.persist()
        self.plan()
        if self.companion is not None:
            self.companion.moved()

    def guard(self, action: Callable[[], object]) -> bool:
        """Do something, and stop where it finds volumes that do not add up; an event loop would log that and go on."""
        try:
            action()
        except LedgerError as error:
            self.stop(error)
            return False
        return True

    # --- its hosts, and what is told --------------------------------------------------------------------------------

    def plug(self, medium: Medium = PERFECT) -> OpenConversation:
        """Return what opens the conversations of one port, on a link of this kind."""
        return self._reception.plug(medium)

    @property
    def has_hosts(self) -> bool:
        """Whether a host is there, on any port."""
        return self._reception.has_hosts

    def unplugged(self, wire: Wire) -> None:
        """Forget a line whose host has gone."""
        self._reception.leave(wire)

    def tell(self, sentence: str, event: Mapping[str, Any]) -> None:
        """Note what happened, and tell it."""
        self.telling.tell(sentence, event)

    # --- time -------------------------------------------------------------------------------------------------------

    def plan(self) -> None:
        """Set the timer to the next thing that is due in pump time."""
        due_us = self.device.pump.clock.next_due_us
        if due_us == self._due_us:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due_us, self._timer = due_us, None
        due_ns = None if due_us is None else self.device.pace.wall_ns_at(due_us)
        if due_ns is not None:
            self._timer = self.wall.later(max(0, due_ns - self.wall.now_ns()), self._wake)

    def _wake(self) -> None:
        self._due_us = None
        self.do(lambda: None)
