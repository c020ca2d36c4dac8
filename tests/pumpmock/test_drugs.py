"""The pump holds the hard bounds of its drug's doses where they are tighter than its own limits, and its host is told."""

from __future__ import annotations

import pytest

from protocol.ledger import Ledger
from protocol.messages import Change, GetLimits, Limits, Prepared, Rejected
from protocol.vocabulary import ChangeKind, EventKind, Refusal
from pumpmock.drug_file import shipped
from pumpmock.limits import bounds_of
from pumpmock.model.drug import rules_of
from pumpmock.model.pump import Pump
from pumpmock.snapshot import Memory
from tests.pumpmock.conftest import SERIAL_NUMBER, STORE_ID, Bench
from tests.settings import usual_settings

BACLOFEN = rules_of(shipped(), "baclofen")  # 12 to 2003 ug/day, one bolus 1 to 300 ug


def bench_with(concentration_ug_ml: int = 500, **settings: int) -> Bench:
    pump = Pump(
        usual_settings(**settings),
        fill_nl=18_000_000,
        rate_nl_h=25_000,
        concentration_ug_ml=concentration_ug_ml,
        drug=BACLOFEN,
    )
    return Bench(Memory(SERIAL_NUMBER, STORE_ID, 1, 0, Ledger(), pump))


def answer(bench: Bench, change: Change) -> tuple[Refusal | None, int]:
    """Return why a change is refused and by which bound."""
    said = bench.device.serve(bench.prepare_request(change), 2, 77, 0)  # type: ignore[arg-type] # a technician
    if isinstance(said, Prepared):
        bench.device.end_session(77)
        return None, 0
    assert isinstance(said, Rejected)
    return Refusal(said.reason), said.bound


def bolus(volume_nl: int) -> Change:
    return Change(ChangeKind.BOLUS, volume_nl=volume_nl, duration_s=7_200)


@pytest.mark.parametrize(
    ("volume_nl", "expected"),
    [
        (1_999, (Refusal.BOLUS_DOSE, 1)),
        (2_000, (None, 0)),  # 1 ug at 500 ug/mL
        (600_000, (None, 0)),  # 300 ug
        (600_001, (Refusal.BOLUS_DOSE, 300)),
    ],
)
def test_the_dose_of_a_bolus_is_held_to_the_last_nanolitre(
    volume_nl: int, expected: tuple[Refusal | None, int]
) -> None:
    assert answer(bench_with(), bolus(volume_nl)) == expected


def test_a_bolus_over_the_dose_counts_towards_a_lock() -> None:
    bench = bench_with(refusals_allowed=2, refusal_window_s=600, lock_s=600)
    for volume_nl in (600_001, 600_002):
        assert answer(bench, bolus(volume_nl))[0] is Refusal.BOLUS_DOSE
    assert answer(bench, bolus(2_000))[0] is Refusal.LOCKED


def test_a_prime_moves_more_to_the_tip_than_a_bolus_may_deliver() -> None:
    assert answer(bench_with(2_000), Change(ChangeKind.PRIME, volume_nl=400_000)) == (None, 0)


@pytest.mark.parametrize(
    ("rate_nl_h", "expected"),
    [
        (1_000, (None, 0)),  # 12 ug/day at 500 ug/mL
        (999, (Refusal.BELOW_DOSE, 12)),
        (166_916, (None, 0)),
        (166_917, (Refusal.ABOVE_DOSE, 2_003)),  # 2003.004 ug/day
    ],
)
def test_the_daily_dose_is_held_to_the_last_nanolitre_an_hour(
    rate_nl_h: int, expected: tuple[Refusal | None, int]
) -> None:
    assert answer(bench_with(least_rate_nl_h=1), Change(ChangeKind.RATE, rate_nl_h)) == expected


@pytest.mark.parametrize(
    ("own", "held"), [((0, 0), (12, 2_003)), ((11, 2_004), (12, 2_003)), ((13, 2_002), (13, 2_002))]
)
def test_the_tighter_of_two_limits_is_enforced_and_told(own: tuple[int, int], held: tuple[int, int]) -> None:
    settings = usual_settings(least_dose_ug_day=own[0], most_dose_ug_day=own[1])
    bounds = bounds_of(settings, BACLOFEN)
    assert (bounds.least_dose_ug_day, bounds.most_dose_ug_day) == held
    bench = bench_with(least_dose_ug_day=own[0], most_dose_ug_day=own[1])
    limits = bench.serve(GetLimits(), Limits)
    assert (limits.least_dose_ug_day, limits.most_dose_ug_day) == held
    assert (limits.least_bolus_ug, limits.most_bolus_ug) == (1, 300)


def test_a_refused_resume_is_in_the_log_with_the_concentration() -> None:
    bench = bench_with(750)
    assert answer(bench, Change(ChangeKind.RESUME)) == (Refusal.DRUG_UNKNOWN, 750)
    entry = bench.memory.pump.events.since(0)[-1]
    assert (entry.kind, entry.detail, entry.b) == (EventKind.REFUSED, Refusal.DRUG_UNKNOWN, 750)
