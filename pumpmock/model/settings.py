"""What is configured at the pump itself. No message changes it."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.messages import MOST_RATE_NL_H
from pumpmock.model.reservoir import CAPACITY_NL, LOW_RESERVOIR_NL, RESIDUAL_NL, SENSED_BAND_NL

_MOST_CAPACITY_NL = 100_000_000  # 100 mL, more than any implant holds: beyond it a figure was mistyped
_TWO_BYTES, _FOUR_BYTES = 0xFFFF, 0xFFFF_FFFF  # what the wire carries of a figure
_MOST_SPAN_S = 365 * 86_400  # a year of a lock-out: beyond it a figure was mistyped
MOST_REFUSALS_ALLOWED = 0xFF  # one byte on the wire
MILLION = 1_000_000  # ppm of the whole
_MOST_STROKE_NL = 100_000  # 0.1 mL, and
_MOST_CATHETER_NL = 10_000_000  # 10 mL: beyond either a figure was mistyped
_MOST_BOLUSES_A_DAY = 0xFF
MINIMUM_RATE_NL_H = 250  # 0.006 mL/day, at which such pumps keep their catheter open: an assumption


@dataclass(frozen=True, slots=True)
class Settings:
    """Volumes in nL, rates in nL/h, steps in per cent. What limits is 0 where there is no limit, but for the least rate.

    The range of rates is that of such pumps, 0.048 to 24 mL/day, and 0.006 mL/day in the mode MINIMUM_RATE; the default
    limits, offset and band are assumptions. A sensor whose offset lies beyond its stated band is a discrepancy for the
    host to find. `epoch_s` is what a new pump's calendar clock shows at pump time 0, in seconds since 1970 UTC. The limits
    are those of `protocol.messages.Limits`, by the same names.

    `stroke_nl` is what the drive displaces at a time when it is exact; each stroke really displaces `rate_error_ppm` more
    (or less) than that, and `rate_accuracy_ppm` is within which the maker holds the error. `catheter_nl` is the dead volume
    from the reservoir to the catheter's tip. A stall is noticed after `stall_detect_s`, and STOPPED is raised after
    `stopped_alarm_s`. A patient's bolus is not offered where there are 0 a day.

    Raises:
        ValueError: for figures that no pump can have; the sentence names the setting first.
    """

    capacity_nl: int = CAPACITY_NL
    residual_nl: int = RESIDUAL_NL
    low_reservoir_nl: int = LOW_RESERVOIR_NL
    least_rate_nl_h: int = 2_000
    most_rate_nl_h: int = MOST_RATE_NL_H
    minimum_rate_nl_h: int = MINIMUM_RATE_NL_H
    step_up_percent: int = 0
    step_down_percent: int = 0
    sensor_offset_nl: int = 0
    sensed_band_nl: int = SENSED_BAND_NL
    epoch_s: int = 0
    day_up_percent: int = 0
    least_dose_ug_day: int = 0
    most_dose_ug_day: int = 0
    most_bolus_nl: int = 0
    most_day_nl: int = 0
    lockout_s: int = 0
    refusals_allowed: int = 0
    refusal_window_s: int = 0
    lock_s: int = 0
    stroke_nl: int = 2_500
    rate_accuracy_ppm: int = 145_000
    rate_error_ppm: int = 0
    sensor_accuracy_nl: int = 200_000
    stall_detect_s: int = 1_200
    stopped_alarm_s: int = 172_800
    catheter_nl: int = 395_000
    patient_bolus_nl: int = 0
    patient_bolus_s: int = 0
    patient_lockout_s: int = 0
    patient_boluses_a_day: int = 0

    def __post_init__(self) -> None:
        """Refuse figures that no pump can have."""
        _within("capacity_nl", self.capacity_nl, 1, _MOST_CAPACITY_NL)
        _within("residual_nl", self.residual_nl, 0, self.capacity_nl)
        # An alarm below the residual volume would never sound: delivery ends before it.
        _within("low_reservoir_nl", self.low_reservoir_nl, self.residual_nl, self.capacity_nl)
        _within("most_rate_nl_h", self.most_rate_nl_h, 1, MOST_RATE_NL_H)
        _within("least_rate_nl_h", self.least_rate_nl_h, 0, self.most_rate_nl_h)
        _within("minimum_rate_nl_h", self.minimum_rate_nl_h, 0, self.most_rate_nl_h)
        _within("step_up_percent", self.step_up_percent, 0, _TWO_BYTES)
        _within("step_down_percent", self.step_down_percent, 0, 100)
        _within("sensor_offset_nl", self.sensor_offset_nl, -self.capacity_nl, self.capacity_nl)
        _within("sensed_band_nl", self.sensed_band_nl, 0, self.capacity_nl)
        _within("epoch_s", self.epoch_s, 0, _FOUR_BYTES)
        _within("day_up_percent", self.day_up_percent, 0, _TWO_BYTES)
        _within("least_dose_ug_day", self.least_dose_ug_day, 0, self.most_dose_ug_day or _FOUR_BYTES)
        _within("most_dose_ug_day", self.most_dose_ug_day, 0, _FOUR_BYTES)
        _within("most_bolus_nl", self.most_bolus_nl, 0, _FOUR_BYTES)
        _within("most_day_nl", self.most_day_nl, 0, _FOUR_BYTES)
        _within("lockout_s", self.lockout_s, 0, _MOST_SPAN_S)
        _within("refusals_allowed", self.refusals_allowed, 0, MOST_REFUSALS_ALLOWED)
        _within("refusal_window_s", self.refusal_window_s, 0, _MOST_SPAN_S)
        _within("lock_s", self.lock_s, 0, _MOST_SPAN_S)
        _within("stroke_nl", self.stroke_nl, 1, _MOST_STROKE_NL)
        _within("rate_accuracy_ppm", self.rate_accuracy_ppm, 0, MILLION)
        _within("rate_error_ppm", self.rate_error_ppm, -MILLION, MILLION)
        _within("sensor_accuracy_nl", self.sensor_accuracy_nl, 0, self.capacity_nl)
        _within("stall_detect_s", self.stall_detect_s, 0, _MOST_SPAN_S)
        _within("stopped_alarm_s", self.stopped_alarm_s, 0, _MOST_SPAN_S)
        _within("catheter_nl", self.catheter_nl, 0, _MOST_CATHETER_NL)
        offered = min(self.patient_boluses_a_day, 1)  # no bolus of the patient's is nothing or takes no time
        _within("patient_boluses_a_day", self.patient_boluses_a_day, 0, _MOST_BOLUSES_A_DAY)
        _within("patient_bolus_nl", self.patient_bolus_nl, offered, self.capacity_nl)
        _within("patient_bolus_s", self.patient_bolus_s, offered, _MOST_SPAN_S)
        _within("patient_lockout_s", self.patient_lockout_s, 0, _MOST_SPAN_S)

    def check_rate(self, name: str, rate_nl_h: int) -> None:
        """Refuse a rate that this pump cannot turn at: it is 0, or within the least and the greatest.

        Raises:
            ValueError: with a sentence that begins with `name`.
        """
        least, most = self.least_rate_nl_h, self.most_rate_nl_h
        if rate_nl_h and not least <= rate_nl_h <= most:
            raise ValueError(f"{name} is {rate_nl_h}: it must be 0, or {least} to {most} nL/h")


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} is {value}: it must be {least} to {most}")
