"""A run as a CSV file: `time_s,delivered_nl`, a line a sample, at regular instants from 0 on."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from pumpmock.trumpet import Run, RunError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

HEAD = ("time_s", "delivered_nl")
_MOST_SAMPLES = 1_000_000
_MOST_DIGITS = 18  # of a figure: beyond it, it was mistyped


def write_table(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table as CSV, one head line first.

    Raises:
        OSError: where the file can't be written.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def write_run(path: Path, run: Run) -> None:
    """Write the samples of a run; as `write_table`."""
    write_table(path, HEAD, ((place * run.sample_s, nl) for place, nl in enumerate(run.volumes_nl)))


def read_run(path: Path, rate_nl_h: int) -> Run:
    """Return the run in a file, with the rate that was set.

    Raises:
        RunError: where the file is no run; the sentence names file and line.
        OSError: where it can't be read.
    """
    samples: list[tuple[int, int]] = []
    number = 1
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.reader(file), start=1):
                if number == 1:
                    _check_head(row)
                elif row:
                    samples.append(_sample(row, samples))
    except UnicodeDecodeError as error:
        raise RunError(f"{path} is not text: it must be UTF-8") from error
    except (RunError, csv.Error) as error:
        raise RunError(f"{path}, line {number}: {error}") from error
    if len(samples) < 2:  # noqa: PLR2004 - two ends of one interval
        raise RunError(f"{path} has {len(samples)} samples: a run has two at the least")
    return Run(rate_nl_h, samples[1][0], tuple(nl for _, nl in samples))


def _check_head(row: Sequence[str]) -> None:
    if tuple(row) != HEAD:
        raise RunError(f'the first line must be "{",".join(HEAD)}"')


def _sample(row: Sequence[str], before: list[tuple[int, int]]) -> tuple[int, int]:
    """Read a line, and hold it against those before: regular instants, volumes that never fall."""
    if len(before) >= _MOST_SAMPLES:
        raise RunError(f"more than {_MOST_SAMPLES} samples: take a longer interval")
    if len(row) != len(HEAD):
        raise RunError(f"{len(row)} figures where there must be {len(HEAD)}")
    time_s, delivered_nl = (_figure(name, text) for name, text in zip(HEAD, row, strict=True))
    step_s = before[1][0] if len(before) > 1 else time_s
    if time_s != step_s * len(before) or (before and not step_s):
        raise RunError(
            f"time_s is {time_s} where {step_s * len(before)} follows: samples are at regular instants from 0"
        )
    if before and delivered_nl < before[-1][1]:
        raise RunError(
            f"delivered_nl is {delivered_nl} after {before[-1][1]}: what was delivered never falls"
        )
    return time_s, delivered_nl


def _figure(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise RunError(f"{name} is not a whole number from 0 on")
    return int(text)
