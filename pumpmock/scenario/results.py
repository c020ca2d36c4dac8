"""What came of scenarios: a line each for a person, JUnit's XML for what collects test results, JSON for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from pumpmock.scenario.instant import time_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pumpmock.scenario.stage import Failure

_NS_A_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one.

    Attributes:
        path: its file.
        name: what it is called.
        seed: what was drawn from.
        failures: what was not as expected.
        error: why it could not be played to its end; "" where it was.
        checked: how many expectations were looked at.
        pump_time_us: how far it came.
        took_ns: wall time.
        command: what played it.
    """

    path: Path
    name: str
    seed: int
    failures: tuple[Failure, ...]
    error: str
    checked: int
    pump_time_us: int
    took_ns: int
    command: str = "pumpmock run"

    @property
    def is_good(self) -> bool:
        """Whether all was as expected."""
        return not self.failures and not self.error

    @property
    def sentences(self) -> list[str]:
        """What was not, a line each, with file and line."""
        said = [f"{self.path}:{failure.line}: {failure.sentence}" for failure in self.failures]
        return [*said, f"{self.path}: {self.error}"] if self.error else said

    @property
    def text(self) -> str:
        """A line, and one more for each that was not as expected."""
        word = "ok    " if self.is_good else "FAILED"
        head = f"{word}  {self.path.name}: {self.name} - {time_text(self.pump_time_us)}, {self.checked} expectations"
        again = [] if self.is_good else [f"    again with: {self.command} {self.path} --seed {self.seed}"]
        return "\n".join([head, *(f"    {said}" for said in self.sentences), *again])

    def facts(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "scenario": str(self.path),
            "name": self.name,
            "passed": self.is_good,
            "seed": self.seed,
            "checked": self.checked,
            "pump_time_us": self.pump_time_us,
            "failures": [
                {"line": one.line, "pump_time_us": one.at_us, "text": one.text} for one in self.failures
            ],
            "error": self.error,
        }


def junit(results: Iterable[Result]) -> bytes:
    """Return the results as JUnit's XML: a suite, a case a scenario."""
    results = list(results)
    suite = ET.Element(
        "testsuite",
        name="pumpmock",
        tests=str(len(results)),
        failures=str(sum(not one.is_good and not one.error for one in results)),
        errors=str(sum(bool(one.error) for one in results)),
        time=_seconds(sum(one.took_ns for one in results)),
    )
    for one in results:
        case = ET.SubElement(
            suite,
            "testcase",
            name=one.name,
            classname=one.path.stem,
            file=str(one.path),
            time=_seconds(one.took_ns),
        )
        if not one.is_good:
            kind = "error" if one.error else "failure"
            ET.SubElement(case, kind, message=one.sentences[0]).text = "\n".join(one.sentences)
        properties = ET.SubElement(case, "properties")
        ET.SubElement(properties, "property", name="seed", value=str(one.seed))
        ET.SubElement(properties, "property", name="pump_time_us", value=str(one.pump_time_us))
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    written: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _seconds(ns: int) -> str:
    return f"{ns // _NS_A_S}.{ns % _NS_A_S // 1_000_000:03}"
