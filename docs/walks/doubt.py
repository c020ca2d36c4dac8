"""A change whose answer is lost: the cable is pulled after the pump has made it, and before it could say so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from docs.walks.bench import Bench
from docs.walks.stage import Told, dashboard

if TYPE_CHECKING:
    from pathlib import Path

LINK = "ttyPUMP"
_BEGAN_S = int(datetime(2026, 3, 19, 10, tzinfo=UTC).timestamp())
_PUMP = {"reservoir": "17.2 mL", "rate": "0.64 mL/day", "battery": "62 %", "rate_error": "drawn"}


async def walk(home: Path) -> Told:
    """Walk, in an empty folder."""
    told = Told()
    bench = Bench(_BEGAN_S, home)
    try:
        pump = bench.pump(LINK, "PM-00001", **_PUMP)
        async with dashboard(bench, LINK, told) as somebody:
            await somebody.watch(60)
            await somebody.press("r", "0.6", "enter")
            pump.unplug_at("rate_changed")
            await somebody.press("right", "enter")
            somebody.step(
                "The answer is lost",
                "The pump has taken the rate, and the cable is pulled before it could say so. Here nobody can tell that from a "
                "cable that was pulled a moment earlier.",
                "OUTCOME UNKNOWN the rate is 0.640 or 0.600 mL/day",
                "Ask again",
            )
            await somebody.press("enter")
            await somebody.watch(120)
            somebody.step(
                "Both rates stay",
                "The box is closed, and the alarm stays where it is, with both rates. Instead of `r`, `p` and `c` there is only "
                "`u`.",
                "OUTCOME UNKNOWN",
                "NO LINK",
                "u Ask again",
                picture="doubt-1-unknown",
                alt="The dashboard without a link: OUTCOME UNKNOWN in red, the rate is 0.640 or 0.600 mL/day",
            )
            pump.replug()
            await somebody.watch(6)
            somebody.step(
                "The pump tells",
                "The cable is in again. The pump was asked before anything else: it has made the change. Had it not, it never "
                "would from now on.",
                "the change to 0.600 mL/day: applied as revision 1",
                "rate 0.640 -> 0.600 mL/day",
            )
            await somebody.press("a", "q")
    finally:
        bench.close()
    return told
