"""What came of a verb, as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.units import format_rate, format_span, format_volume

if TYPE_CHECKING:
    from collections.abc import Callable

_US_A_S = 1_000_000


def told(verb: str, found: Any) -> str:  # noqa: ANN401 - a JSON value
    """Return it in a line or a few."""
    tell = _TOLD.get(verb)
    return tell(found) if tell else str(found)


def _time(found: dict[str, Any]) -> str:
    pace = f"{found['speed']:g} times real time" if found["speed"] else "frozen"
    return f"pump time {format_span(found['pump_time_us'] // _US_A_S)}, {pace}"


def _status(found: dict[str, Any]) -> str:
    belief, truth = found["belief"], found["truth"]
    heading = (
        f"pump {found['serial_number']}, start {found['boot']}, revision {found['revision']}; {_time(found)}"
    )
    lost_nl = truth["lost_nl"]
    rows = [
        ("", "the firmware believes", "what is so"),
        ("state", f"{belief['state']}, {belief['mode']}", ", ".join(truth["troubles"]) or "nothing is wrong"),
        ("reservoir", format_volume(belief["reservoir_nl"]), format_volume(truth["held_nl"])),
        ("sensor", format_volume(belief["sensed_nl"]), ""),
        (
            "flow",
            format_rate(belief["measured_rate_nl_h"]),
            f"{format_rate(truth['tip_rate_nl_h'])} at the tip",
        ),
        ("given", format_volume(belief["delivered_nl"]), f"{format_volume(truth['tip_nl'])} at the tip"),
        (
            "lost",
            "",
            f"{format_volume(truth['leaked_nl'])} leaked, {lost_nl / 1_000_000:.2f} mL unaccounted for",
        ),
        (
            "drug",
            f"{belief['concentration_ug_ml']} ug/mL",
            f"{truth['tip_pg'] / 1_000_000:.2f} ug at the tip",
        ),
        ("battery", f"{belief['battery_percent']} %, {belief['battery_mv']} mV", ""),
        ("alarms", ", ".join(belief["alarms"]) or "none", ""),
    ]
    lines = [f"{name:10} {one:28} {other}".rstrip() for name, one, other in rows]
    faults = [f"{'fault':10} {fault['text']}" for fault in found["faults"]]
    return "\n".join([heading, *lines, *faults, *_ports(found["ports"]).splitlines()])


def _ports(found: list[dict[str, Any]]) -> str:
    return "\n".join(
        f"{one['port']:10} {one['url']}{'' if one['plugged'] else '  (unplugged)'}" for one in found
    )


def _set(found: dict[str, Any]) -> str:
    belief, truth = found["belief"], found["truth"]
    return (
        f"the reservoir holds {format_volume(truth['held_nl'])}, the firmware expects "
        f"{format_volume(belief['reservoir_nl'])}; battery {belief['battery_percent']} %"
    )


def _troubles(found: dict[str, Any]) -> str:
    return f"the pump has {', '.join(found['troubles']) or 'nothing wrong with it'}"


def _press(found: dict[str, Any]) -> str:
    return "the patient's bolus begins" if found["granted"] else f"no bolus: {found['reason']}"


def _faults(found: list[dict[str, Any]]) -> str:
    return "\n".join(fault["text"] for fault in found) or "no faults"


_TOLD: dict[str, Callable[[Any], str]] = {
    "status": _status,
    "advance": _time,
    "speed": _time,
    "freeze": _time,
    "set": _set,
    "trouble strike": _troubles,
    "trouble relieve": _troubles,
    "press": _press,
    "fault add": lambda found: _faults(found["faults"]),
    "fault list": _faults,
    "fault clear": lambda found: f"{found['cleared']} cleared",
    "unplug": _ports,
    "replug": _ports,
    "snapshot": lambda found: f"written to {found['file']}",
    "restore": lambda found: f"as {found['file']} has it; start {found['boot']}",
}
