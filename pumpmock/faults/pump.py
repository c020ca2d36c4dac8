"""Faults of the pump itself. What is physical the model does, and delivery changes with it; nothing here pretends."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from protocol.fields import specs
from protocol.ledger import Ledger
from protocol.messages import Identity
from pumpmock.model.troubles import Trouble
from pumpmock.snapshot import Memory, copied

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.emulator import Emulator
    from pumpmock.faults.fault import Fault
    from pumpmock.model.clock import Handle
    from pumpmock.model.pump import Pump

_PPM = 1_000_000
_US_A_S = 1_000_000

TROUBLES = {
    "occlusion": Trouble.OCCLUSION,
    "leak": Trouble.LEAK,
    "stall": Trouble.STALL,
    "hold": Trouble.HOLD,
    "valve": Trouble.VALVE,
}
_EXTENTS = {"leak": "share_percent", "valve": "bolus_nl"}
# What raises an alarm; what does not stand here is judged from what the pump is told, or is not told.
_CAUSES: dict[str, Callable[[Pump], object]] = {
    "empty_reservoir": lambda pump: pump.spill(noticed=True),
    "eri": lambda pump: pump.weaken_battery(1),
    "eos": lambda pump: pump.weaken_battery(0),
    "stall": lambda pump: pump.strike(Trouble.STALL),
    "memory_error": lambda pump: pump.memory_error(),
    "reset": lambda pump: pump.reset_critically(),
    "clock_lost": lambda pump: pump.lose_clock(),
}
_HOW_ELSE = {
    "low_reservoir": "let the pump start with less in its reservoir, or let it run",
    "stopped": "stop the pump, and let the time pass",
    "changes_locked": "ask three times for a change over a limit",
    "link_watchdog": "take a profile with a watchdog, and ask nothing for as long as it says",
    "drug_unknown": "let the pump start with a drug that is not in its library",
}


def check_figures(emulator: Emulator, fault: Fault) -> None:
    """Refuse figures that no pump can have, or that have no meaning with it.

    Raises:
        ValueError: with a sentence.
    """
    name = fault.kind.name
    if name == "alarm" and (what := fault.word("name")) in _HOW_ELSE:
        raise ValueError(f"{what} is not raised by anything that could fail: {_HOW_ELSE[what]}")
    if name == "firmware":
        most, version = specs(Identity)["firmware"].most or 0, fault.word("version")
        if not 0 < len(version.encode()) <= most or not version.isascii() or not version.isprintable():
            raise ValueError(f"the version is 1 to {most} printable ASCII characters")
    if name == "reboot" and fault.word("memory") == "old":
        if fault.on is None:
            raise ValueError(
                "memory = old goes back to when the fault was asked for: name the request to wait for by on"
            )
        fault.kept = copied(emulator.device.memory)


def _nothing() -> None:
    """End what is over as soon as it has happened."""


def _trouble(emulator: Emulator, fault: Fault) -> Callable[[], None]:
    trouble = TROUBLES[fault.kind.name]
    emulator.device.pump.strike(trouble, fault.number(_EXTENTS.get(fault.kind.name, "")))
    return lambda: emulator.device.pump.relieve(trouble)


def _empty(emulator: Emulator, fault: Fault) -> Callable[[], None]:
    emulator.device.pump.spill(noticed=fault.word("noticed") == "yes")
    return _nothing


def _low_battery(emulator: Emulator, fault: Fault) -> Callable[[], None]:
    emulator.device.pump.weaken_battery(fault.number("left_percent"))
    return _nothing


def _alarm(emulator: Emulator, fault: Fault) -> Callable[[], None]:
    _CAUSES[fault.word("name")](emulator.device.pump)
    return _nothing


def _memory_error(emulator: Emulator, _fault: Fault) -> Callable[[], None]:
    emulator.device.pump.memory_error()
    return _nothing


def _reset(emulator: Emulator, _fault: Fault) -> Callable[[], None]:
    emulator.device.pump.reset_critically()
    return _nothing


def _clock_lost(emulator: Emulator, _fault: Fault) -> Callable[[], None]:
    emulator.device.pump.lose_clock()
    return _nothing


def _clock_drift(emulator: Emulator, fault: Fault) -> Callable[[], None]:
    """Put the calendar clock on or back by a second, as often as it has come to be off by one."""
    pump, rate_ppm = emulator.device.pump, fault.number("rate_ppm")
    began_us, slips = pump.clock.now_us, 0
    planned: list[Handle] = []

    def plan() -> None:
        if rate_ppm:
            due_us = began_us - (slips + 1) * _PPM * _US_A_S // -abs(rate_ppm)
            planned[:] = [pump.clock.call_at(max(due_us, pump.clock.now_us), slip)]

    def slip() -> None:
        nonlocal slips
        slips += 1
        pump.slip_clock(1 if rate_ppm > 0 else -1)
        plan()

    def stop() -> None:
        for handle in planned:
            handle.cancel()

    plan()
    return stop


def _sensor(emulator: Emulator, fault: Fault) -> Callable[[], None]:
    pump, how = emulator.device.pump, fault.word("how")
    if fault.stuck_nl is None:
        fault.stuck_nl = pump.sample().sensed_nl
    stuck_nl, capacity_nl = fault.stuck_nl, pump.settings.capacity_nl
    ways: dict[str, Callable[[int], int]] = {
        "stuck": lambda _reading_nl: stuck_nl,
        "off": lambda _reading_nl: 0,
        # Of the instant and nothing else: a sample leaves no trace, and tells the same however often it is taken.
        "garbage": lambda _reading_nl: Random(f"{fault.seed} {pump.clock.now_us}").randint(0, capacity_nl),  # noqa: S311
        "wrong": lambda reading_nl: min(max(reading_nl + fault.number("by_nl"), 0), capacity_nl),
    }
    pump.misread = ways[how]

    def mend() -> None:
        pump.misread = None

    return mend


def _reboot(emulator: Emulator, fault: Fault) -> Callable[[], None]:
    how, now = fault.word("memory"), emulator.device.memory
    memory = copied(now)
    if how == "lost":
        memory = Memory(now.serial_number, emulator.random(len(now.store_id)), 0, 0, Ledger(), memory.pump)
        memory.pump.reset_critically()
    elif how == "old" and fault.kept is not None:
        memory = copied(fault.kept)
        memory.pump.advance_to(now.pump.clock.now_us)  # what it was told since, it was never told
    restart(emulator, memory)
    return _nothing


def restart(emulator: Emulator, memory: Memory) -> None:
    """Let the pump start with a memory; in the middle of a turn it is down until that ends, and nobody is answered."""
    turn = emulator.faults.turn
    if turn is None:
        emulator.restart(memory)
    else:
        turn.is_silent = True
        turn.then.append(lambda: emulator.restart(memory))


def _firmware(emulator: Emulator, fault: Fault) -> Callable[[], None]:
    before = emulator.firmware
    emulator.firmware = fault.word("version")

    def back() -> None:
        emulator.firmware = before

    return back


# By kind: brings it about at the present instant, and returns what ends it.
PUMP: dict[str, Callable[[Emulator, Fault], Callable[[], None]]] = {
    **dict.fromkeys(TROUBLES, _trouble),
    "empty": _empty,
    "low-battery": _low_battery,
    "memory-error": _memory_error,
    "reset": _reset,
    "clock-lost": _clock_lost,
    "clock-drift": _clock_drift,
    "sensor": _sensor,
    "alarm": _alarm,
    "reboot": _reboot,
    "firmware": _firmware,
}
