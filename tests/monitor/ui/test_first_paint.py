"""What the first paint does without: each of these is milliseconds that a person would wait for."""

from __future__ import annotations

import asyncio
import subprocess
import sys

from monitor.drugs import find_rules
from monitor.ui.app import DashboardApp
from protocol.drugs import PatientClass
from tests.monitor.ui.bench import Clock, FakeSource, snapshot
from tests.monitor.ui.stage import press, text

_START = (
    "import sys, monitor.cli, monitor.commands.dashboard, monitor.ui.app, monitor.watch; print(*sys.modules)"
)
_LATE = {
    *("construct", "hashlib", "serial", "sqlite3", "tomllib"),
    *(
        "monitor.client",
        "monitor.drugs",
        "monitor.ui.screens.change",
        "monitor.ui.screens.menu",
        "monitor.kinds.table",
        "protocol.drugs",
        "protocol.keys",
    ),
    *("monitor.history.past", "monitor.trends.picture", "monitor.trends.table", "monitor.ui.screens.trend"),
}
_AWAKE = """
import gc
from monitor.commands import dashboard
gc.disable()
dashboard._collect_garbage_again()
print(gc.isenabled())
"""


def _python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_what_is_wanted_later_is_loaded_later() -> None:
    loaded = set(_python(_START).split())
    assert "monitor.ui.screens.pump" in loaded
    assert not loaded & _LATE


def test_the_rules_are_asked_for_when_a_rate_is_to_be_changed_and_the_port_is_opened_after_the_first_paint() -> (
    None
):
    order: list[str] = []
    rules = find_rules(None, "baclofen", PatientClass.SPINAL)

    class Watched(FakeSource):
        def start(self) -> None:
            order.append("port")
            super().start()

    async def stage() -> None:
        app = DashboardApp(
            Watched(snapshot()),
            rules=lambda: order.append("rules") or rules,
            painted=lambda: order.append("painted" if "PUMP" in text(app)[0] else "nothing painted"),
            now_ns=Clock(),
        )
        app.animation_level = "none"
        async with app.run_test(size=(120, 40)) as pilot:
            await press(pilot, "l")
            assert order == ["painted", "port"]
            await press(pilot, "r")
            assert order == ["painted", "port", "rules"]

    asyncio.run(stage())


def test_garbage_is_collected_from_the_first_paint_on() -> None:
    assert _python(_AWAKE) == "True"
