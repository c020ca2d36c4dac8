"""`pumpmock trumpet`: the accuracy of a run as IEC 60601-2-24 reports it, in figures, as CSV and as a picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from protocol.bounds import Basis, hard_finding
from protocol.messages import Change
from protocol.units import S_PER_H, US_PER_S, format_rate
from protocol.vocabulary import ChangeKind
from pumpmock.commands.parameters import DEVIATION, PROFILE, RATE, REFUSED, SPAN
from pumpmock.limits import bounds_of
from pumpmock.model.pump import Pump
from pumpmock.profile_file import USUAL
from pumpmock.run_file import read_run, write_run, write_table
from pumpmock.trumpet import (
    SAMPLE_S,
    START_UP_S,
    Run,
    RunError,
    overall_ppm,
    percent,
    start_up,
    trumpet,
)

if TYPE_CHECKING:
    from pumpmock.model.settings import Settings
    from pumpmock.profile_file import Profile

_LENGTH = "240 h"
_MOST_SAMPLES = 100_000


@click.command("trumpet")
@click.argument(
    "recorded", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="[CSV]"
)
@click.option(
    "--profile", type=PROFILE, default=USUAL, show_default=True, help="The make of the pump that runs."
)
@click.option("--flow", type=RATE, help="Flow rate that is set.  [default: the profile's]")
@click.option(
    "--rate-error",
    type=DEVIATION,
    default="0 %",
    show_default=True,
    help="By how much a stroke displaces more.",
)
@click.option("--length", type=SPAN, default=_LENGTH, show_default=True, help="How long the pump runs.")
@click.option(
    "--sample",
    type=SPAN,
    default=f"{SAMPLE_S // 60} min",
    show_default=True,
    help="Interval between samples.",
)
@click.option(
    "--csv",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write run.csv, start-up.csv and trumpet.csv into this folder.",
)
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw both curves: a .svg, .png or .pdf file.",
)
def trumpet_command(
    recorded: Path | None,
    profile: Profile,
    flow: int | None,
    rate_error: int,
    length: int,
    sample: int,
    folder: Path | None,
    picture: Path | None,
) -> None:
    """Report the accuracy of a run: start-up curve and trumpet curve of IEC 60601-2-24.

    A pump runs for --length, as fast as it can, and what came out of its catheter is sampled; or a CSV file tells what
    was delivered (time_s,delivered_nl, as --csv writes it), with the rate that was set as --flow. The standard's windows of
    1 to 31 minutes are taken in hours: an implant delivers in an hour what an infusion pump delivers in a minute.

    \b
    Examples:
      pumpmock trumpet
      pumpmock trumpet --flow "0.1 mL/day" --rate-error "+5 %" --picture trumpet.svg
      pumpmock trumpet measured.csv --flow "0.5 mL/day" --csv out
    """  # noqa: D301 - click wants the character, it keeps the examples' lines
    rate_nl_h = profile.rate_nl_h if flow is None else flow
    settings = replace(profile.settings, rate_error_ppm=rate_error)
    title = f"{profile.name}, strokes of {settings.stroke_nl / 1000:g} uL, rate error {percent(rate_error)}"
    try:
        if recorded is None:
            run = _ran(settings, rate_nl_h, sample, length)
        else:
            run, title = read_run(recorded, rate_nl_h), recorded.name
        report = _report(run, title)
        if folder is not None:
            _write_tables(folder, run)
        if picture is not None:
            _draw(run, title, picture)
    except RunError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        click.echo(f"pumpmock: {error.filename or 'a file'}: {error.strerror or error}", err=True)
        raise SystemExit(REFUSED) from error
    click.echo(report)


def _ran(settings: Settings, rate_nl_h: int, sample_s: int, length_s: int) -> Run:
    """Let a pump run, and return what came out of the tip; it is refilled where it would not last to the next sample."""
    count = length_s // sample_s if sample_s else 0
    if not 0 < count <= _MOST_SAMPLES:
        raise RunError(f"--length over --sample makes {count} samples: 1 to {_MOST_SAMPLES} can be taken")
    finding = hard_finding(Basis(0), rate_nl_h, bounds_of(settings))
    if finding is not None:
        raise RunError(f"--flow: {finding.sentence}")
    pump = Pump(settings, fill_nl=settings.capacity_nl, rate_nl_h=rate_nl_h)
    # Twice what a sample takes, so that a rate error within 100 % can't empty it on the way.
    enough_nl = settings.residual_nl + 2 * rate_nl_h * sample_s // S_PER_H
    if enough_nl > settings.capacity_nl:
        raise RunError(
            f"a full reservoir does not last for two samples at {format_rate(rate_nl_h)}: take a shorter --sample"
        )
    volumes_nl = [0]
    for _ in range(count):
        if pump.truth().held_nl < enough_nl or pump.sample().reservoir_nl < enough_nl:
            left_nl = pump.truth().held_nl
            pump.apply(Change(ChangeKind.REFILL, withdrawn_nl=left_nl, volume_nl=settings.capacity_nl))
        pump.advance(sample_s * US_PER_S)
        volumes_nl.append(pump.truth().tip_nl)
    return Run(rate_nl_h, sample_s, tuple(volumes_nl))


def _report(run: Run, title: str) -> str:
    """Return the figures as a table."""
    lines = [
        f"{title}; {format_rate(run.rate_nl_h)} for {run.length_s // S_PER_H} h",
        "  window     least      most",
    ]
    lines += [
        f"{window.span_s // S_PER_H:6} h  {percent(window.least_ppm):>9} {percent(window.most_ppm):>9}"
        for window in trumpet(run)
    ]
    return "\n".join([*lines, f"  whole run {percent(overall_ppm(run)):>7}"])


def _write_tables(folder: Path, run: Run) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_run(folder / "run.csv", run)
    flows = ((place * run.sample_s, flow) for place, flow in enumerate(start_up(run, START_UP_S)))
    write_table(folder / "start-up.csv", ("since_s", "flow_nl_h"), flows)
    write_table(folder / "trumpet.csv", ("window_s", "least_ppm", "most_ppm"), trumpet(run))


def _draw(run: Run, title: str, path: Path) -> None:
    try:
        from pumpmock.trumpet_picture import FORMATS, draw  # noqa: PLC0415 - an extra, and half a second to import
    except ModuleNotFoundError as error:
        raise click.UsageError(
            "--picture wants matplotlib: pip install 'pumpmock[pictures]', or take --csv"
        ) from error
    if path.suffix not in FORMATS:
        raise RunError(f'--picture: "{path.name}" must end in one of {", ".join(FORMATS)}')
    draw(run, title, path)
