"""A journal on the disk has whole lines whatever happens, is the same for the same run, and reads as a person reads."""

from __future__ import annotations

import errno
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import MESSAGES, Change, Rejected, Step
from protocol.vocabulary import ChangeKind
from pumpmock.cli import main
from pumpmock.journal.file import JournalError, JournalFile
from pumpmock.journal.frames import Follower
from pumpmock.journal.messages import message_fields, message_of
from pumpmock.journal.reading import read_journal
from pumpmock.ports.memory import MemoryPort
from pumpmock.wall import NS_A_S
from tests.protocol.helpers import messages
from tests.pumpmock.stand import BENCH_KEYS, Host, Stand

if TYPE_CHECKING:
    from click.testing import Result

TO_25, TO_28 = Change(ChangeKind.RATE, 25_000), Change(ChangeKind.RATE, 28_000)
BEGAN = datetime(2026, 11, 29, 10, tzinfo=UTC)


class Written:
    """A stand whose journal is written to a file."""

    def __init__(self, path: Path, seed: int = 1) -> None:
        self.stand = Stand(speed=60_000, seed=seed)
        self.warned: list[str] = []
        self.path = path
        self.file = JournalFile(
            path,
            {"serial_number": "PM-00001", "boot": 1},
            began=BEGAN,
            since_ns=self.stand.emulator.wall.now_ns(),
            follower=Follower(BENCH_KEYS, is_pumps=True),
            warn=self.warned.append,
        )
        self.stand.emulator.journal.heard_by.append(self.file.take)
        self.host = Host(MemoryPort(self.stand.emulator.plug()))

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]


def decode(*words: str) -> Result:
    return CliRunner().invoke(main, ["decode", *words])


def lived(path: Path, seed: int = 1) -> Written:
    """Return the journal of a pump that was changed twice and refused once."""
    written = Written(path, seed)
    for change in (
        TO_25,
        TO_28,
        Change(ChangeKind.RESUME),
    ):  # of which the last is refused: the pump is running
        written.stand.hand.advance(90 * NS_A_S)
        written.host.change(change)
    written.stand.emulator.journal.note("fault", "memory", id=3, kind="lose-reply", seam="reply", on="Commit")
    written.file.close()
    return written


def test_it_begins_with_whose_it_is_and_goes_on_with_a_line_an_entry(tmp_path: Path) -> None:
    written = Written(tmp_path / "j")
    written.host.poll()
    header, *rest = written.lines()

    assert header == {
        "pumpmock_journal": 1,
        "serial_number": "PM-00001",
        "boot": 1,
        "began": "2026-11-29T10:00:00.000000+00:00",
    }
    assert [line["what"] for line in rest] == ["connected", "in", "out", "in", "session", "out", "in", "out"]
    assert rest[-2]["frames"][0]["name"] == "Poll"
    assert rest[-2]["wall_ns"] == 0


def test_every_key_of_it_is_on_the_page(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "journal.md").read_text(encoding="utf-8")
    header, *entries = lived(tmp_path / "j").lines()
    frames = [frame for entry in entries for frame in entry.get("frames", ())]
    keys = {key for one in (header, *entries, *frames) for key in one}

    assert not [key for key in sorted(keys) if f"`{key}`" not in page]


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    Written(tmp_path / "j")

    assert (tmp_path / "j").stat().st_mode & 0o777 == 0o600


def test_the_same_run_twice_writes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first, again, other = (lived(tmp_path / name, seed) for name, seed in (("a", 7), ("b", 7), ("c", 8)))

    assert first.path.read_bytes() == again.path.read_bytes()
    assert first.path.read_bytes() != other.path.read_bytes()


def test_a_journal_that_is_there_is_replaced_and_anything_else_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "j"
    lived(path)
    Written(path)
    assert len(path.read_text().splitlines()) < 10

    path.write_text("somebody's data")
    with pytest.raises(JournalError, match="is no journal: move it away"):
        Written(path)
    assert path.read_text() == "somebody's data"


def test_a_pipe_or_a_folder_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(JournalError, match="can't take a journal"):
            Written(tmp_path / name)


