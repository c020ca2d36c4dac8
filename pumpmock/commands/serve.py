"""`pumpmock serve`: what it can be asked for, and what becomes of the errors that it ends with."""

from __future__ import annotations

from pathlib import Path
from secrets import randbelow
from typing import TYPE_CHECKING, Any

import click

from protocol.keys import KeyFileError
from protocol.strict_toml import FileError
from pumpmock.commands.link_options import link_options
from pumpmock.commands.parameters import (
    CONCENTRATION,
    DRAWN,
    DRUG,
    DRUGS,
    HOST_PORT,
    LIMITS,
    NO_LINK,
    PERCENT,
    PROFILE,
    RATE,
    RATE_ERROR,
    REFUSED,
    SERIAL_NUMBER,
    SPEED,
    USAGE,
    VOLUME,
    default_keys,
    keys_option,
)
from pumpmock.commands.scenario import played_with
from pumpmock.console import Console
from pumpmock.faults.checks import FaultError
from pumpmock.journal.file import JournalError
from pumpmock.many import MOST_PUMPS, MOST_SEED, each_of
from pumpmock.model.reservoir import LedgerError
from pumpmock.options import Options, refused
from pumpmock.ports import PortError
from pumpmock.profile_file import USUAL
from pumpmock.serve import ScenarioFailedError, default_folder, serve
from pumpmock.snapshot import InDoubtError, SnapshotError

if TYPE_CHECKING:
    from pumpmock.drug_file import LibraryChoice
    from pumpmock.limits_file import LimitSet
    from pumpmock.medium import Medium
    from pumpmock.profile_file import Profile

_SPELLED = {"rate": "--flow", "low_reservoir": "--low-reservoir"}


@click.command("serve")
@click.option(
    "--pty", "link", type=click.Path(path_type=Path), help="Stable name of the virtual serial port."
)
@click.option(
    "--pumps",
    type=click.IntRange(1, MOST_PUMPS),
    default=1,
    show_default=True,
    help="Serve so many: serial number, link, TCP ports, state file, journal and seed are counted up from those given.",
)
@click.option("--tcp", type=HOST_PORT, help="Serve the same pump on TCP too; port 0 takes a free one.")
@click.option(
    "--rfc2217",
    type=HOST_PORT,
    help="Serve it by RFC 2217 too, for rfc2217://HOST:PORT: a host sets baud rate, parity, DTR and BREAK there.",
)
@click.option(
    "--speed", type=SPEED, help="Pump time against real time: 60 runs a minute a second.  [default: 1]"
)
@click.option("--frozen", is_flag=True, help="Let pump time stand still.")
@click.option(
    "--profile",
    type=PROFILE,
    default=USUAL,
    show_default=True,
    help="The make of the pump: one of those that pumpmock profiles lists, or a TOML file like them.",
)
@click.option("--reservoir", type=VOLUME, help="Volume in the reservoir.  [default: the profile's]")
@click.option("--low-reservoir", type=VOLUME, help="Low-reservoir alarm volume.  [default: the profile's]")
@click.option("--flow", type=RATE, help="Flow rate.  [default: the profile's]")
@click.option("--battery", type=PERCENT, default="100 %", show_default=True, help="Charge of the battery.")
@click.option(
    "--concentration",
    type=CONCENTRATION,
    default="500 ug/mL",
    show_default=True,
    help="Of the drug in the reservoir; 0 ug/mL where it is not known.",
)
@click.option(
    "--rate-error",
    type=RATE_ERROR,
    default=DRAWN,
    show_default=True,
    help=f"By how much the drive really displaces more, or with a minus less; {DRAWN}: from the seed, within the "
    "profile's accuracy.",
)
@click.option("--drug", type=DRUG, help="What the drug in the reservoir is called.  [default: baclofen]")
@click.option(
    "--drugs",
    type=DRUGS,
    help="Drug library that the pump checks its drug by: a file as pumpmock drugs check takes it, or none.  [default: "
    "the one that pumpmock drugs lists]",
)
@click.option(
    "--limits",
    type=LIMITS,
    help="Limits that the pump enforces: a TOML file as examples/limits.toml, or none.  [default: the bench's]",
)
@click.option(
    "--serial-number", type=SERIAL_NUMBER, default="PM-00001", show_default=True, help="Who the pump is."
)
@click.option(
    "--seed",
    type=click.IntRange(0, MOST_SEED - 1),
    help="Draw what differs from pump to pump (the errors of the level sensor and the drive) from this; with --bench-key, all that is "
    "random, so that the run can be repeated to the byte.  [default: a new one, printed]",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep the pump in this file; go on from it.",
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all that happens to this file, a line of JSON an entry; a journal that is there is replaced. pumpmock decode "
    "reads it.",
)
@click.option(
    "--control",
    type=click.Path(path_type=Path),
    help="Socket for pumpmock ctl; none for none.  [default: beside the virtual serial port]",
)
@link_options
@click.option(
    "--scenario",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Play this scenario against whoever talks to the pump, which is as its [pump] says, and end with it.",
)
@keys_option
@click.option(
    "--bench-key",
    is_flag=True,
    help="Take the published bench key instead of secret ones: anyone can change this pump.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print a line of JSON an event; the first says when ports answer."
)
def serve_command(  # noqa: PLR0913 - one parameter an option
    *,
    link: Path | None,
    pumps: int,
    tcp: tuple[str, int] | None,
    rfc2217: tuple[str, int] | None,
    speed: int | None,
    frozen: bool,
    profile: Profile,
    reservoir: int | None,
    low_reservoir: int | None,
    flow: int | None,
    battery: int,
    concentration: int,
    rate_error: int | str,
    drug: str | None,
    drugs: LibraryChoice | None,
    limits: LimitSet | None,
    serial_number: str,
    seed: int | None,
    state: Path | None,
    journal: Path | None,
    control: Path | None,
    scenario: Path | None,
    keys: Path | None,
    medium: Medium,
    faults: tuple[dict[str, Any], ...],
    bench_key: bool,
    as_json: bool,
) -> None:
    """Serve a pump until Ctrl-C.

    Without --pty the port gets the first free name of pump0 to pump9 in the run-time folder; pump-monitor finds pump0 by
    itself. A viewer and a technician key are made at the first start of a serial number.

    At the signal SIGUSR1 the patient presses the button; the profile says whether there is a bolus to be had.

    \b
    Examples:
      pumpmock serve
      pumpmock serve --speed 3600 --reservoir "3 mL"
      pumpmock serve --profile bench --speed 60
      pumpmock serve --pty /tmp/ttyPUMP --tcp 127.0.0.1:7070 --rfc2217 127.0.0.1:2217 --json
      pumpmock serve --baud 9600 --latency "20 ms" --fault "lose-reply on=Commit"
      pumpmock serve --scenario examples/scenarios/served/low-reservoir.toml --speed 3600
      pumpmock serve --pumps 100 --pty /tmp/ttyPUMP --bench-key
    """  # noqa: D301 - click wants the character, it keeps the examples' lines
    if frozen and speed is not None:
        raise click.UsageError("--frozen and --speed exclude each other: leave one out")
    if bench_key and keys is not None:
        raise click.UsageError("--bench-key and --keys exclude each other: leave one out")
    options = Options(
        serial_number=serial_number,
        profile=profile,
        fill_nl=profile.fill_nl if reservoir is None else reservoir,
        low_reservoir_nl=profile.settings.low_reservoir_nl if low_reservoir is None else low_reservoir,
        rate_nl_h=profile.rate_nl_h if flow is None else flow,
        battery_percent=battery,
        concentration_ug_ml=concentration,
        rate_error_ppm=None if isinstance(rate_error, str) else rate_error,
        drugs=drugs,
        drug=drug,
        limits=limits,
        speed=0 if frozen else 1_000 if speed is None else speed,
        seed=randbelow(MOST_SEED) if seed is None else seed,
        link=link,
        tcp=tcp,
        rfc2217=rfc2217,
        state=state,
        keys=None if bench_key else keys or default_keys(),
        journal=journal,
        control=control,
        repeatable=bench_key and seed is not None,
        pumps=pumps,
        medium=medium,
        faults=faults,
    )
    if scenario is not None:
        options = played_with(scenario, options, _typed())
    try:
        each = each_of(options, default_folder())
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    console = Console(as_json=as_json)
    goes_on = [one.state for one in each if one.state is not None and _is_file(one.state)]
    for path in goes_on:
        console.warn(
            f"the pump goes on from {path}; profile, reservoir, flow and battery are as it left them"
        )
    if len(goes_on) < len(each):
        _check_figures(options)
    _run(options, console)


