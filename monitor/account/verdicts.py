"""The four tiles at the head of a page: what was the matter, in a figure and a word each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.account.tags import tag
from monitor.marks import MARK
from protocol.alarms import Priority
from protocol.units import format_span

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from monitor.account.facts import Account


def tiles(account: Account) -> Element:
    """Return the tiles."""
    return tag(
        "section",
        tag("h2", "At a glance", class_="unseen"),
        tag("ul", _alarms(account), _changes(account), _link(account), _audit(account)),
        class_="tiles",
    )


def _tile(figure: str, name: str, said: str, kind: str = "") -> Element:
    return tag("li", tag("b", name), tag("strong", figure), tag("span", said), class_=f"tile {kind}".strip())


def _alarms(account: Account) -> Element:
    found = account.alarms
    if not found:
        return _tile("0", "Alarms", "none was active")
    worst = max((one.priority for one in found if one.priority is not None), default=None)
    kind = "" if worst is None else worst.name.lower()
    parts = []
    for priority in sorted(Priority, reverse=True):
        count = sum(one.priority is priority for one in found)
        parts += [f"{MARK[priority]} {count} {priority.name.lower()}"] if count else []
    active = sum(one.cleared is None for one in found)
    said = f"{', '.join(parts)}; {active} active at the end" if active else ", ".join(parts)
    return _tile(str(len(found)), "Alarms", said, kind)


def _changes(account: Account) -> Element:
    found = account.deeds
    applied = sum(deed.applied for deed in found)
    said = f"{applied} applied" if found else "nothing was changed from here"
    if account.others:
        said += f"; {len(account.others)} more by another host"
    unknown = any(deed.outcome == "OUTCOME UNKNOWN" for deed in found)
    return _tile(str(len(found)), "Changes", said, "high" if unknown else "")


def _link(account: Account) -> Element:
    count = len(account.gaps) + account.more_gaps
    seconds = sum(gap.seconds for gap in account.gaps)
    at_least = "at least " if account.more_gaps else ""
    said = f"{at_least}{format_span(seconds)} without readings" if count else "nothing is missing"
    return _tile(str(count), "Gaps", said)


def _audit(account: Account) -> Element:
    if account.verdict.broken:
        return _tile("broken", "Record", account.verdict.broken, "high")
    return _tile(
        "holds",
        "Record",
        f"{account.verdict.records:,} records, {account.verdict.readings:,} readings checked",
    )
