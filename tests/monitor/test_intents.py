"""Changes on the disk: what was noted is found again whatever happened to its monitor, and what is damaged is said."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.intent_text import to_line
from monitor.intents import IntentError, Intents, default_folder
from protocol.intent import Intent
from protocol.machines import Stage, StageEvent
from protocol.messages import Change, Step
from protocol.vocabulary import ChangeKind
from tests.monitor.conftest import SERIAL_NUMBER, STORE_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RATE = Intent(b"command1", SERIAL_NUMBER, STORE_ID, 1_767_225_600, Change(ChangeKind.RATE, 25_000), 4, 20_833)
COMMITTING = replace(RATE, stage=Stage.COMMITTING, new_rate_nl_h=25_000)
OTHER = replace(RATE, command_id=b"command2", noted_s=RATE.noted_s - 60)
FLEX = Change(ChangeKind.FLEX, weekdays=0x7F, steps=(Step(0, 20_000), Step(480, 25_000)))
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "intents"


@pytest.fixture
def intents(folder: Path) -> Iterator[Intents]:
    made = Intents(folder)
    yield made
    made.close()


def left(folder: Path) -> list[Intent]:
    """Return what a monitor that is started now finds without a verdict."""
    return [one.intent for one in Intents(folder).look(SERIAL_NUMBER).noted if not one.under_way]


def the_file(folder: Path) -> Path:
    (path,) = folder.glob("*.intent")
    return path


# --- noting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "intent",
    [
        RATE,
        COMMITTING,
        replace(RATE, reason="meant, whatever the limit says"),
        replace(RATE, change=FLEX),
        replace(RATE, new_rate_nl_h=0),
    ],
)
def test_what_was_noted_is_found_as_it_was(folder: Path, intent: Intent) -> None:
    first = Intents(folder)
    first.note(intent)
    first.close()
    assert left(folder) == [intent]


def test_the_newest_line_counts(folder: Path, intents: Intents) -> None:
    intents.note(RATE)
    intents.note(COMMITTING)
    intents.close()
    assert left(folder) == [COMMITTING]


def test_the_oldest_change_comes_first_and_only_those_of_the_pump(folder: Path, intents: Intents) -> None:
    for intent in (RATE, OTHER, replace(RATE, serial_number="PM-00002", command_id=b"command3")):
        intents.note(intent)
    intents.close()
    assert left(folder) == [OTHER, RATE]
    assert len(Intents(folder).look().noted) == 3


def test_the_folder_and_its_files_are_the_owners_alone(folder: Path, intents: Intents) -> None:
    before = os.umask(0)
    try:
        intents.note(RATE)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(the_file(folder).stat().st_mode) == 0o600


def test_what_is_forgotten_leaves_nothing_behind(folder: Path, intents: Intents) -> None:
    intents.note(RATE)
    intents.forget(RATE)
    intents.forget(RATE)
    assert list(folder.iterdir()) == []


def test_no_descriptor_is_left_open(folder: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - /proc
    for _ in range(3):
        made = Intents(folder)
        made.note(RATE)
        with pytest.raises(IntentError):
            Intents(folder).note(RATE)
        made.look()
        made.let_go(RATE)
        made.look()
        made.forget(RATE)
        made.close()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - /proc


def test_a_name_that_is_taken_is_never_written_over(folder: Path, intents: Intents) -> None:
    intents.note(COMMITTING)
    with pytest.raises(IntentError, match="File exists"):
        Intents(folder).note(RATE)
    intents.close()
    assert left(folder) == [COMMITTING]


def test_a_folder_that_is_not_there_has_no_intents(folder: Path) -> None:
    assert Intents(folder).look() == ((), ())
    assert not folder.exists()  # looking makes none


def test_by_default_intents_are_in_the_users_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_folder() == Intents().folder == tmp_path / "pumpmock" / "intents"


# --- damage -------------------------------------------------------------------------------------------------------


def test_a_line_that_was_never_finished_does_not_count(folder: Path, intents: Intents) -> None:
    intents.note(RATE)
    intents.note(COMMITTING)
    intents.close()
    path = the_file(folder)
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for size in range(first, len(whole)):
        path.write_bytes(whole[:size])
        assert left(folder) == [RATE], size
    path.write_bytes(whole + whole[:100])
    assert left(folder) == [COMMITTING]


def content(**changes: Any) -> bytes:  # noqa: ANN401 - whatever a damaged file holds
    """Return an intent's line with other contents."""
    fields = json.loads(to_line(RATE))
    fields.update({name: value for name, value in changes.items() if value != "gone"})
    for name in [name for name, value in changes.items() if value == "gone"]:
        del fields[name]
    return json.dumps(fields).encode() + b"\n"


