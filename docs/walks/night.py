"""A night shift's walk: the link is lost at 02:00 and comes back at 03:24, and what was missed is made up for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from docs.walks.bench import Bench
from docs.walks.commands import run
from docs.walks.stage import Told, WalkError, dashboard, watched
from monitor.bell import BURSTS
from protocol.alarms import Priority
from pumpmock.model.troubles import Trouble

if TYPE_CHECKING:
    from pathlib import Path

    from docs.walks.bench import Pump
    from docs.walks.stage import Walk

LINK = "ttyPUMP"
_BEGAN_S = int(datetime(2026, 3, 16, 21, tzinfo=UTC).timestamp())
_PUMP = {"reservoir": "2.586 mL", "rate": "0.48 mL/day", "battery": "62 %", "rate_error": "drawn"}
_HOUR_S = 3_600
_NIGHT_MS = 30_000  # a reading each half minute


async def walk(home: Path) -> Told:
    """Walk, in an empty folder."""
    told = Told()
    bench = Bench(_BEGAN_S, home)
    try:
        pump = bench.pump(LINK, "PM-00001", **_PUMP)
        watched(bench, LINK, 27 * _HOUR_S, every_s=300)
        async with dashboard(bench, LINK, told, period_ms=_NIGHT_MS) as somebody:
            await _evening(somebody)
            await _lost(somebody, pump)
            await _meanwhile(somebody, pump)
            await _back(somebody, pump)
            await somebody.press("q")
        _hand_over(bench, told)
    finally:
        bench.close()
    return told


async def _evening(somebody: Walk) -> None:
    await somebody.watch_until("00:30")
    await somebody.press("a")
    somebody.step(
        "The night begins",
        "At night a reading each half minute is enough (`pump-monitor dashboard --every 30`). The reservoir will be low in "
        "less than two hours. That is known, and acknowledged.",
        "REFILL SOON",
        "a reading each 30.0 s",
    )


async def _lost(somebody: Walk, pump: Pump) -> None:
    await somebody.watch_until("02:00")
    pump.unplug()
    somebody.rings()
    await somebody.watch(60)
    if not somebody.rings():
        raise WalkError("the bell does not ring for a lost link")
    burst = BURSTS[Priority.MEDIUM]
    somebody.step(
        "The link is lost",
        "Somebody has pulled the cable. That is an alarm of its own, and the bell rings for it: "
        f"{len(burst.pulses_ms)} pulses every {burst.again_ms // 1_000} seconds, until it is acknowledged. No figure is taken "
        "away, but none looks like the present any more: each is dimmed, has a `?` behind it, and tells how old it is. The "
        "clock stands with the last reading. The dashboard goes on trying by itself.",
        "NO LINK",
        "RUNNING when last seen",
        "stale 1 min 0 s",
        "1 lost",
        picture="night-1-lost",
        alt="The dashboard without a link: every figure dimmed and marked stale, the alarm NO LINK on top",
    )
    await somebody.press("a", "r")
    somebody.step(
        "Nothing is changed blindly",
        "The loss is acknowledged, and the bell is silent. `r` opens no box: a rate that was read a minute ago may not be the "
        "present one.",
        "NO LINK",
        "a change needs a live one",
    )


async def _meanwhile(somebody: Walk, pump: Pump) -> None:
    await somebody.watch_until("02:31")
    pump.strike(Trouble.STALL)
    await somebody.watch_until("03:12")
    pump.relieve(Trouble.STALL)
    await somebody.watch_until("03:23")
    somebody.step(
        "Still nothing",
        "What happens at the pump meanwhile nobody sees here. It goes on by itself, and keeps its own log.",
        "NO LINK",
        "stale 1 h 23 min",
    )


async def _back(somebody: Walk, pump: Pump) -> None:
    await somebody.watch_until("03:24")
    pump.replug()
    await somebody.watch(60)
    if not somebody.rings():
        raise WalkError("the bell does not ring for an alarm that was missed")
    somebody.step(
        "The link is back",
        "The cable is in again, and the next try has found the pump. The figures are live, and NO LINK is gone. What was missed "
        "is here: the dashboard knows the number of the last entry that it has read of the pump's log, and has asked for all "
        "that came after it. At 02:51 the motor had been found stalled, and at 03:12 it turned again: an alarm that came and "
        "went while nobody could see it. It is of high priority, so it stands on top, LATCHED, and the bell rings until "
        "somebody has said that they know. In the log it is marked `○`. At 02:18 the reservoir got low; that alarm is still "
        "active, and nobody has acknowledged it.",
        "MOTOR STALL",
        "LOW RESERVOIR",
        "new in the pump's fault log (e)",
        "cleared motor stall",
        "motor stall: nothing is delivered",
        "low reservoir: delivery goes on",
        picture="night-2-back",
        alt="The dashboard with the link back: a latched motor stall that has come and gone, and low reservoir since 02:18",
    )
    await somebody.press("e")
    somebody.step(
        "The alarm that was missed",
        "For 21 minutes the motor was known to stand. The fault log has it, and opening it is what takes the mark away.",
        "new 2 03:12:00 cleared motor stall",
        "new 1 02:51:00 ALARM motor stall",
    )
    await somebody.press("escape", "a", "-")
    somebody.step(
        "What nobody can know",
        "The log could be read later; the readings between 02:00 and 03:24 were never taken. The trend of six hours shows that "
        "as what it is: hatched, with no line drawn across. The low reservoir is acknowledged; a refill is for the morning.",
        "flow rate mL/day, 6 h",
        "LOW RESERVOIR",
        picture="night-3-gap",
        alt="The dashboard with a trend over six hours, hatched from 02:00 to 03:24",
    )


def _hand_over(bench: Bench, told: Told) -> None:
    told.say("**Hand over.** The morning shift asks the pump for the same without a screen.")
    run(bench, told, f"pump-monitor events {LINK}")
    told.say("And no reading of the night was altered since, nor taken away:")
    run(bench, told, f"pump-monitor audit verify {LINK}")
