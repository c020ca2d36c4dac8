"""With a drug that its library does not have, a pump stays stopped, says so, and waits for somebody's decision."""

from __future__ import annotations

import json

import pytest

from protocol.alarms import Alarm
from protocol.messages import SENTENCE, Change
from protocol.units import US_PER_H
from protocol.vocabulary import ChangeKind, EventKind, Mode, Refusal, State
from pumpmock.drug_file import shipped
from pumpmock.model.drug import DrugRules, rules_of, tighter
from pumpmock.model.pump import Pump
from tests.settings import usual_settings

BACLOFEN = rules_of(shipped(), "baclofen")
RESUME = Change(ChangeKind.RESUME)


def pump_with(concentration_ug_ml: int, drug: DrugRules | None = BACLOFEN) -> Pump:
    return Pump(
        usual_settings(),
        fill_nl=18_000_000,
        rate_nl_h=25_000,
        concentration_ug_ml=concentration_ug_ml,
        drug=drug,
    )


def refill(concentration_ug_ml: int) -> Change:
    return Change(
        ChangeKind.REFILL,
        withdrawn_nl=18_000_000,
        volume_nl=18_000_000,
        concentration_ug_ml=concentration_ug_ml,
    )


def is_unknown(pump: Pump) -> bool:
    """Tell whether the alarm is on; the pump stands then, and nothing flows."""
    sample = pump.sample()
    raised = bool(sample.alarms >> Alarm.DRUG_UNKNOWN & 1)
    if raised:
        assert (sample.state, sample.commanded_rate_nl_h, sample.measured_rate_nl_h) == (State.STOPPED, 0, 0)
    return raised


def told(pump: Pump, kind: EventKind) -> list[int]:
    return [entry.detail for entry in pump.events.since(0) if entry.kind == kind]


@pytest.mark.parametrize("known", [50, 500, 1_000, 2_000])
def test_a_concentration_is_known_to_the_microgram(known: int) -> None:
    assert not is_unknown(pump_with(known))
    assert pump_with(known).sample().measured_rate_nl_h == 25_000
    assert is_unknown(pump_with(known - 1))
    assert is_unknown(pump_with(known + 1))


def test_a_concentration_that_nobody_knows_is_unknown_too() -> None:
    assert is_unknown(pump_with(0))


def test_a_drug_that_the_library_does_not_have_is_unknown_at_any_concentration() -> None:
    morphine = rules_of(shipped(), "morphine")
    assert is_unknown(pump_with(500, morphine))
    assert "the drug library has no morphine" in morphine.unknown(500)


@pytest.mark.parametrize("concentration", [0, 500, 65_535])
def test_without_a_library_any_concentration_is_taken(concentration: int) -> None:
    pump = pump_with(concentration, None)
    assert not is_unknown(pump)
    assert pump.sample().state is State.RUNNING


@pytest.mark.requirement("R6.9.0(4)")
def test_a_pump_that_starts_with_an_unknown_drug_delivers_nothing_for_ever_and_has_it_in_its_log() -> None:
    pump = pump_with(750)
    pump.advance(10_000 * US_PER_H)
    assert is_unknown(pump)
    assert pump.sample().reservoir_nl == 18_000_000
    assert Alarm.DRUG_UNKNOWN in told(pump, EventKind.ALARM_RAISED)


@pytest.mark.requirement("R6.9.0(4)")
def test_a_resume_is_refused_with_a_code_the_concentration_and_what_to_fill() -> None:
    pump = pump_with(750)
    refused = pump.refuse(RESUME)
    assert refused is not None
    assert (refused.reason, refused.bound) == (Refusal.DRUG_UNKNOWN, 750)
    assert refused.sentence == (
        "baclofen at 750 ug/mL is not in the drug library: refill with 50, 500, 1000 or 2000 ug/mL"
    )
    with pytest.raises(ValueError, match="750 ug/mL is not in the drug library"):
        pump.apply(RESUME)


def test_every_sentence_fits_a_refusal() -> None:
    longest = DrugRules("x" * 24, "0" * 64, "x" * 24, tuple(range(10_000, 10_008)))
    for drug in (longest, rules_of(shipped(), "x" * 24)):
        for concentration in (0, 65_535):
            assert drug.unknown(concentration)[:SENTENCE].startswith(("x" * 24, "the drug library has no"))
    assert len(BACLOFEN.unknown(65_535)) <= SENTENCE


