"""`pumpmock serve`: one pump on its ports, in one event loop, until somebody ends it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protocol.keys import BENCH_WARNING
from protocol.places import APP, runtime_folder
from protocol.units import format_rate, format_volume
from pumpmock.drug_file import rules_for
from pumpmock.emulator import Emulator
from pumpmock.limits_file import BENCH
from pumpmock.model.reservoir import LedgerError
from pumpmock.options import REPEATABLE_EPOCH_S, new_memory, pairing_keys, randomness
from pumpmock.pace import REAL_SPEED
from pumpmock.ports.pty import PtyPort, open_first_free
from pumpmock.ports.tcp import TcpPort
from pumpmock.snapshot import Store
from pumpmock.wall import wall_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocol.keys import Key
    from pumpmock.console import Console
    from pumpmock.model.drug import DrugRules
    from pumpmock.options import Options
    from pumpmock.ports import Port
    from pumpmock.snapshot import Memory

_STORED = "as stored"  # of a pump that goes on


def serve(options: Options, console: Console) -> None:
    """Serve a pump until SIGINT or SIGTERM; at SIGUSR1 the patient presses the button.

    Raises:
        ValueError: where no pump can be as the options or the state file say.
        PortError: where a port can't be had.
        OSError: where keys or state can't be read or written.
        InDoubtError: where it is not sure what the state file holds after a power cut.
        LedgerError: where the volumes in the pump no longer add up; its state before that was told then, and is stored.
    """
    keys = pairing_keys(options.keys, options.serial_number)
    with contextlib.ExitStack() as stack:
        store = None if options.state is None else Store(options.state)
        if store is not None:
            stack.callback(store.close)
        memory = store.load() if store is not None else None
        goes_on = memory is not None
        if memory is None:
            epoch_s = REPEATABLE_EPOCH_S if options.repeatable else int(time.time())
            memory = new_memory(options, epoch_s, randomness(options, "memory"))
        elif memory.serial_number != options.serial_number:
            keys = pairing_keys(options.keys, memory.serial_number)
        if options.limits is not None:
            memory.pump.configure(options.limits.figures)
        if goes_on and (options.drugs is not None or options.drug is not None):
            memory.pump.hold(rules_for(options.drugs, options.drug, memory.pump.drug))
        memory.boot += 1
        asyncio.run(_run(options, console, memory, keys, store))


async def _run(
    options: Options, console: Console, memory: Memory, keys: Mapping[bytes, Key], store: Store | None
) -> None:
    await _Server(options, console, memory, keys, store).run()


class _Server:
    """A pump on its ports, until somebody ends it."""

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
        self._emulator = Emulator(
            memory,
            keys,
            speed=options.speed,
            wall=wall_of(asyncio.get_running_loop()),
            # Each start draws other nonces, so that no session of an earlier one can be replayed to it.
            random=randomness(options, f"start {memory.boot}"),
            save=(lambda _memory: None) if store is None else store.save,
            teller=console,
            firmware=version(APP),
        )

    async def run(self) -> None:
        ended = asyncio.Event()
        emulator = self._emulator
        emulator.on_doubt = ended.set
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, ended.set)
        loop.add_signal_handler(signal.SIGUSR1, emulator.press)
        loop.set_exception_handler(self._take_exception)
        emulator.start()
        async with contextlib.AsyncExitStack() as stack:
            self._tell_ready(await self._open_ports(stack))
            await ended.wait()
        emulator.finish()
        if emulator.doubt is not None:
            raise emulator.doubt
        self._console.tell("ended", {"event": "ended", "pump_time_us": emulator.device.pump.clock.now_us})

    async def _open_ports(self, stack: contextlib.AsyncExitStack) -> dict[str, str]:
        opened: dict[str, str] = {}
        options, plug = self._options, self._emulator.plug
        port: Port
        if options.link is None:
            folder = Path(runtime_folder(os.environ, tempfile.gettempdir(), os.getuid()))
            port = await open_first_free(folder, plug())
        else:
            port = PtyPort(options.link, plug())
            await port.open()
        stack.push_async_callback(port.close)
        opened["pty"] = port.url
        if options.tcp is not None:
            tcp = TcpPort(*options.tcp, plug())
            await tcp.open()
            stack.push_async_callback(tcp.close)
            opened["tcp"] = tcp.url
            if not tcp.is_loopback:
                what = (
                    "anyone there can change this pump by the bench key"
                    if options.keys is None
                    else "the link is authenticated, not secret"
                )
                self._console.warn(f"{tcp.url} can be reached from other machines; {what}")
        return opened

    def _take_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """End at volumes that do not add up, whoever ran into them; a loop by itself would log that and go on."""
        error = context.get("exception")
        if isinstance(error, LedgerError):
            self._emulator.stop(error)
        else:
            loop.default_exception_handler(context)

    def _tell_ready(self, ports: dict[str, str]) -> None:
        memory, options = self._emulator.device.memory, self._options
        now, drug = memory.pump.sample(), memory.pump.drug
        event: dict[str, Any] = {
            "event": "ready",
            "ports": ports,
            "serial_number": memory.serial_number,
            "boot": memory.boot,
            "revision": memory.revision,
            "pump_time_us": now.pump_time_us,
            "speed": options.speed / REAL_SPEED,
            "seed": options.seed,
            "profile": self._profile_name(),
            "limits": self._limits_name(),
            "limits_crc": self._emulator.device.limits_crc,
            "drug": None if drug is None else drug.drug,
            "drugs": None if drug is None else drug.library,
            "drugs_sha256": None if drug is None else drug.checksum,
            "keys": None if options.keys is None else str(options.keys),
            "bench_key": options.keys is None,
            "pid": os.getpid(),
        }
        by_bench_key = " --bench-key" if options.keys is None else ""
        pace = "frozen" if not options.speed else f"at {options.speed / REAL_SPEED:g} times real time"
        lines = [
            f"pump {memory.serial_number}, start {memory.boot}, {pace} - a bench tool, not a medical device",
            f"  reservoir {format_volume(now.reservoir_nl)}, {format_rate(now.commanded_rate_nl_h)}",
            f"  battery {now.battery_percent} %, seed {options.seed}",
            f"  profile {self._profile_name()}",
            f"  {_drug_text(drug, now.concentration_ug_ml)}",
            f"  limits {self._limits_name()} (CRC {self._emulator.device.limits_crc:08x})",
            *(f"  {name}  {url}" for name, url in ports.items()),
            f"  keys {options.keys}"
            if options.keys is not None
            else f"  {BENCH_WARNING}, its key is published",
            f"watch it:  pump-monitor dashboard {ports['pty']}{by_bench_key}",
        ]
        self._console.tell("\n".join(lines), event)
        if drug is not None and not drug.knows(now.concentration_ug_ml):
            self._console.warn(f"the pump stays stopped: {drug.unknown(now.concentration_ug_ml)}")

    def _profile_name(self) -> str:
        return self._options.profile.name if self._emulator.device.memory.boot == 1 else _STORED

    def _limits_name(self) -> str:
        """Name what the pump enforces; one that goes on enforces what it did, unless other limits were given."""
        limits, memory = self._options.limits, self._emulator.device.memory
        if limits is None:
            return BENCH.name if memory.boot == 1 else _STORED
        return limits.name


def _drug_text(drug: DrugRules | None, concentration_ug_ml: int) -> str:
    if drug is None:
        return f"{concentration_ug_ml} ug/mL of a drug that is not checked: no drug library"
    return (
        f"{drug.drug} {concentration_ug_ml} ug/mL, drug library {drug.library} (SHA-256 {drug.checksum[:8]})"
    )