DAMAGED: dict[str, bytes] = {
    "empty": b"",
    "no whole line": content()[:-1],
    "zeros": bytes(400),
    "not text": b"\xff\xfe\n",
    "no object": b"[]\n",
    "a string": b'"abc"\n',
    "a number": b"7\n",
    "nested without end": b"[" * 50_000 + b"\n",
    "not a number": content(revision=float("nan")),
    "later format": content(format=2),
    "no format": content(format="gone"),
    "a field more": content(more=1),
    "a field less": content(revision="gone"),
    "no change": content(change=None),
    "an unknown kind": content(change={"kind": 99, "steps": []}),
    "a short id": content(command_id="00"),
    "no id": content(command_id=None),
    "another id than its name": content(command_id=b"command9".hex()),
    "another pump than its name": content(serial_number="PM-00002"),
    "a pump that is no text": content(serial_number=1),
    "a short store": content(store_id="00"),
    "an unknown stage": content(stage="DONE"),
    "a stage that is over": content(stage="APPLIED"),
    "a time that is no number": content(noted_s="now"),
    "a time before time": content(noted_s=-1),
    "a rate that is no number": content(old_rate_nl_h="0.5"),
    "a rate that no field holds": content(old_rate_nl_h=1 << 40),
    "a new rate that is no number": content(new_rate_nl_h=""),
    "a revision that is no number": content(revision=None),
    "too long": content() + b" " * 70_000,
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=list(DAMAGED))
def test_a_damaged_file_is_said_with_what_to_do_and_hides_no_other(
    folder: Path, intents: Intents, data: bytes
) -> None:
    intents.note(RATE)
    intents.note(OTHER)
    intents.close()
    path = folder / f"{SERIAL_NUMBER}.{RATE.command_id.hex()}.intent"
    path.write_bytes(data)
    found = Intents(folder).look(SERIAL_NUMBER)
    assert [one.intent for one in found.noted] == [OTHER]
    (problem,) = found.problems
    assert problem.startswith(f"{path} is not what this program wrote")
    assert "look at the pump's rate, then remove the file" in problem
    assert Intents(folder).look("PM-00002") == ((), ())


