"""Pumps for tests: on real ports, in the test's own process, with their clock, their faults and their journal at hand.

With pytest there are the fixtures of `pumpmock.pytest_plugin`; without, `live_pump`. See docs/testing.md.
"""

from __future__ import annotations

from pumpmock.testing.expectations import Expectation, UnmetError
from pumpmock.testing.live import (
    AsyncPump,
    LivePump,
    PumpError,
    ViolationError,
    asynchronous,
    live_pump,
    start_pump,
)
from pumpmock.testing.options import OptionError
from pumpmock.testing.transports import TRANSPORTS

__all__ = [
    "TRANSPORTS",
    "AsyncPump",
    "Expectation",
    "LivePump",
    "OptionError",
    "PumpError",
    "UnmetError",
    "ViolationError",
    "asynchronous",
    "live_pump",
    "start_pump",
]
