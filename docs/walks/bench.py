"""The bench of a walk: pumps on real pseudo-terminals, and one clock for them and their host, moved by hand.

Hours pass in a second, and every run is the same to the byte: keys, nonces and ids are drawn from a seed, and nobody
reads the machine's clock.
"""

from __future__ import annotations

import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from monitor.client import PumpClient
from monitor.intents import Intents
from monitor.keys import Keyring
from protocol.keys import KEY_ID_SIZE, KEY_SIZE, Key, file_name, to_text
from protocol.messages import Poll, Status
from protocol.places import BAUD, KEYS
from protocol.timeouts import line_ms, wire_size
from protocol.vocabulary import Role
from pumpmock.emulator import Emulator
from pumpmock.options import new_memory, randomness
from pumpmock.ports.pty import PtyPort
from pumpmock.testing.options import read_options
from pumpmock.testing.thread import pump_thread
from pumpmock.wall import NS_A_MS, NS_A_S, HandWall

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.snapshot import Reading
    from protocol.messages import EventRecord
    from pumpmock.journal.entry import Entry
    from pumpmock.model.troubles import Trouble
    from pumpmock.snapshot import Memory

FIRMWARE = "1.0.0"
# A pseudo-terminal takes no time: this is what the bytes of a reading take on a line of 115,200 baud.
_PATIENCE_S = 20  # only reached where something is broken
_REPLY_NS = line_ms(wire_size(Poll) + wire_size(Status), BAUD) * NS_A_MS


class Bench:
    """Pumps and the time.

    Args:
        began_s: what the calendar clocks of host and pumps say in the beginning, seconds since 1970 UTC.
        home: folder of keys, notes and history.
    """

    def __init__(self, began_s: int, home: Path) -> None:
        self.home = home
        self._began_s = began_s
        self._now_ns = NS_A_S  # a monotonic clock that says 0 would look like none
        self._pumps: dict[str, Pump] = {}
        (home / KEYS).mkdir(mode=0o700)

    def now_ns(self) -> int:
        """Return the host's monotonic clock, nanoseconds."""
        return self._now_ns

    def now_s(self) -> float:
        """Return the host's calendar clock, seconds since 1970 UTC."""
        return self._began_s + (self._now_ns - NS_A_S) / NS_A_S

    def now_ms(self) -> int:
        """Return the same in milliseconds."""
        return self._began_s * 1_000 + (self._now_ns - NS_A_S) // NS_A_MS

    def pass_ns(self, ns: int) -> None:
        """Let time pass, for the host and for every pump."""
        self._now_ns += ns
        for pump in self._pumps.values():
            pump.pass_ns(ns)

    def pump(self, link: str, serial_number: str, **options: Any) -> Pump:  # noqa: ANN401 - as `live_pump` has them
        """Start a pump on a port; `options` are those of `pumpmock.testing.live_pump`."""
        made = Pump(Path(link), serial_number, int(self.now_s()), options)
        self._pumps[link] = made
        path = self.home / KEYS / file_name(serial_number, Role.TECHNICIAN)
        path.touch(mode=0o600)
        path.write_text(to_text(made.key), encoding="ascii")
        return made

    def key(self, link: str) -> Key:
        """Return the key of the pump on a port."""
        return self._pumps[link].key

    def client(self, link: str, seed: int, **options: Any) -> PumpClient:  # noqa: ANN401 - the client's own
        """Open a client on a port, with the key of the pump that was started there."""
        self.await_goodbyes(link)
        ring = Keyring(Path(KEYS), (self._pumps[link].key,), ())
        draw = Random(f"{link} {seed}").randbytes  # noqa: S311 - nobody is kept out by it
        return _PacedClient(self, link, keyring=ring, random=draw, intents=self.intents(), **options)

    def await_goodbyes(self, *links: str) -> None:
        """Wait until these pumps, or all, have no host: to one that comes while another goes they may not listen.

        It would ask again after a while, but no time passes here by itself.

        Raises:
            TimeoutError: one has.
        """
        until_s = time.monotonic() + _PATIENCE_S
        while not all(self._pumps[link].is_alone() for link in links or self._pumps):
            if time.monotonic() > until_s:
                raise TimeoutError("a host that has closed its port is still there")

    def intents(self) -> Intents:
        """Return the host's notes of its changes."""
        return Intents(self.home / "intents")

    def close(self) -> None:
        """End every pump."""
        for pump in self._pumps.values():
            pump.close()