def _typed() -> frozenset[str]:
    """Return the names of the options that were typed."""
    context = click.get_current_context()
    typed = click.core.ParameterSource.COMMANDLINE
    return frozenset(name for name in context.params if context.get_parameter_source(name) is typed)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # whoever opens it says why it can't be
        return False


def _check_figures(options: Options) -> None:
    """Refuse, in the units that were typed, what the pump's own settings would refuse."""
    try:
        found = refused(options)
    except (FileError, OSError) as error:  # of the library that comes with it
        raise click.UsageError(f"the drug library can't be read: {error}") from error
    if found is not None:
        name, sentence = found
        more = " (--limits sets others, and --drugs)" if name == "rate" else ""
        raise click.BadParameter(sentence + more, param_hint=_SPELLED.get(name, f"--{name}"))


def _run(options: Options, console: Console) -> None:
    """Serve, and turn what can be expected to go wrong into a sentence and an exit code."""
    try:
        serve(options, console)
    except PortError as error:
        console.warn(str(error))
        raise SystemExit(NO_LINK) from error
    except ScenarioFailedError as error:
        raise SystemExit(REFUSED) from error
    except (SnapshotError, KeyFileError, InDoubtError, JournalError) as error:
        console.warn(str(error))
        raise SystemExit(REFUSED) from error
    except LedgerError as error:
        kept = (
            "printed above" if options.state is None else f"printed above, and one before in {options.state}"
        )
        said = f"the volumes in the pump no longer add up, so it stops: {error}"
        console.warn(f"{said}; its last sound state is {kept}")
        raise SystemExit(REFUSED) from error
    except FaultError as error:
        console.warn(str(error))
        raise SystemExit(USAGE) from error
    except ValueError as error:
        console.warn(f"there is no such pump: {error}")
        raise SystemExit(USAGE) from error
    except OSError as error:
        console.warn(f"{error.filename or 'a file'}: {error.strerror or error}")
        raise SystemExit(REFUSED) from error
