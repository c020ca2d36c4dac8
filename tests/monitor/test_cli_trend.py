"""`pump-monitor trend`, on a real file."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from monitor import cli
from monitor.history.store import Store
from monitor.history.told import Pump
from monitor.trends.table import HEADER
from tests.monitor.conftest import SERIAL_NUMBER
from tests.monitor.history.bench import PUMP, WALL_MS, status

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

LATER = Pump("PM-90000", b"store-09")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a history: ten minutes of one pump with two of them missing, and later a minute of another."""
    made = tmp_path / "history.db"
    with closing(Store(made)) as store:
        seconds = [*range(240), *range(360, 600)]
        store.add(PUMP, [(WALL_MS + second * 1_000, status(second)) for second in seconds])
        store.add(LATER, [(WALL_MS + second * 1_000, status(second)) for second in range(900, 960)])
    return made


def run(file: Path, *words: str) -> Result:
    return CliRunner().invoke(cli.main, ["trend", "--history", str(file), *words])


def lines(result: Result) -> list[dict[str, str]]:
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout)))


def test_the_trend_of_a_pump_is_printed_with_its_gap_up_to_its_last_reading(file: Path) -> None:
    found = lines(run(file, "--pump", SERIAL_NUMBER, "--span", "10min"))
    assert tuple(found[0]) == HEADER
    assert [one["kind"] for one in found].count("gap") == 1
    volumes = [
        int(one[f"reservoir_{edge}_nl"])
        for one in found
        if one["kind"] == "read"
        for edge in ("least", "most")
    ]
    assert (min(volumes), max(volumes)) == (12_000_000 - 599, 12_000_000)
    assert found[-1]["kind"] == "read"


def test_without_a_name_it_is_the_pump_that_was_read_last(file: Path) -> None:
    assert lines(run(file, "--span", "1h"))[0]["reservoir_most_nl"] == str(12_000_000 - 900)


def test_a_picture_is_an_svg_that_names_the_pump(file: Path) -> None:
    result = run(file, "--pump", SERIAL_NUMBER, "--span", "1h", "--svg")
    assert result.exit_code == 0
    root = ET.fromstring(result.stdout)  # noqa: S314 - our own
    assert any(f"Pump {SERIAL_NUMBER}, 1 h up to " in (one.text or "") for one in root.iter())


def test_another_pump_is_refused_by_the_names_that_there_are(file: Path) -> None:
    result = run(file, "--pump", "PM-7")
    assert result.exit_code == 1
    assert "there is no pump PM-7 in " in result.stderr
    assert (
        f"{SERIAL_NUMBER}, {LATER.serial_number}" in result.stderr
        or f"{LATER.serial_number}, {SERIAL_NUMBER}" in (result.stderr)
    )


def test_a_history_without_readings_and_one_that_is_not_there_are_refused_with_what_to_do(
    tmp_path: Path,
) -> None:
    empty = tmp_path / "empty.db"
    Store(empty).close()
    assert "the dashboard and watch store what they read" in run(empty).stderr
    missing = run(tmp_path / "none.db")
    assert missing.exit_code == 1
    assert "there is no history" in missing.stderr


def test_a_span_that_there_is_none_of_is_a_usage_error_that_lists_them(file: Path) -> None:
    result = run(file, "--span", "2d")
    assert result.exit_code == 2
    assert "'10min', '1h', '6h', '24h', '7d', '30d', '1year'" in result.stderr
