"""An account as one page of HTML: nothing in it runs, nothing is fetched, and it prints on A4.

The order is that of a reader in a hurry: who and when, what was the matter, how it went, and then everything.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

from monitor.account import figures
from monitor.account.clock import instant, said, zone_name
from monitor.account.records import audit, events, faults
from monitor.account.sections import alarms, changes, links, readings
from monitor.account.tags import tag, written
from monitor.account.verdicts import tiles
from protocol.keys import BENCH_WARNING
from protocol.units import format_span, format_volume

if TYPE_CHECKING:
    from datetime import tzinfo
    from xml.etree.ElementTree import Element

    from monitor.account.facts import Account

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_NOTICE: Final = "A bench tool, not a medical device. It holds no patient data."


def page(account: Account, *, made_ms: int, version: str, zone: tzinfo | None) -> str:
    """Return the page.

    Args:
        account: what it tells.
        made_ms: when it was made, this host's calendar clock.
        version: of this program.
        zone: whose local time is written; None for this host's.
    """
    title = f"Session report, pump {account.pump.serial_number}, {said(account.period, zone)}"
    root = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("meta", name="referrer", content="no-referrer"),
            tag("title", title),
        ),
        tag(
            "body",
            _head(account, zone),
            tag(
                "main",
                *_warnings(account),
                tiles(account),
                _who(account, made_ms, version, zone),
                readings(account, zone),
                _trends(account, zone),
                alarms(account, zone),
                changes(account, zone),
                links(account, zone),
                faults(account, zone),
                audit(account),
                events(account, zone),
            ),
            tag("footer", tag("p", _NOTICE), tag("p", f"pump-monitor {version}, {instant(made_ms, zone)}")),
        ),
        lang="en",
    )
    style = tag("style")
    # A style is no text: this goes in as it stands, and has nothing in it but what is in our own file.
    style.text = files("monitor.account").joinpath("page.css").read_text(encoding="utf-8")
    root[0].append(style)
    return written(root)


def _head(account: Account, zone: tzinfo | None) -> Element:
    length = format_span(account.period.seconds)
    clock = f"times are this host's, {zone_name(account.period.to_ms, zone)}, unless said otherwise"
    return tag(
        "header",
        tag("p", "Session report", class_="kicker"),
        tag("h1", f"Pump {account.pump.serial_number}"),
        tag(
            "p",
            said(account.period, zone),
            tag("span", f"{length}; {clock}", class_="aside"),
            class_="period",
        ),
        tag("p", _NOTICE, class_="notice"),
    )


def _warnings(account: Account) -> list[Element]:
    """Return what must be read before anything else is believed."""
    found = []
    if account.verdict.broken:
        found.append(("The record does not hold", account.verdict.broken))
    if account.injected:
        count = len(account.injected)
        where = f"In {count} {'stretch' if count == 1 else 'stretches'} of this period a bench injected faults into"
        text = f"{where} this pump. What it said then, and what it did not say, is no evidence about it."
        found.append(("Faults were injected on purpose", text))
    if account.bench_key:
        found.append(("Published key", f"{BENCH_WARNING[:1].upper()}{BENCH_WARNING[1:]}."))
    return [
        tag("div", tag("h2", title), tag("p", text), class_="warning", role="note") for title, text in found
    ]


def _who(account: Account, made_ms: int, version: str, zone: tzinfo | None) -> Element:
    who = account.who
    unknown = "not on record"
    keys = sorted({deed.by for deed in account.deeds})
    rows = [
        ("Pump", account.pump.serial_number),
        ("Model", unknown if who is None else who.model),
        ("Firmware", unknown if who is None else who.firmware),
        ("Memory", account.pump.store_id.hex()),
        ("Reservoir", unknown if who is None else format_volume(who.capacity_nl)),
        (
            "Low, empty at",
            unknown
            if who is None
            else f"{format_volume(who.low_reservoir_nl)}, {format_volume(who.residual_nl)}",
        ),
        ("Monitor", f"pump-monitor {version}"),
        ("History", account.history),
        ("Report made", instant(made_ms, zone)),
        *([("Changed by key", ", ".join(keys))] if keys else []),
    ]
    more = None
    if account.other_memories:
        more = tag(
            "p",
            f"This pump was also met with {account.other_memories} other "
            f"{'memory' if account.other_memories == 1 else 'memories'}; what was read of those is not in this report.",
        )
    facts = [tag("div", tag("dt", name), tag("dd", value)) for name, value in rows]
    return tag("section", tag("h2", "Identity"), tag("dl", *facts), more, class_="identity")


def _trends(account: Account, zone: tzinfo | None) -> Element:
    return tag(
        "section",
        tag("h2", "Trends"),
        tag(
            "figure",
            tag(
                "figcaption",
                tag("strong", "Flow rate"),
                _key("measured", "band", "measured, least to most"),
                _key("set", "dashed", "set"),
                _key("gap", "hatch", "no readings"),
                tag("span", "numbers: the changes below", class_="aside") if account.deeds else None,
            ),
            figures.rates(account, zone),
        ),
        tag(
            "figure",
            tag(
                "figcaption",
                tag("strong", "Reservoir"),
                _key("expected", "band", "expected"),
                _key("sensed", "dashed", "sensed"),
                _key("gap", "hatch", "no readings"),
                tag("span", "shapes: the alarms below", class_="aside") if account.alarms else None,
            ),
            figures.reservoir(account, zone),
        ),
        class_="trends",
    )


def _key(name: str, kind: str, meaning: str) -> Element:
    return tag("span", tag("i", class_=f"swatch {kind}", title=name), meaning, class_="key")
