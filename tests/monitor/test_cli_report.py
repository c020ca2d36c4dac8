"""`pump-monitor report`: which period, which pump, and a file that is whole, or not there, and never written over unasked."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from monitor import cli
from monitor.commands.new_file import write_new
from monitor.errors import MonitorError
from monitor.history.store import Store
from monitor.history.told import Pump
from tests.monitor.account.bench import made, status
from tests.monitor.conftest import SERIAL_NUMBER
from tests.monitor.history.bench import WALL_MS
from tests.monitor.history.test_store import forge

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

LATER = Pump("PM-90000", b"store-09")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a history with ten minutes of one pump, and an hour and a half later a minute of it and of another."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC")
    found = made(tmp_path)
    with closing(Store(found)) as store:
        store.add(LATER, [(WALL_MS + second * 1_000, status(second)) for second in range(6_000, 6_060)])
    return found


def run(file: Path, *words: str) -> Result:
    return CliRunner().invoke(cli.main, ["report", "--history", str(file), *words])


def test_it_is_written_beside_its_caller_and_named_after_pump_and_time(file: Path, tmp_path: Path) -> None:
    result = run(file, SERIAL_NUMBER)
    assert (result.exit_code, result.stdout) == (0, "")
    name = "report-PM-00001-2026-01-01T0010.html"
    assert result.stderr == f"written: {name}\n"
    assert (tmp_path / name).read_text(encoding="utf-8").startswith("<!DOCTYPE html>\n<html lang=")
    assert not list(tmp_path.glob("*.new"))


def test_without_a_name_it_is_the_pump_that_was_read_last_and_its_last_session(file: Path) -> None:
    text = run(file, "--out", "-").stdout
    assert "Pump PM-90000" in text
    assert "60 readings." in text


@pytest.mark.parametrize(
    ("words", "readings"),
    [
        ((), 481),
        (("--span", "10min"), 480),
        (("--span", "7d"), 481),
        (("--since", "2026-01-01T00:09:00Z"), 61),
        (("--until", "2026-01-01T00:01:00Z"), 60),
        (("--since", "2026-01-01T00:09:00Z", "--until", "2026-01-01T00:10:00Z"), 60),
        (("--until", "2026-01-01T00:10:00Z", "--span", "10min"), 480),
    ],
)
def test_a_period_is_what_was_asked_for(file: Path, words: tuple[str, ...], readings: int) -> None:
    result = run(file, SERIAL_NUMBER, "--out", "-", *words)
    assert result.exit_code == 0, result.output
    assert f">{readings} readings." in result.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("PM-0001",), 1, 'did you mean "PM-00001"?'),
        (("X",), 1, "known are PM-00001, PM-90000"),
        (
            (SERIAL_NUMBER, "--since", "2027-01-01", "--until", "2027-01-02"),
            1,
            "its last reading is of 2026-01-01T00:10",
        ),
        ((SERIAL_NUMBER, "--since", "2027-01-01"), 2, "the period ends before it begins"),
        (("--since", "yesterday"), 2, '"yesterday" is no instant'),
        (("--since", "2026-01-01", "--span", "1h"), 2, "--since and --span exclude each other"),
        (("--out", "no/such/folder/r.html"), 1, "can't be written: No such file or directory"),
    ],
)
def test_what_can_not_be_reported_is_refused_with_what_to_do(
    file: Path, tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    result = run(file, *words)
    assert (result.exit_code, said in result.stderr) == (code, True), result.stderr
    assert not list(tmp_path.glob("*.html"))


def test_where_nothing_is_stored_it_is_said_how_that_comes_about(tmp_path: Path) -> None:
    assert "the dashboard and watch make one" in run(tmp_path / "none.db").stderr
    Store(tmp_path / "empty.db").close()
    result = run(tmp_path / "empty.db", SERIAL_NUMBER)
    assert (result.exit_code, "the dashboard and watch store what they read" in result.stderr) == (1, True)


def test_a_file_that_is_there_is_kept_unless_it_was_asked_for(file: Path, tmp_path: Path) -> None:
    there = tmp_path / "r.html"
    there.write_text("mine")
    result = run(file, "--out", str(there))
    assert (result.exit_code, "is there already: name another by --out, or add --force" in result.stderr) == (
        1,
        True,
    )
    assert there.read_text() == "mine"
    assert run(file, "--out", str(there), "--force").exit_code == 0
    assert there.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert not list(tmp_path.glob("*.new"))


def test_a_link_that_lies_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "r.html").symlink_to(tmp_path / "mine")
    with pytest.raises(MonitorError, match="is there already"):
        write_new(tmp_path / "r.html", "x", over=False)
    write_new(tmp_path / "r.html", "x", over=True)
    assert ((tmp_path / "mine").read_text(), (tmp_path / "r.html").read_text()) == ("mine", "x")


def test_a_disk_that_takes_nothing_leaves_no_half_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MonitorError, match="No space left on device"):
        write_new(tmp_path / "r.html", "x", over=False)
    assert not list(tmp_path.iterdir())


def test_a_record_that_does_not_hold_is_reported_and_is_exit_1(file: Path, tmp_path: Path) -> None:
    forge(file, "UPDATE audit SET wall_ms = wall_ms + 1 WHERE seq = 3")
    result = run(file, SERIAL_NUMBER, "--out", "r.html")
    assert result.exit_code == 1
    assert (
        "the record does not hold, and the report says so: record 3 is not what was written" in result.stderr
    )
    assert "The record does not hold" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_what_was_had_with_the_bench_key_says_that_anybody_could_have_answered(file: Path) -> None:
    assert "Published key" in run(file, SERIAL_NUMBER, "--bench-key", "--out", "-").stdout
    assert "Published key" not in run(file, SERIAL_NUMBER, "--out", "-").stdout
