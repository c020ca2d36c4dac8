"""What is configured at the pump itself. No message changes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from protocol.messages import MOST_RATE_NL_H
from pumpmock.model.plain import figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pumpmock.model.battery import Cell

_MOST_CAPACITY_NL = 100_000_000  # 100 mL, more than any implant holds: beyond it a figure was mistyped
_MOST_CATHETER_NL = 10_000_000  # 10 mL, and
_MOST_STROKE_NL = 100_000  # 0.1 mL likewise
_ONE_BYTE, _TWO_BYTES, _FOUR_BYTES = 0xFF, 0xFFFF, 0xFFFF_FFFF  # what the wire carries of a figure
_MOST_SPAN_S = 365 * 86_400  # a year of a lock-out: beyond it a figure was mistyped
_MILLION = 1_000_000  # ppm of all
MOST_REFUSALS_ALLOWED = _ONE_BYTE

_RATES = ("most_rate_nl_h", "least_rate_nl_h", "minimum_rate_nl_h")
# The most that each limit can be. What the wire carries of it, but for spans.
_MOST = {
    "step_up_percent": _TWO_BYTES,
    "step_down_percent": 100,
    "day_up_percent": _TWO_BYTES,
    "least_dose_ug_day": _FOUR_BYTES,
    "most_dose_ug_day": _FOUR_BYTES,
    "most_bolus_nl": _FOUR_BYTES,
    "most_day_nl": _FOUR_BYTES,
    "lockout_s": _MOST_SPAN_S,
    "refusals_allowed": MOST_REFUSALS_ALLOWED,
    "refusal_window_s": _MOST_SPAN_S,
    "lock_s": _MOST_SPAN_S,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Volumes in nL, rates in nL/h, steps in per cent. What limits is 0 where there is no limit, but for the least rate.

    What has no default is of the pump's make, and comes from a profile (`pumpmock.profile_file`). The limits are those of
    `protocol.messages.Limits`, by the same names.

    Attributes:
        sensor_accuracy_nl: within this the level sensor is off, by a constant; `sensor_offset_nl` is by how much it is. An
            offset beyond `sensed_band_nl`, which is what the pump states, is a discrepancy for the host to find.
        stroke_nl: what the drive displaces at a time.
        rate_accuracy_ppm: within this a stroke is off, by a constant part of it; `rate_error_ppm` is by how much it is.
        catheter_nl: the dead volume between the pump's drive and the catheter's tip.
        stall_detect_s: from a stall of the motor to its being noticed.
        stopped_alarm_s: for how long a pump may be stopped before that is an alarm.
        watchdog_s: for how long nobody with a key may ask it anything before that is an alarm; 0 for ever.
        patient_boluses_a_day: how many the patient may have in 24 h; 0 where they are not offered.
        epoch_s: what a new pump's calendar clock shows at pump time 0, in seconds since 1970 UTC.

    Raises:
        ValueError: for figures that no pump can have; the sentence names the setting first.
    """

    capacity_nl: int
    residual_nl: int
    low_reservoir_nl: int
    sensed_band_nl: int
    sensor_accuracy_nl: int
    least_rate_nl_h: int
    most_rate_nl_h: int
    minimum_rate_nl_h: int
    stroke_nl: int
    rate_accuracy_ppm: int
    stall_detect_s: int
    catheter_nl: int
    stopped_alarm_s: int
    watchdog_s: int
    patient_bolus_nl: int
    patient_bolus_s: int
    patient_lockout_s: int
    patient_boluses_a_day: int
    cell: Cell
    sensor_offset_nl: int = 0
    rate_error_ppm: int = 0
    epoch_s: int = 0
    step_up_percent: int = 0
    step_down_percent: int = 0
    day_up_percent: int = 0
    least_dose_ug_day: int = 0
    most_dose_ug_day: int = 0
    most_bolus_nl: int = 0
    most_day_nl: int = 0
    lockout_s: int = 0
    refusals_allowed: int = 0
    refusal_window_s: int = 0
    lock_s: int = 0

    def __post_init__(self) -> None:
        """Refuse figures that no pump can have."""
        figure(self.capacity_nl, "capacity_nl", 1, _MOST_CAPACITY_NL)
        figure(self.residual_nl, "residual_nl", 0, self.capacity_nl)
        # An alarm below the residual volume would never sound: delivery ends before it.
        figure(self.low_reservoir_nl, "low_reservoir_nl", self.residual_nl, self.capacity_nl)
        figure(self.sensed_band_nl, "sensed_band_nl", 0, self.capacity_nl)
        figure(self.sensor_accuracy_nl, "sensor_accuracy_nl", 0, self.capacity_nl)
        figure(self.sensor_offset_nl, "sensor_offset_nl", -self.capacity_nl, self.capacity_nl)
        figure(self.stroke_nl, "stroke_nl", 1, _MOST_STROKE_NL)
        figure(self.rate_accuracy_ppm, "rate_accuracy_ppm", 0, _MILLION)
        figure(self.rate_error_ppm, "rate_error_ppm", -_MILLION, _MILLION)
        figure(self.stall_detect_s, "stall_detect_s", 0, _MOST_SPAN_S)
        figure(self.catheter_nl, "catheter_nl", 0, _MOST_CATHETER_NL)
        figure(self.stopped_alarm_s, "stopped_alarm_s", 0, _MOST_SPAN_S)
        figure(self.watchdog_s, "watchdog_s", 0, _MOST_SPAN_S)
        figure(self.patient_boluses_a_day, "patient_boluses_a_day", 0, _ONE_BYTE)
        something = min(self.patient_boluses_a_day, 1)  # where a bolus is offered, it is one
        figure(self.patient_bolus_nl, "patient_bolus_nl", something, self.capacity_nl)
        figure(self.patient_bolus_s, "patient_bolus_s", something, _MOST_SPAN_S)
        figure(self.patient_lockout_s, "patient_lockout_s", 0, _MOST_SPAN_S)
        figure(self.epoch_s, "epoch_s", 0, _FOUR_BYTES)
        check_limits({name: getattr(self, name) for name in (*_RATES, *_MOST)})

    def check_rate(self, name: str, rate_nl_h: int) -> None:
        """Refuse a rate that this pump cannot turn at: it is 0, or within the least and the greatest.

        Raises:
            ValueError: with a sentence that begins with `name`.
        """
        least, most = self.least_rate_nl_h, self.most_rate_nl_h
        if rate_nl_h and not least <= rate_nl_h <= most:
            raise ValueError(f"{name} is {rate_nl_h}: it must be 0, or {least} to {most} nL/h")

    def limited(self, limits: Mapping[str, int]) -> Settings:
        """Return these settings under other limits, by their names; those that are left out stay.

        Raises:
            ValueError: where they contradict one another or the rest.
        """
        figures: dict[str, Any] = dict(limits)
        return replace(self, **figures)


def check_limits(limits: Mapping[str, int]) -> None:
    """Refuse limits, by the names of `Settings`, that no pump can have. Those that are left out are not judged.

    Raises:
        ValueError: with a sentence that begins with the name.
    """
    most_nl_h = figure(limits.get("most_rate_nl_h", MOST_RATE_NL_H), "most_rate_nl_h", 1, MOST_RATE_NL_H)
    for name in _RATES:
        figure(limits.get(name, 0), name, 0, most_nl_h)
    for name, most in _MOST.items():
        figure(limits.get(name, 0), name, 0, most)
    most_ug_day = limits.get("most_dose_ug_day", 0) or _FOUR_BYTES
    figure(limits.get("least_dose_ug_day", 0), "least_dose_ug_day", 0, most_ug_day)
