"""The make of a pump: figures from a TOML file, each with its source or the word "assumption".

What a pump of some make holds, how its drive and its battery work and when it alarms is told here and nowhere in the code.
Those that are shipped lie in the folder `profiles`. docs/decisions/0029-profiles.md
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protocol.strict_toml import FileError, content_of, line_of, shown
from protocol.units import (
    US_PER_H,
    parse_age,
    parse_rate,
    parse_share,
    parse_span,
    parse_voltage,
    parse_volume,
)
from pumpmock.model.battery import LIVING_UNITS_PER_H, Cell
from pumpmock.model.settings import Settings
from pumpmock.toml_file import Entry, check_known, figure_in, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
USUAL = "synchromed-like-20"  # what is served where no profile is named
_SUFFIX = ".toml"
_MOST_TITLE, _MOST_SOURCE = 80, 200  # characters


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a profile.

    Attributes:
        section: where in the file it stands.
        key: what it is called there.
        written: as it stands there, such as "20 mL".
        source: where it comes from, or that it is an assumption.
        name: what it is called in the code, with its unit.
        value: it, in that unit.
    """

    section: str
    key: str
    written: str
    source: str
    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A make of pump.

    Attributes:
        name: of a shipped one; of another, the path of its file.
        title: a line on what it is.
        figures: all of them, in the order of the file's documentation.
        settings: what a pump of this make is configured with, under no limits.
        fill_nl: what a new pump has in its reservoir, unless told otherwise.
        rate_nl_h: the rate at which it is handed over, unless told otherwise.
    """

    name: str
    title: str
    figures: tuple[Figure, ...]
    settings: Settings
    fill_nl: int
    rate_nl_h: int


def _age_us(text: str) -> int:
    return parse_age(text) * US_PER_H


def _charge_units(text: str) -> int:
    return parse_age(text) * LIVING_UNITS_PER_H


_BATTERY, _START = "battery", "start"  # whose figures go elsewhere than into Settings
SECTIONS: dict[str, dict[str, Entry]] = {
    "reservoir": {
        "capacity": Entry("capacity_nl", parse_volume, '"20 mL"'),
        "residual": Entry("residual_nl", parse_volume, '"1.4 mL"'),
        "low": Entry("low_reservoir_nl", parse_volume, '"2 mL"'),
        "sensed_band": Entry("sensed_band_nl", parse_volume, '"0.5 mL"'),
        "sensor_accuracy": Entry("sensor_accuracy_nl", parse_volume, '"0.2 mL"'),
    },
    "drive": {
        "least_rate": Entry("least_rate_nl_h", parse_rate, '"0.048 mL/day"'),
        "most_rate": Entry("most_rate_nl_h", parse_rate, '"24 mL/day"'),
        "minimum_rate": Entry("minimum_rate_nl_h", parse_rate, '"0.006 mL/day"'),
        "stroke": Entry("stroke_nl", parse_volume, '"2.5 uL"'),
        "rate_accuracy": Entry("rate_accuracy_ppm", parse_share, '"14.5 %"'),
        "stall_detect": Entry("stall_detect_s", parse_span, '"20 min"'),
    },
    "catheter": {"volume": Entry("catheter_nl", parse_volume, '"395 uL"')},
    "alarms": {
        "stopped": Entry("stopped_alarm_s", parse_span, '"48 h"'),
        "watchdog": Entry("watchdog_s", parse_span, '"0 s"'),
    },
    "patient_bolus": {
        "volume": Entry("patient_bolus_nl", parse_volume, '"50 uL"'),
        "duration": Entry("patient_bolus_s", parse_span, '"10 min"'),
        "lockout": Entry("patient_lockout_s", parse_span, '"4 h"'),
        "a_day": Entry("patient_boluses_a_day", None, "4"),
    },
    _BATTERY: {
        "standing_life": Entry("capacity_units", _charge_units, '"8 years"'),
        "work_per_ml": Entry("units_per_nl", parse_age, '"6 h"'),
        "notice": Entry("notice_us", _age_us, '"90 days"'),
        "service_life": Entry("service_life_us", _age_us, '"7 years"'),
        "empty": Entry("empty_mv", parse_voltage, '"2400 mV"'),
        "full": Entry("full_mv", parse_voltage, '"3100 mV"'),
    },
    _START: {
        "fill": Entry("fill_nl", parse_volume, '"18 mL"'),
        "rate": Entry("rate_nl_h", parse_rate, '"0.5 mL/day"'),
    },
}


def shipped_names() -> tuple[str, ...]:
    """Return the names of the profiles that come with the program, in the order of the alphabet."""
    names = (entry.name for entry in (files("pumpmock") / "profiles").iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)))


@cache
def shipped(name: str) -> Profile:
    """Return a profile that comes with the program.

    Raises:
        KeyError: where there is none of this name.
    """
    if name not in shipped_names():
        raise KeyError(name)
    return _profile((files("pumpmock") / "profiles" / (name + _SUFFIX)).read_text("utf-8"), name, name)


def find_profile(text: str) -> Profile:
    """Return the profile of a name, or in a file.

    Raises:
        ValueError: where there is none, or it can't be taken, with a sentence that says what to do.
    """
    names = shipped_names()
    if text in names:
        return shipped(text)
    path = Path(text)
    try:
        return _profile(read_text(path, "a profile"), text, str(path))
    except FileNotFoundError as error:
        near = difflib.get_close_matches(text, names, n=1)
        close = f'did you mean "{near[0]}"?' if near else "pumpmock profiles lists those there are"
        raise ValueError(f"{shown(text)} is neither a profile's name nor a file; {close}") from error
    except OSError as error:
        raise ValueError(f"{text}: {error.strerror or error}") from error


def altered(profile: Profile, figures: Mapping[str, Mapping[str, object]]) -> Profile:
    """Return a make with some figures that are others, by section and key as a profile's file has them: an assumption.

    Raises:
        ValueError: where there is no such figure, or it can't be.
    """
    changed: dict[tuple[str, str], Figure] = {}
    for section, by_key in figures.items():
        check_known(section, SECTIONS, "a section of a profile")
        for key, value in by_key.items():
            check_known(key, SECTIONS[section], f"a figure of [{section}]")
            found = {"value": value, "source": "assumption"}
            changed[section, key] = _figure(section, key, SECTIONS[section][key], found)
    kept = (changed.get((figure.section, figure.key), figure) for figure in profile.figures)
    return _made(f"{profile.name}, altered", profile.title, list(kept))


def _profile(text: str, name: str, called: str) -> Profile:
    """Read a profile; `called` is what its errors call it."""
    content = content_of(text, called, FORMAT)
    place: tuple[str, ...] = ("title",)  # what is being read, for errors
    try:
        title = _line(content.pop("title", None), _MOST_TITLE, 'title: write title = "...", a line of text')
        for section in content:
            place = (section,)
            check_known(section, SECTIONS, "a section of a profile")
        figures: list[Figure] = []
        for section, entries in SECTIONS.items():
            place = (section,)
            found = content.get(section, {})
            if not isinstance(found, dict):
                raise ValueError(f"{section} is not a section: write [{section}] above its figures")  # noqa: TRY004, TRY301 - a slip in a file, told below
            for key in found:
                place = (section, key)
                check_known(key, entries, f"a figure of [{section}]")
            for key, entry in entries.items():
                place = (section, key)
                figures.append(_figure(section, key, entry, found.get(key)))
        place = ()
        return _made(name, title, figures)
    except ValueError as error:
        raise FileError(f"{called}{line_of(text, *place)}: {error}") from error


def _figure(section: str, key: str, entry: Entry, found: object) -> Figure:
    write = f'write {key} = {{ value = {entry.example}, source = "assumption" }}, say'
    if found is None:
        raise ValueError(f"[{section}] lacks {key}: {write}")
    if not isinstance(found, dict) or "value" not in found:
        raise ValueError(f"{key} is not a figure with its source: {write}")
    for part in found:
        check_known(part, ("value", "source"), f"a part of {key}")
    source = _line(found.get("source"), _MOST_SOURCE, f"{key} has no source: {write}")
    value = figure_in(key, found["value"], entry.parse, f"value = {entry.example}")
    return Figure(section, key, str(found["value"]).strip(), source, entry.name, value)


def _line(found: object, most: int, said: str) -> str:
    """Return a line of text that is fit for a terminal."""
    if not isinstance(found, str) or not found.strip() or not found.isprintable() or len(found) > most:
        raise ValueError(said)
    return found


def _made(name: str, title: str, figures: list[Figure]) -> Profile:
    """Make the profile of its figures, each of which can be taken by itself."""
    parts: dict[str, dict[str, Any]] = {_BATTERY: {}, _START: {}, "": {}}
    for figure in figures:
        parts[figure.section if figure.section in parts else ""][figure.name] = figure.value
    start = parts[_START]
    settings = Settings(cell=Cell(**parts[_BATTERY]), **parts[""])
    settings.check_rate("rate_nl_h", start["rate_nl_h"])
    if start["fill_nl"] > settings.capacity_nl:
        raise ValueError(f"fill_nl is {start['fill_nl']}: the reservoir holds 0 to {settings.capacity_nl} nL")
    return Profile(name, title, tuple(figures), settings, **start)
