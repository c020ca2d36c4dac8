"""Scenarios that tests write: a head, whatever the test is about, and an end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpmock.scenario.reading import read_scenario
from pumpmock.scenario.running import run

if TYPE_CHECKING:
    from pathlib import Path

    from pumpmock.scenario.results import Result
    from pumpmock.scenario.steps import Scenario

HEAD = """format = 1
name = "a test"
about = "what a test is about"
[pump]
reservoir = "18 mL"
flow = "0.6 mL/day"
limits = "none"
"""
FIRST = len(HEAD.splitlines()) + 1  # the line of what comes after it
END = """[end]
at = "1 h"
"""


def written(folder: Path, steps: str, end: str = END, head: str = HEAD) -> Path:
    path = folder / "scene.toml"
    path.write_text(f"{head}{steps}\n{end}", encoding="utf-8")
    return path


def scene(folder: Path, steps: str, end: str = END, head: str = HEAD) -> Scenario:
    return read_scenario(written(folder, steps, end, head))


def played(folder: Path, steps: str, end: str = END, head: str = HEAD) -> Result:
    return run(scene(folder, steps, end, head))
