"""`pumpmock drugs`: listing a drug library, checking one, and sealing one that was changed."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from protocol.places import APP
from protocol.strict_toml import FileError
from protocol.units import format_span
from pumpmock.commands.parameters import REFUSED
from pumpmock.drug_file import library_of, seal, shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from protocol.drugs import Drug, Library, Range

_file = click.argument("file", type=click.Path(path_type=Path))


@click.group("drugs", invoke_without_command=True)
@click.pass_context
def drugs_group(ctx: click.Context) -> None:
    """List the drug library that comes with the emulator; check or seal one of your own."""
    if ctx.invoked_subcommand is None:
        with _told():
            click.echo(_text(shipped()))


@drugs_group.command("check")
@_file
def check_command(file: Path) -> None:
    """Say whether FILE is a drug library as it was sealed, and list it.

    The exit code is 1 where it is not.
    """
    with _told():
        click.echo(_text(library_of(file)))


@drugs_group.command("seal")
@_file
def seal_command(file: Path) -> None:
    """Write the checksum of its values into FILE, once somebody has looked them over.

    Comments stay, and do not count.
    """
    with _told():
        library = seal(file)
    click.echo(f"sealed {file}: library {library.name}, SHA-256 {library.checksum}")


@contextmanager
def _told() -> Iterator[None]:
    """Turn what can be expected to go wrong into a sentence and an exit code."""
    try:
        yield
    except (FileError, OSError) as error:
        said = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
        click.echo(f"{APP}: {said}", err=True)
        raise SystemExit(REFUSED) from error


def _text(library: Library) -> str:
    said = [f"library {library.name}, SHA-256 {library.checksum}"]
    said.append("each parameter: lower hard, lower soft, typical, upper soft, upper hard (source)")
    for drug in library.drugs.values():
        said += _drug_lines(drug)
    return "\n".join(said)


def _drug_lines(drug: Drug) -> Iterator[str]:
    yield ""
    concentrations = ", ".join(str(one) for one in drug.concentrations_ug_ml)
    yield f"{drug.name}: {concentrations} ug/mL ({drug.source})"
    yield _line("daily dose", drug.daily_dose, "{} ug/day".format)
    yield _line("step down", drug.step_down, "{} %".format)
    yield _line("bolus dose", drug.bolus_dose, "{} ug".format)
    yield _line("bolus duration", drug.bolus_duration, format_span)
    if drug.screening is not None:
        trial = drug.screening
        yield _line("screening dose", trial.dose, "{} ug".format)
        every = format_span(trial.interval_s)
        yield f"  {'':18}of {trial.concentration_ug_ml} ug/mL, {every} apart ({trial.source})"
    for patient, rules in drug.titration.items():
        yield _line(f"step up, {patient}", rules.step_up, "{} %".format)
        first, every = format_span(rules.first_s), format_span(rules.interval_s)
        yield f"  {'':18}none in the first {first}, then one in {every} ({rules.source})"


def _line(name: str, bounds: Range, words: Callable[[int], str]) -> str:
    five = (bounds.lower_hard, bounds.lower_soft, bounds.typical, bounds.upper_soft, bounds.upper_hard)
    return f"  {name:18}{', '.join(words(one) for one in five)} ({bounds.source})"
