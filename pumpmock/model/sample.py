"""One reading of the pump: the fields of `protocol.messages.Status` that the pump itself knows, by the same names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from protocol.vocabulary import Mode, State


class Sample(NamedTuple):
    """What all parts of the pump show at one instant; volumes in nL, rates in nL/h, each as `Status` documents it."""

    state: State
    mode: Mode
    commanded_rate_nl_h: int
    measured_rate_nl_h: int
    programmed_rate_nl_h: int
    mode_left_s: int
    concentration_ug_ml: int
    reservoir_nl: int
    sensed_nl: int
    sensed_band_nl: int
    capacity_nl: int
    low_reservoir_nl: int
    residual_nl: int
    delivered_nl: int
    battery_percent: int
    battery_mv: int
    service_days: int
    alarms: int
    acknowledged: int
    pump_time_us: int
    clock_s: int
    newest_event: int
    least_rate_nl_h: int
    most_rate_nl_h: int
    step_up_percent: int
    step_down_percent: int
