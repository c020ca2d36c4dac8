"""`pumpmock serve`: one pump on its ports, in one event loop, until somebody ends it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protocol.handshake import BackOff
from protocol.keys import BENCH_WARNING
from protocol.places import APP, runtime_folder
from protocol.units import format_rate, format_volume
from protocol.vocabulary import EventKind, Role
from pumpmock.device import Device
from pumpmock.dialects.native import NativeConversation
from pumpmock.drug_file import rules_for
from pumpmock.limits_file import BENCH
from pumpmock.model.reservoir import LedgerError
from pumpmock.options import REPEATABLE_EPOCH_S, new_memory, pairing_keys, randomness
from pumpmock.pace import REAL_SPEED, Pace
from pumpmock.ports.pty import PtyPort, open_first_free
from pumpmock.ports.tcp import TcpPort
from pumpmock.snapshot import InDoubtError, Store
from pumpmock.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocol.keys import Key
    from protocol.messages import EventRecord
    from pumpmock.console import Console
    from pumpmock.model.drug import DrugRules
    from pumpmock.options import Options
    from pumpmock.ports import Port
    from pumpmock.ports.base import OpenConversation
    from pumpmock.snapshot import Memory

MODEL = "pumpmock bench"
_STORED = "as stored"  # of a pump that goes on
_NS_A_S = 1_000_000_000
# The console names the peer too, which a pump does not know.
_TOLD_WITH_PEER = frozenset({EventKind.SESSION, EventKind.BAD_HANDSHAKES})


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
        # Each start draws other nonces, so that no session of an earlier one can be replayed to it.
        self._random = randomness(options, f"start {memory.boot}")
        self._tallies: list[Tally] = []
        self._unsaved = ""
        self._ended = asyncio.Event()
        self._doubt: InDoubtError | LedgerError | None = None
        self._due_us: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._device = Device(
            memory,
            pace=Pace(options.speed, time.monotonic_ns(), memory.pump.clock.now_us),
            wall_ns=time.monotonic_ns,
            random=self._random,
            save=(lambda _memory: None) if store is None else store.save,
            model=MODEL,
            firmware=version(APP),
        )

    async def run(self) -> None:
        ended = self._ended
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, ended.set)
        loop.add_signal_handler(signal.SIGUSR1, self._press)
        loop.set_exception_handler(self._take_exception)
        pump = self._device.pump
        pump.record(EventKind.START)
        self._device.persist()
        async with contextlib.AsyncExitStack() as stack:
            ports = await self._open_ports(stack)
            self._tell_ready(ports)
            pump.on_event = self._tell_event
            self._plan()
            await ended.wait()
            if self._doubt is None:
                try:
                    self._device.catch_up()
                except LedgerError as error:
                    self._stop(error)
        if self._timer is not None:
            self._timer.cancel()
        if self._doubt is None:
            for tally in self._tallies:
                tally.tell()
            self._device.finish()
            self._persist()
        if self._doubt is not None:
            raise self._doubt
        self._console.tell("ended", {"event": "ended", "pump_time_us": pump.clock.now_us})

    async def _open_ports(self, stack: contextlib.AsyncExitStack) -> dict[str, str]:
        opened: dict[str, str] = {}
        options = self._options
        port: Port
        if options.link is None:
            folder = Path(runtime_folder(os.environ, tempfile.gettempdir(), os.getuid()))
            port = await open_first_free(folder, self._conversations())
        else:
            port = PtyPort(options.link, self._conversations())
            await port.open()
        stack.push_async_callback(port.close)
        opened["pty"] = port.url
        if options.tcp is not None:
            tcp = TcpPort(*options.tcp, self._conversations())
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

    def _conversations(self) -> OpenConversation:
        """Return what opens the conversations of one port; they share its back-off and its tally."""
        back_off = BackOff()
        tally = Tally(self._tell_bad_handshakes, asyncio.get_running_loop().call_later)
        self._tallies.append(tally)

        def open_conversation(peer: str) -> _Served:
            def opened(role: Role) -> None:
                name = role.name.lower()
                self._console.tell(f"{name} on {peer}", {"event": "session", "peer": peer, "role": name})

            conversation = NativeConversation(
                self._device,
                self._keys,
                self._random,
                opened=opened,
                unsaved=self._note_unsaved,
                bad_handshakes=lambda count: tally.add(count, peer),
                back_off=back_off,
            )
            return _Served(conversation, self)

        return open_conversation

    def answer(self, conversation: NativeConversation, data: bytes) -> bytes:
        """Let a conversation take what arrived, and return its answer; none once the state is in doubt."""
        if self._doubt is not None:
            return b""
        try:
            reply = conversation.receive(data)
        except (InDoubtError, LedgerError) as doubt:
            self._stop(doubt)
            return b""
        self._plan()
        return reply

    def _stop(self, doubt: InDoubtError | LedgerError) -> None:
        """End at once, and say nothing more to any host: docs/decisions/0023-fail-stop.md."""
        if self._doubt is None and isinstance(doubt, LedgerError):
            state = self._device.pump.last_state()
            event = {"event": "ledger_error", "error": str(doubt), "pump": state}
            self._console.tell(f"the pump's last sound state: {json.dumps(state)}", event)
        self._doubt = doubt
        self._ended.set()

    def _take_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """End at volumes that do not add up, whoever ran into them; a loop by itself would log that and go on."""
        error = context.get("exception")
        if isinstance(error, LedgerError):
            self._stop(error)
        else:
            loop.default_exception_handler(context)

    def _tell_event(self, record: EventRecord) -> None:
        if record.kind not in _TOLD_WITH_PEER:
            self._console.event(record)

    def _tell_bad_handshakes(self, count: int, peer: str) -> None:
        self._device.note_bad_handshakes(count)
        said = f"{count} handshake frame{'s' if count > 1 else ''} with a wrong tag refused on {peer}"
        self._console.tell(said, {"event": "bad_handshakes", "count": count, "peer": peer})

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

    def _press(self) -> None:
        """Let the patient press the button."""
        if self._doubt is None:
            self._device.press()
            self._persist()
            self._plan()

    def _persist(self) -> None:
        if self._doubt is not None:
            return
        try:
            self._device.persist()
        except InDoubtError as doubt:
            self._stop(doubt)
        except OSError as error:
            self._note_unsaved(error)

    def _note_unsaved(self, error: OSError) -> None:
        said = f"the state file can't be written ({error.strerror or error}): readings go on, changes are refused"
        if said != self._unsaved:
            self._console.warn(said)
        self._unsaved = said

    def _tell_ready(self, ports: dict[str, str]) -> None:
        memory, options = self._device.memory, self._options
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
            "limits_crc": self._device.limits_crc,
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
            f"  limits {self._limits_name()} (CRC {self._device.limits_crc:08x})",
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
        return self._options.profile.name if self._device.memory.boot == 1 else _STORED

    def _limits_name(self) -> str:
        """Name what the pump enforces; one that goes on enforces what it did, unless other limits were given."""
        limits, memory = self._options.limits, self._device.memory
        if limits is None:
            return BENCH.name if memory.boot == 1 else _STORED
        return limits.name


def _drug_text(drug: DrugRules | None, concentration_ug_ml: int) -> str:
    if drug is None:
        return f"{concentration_ug_ml} ug/mL of a drug that is not checked: no drug library"
    return (
        f"{drug.drug} {concentration_ug_ml} ug/mL, drug library {drug.library} (SHA-256 {drug.checksum[:8]})"
    )


@dataclass(frozen=True, slots=True)
class _Served:
    """A conversation whose answers the server lets through."""

    conversation: NativeConversation
    server: _Server

    def receive(self, data: bytes) -> bytes:
        return self.server.answer(self.conversation, data)

    def close(self) -> None:
        self.conversation.close()