def test_a_full_disk_is_told_once_the_pump_goes_on_and_every_line_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Written(tmp_path / "j")
    room = [100]

    def write(descriptor: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = min(room[0], len(data))
        room[0] -= taken
        return real(descriptor, data[:taken])

    real = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        for _ in range(3):
            assert written.host.poll() is not None
    assert written.path.read_bytes().endswith(b"\n")
    written.host.poll()

    assert len(written.warned) == 1
    assert "No space left on device" in written.warned[0]
    numbers = [line["n"] for line in written.lines()[1:]]
    assert numbers[-3:] == [numbers[-3], numbers[-3] + 7, numbers[-3] + 8]


@given(data=st.data(), kind=st.sampled_from(sorted(MESSAGES.values(), key=lambda kind: kind.code)))
def test_every_message_comes_back_from_its_json(data: st.DataObject, kind: type[Any]) -> None:
    message = data.draw(messages(kind))

    assert message_of(kind.__name__, json.loads(json.dumps(message_fields(message)))) == message


@pytest.mark.parametrize(
    ("name", "fields", "why"),
    [
        ("Pol", {}, 'did you mean "Poll"'),
        ("Resolve", {}, "has command_id"),
        ("Resolve", {"command_id": "00"}, "can't say that"),
        ("GetEvents", {"since": -1, "log": "EVENTS"}, "can't say that"),
        ("GetEvents", {"since": 1, "log": "DIARY"}, "can't say that"),
        ("Poll", 3, "can't say that"),
    ],
)
def test_json_that_is_no_message_is_refused_with_a_sentence(name: str, fields: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        message_of(name, fields)


def test_codes_are_told_by_name_and_those_of_a_later_version_by_number() -> None:
    assert message_fields(Rejected(0x20, bytes(8), 2, 0, ""))["request"] == "Prepare"
    assert message_fields(Rejected(0x20, bytes(8), 250, 0, ""))["reason"] == 250


def test_decode_tells_a_journal_line_by_line(tmp_path: Path) -> None:
    told = decode(str(lived(tmp_path / "j").path)).output.splitlines()

    assert told[0] == "pump PM-00001, boot 1; from 2026-11-29T10:00:00.000000+00:00"
    assert told[1] == "     0.000000     0 d 00:00:00.000  memory * connected"
    prepare = next(line for line in told if "Prepare " in line)
    assert prepare.startswith("    90.000000     0 d 01:30:00.000  memory -> Prepare  command_id=")
    assert prepare.endswith("change.kind=RATE change.rate_nl_h=25000 (0.600 mL/day)")
    assert any("* rate_changed  number=" in line for line in told)
    assert any(
        "<- Rejected  request=Prepare" in line and "reason=ABOVE_DOSE" in line for line in told
    ) or any("<- Rejected" in line for line in told)


def test_of_a_reading_only_what_is_new_is_told(tmp_path: Path) -> None:
    written = Written(tmp_path / "j")
    written.host.poll()
    written.stand.hand.advance(NS_A_S)
    written.host.poll()
    told = [line for line in decode(str(written.path)).output.splitlines() if "<- Status" in line]

    assert "concentration_ug_ml" in told[0]
    assert told[1].endswith("<- Status")
    assert told[2].split("<- Status  ")[1].split("=")[0] == "reservoir_nl"
    assert "concentration_ug_ml" not in told[2]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--only", "commit"), ["Commit", "Commit"]),
        (("--only", "Commit", "--only", "Outcome"), ["Commit", "Outcome", "Commit", "Outcome"]),
        (("--faults",), ["fault"]),
        (
            ("--events",),
            ["connected", "session", "rate_changed", "rate_changed", "refused", "fault"],
        ),
    ],
)
def test_decode_tells_what_was_asked_for(tmp_path: Path, words: tuple[str, ...], told: list[str]) -> None:
    output = decode(str(lived(tmp_path / "j").path), *words).output.splitlines()[1:]

    assert [re.search(r"(->|<-|\*) (\w+)", line)[2] for line in output] == told


def test_decode_tells_the_same_as_json_for_a_program(tmp_path: Path) -> None:
    path = lived(tmp_path / "j").path
    output = decode(str(path), "--only", "Commit", "--json").output.splitlines()

    assert json.loads(output[0])["pumpmock_journal"] == 1
    assert [json.loads(line)["frames"][0]["name"] for line in output[1:]] == ["Commit", "Commit"]


def test_a_line_cut_by_a_kill_is_told_and_the_rest_read(tmp_path: Path) -> None:
    path = lived(tmp_path / "j").path
    path.write_bytes(path.read_bytes()[:-5])
    done = decode(str(path))

    assert done.exit_code == 0
    assert "is not whole: its writer was killed" in done.stderr
    assert read_journal(path).is_cut


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda lines: [*lines[:3], "{", *lines[3:]], "line 4: not JSON"),
        (lambda lines: [*lines[:3], "[]", *lines[3:]], "line 4: not an object"),
        (lambda lines: [*lines[:2], lines[2].replace('"hex"', '"hax"')], "line 3: hex is missing"),
        (lambda lines: [*lines[:2], lines[2].replace('"n":3', '"n":"3"')], "line 3: n can't be '3'"),
        (lambda lines: [lines[0].replace(":1", ":9", 1)], "line 1: format 9; this version reads 1"),
    ],
)
def test_what_is_wrong_in_a_journal_is_told_with_its_line(tmp_path: Path, damage: Any, said: str) -> None:  # noqa: ANN401 - a function
    path = lived(tmp_path / "j").path
    path.write_text("\n".join(damage(path.read_text().splitlines())) + "\n")
    done = decode(str(path))

    assert done.exit_code == 2
    assert said in done.stderr


def test_what_is_for_a_journal_is_refused_for_anything_else_and_the_other_way_round(tmp_path: Path) -> None:
    assert "choose from a journal" in decode("00 01", "--events").stderr
    assert 'did you mean "Commit"' in decode("00 01", "--only", "comit").stderr
    assert "leave --key out" in decode(str(lived(tmp_path / "j").path), "--key", "bench").stderr


def test_a_step_of_a_program_is_told_one_by_one(tmp_path: Path) -> None:
    written = Written(tmp_path / "j")
    steps = (Step(0, 20_000), Step(480, 22_000))
    written.host.change(Change(ChangeKind.FLEX, weekdays=0x7F, steps=steps))

    told = decode(str(written.path), "--only", "Prepare").output
    assert "change.steps[1].minute=480 (08:00) change.steps[1].rate_nl_h=22000 (0.528 mL/day)" in told