class _PacedClient(PumpClient):
    """A client that finds the clock moved on by what an answer takes on a real line."""

    def __init__(self, bench: Bench, url: str, **options: Any) -> None:  # noqa: ANN401 - as above
        self._bench = bench
        super().__init__(url, now_ns=bench.now_ns, now_s=bench.now_s, **options)

    def status(self) -> Reading:
        reading = super().status()
        self._bench.pass_ns(_REPLY_NS)
        return reading


class Pump:
    """A live pump on a pseudo-terminal, whose time is moved by hand; it runs in the pumps' own thread.

    Args:
        link: its port.
        serial_number: who it is.
        epoch_s: what its calendar clock begins with.
        options: what it is asked to be.

    Attributes:
        key: a technician's, drawn from the seed.
        emulator: the pump itself; everything of it is to be done by `do`.
    """

    def __init__(self, link: Path, serial_number: str, epoch_s: int, options: Mapping[str, Any]) -> None:
        asked = read_options({"speed": 1, **options}).pump
        draw = Random(f"{serial_number} key").randbytes  # noqa: S311 - of a pump in a book
        self.key = Key(serial_number, Role.TECHNICIAN, draw(KEY_ID_SIZE), draw(KEY_SIZE))
        self._hand = HandWall()
        self._thread = pump_thread()
        memory = new_memory(asked, epoch_s, randomness(asked, f"memory {serial_number}"))
        memory.serial_number = serial_number
        memory.boot = 1
        self.emulator = Emulator(
            memory,
            {self.key.key_id: self.key},
            speed=asked.speed,
            wall=self._hand.wall,
            random=randomness(asked, f"start {serial_number}"),
            save=_save_nowhere,
            teller=_Nobody(),
            firmware=FIRMWARE,
            seed=asked.seed,
        )
        self._port = PtyPort(link, self.emulator.plug())
        self._thread.run(self._port.open())
        self.do(self.emulator.start)

    def is_alone(self) -> bool:
        """Tell whether no host is there, as far as its thread has heard."""
        alone: list[bool] = []
        self.do(lambda: alone.append(not self.emulator.has_hosts))
        return alone[0]

    def do(self, action: Callable[[], object]) -> None:
        """Do something to it, in its thread."""
        self._thread.call(action)

    def pass_ns(self, ns: int) -> None:
        """Let its wall time pass, with all that is due in it."""
        self.do(lambda: self._hand.advance(ns))

    def strike(self, trouble: Trouble) -> None:
        """Let a trouble befall it."""
        self.do(lambda: self.emulator.do(lambda: self.emulator.device.pump.strike(trouble)))

    def relieve(self, trouble: Trouble) -> None:
        """Let a trouble end."""
        self.do(lambda: self.emulator.do(lambda: self.emulator.device.pump.relieve(trouble)))

    def unplug(self) -> None:
        """Pull the plug: its host gets an error at once, and the port is gone."""
        self.do(self._port.unplug)

    def unplug_at(self, event: str) -> None:
        """Pull the plug in the middle of a request: at the next event of this name, before the request is answered."""

        def hear(entry: Entry) -> None:
            if entry.what == event and hear in self.emulator.journal.heard_by:
                self.emulator.journal.heard_by.remove(hear)
                self._port.unplug()

        self.do(lambda: self.emulator.journal.heard_by.append(hear))

    def replug(self) -> None:
        """Plug it in again: another pseudo-terminal, behind the same name."""
        self.do(self._port.replug)

    def close(self) -> None:
        """End it."""
        self._thread.run(self._port.close())
        self.do(self.emulator.finish)


class _Nobody:
    """Is told what happens, and says nothing."""

    def tell(self, sentence: str, event: Mapping[str, Any]) -> None:
        pass

    def warn(self, sentence: str) -> None:
        pass

    def event(self, record: EventRecord) -> None:
        pass


def _save_nowhere(_memory: Memory) -> None:
    """Keep nothing: it ends with its walk."""