@pytest.mark.requirement("R6.5.0(22)")
def test_a_known_refill_ends_it_and_the_pump_waits_for_a_resume() -> None:
    pump = pump_with(750)
    pump.apply(refill(500))
    assert not is_unknown(pump)
    assert Alarm.DRUG_UNKNOWN in told(pump, EventKind.ALARM_CLEARED)
    pump.advance(24 * US_PER_H)
    assert (pump.sample().state, pump.sample().measured_rate_nl_h) == (State.STOPPED, 0)
    pump.apply(RESUME)
    assert (pump.sample().state, pump.sample().measured_rate_nl_h) == (State.RUNNING, 25_000)


def test_an_unknown_refill_stops_a_running_pump_and_ends_what_stood_over_its_program() -> None:
    pump = pump_with(500)
    pump.apply(Change(ChangeKind.TEMPORARY_RATE, 40_000, duration_s=7_200))
    pump.apply(refill(501))
    assert is_unknown(pump)
    assert pump.sample().mode is Mode.PROGRAM
    assert Alarm.DRUG_UNKNOWN in told(pump, EventKind.ALARM_RAISED)
    assert pump.refuse(Change(ChangeKind.RATE, 30_000)) is not None
    assert pump.foresee(refill(2_000)).rate_nl_h == 0


def test_what_an_unknown_refill_would_do_is_told_before_it_is_made() -> None:
    assert pump_with(500).foresee(refill(501)).rate_nl_h == 0
    assert pump_with(500).foresee(refill(2_000)).rate_nl_h == 25_000


def test_another_library_is_held_at_once() -> None:
    pump = pump_with(500)
    pump.advance(US_PER_H)
    pump.hold(rules_of(shipped(), "morphine"))
    assert is_unknown(pump)
    pump.hold(None)
    assert not is_unknown(pump)
    assert pump.sample().state is State.STOPPED
    pump.apply(RESUME)
    assert pump.sample().measured_rate_nl_h == 25_000


@pytest.mark.parametrize("concentration", [500, 750])
@pytest.mark.parametrize("drug", [BACLOFEN, rules_of(shipped(), "morphine"), None])
def test_the_drug_and_the_identity_of_its_library_survive(drug: DrugRules | None, concentration: int) -> None:
    pump = pump_with(concentration, drug)
    stored = json.loads(json.dumps(pump.to_dict()))
    assert stored["drug"] is None or stored["drug"]["checksum"] == shipped().checksum
    again = Pump.from_dict(stored)
    assert again.drug == drug
    assert again.to_dict() == pump.to_dict()
    assert is_unknown(again) == is_unknown(pump)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("library", "A"),
        ("checksum", "0"),
        ("drug", 7),
        ("concentrations_ug_ml", [2, 1]),
        ("concentrations_ug_ml", [1, 1]),
        ("concentrations_ug_ml", [0]),
        ("concentrations_ug_ml", list(range(1, 10))),
        ("concentrations_ug_ml", 7),
        ("most_bolus_ug", -1),
        ("least_dose_ug_day", 1.0),
        ("extra", 1),
    ],
)
def test_a_stored_drug_that_is_damaged_is_named(key: str, value: object) -> None:
    stored = json.loads(json.dumps(pump_with(500).to_dict()))
    stored["drug"][key] = value
    with pytest.raises(ValueError, match=f"^drug.{key}"):
        Pump.from_dict(stored)


def test_a_stored_pump_that_runs_with_an_unknown_drug_is_refused() -> None:
    stored = json.loads(json.dumps(pump_with(500).to_dict()))
    stored["concentration_ug_ml"] = 501
    with pytest.raises(ValueError, match=r"^(stopped|alarms)"):
        Pump.from_dict(stored)


@pytest.mark.parametrize(("one", "other", "least"), [(0, 0, 0), (0, 5, 5), (5, 0, 5), (5, 6, 5), (6, 5, 5)])
def test_of_two_upper_bounds_the_lower_holds_and_0_is_none(one: int, other: int, least: int) -> None:
    assert tighter(one, other) == least


def test_limits_that_leave_no_dose_beside_the_drug_s_are_refused() -> None:
    with pytest.raises(ValueError, match="together allow 12 ug/day at least and 11 at most"):
        Pump(
            usual_settings(most_dose_ug_day=11),
            fill_nl=1,
            rate_nl_h=0,
            concentration_ug_ml=500,
            drug=BACLOFEN,
        )
    pump = pump_with(500)
    with pytest.raises(ValueError, match="together allow"):
        pump.configure({"most_dose_ug_day": 11})
    pump.configure({"most_dose_ug_day": 12})
    pump = pump_with(500, None)
    pump.configure({"least_dose_ug_day": 2_004})
    with pytest.raises(ValueError, match="together allow"):
        pump.hold(BACLOFEN)
    assert pump.drug is None
