"""Runs campaigns one after the other, each with its controls, and tells what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.campaigns.campaign import Achieved, Campaign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tests.campaigns.campaign import Run

_BROKEN_OFF = "runs broken off by an error"


@dataclass(frozen=True)
class Row:
    """What became of one campaign.

    Attributes:
        campaign: which.
        size: what it was run with.
        seed: what it was run with.
        achieved: what was counted.
        controls: failures that each control reported, by what was broken.
        seconds: wall time of the run itself, without the controls.
    """

    campaign: Campaign
    size: int
    seed: int
    achieved: Achieved
    controls: Mapping[str, int]
    seconds: float

    @property
    def kept(self) -> bool:
        """Whether the promise held."""
        return self.achieved.failures == 0

    @property
    def convincing(self) -> bool:
        """Whether there is a control and every one was found out: else the campaign proves nothing."""
        return bool(self.controls) and all(self.controls.values())

    @property
    def command(self) -> str:
        """What repeats this very row."""
        return f"python -m tests.campaigns {self.campaign.number} --seed {self.seed} --size {self.size}"


def run_all(
    campaigns: Iterable[Campaign],
    size_of: Callable[[Campaign], int],
    seed: int,
    *,
    say: Callable[[str], None],
    clock: Callable[[], float],
) -> Iterator[Row]:
    """Run campaigns and yield a row after each; `say` hears what is under way, `clock` gives seconds.

    A campaign that breaks off with an error has failed, and so has a control: it has found nothing out.
    """
    for campaign in campaigns:
        size = size_of(campaign)
        say(f"{campaign.number} {campaign.name}: {size:,} {campaign.counts}")
        begun = clock()
        achieved = _attempt(campaign.run, size, seed)
        seconds = clock() - begun
        controls = {}
        for broken, run in campaign.controls.items():
            say(f"{campaign.number} {campaign.name}, control: {broken}")
            found = _attempt(run, campaign.short, seed)
            controls[broken] = 0 if _BROKEN_OFF in found.figures else found.failures
        yield Row(campaign, size, seed, achieved, controls, seconds)


def _attempt(run: Run, size: int, seed: int) -> Achieved:
    try:
        return run(size, seed)
    except Exception as error:  # noqa: BLE001 - the campaigns after it are still to be run
        achieved = Achieved()
        achieved.add(_BROKEN_OFF)
        achieved.fail(f"{type(error).__name__}: {error}")
        return achieved
