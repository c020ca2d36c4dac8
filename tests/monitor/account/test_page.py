"""The page: whole, safe to open, readable without seeing it, and with every figure of the account."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.account.clock import instant, said, ticks, zone_name
from monitor.account.facts import Period
from monitor.account.page import POLICY
from monitor.account.tags import table, tag, written
from monitor.history.told import Pump
from tests.monitor.account.bench import HOSTILE, account_of, made, page_of
from tests.monitor.history.bench import PUMP, WALL_MS

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.account.facts import Account

VOID = {"meta"}


class Seen(HTMLParser):
    """What a browser sees of a page: the tags in their order, their attributes, and the text.

    Attributes:
        tags: each with its attributes.
        said: the text outside of the style.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.said += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture
def found(tmp_path: Path) -> Account:
    account = account_of(made(tmp_path))
    assert account is not None
    return account


def test_nothing_in_it_runs_or_is_fetched(found: Account) -> None:
    text = page_of(found)
    seen = Seen(text)
    names = {name for name, _ in seen.tags}
    assert not names & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "a",
        "use",
        "image",
    }
    attributes = {name for _, given in seen.tags for name in given}
    assert not [
        name for name in attributes if name.startswith("on") or name in {"src", "href", "style", "xlink:href"}
    ]
    assert {"http-equiv": "Content-Security-Policy", "content": POLICY} in seen.all("meta")
    assert "default-src 'none'" in POLICY
    assert not re.search(r"https?:|@import|url\((?!#)", text)


def test_what_a_device_says_stays_text_and_is_all_there(found: Account) -> None:
    seen = Seen(page_of(found))
    shown = HOSTILE.replace("\u202e", "?").replace("\x1b", "?")
    assert (
        seen.said.count(shown) == 4
    )  # the model, the reasons of the change and of the gap, and the names of the faults
    assert "\u202e" not in seen.said
    assert "\x1b" not in seen.said


def test_a_serial_number_that_nobody_could_have_stays_text_wherever_it_stands(found: Account) -> None:
    seen = Seen(page_of(replace(found, pump=Pump(HOSTILE, PUMP.store_id))))
    assert "script" not in {name for name, _ in seen.tags}
    assert seen.said.count("alert(1)") >= 5


