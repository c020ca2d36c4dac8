"""What a pump starts with: the options of `pumpmock serve`, and the keys, the randomness and the memory they lead to."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from protocol.bounds import Basis, hard_finding
from protocol.keys import BENCH_KEY
from protocol.ledger import Ledger
from protocol.units import format_volume
from pumpmock.drug_file import rules_for
from pumpmock.keyring import ensure_keys
from pumpmock.limits import bounds_of
from pumpmock.limits_file import BENCH
from pumpmock.medium import PERFECT, Medium
from pumpmock.model.pump import Pump
from pumpmock.snapshot import Memory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from protocol.keys import Key
    from pumpmock.drug_file import LibraryChoice
    from pumpmock.limits_file import LimitSet
    from pumpmock.profile_file import Profile
    from pumpmock.scenario.steps import Scenario

REPEATABLE_EPOCH_S = 1_767_225_600  # Thu 1 Jan 2026: the calendar of a run that shall be repeated begins here


NO_CONTROL = Path("none")  # in place of a socket; one of that name is meant by its whole path


@dataclass(frozen=True, slots=True)
class Options:
    """What `pumpmock serve` was asked for; volumes in nL, rates in nL/h, speed in thousandths.

    Attributes:
        profile: the make of a new pump; without effect on one that goes on.
        rate_error_ppm: by how much the drive is off; None to draw it from the seed, within what the make holds.
        drugs: the drug library; None for the shipped one on a new pump, and for what one that goes on held.
        drug: what the drug in the reservoir is called; None for baclofen, and for what it was on a pump that goes on.
        limits: what the pump shall enforce; None for the bench's on a new pump, and for no others on one that goes on.
        keys: folder of the secret keys; None for the published bench key in their place.
        journal: where all that happens is written; None for nowhere.
        control: the control socket; None for one beside the virtual serial port, `NO_CONTROL` for none.
        medium: what its links are like.
        faults: what is to go wrong from the start on, as `Faults.add` takes it.
        repeatable: whether all that is random comes from the seed; without effect on a pump with secret keys.
        pumps: so many, of which this is the first.
        scenario: what is to happen to it; None for nothing.
        primed: whether there is drug in the catheter of a new pump.
    """

    serial_number: str
    profile: Profile
    fill_nl: int
    low_reservoir_nl: int
    rate_nl_h: int
    battery_percent: int
    concentration_ug_ml: int
    rate_error_ppm: int | None
    drugs: LibraryChoice | None
    drug: str | None
    limits: LimitSet | None
    speed: int
    seed: int
    link: Path | None
    tcp: tuple[str, int] | None
    state: Path | None
    keys: Path | None
    journal: Path | None = None
    control: Path | None = None
    repeatable: bool = False
    pumps: int = 1
    medium: Medium = PERFECT
    faults: tuple[Mapping[str, Any], ...] = ()
    rfc2217: tuple[str, int] | None = None
    scenario: Scenario | None = None
    primed: bool = True


def randomness(options: Options, purpose: str) -> Callable[[int], bytes]:
    """Return the source of nonces, session numbers, ids and tokens: the operating system, but for a repeatable run.

    Whoever knows a seed foresees the nonces, so a pump with secret keys gets none that is drawn from one, whatever the
    options say.

    Args:
        options: what was asked for.
        purpose: what it is drawn for; another purpose draws other bytes.
    """
    if options.keys is None and options.repeatable:
        return Random(f"{options.seed} {purpose}").randbytes  # noqa: S311 - the key is published, so nothing is secret
    return os.urandom


def pairing_keys(folder: Path | None, serial_number: str) -> Mapping[bytes, Key]:
    """Return the pump's table of keys: those in the folder, or without one the published bench key and nothing else.

    Raises:
        KeyFileError: where the folder or a file in it can't be taken.
        OSError: where a file can't be read or written.
    """
    return {BENCH_KEY.key_id: BENCH_KEY} if folder is None else ensure_keys(folder, serial_number, os.urandom)


def new_memory(options: Options, epoch_s: int, random: Callable[[int], bytes]) -> Memory:
    """Return a pump that was never started before.

    Raises:
        ValueError: where no pump can be as the options say.
    """
    made = options.profile.settings
    draw = Random(options.seed)  # noqa: S311 - a sensor and a drive, not a secret
    # Always drawn, and in this order, so that what was asked for changes no other draw.
    offset_nl = draw.randint(-made.sensor_accuracy_nl, made.sensor_accuracy_nl)
    drawn_ppm = draw.randint(-made.rate_accuracy_ppm, made.rate_accuracy_ppm)
    settings = replace(
        made,
        low_reservoir_nl=options.low_reservoir_nl,
        sensor_offset_nl=offset_nl,
        rate_error_ppm=drawn_ppm if options.rate_error_ppm is None else options.rate_error_ppm,
        epoch_s=epoch_s,
    ).limited((options.limits or BENCH).figures)
    pump = Pump(
        settings,
        fill_nl=options.fill_nl,
        rate_nl_h=options.rate_nl_h,
        battery_percent=options.battery_percent,
        concentration_ug_ml=options.concentration_ug_ml,
        drug=rules_for(options.drugs, options.drug, None),
        primed=options.primed,
    )
    return Memory(options.serial_number, random(8), 0, 0, Ledger(), pump)


def refused(options: Options) -> tuple[str, str] | None:
    """Return which option no new pump can have, and why in the units that a person types; None where all is well."""
    try:
        made = options.profile.settings.limited((options.limits or BENCH).figures)
    except ValueError as error:
        return "limits", f"not with this profile: {error}"
    if options.fill_nl > made.capacity_nl:
        return "reservoir", f"the reservoir holds {format_volume(made.capacity_nl)}"
    if not made.residual_nl <= options.low_reservoir_nl <= made.capacity_nl:
        least, most = format_volume(made.residual_nl), format_volume(made.capacity_nl)
        return "low_reservoir", f"the alarm can be set to {least} to {most}"
    drug = rules_for(options.drugs, options.drug, None)
    # From nothing, so that no step counts: this is the rate with which the pump is handed over.
    finding = hard_finding(Basis(0, options.concentration_ug_ml), options.rate_nl_h, bounds_of(made, drug))
    return None if finding is None else ("rate", finding.sentence)
