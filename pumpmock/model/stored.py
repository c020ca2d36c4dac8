"""The pump's whole state as plain JSON values, and back.

What is read back is distrusted: a key too many or too few, a figure of the wrong type or sign, or figures that
contradict one another are refused with the name of the key, before any pump exists.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any

from protocol.alarms import Alarm
from protocol.fields import specs
from protocol.messages import EventRecord
from protocol.units import US_PER_H
from protocol.vocabulary import EventKind
from pumpmock.model.alarms import KNOWN, NOTED, Alarms
from pumpmock.model.battery import Battery, Cell
from pumpmock.model.drive import Drive
from pumpmock.model.drug import check_drug, rules_dumped, rules_loaded
from pumpmock.model.log import LENGTH, MOST_TALK, TALK
from pumpmock.model.mechanism import Mechanism, due_us, followed, settled
from pumpmock.model.plain import MOST, figure, figures, items, members, require
from pumpmock.model.reservoir import MOST_UG_ML, Past, Reservoir
from pumpmock.model.settings import Settings
from pumpmock.model.stored_guard import check_guard, guard_dumped, guard_loaded
from pumpmock.model.stored_hydraulics import check_hydraulics, hydraulics_dumped, hydraulics_loaded
from pumpmock.model.stored_therapy import check_therapy, therapy_dumped, therapy_loaded

_ENTRY = {name: MOST if spec.most is None else spec.most for name, spec in specs(EventRecord).items()}


# The parts that are nothing but figures, and those of their figures that may be below 0.
_FIGURES: dict[str, type[Any]] = {"reservoir": Reservoir, "past": Past, "drive": Drive, "alarms": Alarms}
_SIGNED = ("lost_nl",)


@dataclass(frozen=True, slots=True)
class Stored:
    """All that a pump is made of."""

    now_us: int
    settings: Settings
    mechanism: Mechanism
    events: tuple[EventRecord, ...]
    faults: tuple[EventRecord, ...]


def dumped(stored: Stored) -> dict[str, Any]:
    """Return the state as dicts, lists, integers, booleans and None."""
    mechanism = stored.mechanism
    return {
        "now_us": stored.now_us,
        "settings": asdict(stored.settings),
        **{name: asdict(getattr(mechanism, name)) for name in (*_FIGURES, "battery")},
        "therapy": therapy_dumped(mechanism.therapy),
        "concentration_ug_ml": mechanism.concentration_ug_ml,
        "hydraulics": hydraulics_dumped(mechanism.hydraulics),
        **{name: getattr(mechanism, name) for name in ("stopped_us", "noted", "heard_us")},
        "guard": guard_dumped(mechanism.guard),
        "drug": rules_dumped(mechanism.drug),
        "events": _dumped(stored.events),
        "faults": _dumped(stored.faults),
    }


def loaded(data: object) -> Stored:
    """Return the state in what `dumped` returned.

    Raises:
        ValueError: with a sentence that begins with the key at fault.
    """
    top = members(data, "", ("now_us", "settings", *_names(Mechanism), "events", "faults"))
    now_us = figure(top["now_us"], "now_us")
    settings, stopped = _settings(top["settings"]), top["stopped_us"]
    mechanism = Mechanism(
        **{
            name: kind(**figures(top[name], name, _names(kind), signed=_SIGNED))
            for name, kind in _FIGURES.items()
        },
        battery=_battery(top["battery"]),
        therapy=therapy_loaded(top["therapy"]),
        concentration_ug_ml=figure(top["concentration_ug_ml"], "concentration_ug_ml", most=MOST_UG_ML),
        hydraulics=hydraulics_loaded(top["hydraulics"]),
        stopped_us=None if stopped is None else figure(stopped, "stopped_us"),
        noted=figure(top["noted"], "noted"),
        heard_us=figure(top["heard_us"], "heard_us"),
        guard=guard_loaded(top["guard"]),
        drug=rules_loaded(top["drug"], "drug"),
    )
    _check_parts(mechanism, settings, now_us)
    _check_course(mechanism, settings, now_us)
    check_guard(mechanism, settings)
    logs = (_entries(top[key], key, now_us) for key in ("events", "faults"))
    return Stored(now_us, settings, mechanism, *logs)


def _dumped(entries: tuple[EventRecord, ...]) -> list[list[int]]:
    return [
        [entry.number, entry.pump_time_us, entry.clock_s, int(entry.kind), entry.detail, entry.a, entry.b]
        for entry in entries
    ]


def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))


def _settings(data: object) -> Settings:
    found = members(data, "settings", _names(Settings))
    rest = {name: value for name, value in found.items() if name != "cell"}
    signed = ("rate_error_ppm", "sensor_offset_nl")
    try:
        cell = Cell(**figures(found["cell"], "cell", _names(Cell)))
        return Settings(cell=cell, **figures(rest, "", tuple(rest), signed))
    except ValueError as error:
        raise ValueError(f"settings.{error}") from error


def _battery(data: object) -> Battery:
    found = members(data, "battery", _names(Battery))
    eri = found["eri_us"]
    return Battery(
        drained_units=figure(found["drained_units"], "battery.drained_units"),
        carry=figure(found["carry"], "battery.carry"),
        empty_us=figure(found["empty_us"], "battery.empty_us"),
        eri_us=None if eri is None else figure(eri, "battery.eri_us"),
    )


def _check_parts(mechanism: Mechanism, settings: Settings, now_us: int) -> None:
    """Hold each figure against those beside it."""
    reservoir, drive, battery = mechanism.reservoir, mechanism.drive, mechanism.battery
    require(reservoir.fill_nl <= settings.capacity_nl, "reservoir.fill_nl", "is more than the capacity")
    balance = reservoir.remaining_nl + reservoir.delivered_nl
    require(reservoir.fill_nl == balance, "reservoir.fill_nl", "is not remaining + delivered")
    past = mechanism.past
    balance = past.delivered_nl + past.withdrawn_nl + past.lost_nl
    require(past.filled_nl == balance, "past.filled_nl", "is not delivered + withdrawn + lost")
    require(drive.carry < US_PER_H, "drive.carry", "is a whole nanolitre or more")
    require(drive.since_us <= now_us, "drive.since_us", "is after now_us")
    require(
        battery.drained_units <= settings.cell.capacity_units,
        "battery.drained_units",
        "is more than the capacity",
    )
    require(battery.carry < US_PER_H, "battery.carry", "is a whole unit or more")
    since_us = drive.since_us
    require(battery.eri_us is None or battery.eri_us <= since_us, "battery.eri_us", "is after drive.since_us")
    require((mechanism.stopped_us or 0) <= since_us, "stopped_us", "is after drive.since_us")
    require(mechanism.heard_us <= since_us, "heard_us", "is after drive.since_us")
    require(mechanism.noted & ~NOTED == 0, "noted", "has a condition that nobody notes")
    alarms = mechanism.alarms
    require(alarms.active & ~KNOWN == 0, "alarms.active", "has an alarm that does not exist")
    require(
        alarms.acknowledged & ~alarms.active == 0, "alarms.acknowledged", "has an alarm that is not active"
    )
    noticed = battery.eri_us is not None
    require(noticed is (Alarm.ERI in alarms), "battery.eri_us", "is not what the alarms say")
    check_hydraulics(mechanism, settings)
    check_therapy(mechanism.therapy, settings, now_us, stopped=mechanism.stopped)
    check_drug(mechanism.drug, settings)


def _check_course(mechanism: Mechanism, settings: Settings, now_us: int) -> None:
    """Hold the alarms and the motor against the volumes and the charge, at the last event and now."""
    deliverable_nl = mechanism.reservoir.remaining_nl - settings.residual_nl
    flown_nl = mechanism.drive.flown_nl(now_us)
    require(flown_nl == 0 or flown_nl <= deliverable_nl, "now_us", "is after the reservoir ran empty")
    for at_us in (mechanism.drive.since_us, now_us):
        then = settled(mechanism, settings, at_us)
        proper = followed(then, settings)
        require(proper.alarms == then.alarms, "alarms.active", f"is not what holds at {at_us} us")
        require(proper.drive == then.drive, "drive.rate_nl_h", "is not what the state asks for")
        require(proper.battery.eri_us == then.battery.eri_us, "battery.eri_us", "is missing beside its alarm")
        require(proper.battery == then.battery, "battery.empty_us", "is not when it will be empty")
        require(proper.stopped_us == then.stopped_us, "stopped_us", "is missing beside an alarm that stops")
        same = proper.hydraulics == then.hydraulics
        require(same, "hydraulics.troubles.driven_us", "is not since when the drive turns")
        require(proper.therapy == then.therapy, "therapy.mode", f"is over at {at_us} us")
    next_us = due_us(mechanism, settings)
    require(next_us is None or next_us >= now_us, "now_us", "is after an event that did not happen")


def _entries(data: object, log: str, now_us: int) -> tuple[EventRecord, ...]:
    """Read a log: entries that follow one another by number and in time."""
    entries = tuple(_event(item, f"{log}[{place}]") for place, item in enumerate(items(data, log)))
    require(len(entries) <= LENGTH, log, f"has more than {LENGTH} entries")
    talk = sum(entry.kind in TALK for entry in entries)
    require(talk <= MOST_TALK, log, f"has more than {MOST_TALK} of what others had written")
    for place, (older, newer) in enumerate(pairwise(entries), start=1):
        require(newer.number > older.number, f"{log}[{place}]", "does not follow by its number")
        require(newer.pump_time_us >= older.pump_time_us, f"{log}[{place}]", "is older than the one before")
    require(not entries or entries[0].number > 0, f"{log}[0]", "has no number")
    require(not entries or entries[-1].pump_time_us <= now_us, log, "has an entry after now_us")
    return entries


def _event(data: object, key: str) -> EventRecord:
    row = items(data, key)
    require(len(row) == len(_ENTRY), key, f"does not have {len(_ENTRY)} figures")
    entry = {
        name: figure(value, f"{key} ({name})", most=most)
        for (name, most), value in zip(_ENTRY.items(), row, strict=True)
    }
    kind = entry.pop("kind")
    require(kind in set(EventKind), f"{key} (kind)", f"is {kind}, which is no kind of event")
    return EventRecord(kind=EventKind(kind), **entry)