def test_it_can_be_read_without_being_seen(found: Account) -> None:
    seen = Seen(page_of(found))
    assert seen.all("html") == [{"lang": "en"}]
    levels = [int(name[1]) for name, _ in seen.tags if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    assert len(seen.all("caption")) == len(seen.all("table")) > 5
    assert all(one.get("scope") in {"col", "row"} for one in seen.all("th"))
    for svg in seen.all("svg"):
        labels = (svg["aria-labelledby"] or "").split()
        assert svg["role"] == "img"
        ids = {one.get("id") for name in ("title", "desc") for one in seen.all(name)}
        assert len(labels) == 2
        assert set(labels) <= ids


def test_every_id_is_there_once(found: Account) -> None:
    ids = [one["id"] for _, one in Seen(page_of(found)).tags if "id" in one]
    assert len(ids) == len(set(ids)) > 4


def test_it_says_what_it_is_and_what_it_is_not(found: Account) -> None:
    text = Seen(page_of(found)).said
    assert "Session report" in text
    assert text.count("A bench tool, not a medical device.") == 2
    assert "1 Jan 2026, 00:00:00 to 00:10:01" in text
    assert "times are this host's, UTC" in text


def test_it_has_every_part_of_the_account(found: Account) -> None:
    text = Seen(page_of(found)).said
    for part in (
        *(
            "Faults were injected on purpose",
            "LOW RESERVOIR",
            "◆ medium",
            "still active",
            "2026-01-01 00:05:00",
        ),
        *("0.480 → 0.600", "applied", "technician f4ab8b38", "Changes by another host", "delivery stopped"),
        *("2 min 1 s", "1 entries: ALARM", "alarms acknowledged: low reservoir", "the chain holds"),
        *("low 2.00", "empty 1.40", "481 readings", b"store-01".hex(), found.verdict.head),
    ):
        assert part in text, part


def test_where_the_record_does_not_hold_that_stands_first(found: Account) -> None:
    broken = replace(
        found, verdict=found.verdict._replace(broken="record 3 is not what was written"), injected=()
    )
    text = Seen(page_of(broken)).said
    assert text.index("The record does not hold") < text.index("At a glance")
    assert text.count("record 3 is not what was written") == 3


def test_where_nothing_happened_it_says_so_and_points_at_nothing(found: Account) -> None:
    empty = replace(
        *(found,),
        gaps=(),
        alarms=(),
        deeds=(),
        others=(),
        acts=(),
        events=(),
        injected=(),
        who=None,
        times=(),
    )
    seen = Seen(page_of(empty))
    for said_ in (
        *("No readings are missing.", "No alarm of the pump was active", "Nothing was changed from here"),
        *("None is on record.", "The pump logged nothing", "not on record"),
    ):
        assert said_ in seen.said
    assert "below" not in seen.said
    assert len(seen.all("table")) == 1


def test_what_the_history_was_not_told_of_is_not_called_none(found: Account) -> None:
    late = replace(found, injected=(), told_since_ms=WALL_MS + 300_000)
    assert "before 2026-01-01 00:05:00 the history was not told" in Seen(page_of(late)).said
    never = replace(found, injected=(), told_since_ms=None)
    assert "The history was never told whether there were any." in Seen(page_of(never)).said


@given(st.lists(st.text(), max_size=4), st.text())
def test_any_text_in_any_place_is_the_same_text_made_printable(texts: list[str], value: str) -> None:
    seen = Seen(written(tag("p", *texts, title=value)))
    assert [name for name, _ in seen.tags] == ["p"]
    assert seen.said.strip("\n") == "".join(char if char.isprintable() else "?" for char in "".join(texts))
    assert seen.tags[0][1]["title"] == "".join(char if char.isprintable() else "?" for char in value)


def test_a_table_with_a_row_that_lacks_a_cell_is_none() -> None:
    with pytest.raises(ValueError, match="zip"):
        table("x", ("a", "b"), [("1",)])


# --- the clock -------------------------------------------------------------------------------------------------------


def test_instants_are_local_by_the_offset_that_held_then() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert instant(WALL_MS, berlin) == "2026-01-01 01:00:00"
    assert instant(WALL_MS + 180 * 86_400_000, berlin) == "2026-06-30 02:00:00"
    assert zone_name(WALL_MS, berlin) == "UTC+01:00"
    assert zone_name(WALL_MS, timezone(timedelta(hours=-3, minutes=-30))) == "UTC-03:30"
    two_days = Period(WALL_MS, WALL_MS + 86_400_000)
    assert said(two_days, UTC) == "1 Jan 2026, 00:00:00 to 2 Jan 2026, 00:00:00"


@pytest.mark.parametrize(
    ("seconds", "first", "count"),
    [
        (1, "00:00:00", 2),
        (64, "00:00:00", 7),
        (600, "00:00", 6),
        (86_400, "00:00", 5),
        (7 * 86_400, "1 Jan", 8),
        (365 * 86_400, "", 5),
    ],
)
def test_an_axis_has_a_few_round_labels(seconds: int, first: str, count: int) -> None:
    found = ticks(Period(WALL_MS, WALL_MS + seconds * 1_000), UTC, 7)
    assert abs(len(found) - count) <= 2
    assert len(found) <= 8
    assert found[0][1].startswith(first) or found[0][1] == "1 Jan"  # midnight is called by its date


@given(
    st.integers(1, 10**9),
    st.integers(0, 4 * 10**12),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]),
)
def test_any_period_has_labels_within_it_at_rising_instants(seconds: int, from_ms: int, zone: str) -> None:
    period = Period(from_ms, from_ms + seconds * 1_000)
    found = ticks(period, ZoneInfo(zone), 7)
    assert len(found) <= 8
    assert [at for at, _ in found] == sorted({at for at, _ in found})
    assert all(period.from_ms <= at <= period.to_ms for at, _ in found)