@given(st.binary(max_size=2_000))
def test_no_bytes_in_a_file_make_looking_fail(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("intents")
    (folder / f"{SERIAL_NUMBER}.{RATE.command_id.hex()}.intent").write_bytes(data)
    found = Intents(folder).look(SERIAL_NUMBER)
    assert len(found.noted) + len(found.problems) == 1
    shutil.rmtree(folder)


@given(st.data())
def test_no_flipped_bit_makes_another_change_of_it_unsaid(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    # A flip within a figure gives another valid figure: nothing here promises to tell. It must not crash, nor vanish.
    line = bytearray(to_line(COMMITTING))
    place = data.draw(st.integers(0, len(line) * 8 - 1))
    line[place // 8] ^= 1 << place % 8
    folder = tmp_path_factory.mktemp("intents")
    (folder / f"{SERIAL_NUMBER}.{RATE.command_id.hex()}.intent").write_bytes(line)
    found = Intents(folder).look(SERIAL_NUMBER)
    assert len(found.noted) + len(found.problems) == 1
    shutil.rmtree(folder)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_said_and_not_waited_for(folder: Path, make: Callable[[Path], None]) -> None:
    folder.mkdir(parents=True)
    path = folder / f"{SERIAL_NUMBER}.{RATE.command_id.hex()}.intent"
    make(path)
    found = Intents(folder).look(SERIAL_NUMBER)
    assert found.noted == ()
    assert str(path) in found.problems[0]


def test_a_folder_that_can_not_be_read_is_said(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("no folder")
    found = Intents(folder).look()
    assert found.problems == (f"{folder} can't be read (Not a directory): changes may be noted there",)
    with pytest.raises(IntentError, match=r"can't be noted in .* and nothing is changed without that"):
        Intents(folder).note(RATE)


def test_a_change_meant_beyond_the_calendar_is_found_all_the_same(folder: Path, intents: Intents) -> None:
    beyond = replace(RATE, noted_s=1 << 60)
    intents.note(beyond)
    intents.close()
    assert left(folder) == [beyond]


# --- drafts -------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(30)
@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path.parent / "kept")])
def test_whatever_stands_in_place_of_a_draft_is_not_written_to(
    folder: Path, intents: Intents, make: Callable[[Path], None]
) -> None:
    folder.mkdir(parents=True)
    (folder / "kept").write_text("kept")
    make(folder / f"{SERIAL_NUMBER}.{RATE.command_id.hex()}.new")
    with pytest.raises(IntentError, match="nothing is changed without that"):
        intents.note(RATE)
    assert (folder / "kept").read_text() == "kept"
    assert left(folder) == []


def test_the_draft_of_a_monitor_that_was_killed_before_its_first_line_was_whole_is_removed(
    folder: Path, intents: Intents
) -> None:
    intents.note(RATE)
    draft = folder / f"{SERIAL_NUMBER}.{OTHER.command_id.hex()}.new"
    draft.write_bytes(content()[:50])
    assert Intents(folder).look().problems == ()
    assert not draft.exists()
    assert the_file(folder).exists()


def test_the_draft_of_a_monitor_that_is_writing_it_stays(folder: Path, intents: Intents) -> None:
    intents.note(RATE)
    draft = folder / f"{SERIAL_NUMBER}.{OTHER.command_id.hex()}.new"
    draft.touch()
    writing = os.open(folder, os.O_RDONLY)
    fcntl.flock(writing, fcntl.LOCK_SH)
    Intents(folder).look()
    assert draft.exists()
    os.close(writing)
    Intents(folder).look()
    assert not draft.exists()


# --- which of them are in doubt -------------------------------------------------------------------------------------


def test_only_a_change_whose_commit_was_noted_is_in_doubt(intents: Intents) -> None:
    intents.note(RATE)
    intents.note(replace(COMMITTING, command_id=b"command2"))
    assert intents.left_in_doubt({SERIAL_NUMBER}) == ((), "")  # both are under way
    intents.close()
    (found,), problem = intents.left_in_doubt({SERIAL_NUMBER, "PM-00002"})
    assert (found.command_id, found.stage, found.in_doubt) == (b"command2", Stage.RESOLVING, True)
    assert problem == ""
    assert intents.left_in_doubt({"PM-00002"}) == ((), "")
    path = intents.folder / f"PM-00003.{RATE.command_id.hex()}.intent"
    path.touch()
    assert str(path) in intents.left_in_doubt({SERIAL_NUMBER})[1]


def test_a_change_that_was_prepared_and_given_up_is_not_in_doubt() -> None:
    prepared = replace(RATE, stage=Stage.PREPARED, new_rate_nl_h=25_000)
    for event in (StageEvent.ABANDON, StageEvent.RESTART):
        assert not prepared.after(event).in_doubt
    assert prepared.after(StageEvent.APPROVE).after(StageEvent.SILENCE).in_doubt


@pytest.mark.parametrize("figure", ["1e999", "-1e999", "NaN"])
def test_a_figure_that_is_no_number_is_said_and_ends_nothing(intents: Intents, figure: str) -> None:
    intents.note(RATE)
    intents.close()
    path = the_file(intents.folder)
    path.write_text(path.read_text().replace('"rate_nl_h": 25000', f'"rate_nl_h": {figure}'))
    found = intents.look()
    assert not found.noted
    assert "not what this program wrote" in found.problems[0]
