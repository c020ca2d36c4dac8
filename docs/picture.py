"""Draws docs/dashboard.svg: the real dashboard on a real emulator, at the moment when its reservoir has run low."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from monitor.client import PumpClient
from monitor.keys import find_keys
from monitor.ui.app import DashboardApp
from monitor.watch import Watcher
from protocol.alarms import Alarm
from protocol.messages import Change
from protocol.vocabulary import ChangeKind

TARGET = Path(__file__).resolve().parent / "dashboard.svg"
SIZE = (120, 40)
WAIT_S = 30
# Nothing is fetched to look at a picture: the viewer's own monospace font serves.
FONT_FACE = re.compile(r"@font-face \{.*?\}", re.DOTALL)


def main() -> None:
    """Start the emulator, make something happen, and draw what the dashboard shows of it."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # so that the picture shows a short name of the port
        link, keys = "pump0", Path("keys")
        options = [
            "--pty",
            link,
            "--keys",
            str(keys),
            "--reservoir",
            "2.05 mL",
            "--battery",
            "62 %",
            "--json",
        ]
        serve = [sys.executable, "-m", "pumpmock", "serve", "--speed", "2000", *options]
        with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as emulator:
            try:
                json.loads(emulator.stdout.readline() if emulator.stdout else "")
                _change_rate(link, keys)
                svg = asyncio.run(_draw(link, keys))
            finally:
                emulator.terminate()
    TARGET.write_text(FONT_FACE.sub("", svg), encoding="utf-8")
    print(f"drawn: {TARGET}")


def _change_rate(url: str, keys: Path) -> None:
    with PumpClient(url, keyring=find_keys(keys)) as pump:
        prepared = pump.prepare(Change(ChangeKind.RATE, 25_000), seen=pump.status())
        pump.commit(prepared)


async def _draw(url: str, keys: Path) -> str:
    low = threading.Event()
    watcher = Watcher(url, lambda: PumpClient(url, keyring=find_keys(keys)), period_ms=200)

    def note(snapshot: object) -> None:
        reading = getattr(snapshot, "reading", None)
        if reading is not None and reading.status.alarms >> Alarm.LOW_RESERVOIR & 1:
            low.set()

    watcher.subscribe(note)
    app = DashboardApp(watcher)
    async with app.run_test(size=SIZE) as pilot:
        if not await asyncio.to_thread(low.wait, WAIT_S):
            raise SystemExit("the reservoir did not run low")
        await pilot.pause(1)
        return app.export_screenshot(title="pump-monitor")


if __name__ == "__main__":
    main()
