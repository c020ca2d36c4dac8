"""`pumpmock serve`: pumps on their ports, in one event loop, until somebody ends it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from protocol.places import APP, runtime_folder
from pumpmock.control.address import Address, beside
from pumpmock.control.server import ControlServer
from pumpmock.drug_file import rules_for
from pumpmock.emulator import Emulator
from pumpmock.faults.checks import FaultError
from pumpmock.journal.journal import KEPT
from pumpmock.journal.serving import write_journal
from pumpmock.many import each_of, room_for
from pumpmock.options import NO_CONTROL, REPEATABLE_EPOCH_S, new_memory, pairing_keys, randomness
from pumpmock.ports.link import own_directory
from pumpmock.ports.pty import PtyPort, open_first_free
from pumpmock.ports.rfc2217 import Rfc2217Port, noted_in
from pumpmock.ports.tcp import TcpPort
from pumpmock.ready import Ready
from pumpmock.scenario.served import Served
from pumpmock.snapshot import Store
from pumpmock.wall import wall_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocol.keys import Key
    from pumpmock.console import Console
    from pumpmock.options import Options
    from pumpmock.snapshot import Memory


_LEAST_KEPT = (
    8  # entries of each pump's journal; where so many pumps share what one would have that it is less: none
)


class ScenarioFailedError(Exception):
    """A scenario was played, and not all was as it expects."""


def serve(options: Options, console: Console) -> None:
    """Serve pumps until SIGINT or SIGTERM; at SIGUSR1 the patient of each presses the button.

    Raises:
        ValueError: where no pump can be as the options or the state file say.
        FaultError: where what is to go wrong can't.
        PortError: where a port can't be had, or so many pumps can't be served by one process.
        OSError: where keys or state can't be read or written.
        InDoubtError: where it is not sure what the state file holds after a power cut.
        LedgerError: where the volumes in the pump no longer add up; its state before that was told then, and is stored.
        ScenarioFailedError: where what a scenario expects was not so, which has been told.
    """
    room_for(options.pumps, sum(where is not None for where in (options.tcp, options.rfc2217)))
    if options.pumps > 1 and options.link is None:
        own_directory(default_folder())
    with console.unhindered(), contextlib.ExitStack() as stack:
        members = [_Member(one, console, stack) for one in each_of(options, default_folder())]
        asyncio.run(_serve(members, console))


async def _serve(members: list[_Member], console: Console) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    emulators = [member.start(ended) for member in members]

    def press() -> None:
        for emulator in emulators:
            emulator.press()

    loop.add_signal_handler(signal.SIGUSR1, press)
    try:
        _tell_ready([await member.open_ports() for member in members], console)
        for member in members:
            member.go_wrong()
        await ended.wait()
    finally:
        await _close(members)
    for emulator in emulators:
        emulator.finish()
    for emulator in emulators:
        if emulator.doubt is not None:
            raise emulator.doubt
    results = [member.played.result for member in members if member.played is not None]
    for result in results:
        console.tell(result.text, {"event": "scenario", **result.facts()})
    console.tell("ended", {"event": "ended", "pump_time_us": emulators[0].device.pump.clock.now_us})
    if not all(result.is_good for result in results):
        raise ScenarioFailedError


async def _close(members: list[_Member]) -> None:
    """Close all, whatever comes of one; put together only here, for a callback takes as much as a port does."""
    async with contextlib.AsyncExitStack() as stack:
        for member in members:
            stack.push_async_callback(member.close)


def _tell_ready(ready: list[Ready], console: Console) -> None:
    if len(ready) == 1:
        console.begin(ready[0].sentence(), {"event": "ready", **ready[0].facts()})
    else:
        lines = [one.line() for one in ready]
        lines[0] = f"{len(ready)} pumps - a bench tool, not a medical device\n{lines[0]}"
        lines.append(f"watch the first:  {ready[0].how_to_watch()}")
        console.begin("\n".join(lines), {"event": "ready", "pumps": [one.facts() for one in ready]})
    warnings = dict.fromkeys(one.warning() for one in ready if one.warning())
    for warning in warnings:  # they are alike, and so is what is wrong with them
        console.warn(warning)


class _Member:
    """One of the pumps, with its keys, its memory and its ports.

    Args:
        options: its own.
        console: where its events are told.
        stack: gives its files up at the end.

    Attributes:
        played: the scenario that it goes through; None where there is none.
    """

    __slots__ = (
        "_console",
        "_control",
        "_emulator",
        "_keys",
        "_memory",
        "_options",
        "_stack",
        "_store",
        "played",
    )

    def __init__(self, options: Options, console: Console, stack: contextlib.ExitStack) -> None:
        self._options = options
        self._stack = stack
        self._console = console if options.pumps == 1 else console.of(options.serial_number)
        self._keys: Mapping[bytes, Key] = pairing_keys(options.keys, options.serial_number)
        self._store = None if options.state is None else Store(options.state)
        if self._store is not None:
            stack.callback(self._store.close)
        self._memory = self._started(None if self._store is None else self._store.load())
        self._emulator: Emulator
        self._control: ControlServer | None = None
        self.played: Served | None = None

    def _started(self, stored: Memory | None) -> Memory:
        """Return a new pump's memory, or the stored one as the options would have it."""
        options = self._options
        if stored is None:
            epoch_s = REPEATABLE_EPOCH_S if options.repeatable else int(time.time())
            memory = new_memory(options, epoch_s, randomness(options, "memory"))
        else:
            memory = stored
            if memory.serial_number != options.serial_number:
                self._keys = pairing_keys(options.keys, memory.serial_number)
        if options.limits is not None:
            memory.pump.configure(options.limits.figures)
        if stored is not None and (options.drugs is not None or options.drug is not None):
            memory.pump.hold(rules_for(options.drugs, options.drug, memory.pump.drug))
        memory.boot += 1
        return memory

    def start(self, ended: asyncio.Event) -> Emulator:
        """Let it go with the running loop's time; `ended` is set where it can't go on."""
        store, memory = self._store, self._memory
        self._emulator = Emulator(
            memory,
            self._keys,
            speed=self._options.speed,
            wall=wall_of(asyncio.get_running_loop()),
            # Each start draws other nonces, so that no session of an earlier one can be replayed to it.
            random=randomness(self._options, f"start {memory.boot}"),
            save=(lambda _memory: None) if store is None else store.save,
            teller=self._console,
            firmware=version(APP),
            seed=self._options.seed,
        )
        if self._options.journal is not None:
            began = datetime.now(UTC)
            self._stack.callback(
                write_journal(
                    self._options.journal,
                    self._options,
                    self._emulator,
                    self._keys,
                    began=began,
                    warn=self._console.warn,
                ).close
            )
        share = KEPT // self._options.pumps
        self._emulator.journal.keep(share if share >= _LEAST_KEPT else 0)
        self._emulator.on_doubt = ended.set
        if self._options.scenario is not None:
            self.played = Served(self._emulator, self._options.scenario, ended.set)
        self._emulator.start()
        return self._emulator

    async def open_ports(self) -> Ready:
        """Plug it into all its ports."""
        opened: dict[str, str] = {}
        options, emulator = self._options, self._emulator
        if options.link is None:
            port = await open_first_free(default_folder(), emulator.plug(options.medium))
        else:
            port = PtyPort(options.link, emulator.plug(options.medium))
            await port.open()
        panel = emulator.ports
        panel.add("pty", port)
        opened["pty"] = port.url
        listening = []
        if options.tcp is not None:
            listening.append(TcpPort(*options.tcp, emulator.plug(options.medium)))
        if options.rfc2217 is not None:
            told = noted_in(emulator.journal)
            listening.append(Rfc2217Port(*options.rfc2217, emulator.plug(options.medium), told))
        for listener in listening:
            await listener.open()
            panel.add(listener.kind, listener)
            opened[listener.kind] = listener.url
            if not listener.is_loopback:
                what = (
                    "anyone there can change this pump by the bench key"
                    if options.keys is None
                    else "the link is authenticated, not secret"
                )
                self._console.warn(f"{listener.url} can be reached from other machines; {what}")
        return Ready(options, emulator, opened, await self._open_control(port.path))

    async def _open_control(self, link: Path) -> Path | None:
        """Let the pump be controlled, unless nobody shall."""
        wanted = self._options.control
        if wanted == NO_CONTROL:
            return None
        self._control = ControlServer(self._emulator, Address(wanted or beside(link)))
        await self._control.open()
        return self._control.path

    async def close(self) -> None:
        """Let nobody control it, and unplug it; of what was never opened, nothing."""
        if self._control is not None:
            await self._control.close()
        await self._emulator.ports.close()

    def go_wrong(self) -> None:
        """Let happen what was asked for from the start on."""
        for fault in self._options.faults:
            try:
                self._emulator.faults.add(**fault)
            except ValueError as error:
                raise FaultError(f"--fault {fault['kind']}: {error}") from error


def default_folder() -> Path:
    """Return the folder of the links that have no other place."""
    return Path(runtime_folder(os.environ, tempfile.gettempdir(), os.getuid()))
