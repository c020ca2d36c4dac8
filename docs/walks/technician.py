"""A technician's walk: read the screen, acknowledge, change the rate, refill, read the past, hand it on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from docs.walks.bench import Bench
from docs.walks.commands import run
from docs.walks.stage import Told, WalkError, dashboard
from docs.walks.watching import HandWatcher
from monitor.bell import BURSTS
from protocol.alarms import Priority
from protocol.messages import Change
from protocol.vocabulary import ChangeKind

if TYPE_CHECKING:
    from pathlib import Path

    from docs.walks.stage import Walk

LINK = "ttyPUMP"
_BEGAN_S = int(datetime(2026, 3, 15, 9, tzinfo=UTC).timestamp())
_PUMP = {"reservoir": "3.011 mL", "rate": "0.52 mL/day", "battery": "62 %", "rate_error": "drawn"}
_LOWERED_NL_H = 20_000  # 0.48 mL/day
_HOUR_S = 3_600


async def walk(home: Path) -> Told:
    """Walk, in an empty folder."""
    told = Told()
    bench = Bench(_BEGAN_S, home)
    try:
        bench.pump(LINK, "PM-00001", **_PUMP)
        _past(bench)
        async with dashboard(bench, LINK, told) as somebody:
            await _read(somebody)
            await _acknowledge(somebody)
            await _change(somebody)
            await _refill(somebody)
            await _look_back(somebody)
        _hand_on(bench, told)
    finally:
        bench.close()
    return told


def _past(bench: Bench) -> None:
    """Let two days go by at which `pump-monitor watch --every 300` looks on; the rate is lowered on the second."""
    watcher = HandWatcher(bench, LINK, period_ms=300_000)
    watcher.start()
    watcher.watch(30 * _HOUR_S)
    seen = watcher.snapshot.reading
    assert seen is not None  # noqa: S101 - it was read all day
    watcher.commit(watcher.prepare(Change(ChangeKind.RATE, _LOWERED_NL_H), seen=seen).result()).result()
    watcher.watch(18 * _HOUR_S - 30)
    watcher.stop()


async def _read(somebody: Walk) -> None:
    await somebody.watch(30)
    somebody.step(
        "Read the screen",
        "From the top: who the pump is, what it does, and how old the reading is. Below that are two lines for alarms; here "
        "the forecast says that the reservoir will soon be low, and nobody has said that they know. On the left, what is so "
        "now: the rate as it is measured at the motor, with the rate that is set and how far they differ; the volume that the "
        "pump expects in its reservoir, with what its sensor finds; when to refill; the battery; the link. On the right, how "
        "it came to that and where it leads. At the bottom, the pump's own log, newest first.",
        "SN PM-00001",
        "REFILL SOON",
        "sensed 1.98",
        "likely 17 Mar",
        "a reading each 1.0 s",
        "0.520 -> 0.480 mL/day",
        picture="technician-1-reading",
        alt="The dashboard: a pump that runs at 0.480 mL/day and will be low in three minutes",
    )
    somebody.rings()


async def _acknowledge(somebody: Walk) -> None:
    await somebody.watch_until("09:04")
    if not somebody.rings():
        raise WalkError("the bell does not ring for a low reservoir")
    burst = BURSTS[Priority.MEDIUM]
    somebody.step(
        "The reservoir is low",
        f"The terminal's bell rings, {len(burst.pulses_ms)} pulses every {burst.again_ms // 1_000} seconds. The pump's own "
        "alarm has taken the first line: amber and filled, because nobody has acknowledged it. What was said before has gone, "
        "and stays until somebody says so.",
        "LOW RESERVOIR",
        "REFILL SOON",
        "ALARM low reservoir: delivery goes on",
        picture="technician-2-alarm",
        alt="The dashboard with the low-reservoir alarm, not acknowledged",
    )
    await somebody.watch(12)
    await somebody.press("a")
    somebody.step(
        "Acknowledge",
        "It holds still: the line is no bar any more, and the pump has it in its log that somebody knows. What had gone is off "
        "the screen.",
        "LOW RESERVOIR",
        "ack low reservoir",
    )
    await somebody.watch(3)
    await somebody.press("s")
    somebody.step(
        "Silence",
        "No sound for ten minutes, here and at the pump. An alarm that comes meanwhile sounds all the same, and so does the "
        "loss of the link. `s` again ends it.",
        "alarm sound off",
        "no alarm sounds for 10 min, unless one comes",
    )


async def _change(somebody: Walk) -> None:
    await somebody.watch(40)
    await somebody.press("r", "0.64", "enter")
    somebody.step(
        "Propose a rate",
        "The pump has not been asked yet. One third more is over a soft limit of the drug library, which wants a reason. Over a "
        "hard limit the pump would refuse whatever the reason.",
        "+33.3 %: the step up is above its upper soft limit, 30 %",
        "Reason",
    )
    await somebody.watch(6)
    await somebody.press("spasticity at night", "enter")
    somebody.step(
        "Review",
        "This is the pump's own account: the old rate beside the new one, and what it does to the days that are left. Nothing "
        "has changed so far. As a soft limit is crossed, the figure has to be typed once more before it can be sent.",
        "Rate 0.480 mL/day",
        "Days to empty",
        "Type it again",
        picture="technician-3-review",
        alt="The box SET RATE: 0.480 beside 0.640 mL/day, a warning in amber, and a field to type the figure again",
    )
    await somebody.watch(4)
    await somebody.press("0.64", "enter")
    somebody.step(
        "As set",
        "Only what was read back from the pump counts as set. Had the answer been lost, the box would say so and ask the pump "
        "what became of it: see [When the outcome is unknown](#when-the-outcome-is-unknown).",
        "set: the pump reports 0.640 mL/day",
    )
    await somebody.press("enter")


async def _refill(somebody: Walk) -> None:
    await somebody.watch(180)
    await somebody.press("c", "e", "2.7", "enter", "18", "enter", "enter")
    somebody.step(
        "Refill",
        "In the syringe are 2.70 mL, where the pump expected 1.99 mL: it has delivered 0.70 mL less than it counted, which is "
        "more than its sensor can be off by. The box shows the difference, and the record keeps both figures; why it is so is "
        "for somebody to find out (a drive that lags, an occluded catheter).",
        "Withdrawn 1.99 mL",
        "Reservoir 1.99 mL",
        "Refill by now",
        picture="technician-4-refill",
        alt="The box REFILL: withdrawn 2.70 mL instead of 1.99 mL, filled 18.00 mL",
    )
    await somebody.press("right", "enter")
    somebody.step(
        "As set", "The low-reservoir alarm has ended with the refill.", "set: the pump reports 18.00 mL"
    )
    await somebody.press("enter")
    await somebody.watch(2)
    somebody.step(
        "All is well",
        "The screen is calm again: grey, and nothing filled. The refill date is where the forecast meets the low limit.",
        "no active alarms",
        "Sat 11 Apr",
        "refill withdrawn 2.70 mL, filled 18.00 mL",
        "rate 0.480 -> 0.640 mL/day, soft limit overridden",
        picture="technician-5-well",
        alt="The dashboard after the refill: no active alarms, 17.99 mL, refill by 11 April",
    )


async def _look_back(somebody: Walk) -> None:
    await somebody.press("t", *["left"] * 50)
    somebody.step(
        "Look back",
        "`t` gives the trend the whole screen, `-` and `+` choose its span, and the arrows move a cursor that reads it off.",
        "0.520",
        picture="technician-6-trend",
        alt="The trend alone, with its cursor at yesterday's rate",
    )
    await somebody.press("x")
    somebody.step(
        "Export", "A table and a picture of what is shown; nothing is ever written over.", "exported:"
    )
    await somebody.press("escape", "q")


def _hand_on(bench: Bench, told: Told) -> None:
    told.say(
        "**Hand it on.** The dashboard has recorded each of these steps before the pump heard of it, and each verdict after. "
        "`audit verify` checks that nothing of that was altered since, and holds it against the log of the pump itself, and against"
        " its ledger, which knows each change by a name that is made of all that was on record before it."
    )
    run(bench, told, "pump-monitor audit list --last 6")
    run(bench, told, f"pump-monitor audit verify {LINK}")
    told.say(
        "`report` makes one page of it, for a browser or for paper: readings and trends, alarms, every change with its reason, "
        "and whether the record holds. It needs no pump, and the page fetches nothing."
    )
    run(bench, told, "pump-monitor report PM-00001")
