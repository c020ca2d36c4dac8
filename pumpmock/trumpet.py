"""Flow accuracy as the field reports it: start-up curve and trumpet curve of IEC 60601-2-24, of a run that was sampled.

The standard takes the mass delivered every 0.5 min, shows the flow of the first 120 min, and from then on asks, for
windows of 1, 2, 5, 11, 19 and 31 min: what was the least and the greatest error of any such window? Plotted against the
window they make a trumpet: wide where strokes are told apart, narrow towards the error of the whole. An implant delivers
in an hour what an infusion pump delivers in a minute, so the same figures are taken in hours here: an assumption.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import NamedTuple

from protocol.units import S_PER_H

SAMPLE_S = 1_800  # half an hour, where the standard has half a minute
START_UP_S = 120 * S_PER_H  # 120 h, where the standard has 120 min
SETTLED_S = 60 * S_PER_H  # the standard analyses from the second hour on
WINDOWS_H = (1, 2, 5, 11, 19, 31)  # the standard's windows, in hours for its minutes
PPM = 1_000_000


class RunError(ValueError):
    """A run can't be analysed; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Run:
    """Volumes in nL that were delivered by the instants 0, `sample_s`, 2 `sample_s` ..., and the rate that was set.

    Raises:
        RunError: where it is no run: a rate or an interval of 0, fewer than two samples, or a volume that falls.
    """

    rate_nl_h: int
    sample_s: int
    volumes_nl: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse what is no run."""
        if self.rate_nl_h <= 0 or self.sample_s <= 0:
            raise RunError("a run has a rate and an interval above 0")
        if len(self.volumes_nl) < 2:  # noqa: PLR2004 - two ends of one interval
            raise RunError("a run has two samples at the least")
        for place, (older, newer) in enumerate(
            zip(self.volumes_nl, self.volumes_nl[1:], strict=False), start=1
        ):
            if newer < older:
                raise RunError(
                    f"sample {place} is {newer} nL after {older} nL: what was delivered never falls"
                )

    @property
    def length_s(self) -> int:
        """From the first sample to the last, in seconds."""
        return (len(self.volumes_nl) - 1) * self.sample_s


class Window(NamedTuple):
    """The extremes of the error of all windows of one length, in millionths of the rate that was set."""

    span_s: int
    least_ppm: int
    most_ppm: int


def start_up(run: Run, until_s: int = START_UP_S) -> tuple[int, ...]:
    """Return the mean flow of each interval of the first `until_s` seconds, in nL/h, rounded to the nearest."""
    volumes = run.volumes_nl[: until_s // run.sample_s + 1]
    pairs = itertools.pairwise(volumes)
    return tuple(_nearest((newer - older) * S_PER_H, run.sample_s) for older, newer in pairs)


def trumpet(run: Run, since_s: int = SETTLED_S, windows_h: tuple[int, ...] = WINDOWS_H) -> tuple[Window, ...]:
    """Return the extremes for each window that is a whole number of samples and fits into the run after `since_s`.

    E = 100 * (volume of the window / (rate * length) - 1) in the standard's words, here in ppm rounded to the nearest.

    Raises:
        RunError: where no window fits: the run is too short.
    """
    volumes = run.volumes_nl[-(-since_s // run.sample_s) :]
    found = []
    for span_s in (hours * S_PER_H for hours in windows_h):
        count, rest = divmod(span_s, run.sample_s)
        if rest or not 0 < count < len(volumes):
            continue
        within = [newer - older for older, newer in zip(volumes, volumes[count:], strict=False)]
        extremes = (error_ppm(volume_nl, run.rate_nl_h, span_s) for volume_nl in (min(within), max(within)))
        found.append(Window(span_s, *extremes))
    if not found:
        shortest_h = -(-(since_s + min(windows_h) * S_PER_H) // S_PER_H)
        raise RunError(
            f"the run is too short: {run.length_s // S_PER_H} h, and it takes {shortest_h} h at the least"
        )
    return tuple(found)


def overall_ppm(run: Run, since_s: int = SETTLED_S) -> int:
    """Return the error of all that was delivered after `since_s`, in ppm: what the trumpet narrows to.

    Raises:
        RunError: where the run ends before.
    """
    volumes = run.volumes_nl[-(-since_s // run.sample_s) :]
    if len(volumes) < 2:  # noqa: PLR2004 - two ends of one interval
        raise RunError(f"the run is too short: it ends before {since_s // S_PER_H} h")
    return error_ppm(volumes[-1] - volumes[0], run.rate_nl_h, (len(volumes) - 1) * run.sample_s)


def error_ppm(volume_nl: int, rate_nl_h: int, span_s: int) -> int:
    """Return by how many millionths a volume is off from what the rate delivers in a span, rounded to the nearest."""
    return _nearest(volume_nl * S_PER_H * PPM, rate_nl_h * span_s) - PPM


def percent(ppm: int) -> str:
    """Return an error as text in per cent with its sign: "+1.23 %"."""
    hundredths = _nearest(abs(ppm), 100)
    sign = "-" if ppm < 0 < hundredths else "+"
    return f"{sign}{hundredths // 100}.{hundredths % 100:02} %"


def _nearest(part: int, whole: int) -> int:
    return (2 * part + whole) // (2 * whole)
