"""Each verb does what it says to the pump, refuses what can't be with a sentence, and is in the journal if it did."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pumpmock.control.verb import VerbError
from pumpmock.control.verbs import VERBS
from pumpmock.ports.memory import MemoryPort
from pumpmock.wall import NS_A_S
from tests.pumpmock.stand import Host, Stand

if TYPE_CHECKING:
    from pathlib import Path

S_US = 1_000_000


@pytest.fixture
def stand() -> Stand:
    return Stand()


def do(stand: Stand, verb: str, **given: Any) -> Any:  # noqa: ANN401 - JSON values
    found = VERBS[verb].call(stand.emulator, given)
    json.dumps(found)  # whatever it is can be sent
    return found


def test_status_shows_belief_and_truth_of_this_instant(stand: Stand) -> None:
    stand.hand.advance(3_600 * NS_A_S)
    do(stand, "set", reservoir="3 mL")
    found = do(stand, "status")

    assert found["pump_time_us"] == 3_600 * S_US
    assert found["belief"]["state"] == "running"
    assert (found["belief"]["reservoir_nl"], found["truth"]["held_nl"]) == (17_979_167, 3_000_000)
    assert found["belief"]["alarms"] == []


def test_what_the_log_tells_of_hosts_keeps_nothing_from_being_set(stand: Stand) -> None:
    Host(MemoryPort(stand.emulator.plug()))  # a session, whose role is in the log
    assert do(stand, "set", expected="1.9 mL")["belief"]["reservoir_nl"] == 1_900_000


@pytest.mark.parametrize("span", ["2 h", 7_200])
def test_advance_takes_a_span_as_text_or_seconds(stand: Stand, span: str | int) -> None:
    assert do(stand, "advance", span=span) == {"pump_time_us": 7_200 * S_US, "speed": 1.0}


def test_seven_years_are_a_span_too(stand: Stand) -> None:
    assert do(stand, "advance", span="7 years")["pump_time_us"] == 7 * 8_766 * 3_600 * S_US


def test_speed_and_freeze_change_the_pace(stand: Stand) -> None:
    assert do(stand, "speed", factor="2.5")["speed"] == 2.5
    stand.hand.advance(2 * NS_A_S)
    assert do(stand, "freeze") == {"pump_time_us": 5 * S_US, "speed": 0.0}
    stand.hand.advance(NS_A_S)
    assert do(stand, "status")["pump_time_us"] == 5 * S_US


def test_what_the_firmware_is_told_alarms_at_once(stand: Stand) -> None:
    found = do(stand, "set", expected="1.9 mL")

    assert found["belief"]["alarms"] == ["low_reservoir"]
    assert found["truth"]["held_nl"] == 18_000_000


def test_a_fact_that_cannot_be_leaves_the_others_undone(stand: Stand) -> None:
    with pytest.raises(VerbError, match=r"expected: the reservoir holds 20\.00 mL"):
        do(stand, "set", reservoir="3 mL", expected="40 mL")

    assert do(stand, "status")["truth"]["held_nl"] == 18_000_000


def test_a_trouble_comes_with_its_extent_and_goes(stand: Stand) -> None:
    assert do(stand, "trouble strike", name="leak", extent="30 %") == {"troubles": ["leak"]}
    assert do(stand, "trouble strike", name="occlusion") == {"troubles": ["occlusion", "leak"]}
    assert do(stand, "trouble relieve", name="leak") == {"troubles": ["occlusion"]}
    assert do(stand, "status")["truth"]["troubles"] == ["occlusion"]


@pytest.mark.parametrize(
    ("name", "alarm"), [("memory-error", "memory_error"), ("reset", "reset"), ("lost_clock", "clock_lost")]
)
def test_what_the_firmware_notices_itself_alarms(stand: Stand, name: str, alarm: str) -> None:
    do(stand, "trouble strike", name=name)

    assert alarm in do(stand, "status")["belief"]["alarms"]
    with pytest.raises(VerbError, match="nobody's hands end"):
        do(stand, "trouble relieve", name=name)


def test_a_fault_is_added_as_text_or_figures_listed_and_cleared(stand: Stand) -> None:
    first = do(stand, "fault add", kind="lose-reply", on="Commit")
    second = do(stand, "fault add", kind="delay", by="300 ms", times="always", chance="10 %")

    assert (first["id"], second["id"]) == (1, 2)
    assert do(stand, "fault list")[0]["text"] == "1 lose-reply on Commit, once more"
    assert do(stand, "status")["faults"][1]["left"] is None
    assert do(stand, "fault clear", number=1) == {"cleared": 1}
    assert do(stand, "fault clear", number=None) == {"cleared": 1}
    with pytest.raises(VerbError, match="there is no fault 7: fault list shows"):
        do(stand, "fault clear", number="7")


def test_a_press_says_what_came_of_it(stand: Stand) -> None:
    assert do(stand, "press") == {"granted": False, "reason": "not_offered"}


def test_a_snapshot_put_back_is_the_pump_as_it_was(stand: Stand, tmp_path: Path) -> None:
    file = str(tmp_path / "pump.json")
    do(stand, "advance", span="5 h")
    do(stand, "snapshot", file=file)
    do(stand, "advance", span="5 h")
    do(stand, "snapshot", file=file)  # a state may be replaced
    host = Host(MemoryPort(stand.emulator.plug()))
    do(stand, "advance", span="5 h")

    assert do(stand, "restore", file=file) == {"file": file, "boot": 2, "pump_time_us": 10 * 3_600 * S_US}
    assert host.poll() is None  # of a session that ended
    assert (tmp_path / "pump.json").stat().st_mode & 0o777 == 0o600


def test_a_snapshot_replaces_nothing_but_a_state(stand: Stand, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")

    with pytest.raises(VerbError, match="is not a pump's state: choose another file"):
        do(stand, "snapshot", file=str(tmp_path / "thesis.tex"))
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_another_pumps_state_or_none_is_not_restored(stand: Stand, tmp_path: Path) -> None:
    file = tmp_path / "pump.json"
    do(stand, "snapshot", file=str(file))
    file.write_text(file.read_text().replace("PM-00001", "PM-00002"))
    with pytest.raises(VerbError, match="is the state of PM-00002, and this pump is PM-00001"):
        do(stand, "restore", file=str(file))
    file.write_text("{}")
    with pytest.raises(VerbError, match="is not a pump's state: it is not of format 1"):
        do(stand, "restore", file=str(file))
    with pytest.raises(VerbError, match="No such file"):
        do(stand, "restore", file=str(tmp_path / "gone"))
    with pytest.raises(VerbError, match="is not a whole path"):
        do(stand, "restore", file="pump.json")


def test_the_newest_entries_are_told_with_their_frames(stand: Stand) -> None:
    Host(MemoryPort(stand.emulator.plug())).poll()

    asked, answered = do(stand, "journal tail", last=2)
    assert (asked["frames"][0]["name"], answered["frames"][0]["name"]) == ("Poll", "Status")
    assert len(do(stand, "journal tail", last="3")) == 3


def test_what_was_done_is_in_the_journal_and_what_was_read_is_not(stand: Stand) -> None:
    for verb, given in (("advance", {"span": "2 h"}), ("status", {}), ("journal tail", {})):
        do(stand, verb, **given)

    controls = [entry.fields for entry in stand.emulator.journal.entries if entry.what == "control"]
    assert controls == [{"verb": "advance", "given": {"span": "2 h"}}]


@pytest.mark.parametrize(
    ("verb", "given", "said"),
    [
        ("advance", {}, "advance wants span"),
        ("advance", {"span": "2 fortnights"}, "write 30 s, 5 min, 2 h, 90 days or 7 years"),
        ("advance", {"span": 2.5}, "span can't be 2.5"),
        ("advance", {"span": True}, "span can't be True"),
        ("advance", {"span": "21 years"}, "20 years at the most"),
        ("advance", {"spam": "2 h"}, '"spam" is nothing that advance takes; did you mean "span"'),
        ("speed", {"factor": "fast"}, "is not a number"),
        ("set", {}, "set wants a fact: reservoir, expected"),
        ("set", {"reservoir": "3"}, "reservoir:"),
        ("trouble strike", {"name": "leek"}, 'did you mean "leak"'),
        ("trouble strike", {"name": "leak"}, "1 to 100 per cent, not 0"),
        ("trouble strike", {"name": "stall", "extent": "30 %"}, "has no extent"),
        ("trouble strike", {"name": "reset", "extent": "30 %"}, "has no extent"),
        ("trouble relieve", {"name": "stall"}, "there is nothing to end"),
        ("fault add", {"kind": "loose-reply"}, 'did you mean "lose-reply"'),
        ("fault add", {"kind": "delay", "bye": "3 ms"}, 'did you mean "by"'),
        ("fault add", {"kind": "lose-reply", "times": "often"}, "is not a whole number"),
        ("journal tail", {"last": "-1"}, "is not a number from 1"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(
    stand: Stand, verb: str, given: dict[str, Any], said: str
) -> None:
    before = stand.emulator.device.pump.to_dict()

    with pytest.raises(VerbError, match=said):
        do(stand, verb, **given)
    assert stand.emulator.device.pump.to_dict() == before


def test_of_a_pump_that_has_ended_nothing_is_done(stand: Stand) -> None:
    stand.emulator.doubt = Exception("the disk went")  # type: ignore[assignment]

    with pytest.raises(VerbError, match="the pump has ended: the disk went"):
        do(stand, "advance", span="2 h")
