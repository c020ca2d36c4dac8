"""`pumpmock serve`: one pump on its ports, in one event loop, until somebody ends it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from protocol.ledger import Ledger
from protocol.messages import EventKind, Role
from protocol.places import APP, runtime_folder
from protocol.units import format_rate, format_volume
from pumpmock.device import Device
from pumpmock.dialects.native import NativeConversation
from pumpmock.keyring import ensure_keys
from pumpmock.model.pump import Pump
from pumpmock.model.settings import Settings
from pumpmock.pace import REAL_SPEED, Pace
from pumpmock.ports.pty import PtyPort, open_first_free
from pumpmock.ports.tcp import TcpPort
from pumpmock.snapshot import Memory, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from protocol.keys import Key
    from pumpmock.console import Console
    from pumpmock.ports import Port

MODEL = "pumpmock bench"
_SENSOR_OFFSET_NL = 200_000  # a pump's level sensor is off by a constant within this; an assumption
_NS_A_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """What `pumpmock serve` was asked for; volumes in nL, rates in nL/h, speed in thousandths."""

    serial_number: str
    fill_nl: int
    low_reservoir_nl: int
    rate_nl_h: int
    battery_percent: int
    speed: int
    seed: int
    link: Path | None
    tcp: tuple[str, int] | None
    state: Path | None
    keys: Path


def new_memory(options: Options, epoch_s: int, random: Callable[[int], bytes]) -> Memory:
    """Return a pump that was never started before.

    Raises:
        ValueError: where no pump can be as the options say.
    """
    offset = Random(options.seed).randint(-_SENSOR_OFFSET_NL, _SENSOR_OFFSET_NL)  # noqa: S311 - a sensor, not a secret
    settings = Settings(low_reservoir_nl=options.low_reservoir_nl, sensor_offset_nl=offset, epoch_s=epoch_s)
    pump = Pump(
        settings,
        fill_nl=options.fill_nl,
        rate_nl_h=options.rate_nl_h,
        battery_percent=options.battery_percent,
    )
    return Memory(options.serial_number, random(8), 0, 0, Ledger(), pump)


def serve(options: Options, console: Console) -> None:
    """Serve a pump until SIGINT or SIGTERM.

    Raises:
        ValueError: where no pump can be as the options or the state file say.
        PortError: where a port can't be had.
        OSError: where keys or state can't be read or written.
    """
    keys = ensure_keys(options.keys, options.serial_number, os.urandom)
    with contextlib.ExitStack() as stack:
        store = None if options.state is None else Store(options.state)
        if store is not None:
            stack.callback(store.close)
        memory = store.load() if store is not None else None
        if memory is None:
            memory = new_memory(options, int(time.time()), os.urandom)
        elif memory.serial_number != options.serial_number:
            keys = ensure_keys(options.keys, memory.serial_number, os.urandom)
        memory.boot += 1
        asyncio.run(_Server(options, console, memory, keys, store).run())


class _Server:
    """The pump, its ports, and the one timer that wakes it for what is due in pump time."""

    def __init__(
        self,
        options: Options,
        console: Console,
        memory: Memory,
        keys: Mapping[bytes, Key],
        store: Store | None,
    ) -> None:
        self._options = options
        self._console = console
        self._keys = keys
        self._unsaved = ""
        self._due_us: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._device = Device(
            memory,
            pace=Pace(options.speed, time.monotonic_ns(), memory.pump.clock.now_us),
            wall_ns=time.monotonic_ns,
            random=os.urandom,
            save=(lambda _memory: None) if store is None else store.save,
            model=MODEL,
            firmware=version(APP),
        )

    async def run(self) -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, ended.set)
        pump = self._device.pump
        pump.record(EventKind.START)
        self._device.persist()
        async with contextlib.AsyncExitStack() as stack:
            ports = await self._open_ports(stack)
            self._tell_ready(ports)
            pump.on_event = self._console.event
            self._plan()
            await ended.wait()
            self._device.catch_up()
        if self._timer is not None:
            self._timer.cancel()
        self._persist()
        self._console.tell("ended", {"event": "ended", "pump_time_us": pump.clock.now_us})

    async def _open_ports(self, stack: contextlib.AsyncExitStack) -> dict[str, str]:
        opened: dict[str, str] = {}
        options = self._options
        port: Port
        if options.link is None:
            folder = Path(runtime_folder(os.environ, tempfile.gettempdir(), os.getuid()))
            port = await open_first_free(folder, self._open_conversation)
        else:
            port = PtyPort(options.link, self._open_conversation)
            await port.open()
        stack.push_async_callback(port.close)
        opened["pty"] = port.url
        if options.tcp is not None:
            tcp = TcpPort(*options.tcp, self._open_conversation)
            await tcp.open()
            stack.push_async_callback(tcp.close)
            opened["tcp"] = tcp.url
            if not tcp.is_loopback:
                self._console.warn(
                    f"{tcp.url} can be reached from other machines; the link is authenticated, not secret"
                )
        return opened

    def _open_conversation(self, peer: str) -> _Planned:
        def opened(role: Role) -> None:
            name = role.name.lower()
            self._console.tell(f"{name} on {peer}", {"event": "session", "peer": peer, "role": name})

        conversation = NativeConversation(
            self._device, self._keys, os.urandom, opened=opened, unsaved=self._note_unsaved
        )
        return _Planned(conversation, self._plan)

    def _plan(self) -> None:
        """Set the timer to the next thing that is due in pump time."""
        due_us = self._device.pump.clock.next_due_us
        if due_us == self._due_us:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due_us, self._timer = due_us, None
        due_ns = None if due_us is None else self._device.pace.wall_ns_at(due_us)
        if due_ns is not None:
            delay_s = max(0, due_ns - time.monotonic_ns()) / _NS_A_S
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._wake)

    def _wake(self) -> None:
        self._due_us = None
        self._device.catch_up()
        self._persist()
        self._plan()

    def _persist(self) -> None:
        try:
            self._device.persist()
        except OSError as error:
            self._note_unsaved(error)

    def _note_unsaved(self, error: OSError) -> None:
        said = f"the state file can't be written ({error.strerror or error}): readings go on, changes are refused"
        if said != self._unsaved:
            self._console.warn(said)
        self._unsaved = said

    def _tell_ready(self, ports: dict[str, str]) -> None:
        memory, options = self._device.memory, self._options
        now = memory.pump.sample()
        event: dict[str, Any] = {
            "event": "ready",
            "ports": ports,
            "serial_number": memory.serial_number,
            "boot": memory.boot,
            "revision": memory.revision,
            "pump_time_us": now.pump_time_us,
            "speed": options.speed / REAL_SPEED,
            "seed": options.seed,
            "keys": str(options.keys),
            "pid": os.getpid(),
        }
        pace = "frozen" if not options.speed else f"at {options.speed / REAL_SPEED:g} times real time"
        lines = [
            f"pump {memory.serial_number}, start {memory.boot}, {pace} - a bench tool, not a medical device",
            f"  reservoir {format_volume(now.reservoir_nl)}, {format_rate(now.commanded_rate_nl_h)}",
            f"  battery {now.battery_percent} %, seed {options.seed}",
            *(f"  {name}  {url}" for name, url in ports.items()),
            f"  keys {options.keys}",
            f"watch it:  pump-monitor dashboard {ports['pty']}",
        ]
        self._console.tell("\n".join(lines), event)


@dataclass(frozen=True, slots=True)
class _Planned:
    """A conversation after each turn of which the pump's timer is set again."""

    conversation: NativeConversation
    plan: Callable[[], None]

    def receive(self, data: bytes) -> bytes:
        reply = self.conversation.receive(data)
        self.plan()
        return reply

    def close(self) -> None:
        self.conversation.close()
