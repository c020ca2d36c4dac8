"""Real hosts and a real pump on a wire where everything goes wrong, by chance: the state machine of `tests.model.machine`."""

from __future__ import annotations

import traceback
from functools import partial

from tests.campaigns.campaign import Achieved, Campaign, under
from tests.model import defects
from tests.model.desk import Desk
from tests.model.machine import run_machine

_STEPS = 50
_FOUND_WITHIN = 200  # runs; most controls are found out in the first few


def run(size: int, seed: int) -> Achieved:
    """Run the machine `size` times, 50 rules each."""
    return _run(size, seed, Desk, shrink=True)


def _run(size: int, seed: int, make_desk: type[Desk], *, shrink: bool) -> Achieved:
    achieved = Achieved()
    try:
        counts = run_machine(size, _STEPS, seed, make_desk=make_desk, shrink=shrink)
    except AssertionError as error:
        broken = traceback.extract_tb(error.__traceback__)[-1].name
        achieved.fail(" ".join([f"{broken}: {error}", *getattr(error, "__notes__", ())]))
        return achieved
    for what, count in sorted((+counts).items()):
        achieved.add(what, count)
    return achieved


def _searched(size: int, seed: int, make_desk: type[Desk] = Desk) -> Achieved:
    """Run it with something broken, as often as it may take to find that out."""
    return _run(max(size, _FOUND_WITHIN), seed, make_desk, shrink=False)


CAMPAIGN = Campaign(
    number=10,
    name="misfortune",
    promise="real hosts and a real pump keep the same promises on a wire that loses, repeats, delays and flips, on a full "
    "disk and through kills of either; no nanolitre is lost, and every outcome is known in the end",
    run=run,
    controls={
        "resolving leaves the change prepared": under(
            defects.resolving_leaves_the_change_prepared, _searched
        ),
        "the pump answers before it has stored": under(
            defects.the_pump_answers_before_it_has_stored, _searched
        ),
        "the pump believes the operator": under(defects.the_pump_believes_the_operator, _searched),
        "damaged frames are taken": under(defects.damaged_frames_are_taken, _searched),
        "remainders are lost": under(defects.remainders_are_lost, _searched),
        "the host takes silence for a verdict": partial(_searched, make_desk=defects.TakesSilenceForAVerdict),
    },
    counts="runs of 50 rules",
    short=20,
    full=10_000,
)
