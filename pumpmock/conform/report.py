"""What was found: for a person line by line as it comes, for a program as JSON lines, for a build server as JUnit XML."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from pumpmock.conform.runner import Result, Verdict
from pumpmock.conform.table import sections
from pumpmock.conform.told import told_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pumpmock.conform.line import Sent

_SHOWN = 4  # of what passed on the line before a failure, the last so many writes and frames
_WIDTH = 9
_MS_PER_S = 1_000


def lines(result: Result) -> Iterator[str]:
    """Return the lines for one check; the first says what became of it."""
    why = f": {result.why}" if result.why else ""
    yield f"  {result.verdict.value:{_WIDTH}}{result.check.name}{why}"
    if result.verdict is Verdict.FAILED:
        yield f"  {'':{_WIDTH}}  expected  {result.expected}"
        yield f"  {'':{_WIDTH}}  got       {result.got}"
        for sent in result.seen[-_SHOWN:]:
            yield from (f"  {'':{_WIDTH}}  {line}" for line in _traffic(sent))


def _traffic(sent: Sent) -> Iterator[str]:
    arrow = "->" if sent.by_host else "<-"
    yield from (f"{arrow} {line}" for line in told_bytes(sent.data))


def summary(results: Sequence[Result]) -> Iterator[str]:
    """Return a line a section, and one for all."""
    order = sections(result.check for result in results)
    widest = max((len(section) for section in order), default=0)
    yield f"{'section of docs/protocol.md':{max(widest, 27)}}     ok  failed  skipped"
    for section in order:
        count = counted([result for result in results if result.check.section == section])
        figures = f"{count[Verdict.OK]:7}{count[Verdict.FAILED]:8}{count[Verdict.SKIPPED]:9}"
        yield f"{section:{max(widest, 27)}}{figures}"
    yield ""
    yield total(results)


def total(results: Sequence[Result]) -> str:
    """Return the last line: how many of each."""
    count = counted(results)
    said = f"{len(results)} checks: {count[Verdict.OK]} ok, {count[Verdict.FAILED]} failed, "
    return f"{said}{count[Verdict.SKIPPED]} skipped"


def counted(results: Sequence[Result]) -> Counter[Verdict]:
    """Return how many checks came to each verdict."""
    return Counter(result.verdict for result in results)


def as_json(result: Result) -> dict[str, Any]:
    """Return a check as JSON values; bytes are hexadecimal."""
    values: dict[str, Any] = {
        "section": result.check.section,
        "name": result.check.name,
        "verdict": result.verdict.name.lower(),
        "took_ms": result.took_ms,
    }
    if result.verdict is Verdict.SKIPPED:
        values["why"] = result.why
    if result.verdict is Verdict.FAILED:
        values |= {"expected": result.expected, "got": result.got}
        values["line"] = [
            {
                "from": "host" if sent.by_host else "device",
                "hex": sent.data.hex(),
                "says": list(told_bytes(sent.data)),
            }
            for sent in result.seen
        ]
    return values


def summary_json(results: Sequence[Result], put_back: str) -> str:
    """Return the last line of JSON."""
    count = counted(results)
    figures = {verdict.name.lower(): count[verdict] for verdict in Verdict}
    return json.dumps({"summary": {"checks": len(results), **figures, "put_back": put_back}})


def junit(results: Sequence[Result], url: str) -> bytes:
    """Return the results as JUnit XML: a suite a section."""
    root = ET.Element("testsuites", _attributes(f"pumpmock conform {url}", results))
    for section in sections(result.check for result in results):
        of_it = [result for result in results if result.check.section == section]
        suite = ET.SubElement(root, "testsuite", _attributes(section, of_it))
        for result in of_it:
            _case(suite, result)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _attributes(name: str, results: Sequence[Result]) -> dict[str, str]:
    count = counted(results)
    return {
        "name": name,
        "tests": str(len(results)),
        "failures": str(count[Verdict.FAILED]),
        "skipped": str(count[Verdict.SKIPPED]),
        "time": _seconds(sum(result.took_ms for result in results)),
    }


def _case(suite: ET.Element, result: Result) -> None:
    given = {"classname": result.check.section, "name": result.check.name, "time": _seconds(result.took_ms)}
    case = ET.SubElement(suite, "testcase", given)
    if result.verdict is Verdict.SKIPPED:
        ET.SubElement(case, "skipped", {"message": result.why})
    if result.verdict is Verdict.FAILED:
        said = f"expected {result.expected}; got {result.got}"
        failure = ET.SubElement(case, "failure", {"message": said})
        failure.text = "\n".join(line for sent in result.seen for line in _traffic(sent))


def _seconds(ms: int) -> str:
    return f"{ms // _MS_PER_S}.{ms % _MS_PER_S:03}"
