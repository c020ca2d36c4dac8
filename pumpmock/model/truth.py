"""One reading of what is physically so: what tests, a journal and tools beside the pump may know, and no wire tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pumpmock.model.hydraulics import deliverable_nl
from pumpmock.model.strokes import PPM
from pumpmock.model.troubles import Trouble

if TYPE_CHECKING:
    from pumpmock.model.catheter import Catheter
    from pumpmock.model.mechanism import Mechanism
    from pumpmock.model.settings import Settings


class Truth(NamedTuple):
    """What is so at one instant; volumes in nL since the first start, drug in pg, each as `hydraulics` documents it.

    Flows are means over strokes, rounded down: commanded is what the firmware was told, the motor's what the rotor turns,
    and what comes out of the tip is less by what stands in the way.

    Attributes:
        pump_time_us: the instant.
        commanded_rate_nl_h: what the firmware was told.
        measured_rate_nl_h: what telemetry says of the motor.
        motor_rate_nl_h: at what the rotor turns, as if its strokes were exact.
        tip_rate_nl_h: what comes out of the tip.
        tip_dose_pg_h: the drug in that.
        held_nl: what is in the reservoir.
        expected_nl: what the firmware believes is in it.
        tip_nl: what came out of the tip.
        tip_pg: the drug in that.
        leaked_nl: what was lost before the catheter.
        lost_nl: what refills did not account for.
        catheter: its contents, from the tip to the pump.
        strokes: whole strokes done.
        troubles: what is wrong.
    """

    pump_time_us: int
    commanded_rate_nl_h: int
    measured_rate_nl_h: int
    motor_rate_nl_h: int
    tip_rate_nl_h: int
    tip_dose_pg_h: int
    held_nl: int
    expected_nl: int
    tip_nl: int
    tip_pg: int
    leaked_nl: int
    lost_nl: int
    catheter: Catheter
    strokes: int
    troubles: frozenset[Trouble]


def truth_of(mechanism: Mechanism, settings: Settings) -> Truth:
    """Return the reading of a settled mechanism."""
    true, drive = mechanism.hydraulics, mechanism.drive
    troubles = true.troubles
    motor_nl_h = 0 if troubles.rotor_stands else drive.rate_nl_h
    gives = deliverable_nl(true, settings) and not troubles.path_shut
    given = motor_nl_h * (PPM + settings.rate_error_ppm) if gives else 0
    tip_nl_h = given * (100 - troubles.leak_percent) // (100 * PPM)
    first_ug_ml = true.catheter[0].concentration_ug_ml if true.catheter else true.concentration_ug_ml
    return Truth(
        pump_time_us=drive.since_us,
        commanded_rate_nl_h=mechanism.commanded_rate_nl_h,
        measured_rate_nl_h=drive.rate_nl_h,
        motor_rate_nl_h=motor_nl_h,
        tip_rate_nl_h=tip_nl_h,
        tip_dose_pg_h=tip_nl_h * first_ug_ml,
        held_nl=true.held_nl,
        expected_nl=mechanism.reservoir.remaining_nl,
        tip_nl=true.tip_nl,
        tip_pg=true.tip_pg,
        leaked_nl=true.leaked_nl,
        lost_nl=true.lost_nl,
        catheter=true.catheter,
        strokes=true.strokes.done,
        troubles=frozenset(one for one in Trouble if one in troubles),
    )
