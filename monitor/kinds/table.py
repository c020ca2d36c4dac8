"""The kinds of change, a row each: from it come the menu, the form and the command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from monitor.kinds import effects, fields, judging
from monitor.kinds.ground import Judged
from protocol.messages import Change
from protocol.units import S_PER_H, format_rate
from protocol.vocabulary import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.kinds.fields import Field
    from monitor.kinds.ground import Fact, Ground
    from protocol.messages import Prepared


def _by_rate(change: Change, _ground: Ground) -> int | None:
    return change.rate_nl_h


def _by_dose(change: Change, _ground: Ground) -> int | None:
    return -(-change.volume_nl * S_PER_H // change.duration_s) if change.duration_s else None


def _only_the_pump_knows(_change: Change, _ground: Ground) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of change.

    Attributes:
        kind: which.
        letter: its key in the menu.
        title: over its form, in capitals.
        label: in the menu.
        about: what it does, a few words.
        fields: what is asked for, in this order; none for what is asked of the pump at once.
        judge: what it does against its bounds.
        facts: what it does beside the rate, old beside new; of None, what is now.
        expected: the commanded rate in nL/h that it leads to; None where only the pump knows.
        word: what is typed before it is sent where there is no figure; empty where there is.
        done: what is said once it was read back.
        warning: what there is to say of it without a figure, and whether that warns.
        by_week: whether it is decided, and read back, by the program of the whole week.
    """

    kind: ChangeKind
    letter: str
    title: str
    label: str
    about: str
    fields: tuple[Field, ...] = ()
    judge: Callable[[Change, Ground], Judged] = judging.no_figure
    facts: Callable[[Change | None, Ground, Prepared | None], tuple[Fact, ...]] = effects.nothing
    expected: Callable[[Change, Ground], int | None] = _only_the_pump_knows
    word: str = ""
    done: str = "set"
    warning: Callable[[Ground], tuple[str, bool]] = lambda _: ("", False)
    by_week: bool = False

    @property
    def has_rate(self) -> bool:
        """Whether one of its fields is a rate, whose bounds can be drawn."""
        return any(one.name == "rate_nl_h" for one in self.fields)

    def change(self, texts: Mapping[str, str], ground: Ground) -> Change:
        """Return the change that its fields ask for.

        Args:
            texts: what was typed, with units, by the field's name.
            ground: on what it is decided.

        Raises:
            ValueError: with the sentence of the first field that can't be taken.
        """
        values: dict[str, Any] = {one.name: one.value(texts[one.name], ground) for one in self.fields}
        return Change(self.kind, **values)

    def judged(self, change: Change, ground: Ground) -> Judged:
        """Judge it; what has no figure has its word typed."""
        found = self.judge(change, ground)
        if not self.word:
            return found
        return Judged(large=self.warning(ground)[0], again=self.word, label=f'Type "{self.word}"')

    def same(self, again: str, text: str, ground: Ground) -> bool:
        """Tell whether what was typed again is `again`, in whatever unit a field takes."""
        if text.strip().casefold() == again.casefold():
            return True
        return any(_reads_alike(one, again, text, ground) for one in self.fields)


def _reads_alike(field: Field, again: str, text: str, ground: Ground) -> bool:
    if not text.strip():
        return False
    try:
        return bool(field.value(again, ground) == field.value(field.typed(text), ground))
    except ValueError:
        return False


ROWS = (
    Kind(
        *(ChangeKind.RATE, "r", "SET RATE", "Rate", "all day, every day, from now on"),
        (fields.RATE,),
        judging.rate,
        expected=_by_rate,
    ),
    Kind(
        *(
            ChangeKind.TEMPORARY_RATE,
            "t",
            "TEMPORARY RATE",
            "Temporary rate",
            "for a while, then the program",
        ),
        *((fields.TEMPORARY, fields.SPAN), judging.passing_rate, effects.passing, _by_rate),
    ),
    Kind(
        *(ChangeKind.BOLUS, "b", "BOLUS", "Bolus", "one dose, instead of the program"),
        *((fields.DOSE, fields.OVER), judging.bolus, effects.given, _by_dose),
    ),
    Kind(
        *(ChangeKind.FLEX, "f", "FLEX PROGRAM", "Flex program", "a day's steps, for weekdays"),
        *((fields.DAYS, fields.STEPS), judging.flex, effects.pattern),
        by_week=True,
    ),
    Kind(
        *(ChangeKind.MINIMUM_RATE, "m", "MINIMUM RATE", "Minimum rate", "the least that the pump can do"),
        word="minimum",
        warning=lambda _: ("Next to nothing is delivered at the minimum rate, until another change.", True),
    ),
    Kind(
        *(ChangeKind.STOP, "p", "STOP DELIVERY", "Stop", "the motor; the program stays"),
        expected=lambda _change, _ground: 0,
        word="stop",
        done="stopped",
        warning=lambda _: ("Nothing is delivered while the pump is stopped.", True),
    ),
    Kind(
        *(ChangeKind.RESUME, "n", "RESUME DELIVERY", "Resume", "by the program"),
        expected=lambda _change, ground: ground.status.programmed_rate_nl_h,
        word="resume",
        done="resumed",
        warning=lambda g: (f"Delivery goes on at {format_rate(g.status.programmed_rate_nl_h)}.", False),
    ),
    Kind(
        *(ChangeKind.REFILL, "e", "REFILL", "Refill", "what was withdrawn and filled"),
        *((fields.WITHDRAWN, fields.FILLED, fields.CONCENTRATION), judging.refill, effects.reservoir),
    ),
    Kind(
        *(ChangeKind.PRIME, "i", "PRIME", "Prime", "fill the catheter, at the greatest rate"),
        *((fields.PRIME_VOLUME,), judging.at_once, effects.given),
    ),
    Kind(
        *(ChangeKind.BRIDGE, "g", "BRIDGE BOLUS", "Bridge bolus", "the old drug's rest, at its own rate"),
        *((fields.BRIDGE_VOLUME, fields.BRIDGE_RATE), judging.bridge, effects.given, _by_rate),
    ),
    Kind(
        *(ChangeKind.CLOCK, "k", "SET CLOCK", "Clock", "the pump's calendar clock, UTC"),
        *((fields.CLOCK,), judging.clock, effects.calendar),
    ),
)
KINDS = {row.kind: row for row in ROWS}
