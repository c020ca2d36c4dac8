"""Scenarios: what happens to a pump and its host, in pump time, and what must be so.

docs/scenarios.md has all that one can say. `scenario` and `Script` are for those that are written in Python.
"""

from pumpmock.scenario.python import Script, scenario

__all__ = ["Script", "scenario"]
