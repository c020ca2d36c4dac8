"""The pump that a scenario is played with: the keys of `[pump]`, which are the options of `pumpmock serve`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from protocol.drugs import check_name
from protocol.keys import check_serial_number
from protocol.units import parse_concentration, parse_deviation, parse_percent, parse_rate, parse_volume
from pumpmock.drug_file import NO_LIBRARY, library_named
from pumpmock.limits_file import NONE, limits_named
from pumpmock.options import Options, refused
from pumpmock.pace import REAL_SPEED
from pumpmock.profile_file import SECTIONS, USUAL, altered, find_profile, shipped_names
from pumpmock.scenario.words import Word, quantity, read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pumpmock.profile_file import Profile

_SERIAL_NUMBER = "PM-00001"
_CONCENTRATION_UG_ML = 500
_SPELLED = {"rate": "flow"}  # what the options call otherwise than a scenario


def _figures(value: object) -> dict[str, dict[str, object]]:
    """Read figures of a profile, by section and key; whether they can be is for the profile to say."""
    if not isinstance(value, dict):
        raise ValueError('write figures by their sections in braces: { alarms = { watchdog = "12 h" } }')  # noqa: TRY004 - a slip in a file
    for section, figures in value.items():
        if section not in SECTIONS or not isinstance(figures, dict):
            raise ValueError(f"{section} is no section of a profile: {', '.join(SECTIONS)} are")
    return value


def pump_words(folder: Path) -> dict[str, Word]:
    """Return the keys of `[pump]`; files in them are looked for in `folder` first."""

    def found(parse: Callable[[str], Any], names: tuple[str, ...], example: str) -> Callable[[object], Any]:
        def look(named: str) -> Any:  # noqa: ANN401 - what the parser returns
            return parse(named if named in names else str(folder / named))

        return quantity(look, example)

    volume, rate = quantity(parse_volume, '"18 mL"'), quantity(parse_rate, '"0.5 mL/day"')
    return {
        "profile": Word(
            found(find_profile, shipped_names(), f'"{USUAL}"'), f'"{USUAL}"', "the make, or a file like them"
        ),
        "figures": Word(
            _figures, '{ alarms = { watchdog = "12 h" } }', "figures of that make that are others here"
        ),
        "reservoir": Word(volume, '"18 mL"', "volume in the reservoir"),
        "low_reservoir": Word(volume, '"2 mL"', "low-reservoir alarm volume"),
        "flow": Word(rate, '"0.5 mL/day"', "flow rate"),
        "battery": Word(quantity(parse_percent, '"100 %"'), '"100 %"', "charge of the battery"),
        "concentration": Word(
            quantity(parse_concentration, '"500 ug/mL"'), '"500 ug/mL"', "of the drug in the reservoir"
        ),
        "rate_error": Word(
            quantity(parse_deviation, '"-2.4 %"'),
            '"0 %"',
            "by how much a stroke displaces more; 0 % unless it is told",
        ),
        "primed": Word(_boolean, "true", "false: there is no drug in the catheter yet"),
        "drug": Word(quantity(check_name, '"baclofen"'), '"baclofen"', "what the drug is called"),
        "drugs": Word(
            found(library_named, (NO_LIBRARY,), '"none"'), '"none"', "drug library: a file, or none"
        ),
        "limits": Word(
            found(limits_named, (NONE.name,), '"none"'),
            '"none"',
            "limits: a file, or none; the bench's unless it is told",
        ),
        "serial_number": Word(
            quantity(check_serial_number, f'"{_SERIAL_NUMBER}"'), f'"{_SERIAL_NUMBER}"', "who the pump is"
        ),
    }


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("write true or false")  # noqa: TRY004 - a slip in a file
    return value


def read_pump(value: object, folder: Path) -> dict[str, Any]:
    """Return what `[pump]` says.

    Raises:
        ValueError: with a sentence.
    """
    return read_table(value, pump_words(folder), "key of [pump]")


def options_of(said: Mapping[str, Any], seed: int) -> Options:
    """Return the options of the pump that `[pump]` describes, for a run that is to be repeated.

    Raises:
        ValueError: where there can be no such pump, with a sentence.
    """
    plain = Options(
        serial_number=_SERIAL_NUMBER,
        profile=find_profile(USUAL),
        fill_nl=0,
        low_reservoir_nl=0,
        rate_nl_h=0,
        battery_percent=100,
        concentration_ug_ml=_CONCENTRATION_UG_ML,
        rate_error_ppm=0,
        drugs=None,
        drug=None,
        limits=None,
        speed=REAL_SPEED,
        seed=seed,
        link=None,
        tcp=None,
        state=None,
        keys=None,
        repeatable=True,
    )
    return described(said, plain)


def described(said: Mapping[str, Any], options: Options) -> Options:
    """Return options whose pump is as `[pump]` describes it; ports, keys, speed and the rest are kept.

    Raises:
        ValueError: as `options_of`.
    """
    profile: Profile = said.get("profile") or find_profile(USUAL)
    if "figures" in said:
        profile = altered(profile, said["figures"])
    made = replace(
        options,
        serial_number=said.get("serial_number", _SERIAL_NUMBER),
        profile=profile,
        fill_nl=said.get("reservoir", profile.fill_nl),
        low_reservoir_nl=said.get("low_reservoir", profile.settings.low_reservoir_nl),
        rate_nl_h=said.get("flow", profile.rate_nl_h),
        battery_percent=said.get("battery", 100),
        concentration_ug_ml=said.get("concentration", _CONCENTRATION_UG_ML),
        rate_error_ppm=said.get("rate_error", 0),
        drugs=said.get("drugs"),
        drug=said.get("drug"),
        limits=said.get("limits"),
        primed=said.get("primed", True),
    )
    found = refused(made)
    if found is not None:
        name, sentence = found
        raise ValueError(f"{_SPELLED.get(name, name)}: {sentence}")
    return made
