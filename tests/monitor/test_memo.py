"""What is remembered of a pump survives a restart, and a file of somebody else's making is never believed."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from monitor.alarms import Entry, Shelving, State
from monitor.judgement import AlarmLine
from monitor.memo import Memo, MemoError, Memos, default_folder
from protocol.alarms import Alarm, Priority

if TYPE_CHECKING:
    from pathlib import Path

PUMP = "PM-00001"
ONE = Shelving("eri", "BATTERY SERVICE", Priority.LOW, "the new pump is ordered", 1_000, 4_600)
GONE = AlarmLine("low_reservoir", Alarm.LOW_RESERVOIR, Priority.MEDIUM, "LOW RESERVOIR", "1.9 mL left", 900)
SEEN = AlarmLine("no_history", None, Priority.MEDIUM, "NO HISTORY", "the disk is full")
ALARMS = (Entry(GONE, State.GONE, 1), Entry(SEEN, State.ACKNOWLEDGED, 2))
MEMO = Memo((ONE,), b"store-01", 7, ALARMS)


def test_what_was_saved_is_loaded_by_the_next_program(tmp_path: Path) -> None:
    Memos(tmp_path / "memos").save(PUMP, MEMO)
    assert Memos(tmp_path / "memos").load(PUMP) == MEMO
    assert Memos(tmp_path / "memos").load("PM-00002") == Memo()


def test_the_file_is_its_owners_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    memos = Memos(tmp_path / "memos")
    memos.save(PUMP, MEMO)
    memos.save(PUMP, Memo())
    (file,) = memos.folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(memos.folder.stat().st_mode) == 0o700
    assert memos.load(PUMP) == Memo()


@pytest.mark.parametrize("name", ["../../etc/x", "..", "a/b", "ü\n", "a\0b"])
def test_a_serial_number_is_never_a_way_out_of_the_folder(tmp_path: Path, name: str) -> None:
    memos = Memos(tmp_path / "memos")
    memos.save(name, MEMO)
    assert [path.parent for path in memos.folder.iterdir()] == [memos.folder]
    assert memos.load(name) == MEMO


def written(memos: Memos, part: str = "shelved", **changes: Any) -> None:  # noqa: ANN401 - whatever somebody wrote
    memos.save(PUMP, MEMO)
    (file,) = memos.folder.iterdir()
    fields = json.loads(file.read_text())
    fields[part][0] |= changes
    file.write_text(json.dumps(fields))


@pytest.mark.parametrize(
    "changes",
    [
        {"priority": "HIGH"},
        {"priority": "NONE"},
        {"key": "no_link"},
        {"key": 3},
        {"reason": ""},
        {"reason": "\x1b[2J"},
        {"title": "\x1b]0;x\x07"},
        {"until_s": 10**12},
        {"from_s": -1},
        {"from_s": 1.5},
    ],
)
def test_a_shelving_that_nobody_could_have_made_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    memos = Memos(tmp_path)
    written(memos, **changes)
    with pytest.raises(MemoError, match="nothing is taken for shelved"):
        memos.load(PUMP)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "SHELVED"},
        {"state": "INACTIVE"},
        {"state": "?"},
        {"key": "no_history"},
        {"alarm": "NONE"},
        {"text": "\x1b[2J"},
        {"title": None},
        {"since_s": -1},
        {"since_s": 1.5},
        {"priority": 2},
    ],
)
def test_an_alarm_that_could_not_have_stood_like_that_is_refused(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    memos = Memos(tmp_path)
    written(memos, "alarms", **changes)
    with pytest.raises(MemoError, match="is not what this program wrote"):
        memos.load(PUMP)


def test_words_that_can_not_be_printed_or_have_no_end_spoil_no_memo(tmp_path: Path) -> None:
    memos = Memos(tmp_path)
    memos.save(PUMP, Memo(alarms=(Entry(replace(GONE, text="\x1b" * 9_000), State.GONE, 1),)))
    (found,) = memos.load(PUMP).alarms
    assert found.line.text == "?" * 500


def test_a_memo_from_before_alarms_were_remembered_is_taken_without_any(tmp_path: Path) -> None:
    memos = Memos(tmp_path)
    memos.save(PUMP, MEMO)
    (file,) = memos.folder.iterdir()
    fields = json.loads(file.read_text())
    del fields["alarms"]
    file.write_text(json.dumps(fields | {"version": 1}))
    assert memos.load(PUMP) == Memo((ONE,), b"store-01", 7)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"version": 2}', "[" * 60_000, "9" * 70_000])
def test_a_file_that_is_not_ours_is_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / f"{PUMP}.json").write_text(text)
    with pytest.raises(MemoError, match="is not what this program wrote"):
        Memos(tmp_path).load(PUMP)


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    memos = Memos(tmp_path / "memos")
    memos.save("other", MEMO)
    (memos.folder / f"{PUMP}.json").symlink_to(memos.folder / "other.json")
    with pytest.raises(MemoError, match="can't be read"):
        memos.load(PUMP)


def test_where_nothing_can_be_written_a_sentence_says_what_follows(tmp_path: Path) -> None:
    (tmp_path / "memos").write_text("a file where the folder should be")
    with pytest.raises(MemoError, match="this is forgotten with the next start"):
        Memos(tmp_path / "memos").save(PUMP, MEMO)


def test_memos_of_pumps_with_the_bench_key_lie_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PUMPMOCK_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "memos"
    assert default_folder(bench=True) == tmp_path / "bench-memos"
