"""The sections of a page that tell what is on record: injected faults, the chain, the pump's log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.account.clock import instant, time
from monitor.account.tags import table, tag
from protocol.wording import clock_text, event_text, event_word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo
    from xml.etree.ElementTree import Element

    from monitor.account.facts import Account
    from monitor.account.tags import Child
    from protocol.messages import EventRecord

NONE: Final = "\N{EN DASH}"
LOGGED: Final = ("No.", "Time", "Pump's clock", "Entry", "What")


def section(title: str, *children: Child) -> Element:
    """Return a section with its heading."""
    return tag("section", tag("h2", title), *children)


def nothing(said: str) -> Element:
    """Return the sentence that stands where there is nothing to tell."""
    return tag("p", said, class_="nothing")


def faults(account: Account, zone: tzinfo | None) -> Element:
    """Return the faults that were injected, or since when the history would tell of any."""
    since = account.told_since_ms
    known = "The history was never told whether there were any."
    if since is not None:
        known = "None is on record."
        if since > account.period.from_ms + account.quiet_ms:
            known = f"None is on record; before {instant(since, zone)} the history was not told."
    if not account.injected:
        return section("Injected faults", nothing(known))
    rows = [
        (
            time(one.from_ms, zone),
            tag("em", "still at the end") if one.to_ms is None else time(one.to_ms, zone),
            str(one.faults),
            one.names or "not told",
        )
        for one in account.injected
    ]
    aside = tag(
        "p",
        "Injected on purpose by the bench on which the pump stood, as it told the monitor.",
        class_="aside",
    )
    return section(
        "Injected faults",
        aside,
        table("Injected faults", ("From", "To", "Faults", "Which"), rows, figures="0010"),
    )


def audit(account: Account) -> Element:
    """Return whether the record holds, and by what that can be checked again."""
    verdict = account.verdict
    rows = [
        ("Verdict", f"does not hold: {verdict.broken}" if verdict.broken else "the chain holds"),
        ("Records of the trail", f"{verdict.records:,}"),
        ("Readings in the chain", f"{verdict.readings:,}"),
        ("Head", verdict.head),
    ]
    facts = [tag("div", tag("dt", name), tag("dd", value)) for name, value in rows]
    how = (
        "Of the whole history file, when this report was made. pump-monitor audit verify --head HASH tells whether the "
        "trail still goes on from this head; with the pump's port it asks the pump itself."
    )
    return tag(
        "section", tag("h2", "Audit"), tag("dl", *facts), tag("p", how, class_="aside"), class_="audit"
    )


def events(account: Account, zone: tzinfo | None) -> Element:
    """Return the pump's log."""
    if not account.events:
        return section("Event log", nothing("The pump logged nothing in this period."))
    more = None
    if account.more_events:
        said = f"{account.more_events:,} older entries are not listed: pump-monitor export --log prints them all."
        more = tag("p", said, class_="aside")
    rows = entries(account.events, account, zone)
    return section("Event log", more, table("The pump's event log", LOGGED, rows, figures="1"))


def entries(found: Sequence[EventRecord], account: Account, zone: tzinfo | None) -> list[Sequence[Child]]:
    """Return entries of the pump's log as rows, the columns of LOGGED."""
    rows: list[Sequence[Child]] = []
    for one in found:
        at_ms = account.host_ms(one)
        when: Child = NONE if at_ms is None else time(at_ms, zone)
        rows.append((str(one.number), when, clock_text(one.clock_s), event_word(one), event_text(one)))
    return rows
