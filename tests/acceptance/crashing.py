"""Runs one of the programs with a bug in it, to see what its traceback shows: `python -m tests.acceptance.crashing BUG WORDS`."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from textual.app import App

from monitor.cli import main as monitor
from monitor.client import PumpClient
from monitor.history.recorder import Recorder
from monitor.keys import find_keys
from monitor.ui.app import DashboardApp
from monitor.ui.widgets import identity
from protocol.keys import expand
from protocol.session import Session
from pumpmock.cli import main as pumpmock
from pumpmock.device import Device

if TYPE_CHECKING:
    from textual.content import Content

    from monitor.snapshot import Reading
    from monitor.ui.moment import Moment

PROVOKED = "a bug that was provoked"


def fail(*_given: Any, **_named: Any) -> NoReturn:  # noqa: ANN401 - stands for anything
    raise RuntimeError(PROVOKED)


def draw_with_a_key_at_hand(moment: Moment, width: int, height: int) -> Content:
    """Fail as a bug beneath the screen would, with key material among the local variables."""
    if moment.status is not None:
        secrets = [
            (key.secret, expand(key.secret, b"pump1 handshake").hex()) for key in find_keys(_folder()).keys
        ]
        raise RuntimeError(f"{PROVOKED}, {len(secrets)} keys at hand")
    return _honest(moment, width, height)


def _folder() -> Any:  # noqa: ANN401 - a path
    from pathlib import Path  # noqa: PLC0415 - as above

    return Path(sys.argv[sys.argv.index("--keys") + 1])


def status_stamped_on_arrival(client: PumpClient) -> Reading:
    """Take a reading for as old as it is here."""
    return replace(_status(client), asked_ns=time.monotonic_ns())


def recorded_when_ten_wait(recorder: Recorder, *followed: Any) -> Any:  # noqa: ANN401 - as `follow`
    """Store what was shown some time later."""
    recorder.__dict__.setdefault("late", []).append(followed)
    if len(recorder.__dict__["late"]) == 10:
        for one in recorder.__dict__.pop("late"):
            _follow(recorder, *one)
    return ()


_follow = Recorder.follow
_honest = identity.draw
_status = PumpClient.status

if __name__ == "__main__":
    bug = sys.argv.pop(1)
    if bug == "pump":
        Device._change = fail  # type: ignore[method-assign] # that is the bug
        pumpmock()
    if bug == "monitor":
        Session.open = fail  # type: ignore[method-assign] # as above
        monitor()
    if bug == "stamps on arrival":
        PumpClient.status = status_stamped_on_arrival  # type: ignore[method-assign] # as above
        monitor()
    if bug == "shows before it stores":
        Recorder.follow = recorded_when_ten_wait  # type: ignore[method-assign] # as above
        monitor()
    if bug.startswith("dashboard"):
        identity.draw = draw_with_a_key_at_hand
        if bug == "dashboard that shows values":
            DashboardApp._fatal_error = App._fatal_error  # type: ignore[method-assign] # as above
        monitor()
