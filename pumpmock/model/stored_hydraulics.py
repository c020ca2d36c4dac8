"""What is physically so as plain JSON values, and back: part of `stored`, and as distrustful."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from pumpmock.model.catheter import Catheter, Segment, is_proper, volume_of
from pumpmock.model.hydraulics import Hydraulics, is_balanced
from pumpmock.model.plain import MOST, figure, figures, items, members, require
from pumpmock.model.reservoir import MOST_UG_ML
from pumpmock.model.strokes import PPM, Strokes
from pumpmock.model.troubles import KNOWN, Trouble, Troubles

if TYPE_CHECKING:
    from pumpmock.model.mechanism import Mechanism
    from pumpmock.model.settings import Settings

_KEY = "hydraulics"
_PARTS = {"strokes", "catheter", "troubles"}
_SIGNED = {"lost_nl"}


def hydraulics_dumped(true: Hydraulics) -> dict[str, Any]:
    """Return what is so as a dict of figures, dicts and lists."""
    return asdict(true) | {"catheter": [list(segment) for segment in true.catheter]}


def hydraulics_loaded(data: object) -> Hydraulics:
    """Return what is so by what `hydraulics_dumped` returned.

    Raises:
        ValueError: with a sentence that begins with the key at fault.
    """
    names = [f.name for f in fields(Hydraulics)]
    found = members(data, _KEY, names)
    own = {
        name: figure(found[name], f"{_KEY}.{name}", -MOST if name in _SIGNED else 0)
        for name in names
        if name not in _PARTS
    }
    strokes = figures(found["strokes"], f"{_KEY}.strokes", [f.name for f in fields(Strokes)])
    return Hydraulics(
        **own,
        strokes=Strokes(**strokes),
        catheter=_catheter(found["catheter"], f"{_KEY}.catheter"),
        troubles=_troubles(found["troubles"], f"{_KEY}.troubles"),
    )


def check_hydraulics(mechanism: Mechanism, settings: Settings) -> None:
    """Hold what is so against itself, against the settings, and against what both it and the firmware were told.

    Raises:
        ValueError: with a sentence that begins with the key at fault.
    """
    true, past = mechanism.hydraulics, mechanism.past
    strokes, troubles = true.strokes, true.troubles
    require(is_balanced(true), f"{_KEY}.filled_nl", "is not held + tip + leaked + withdrawn + lost")
    filled_nl = past.filled_nl + mechanism.reservoir.fill_nl
    require(true.filled_nl == filled_nl, f"{_KEY}.filled_nl", "is not what was filled")
    require(true.withdrawn_nl == past.withdrawn_nl, f"{_KEY}.withdrawn_nl", "is not what was withdrawn")
    require(true.held_nl <= settings.capacity_nl, f"{_KEY}.held_nl", "is more than the capacity")
    require(true.concentration_ug_ml <= MOST_UG_ML, f"{_KEY}.concentration_ug_ml", f"is above {MOST_UG_ML}")
    require(true.tip_pg <= true.tip_nl * MOST_UG_ML, f"{_KEY}.tip_pg", "is more than such a volume can hold")
    require(true.leak_carry < 100, f"{_KEY}.leak_carry", "is a whole nanolitre or more")  # noqa: PLR2004 - per cent
    require(strokes.phase_nl < settings.stroke_nl, f"{_KEY}.strokes.phase_nl", "is a whole stroke or more")
    require(strokes.carry < PPM, f"{_KEY}.strokes.carry", "is a whole nanolitre or more")
    full = volume_of(true.catheter) == settings.catheter_nl
    require(full, f"{_KEY}.catheter", "is not as full as it is large")
    require((troubles.driven_us or 0) <= mechanism.drive.since_us, f"{_KEY}.troubles.driven_us", "is to come")


def _catheter(data: object, key: str) -> Catheter:
    rows = [items(row, key) for row in items(data, key)]
    require(
        all(len(row) == len(Segment._fields) for row in rows), key, "has a segment of other than two figures"
    )
    catheter = tuple(
        Segment(figure(volume, key), figure(drug, key, most=MOST_UG_ML)) for volume, drug in rows
    )
    require(is_proper(catheter), key, "has segments that are none, or too many")
    return catheter


def _troubles(data: object, key: str) -> Troubles:
    found = members(data, key, [f.name for f in fields(Troubles)])
    driven = found["driven_us"]
    troubles = Troubles(
        present=figure(found["present"], f"{key}.present", most=KNOWN),
        leak_percent=figure(found["leak_percent"], f"{key}.leak_percent", most=100),
        driven_us=None if driven is None else figure(driven, f"{key}.driven_us"),
    )
    leaks = Trouble.LEAK in troubles
    require((troubles.leak_percent > 0) is leaks, f"{key}.leak_percent", "is not what is present")
    require(driven is None or troubles.rotor_stands, f"{key}.driven_us", "is that of a rotor that turns")
    return troubles
