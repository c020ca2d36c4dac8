"""Whether a fault that is asked for can be: each figure against its row, and what does not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from protocol.strict_toml import meant, shown
from pumpmock.faults.asked import check_on
from pumpmock.faults.fault import ALWAYS_PPM
from pumpmock.faults.kinds import KINDS, WAY_IN, Figure, Kind, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_TIMES = 1_000_000_000


class FaultError(ValueError):
    """A fault that was asked for from the start on can't be; the message is a sentence for whoever asked."""


class Wish(NamedTuple):
    """When a fault shall strike; as the arguments of `Faults.add`."""

    on: str | None = None
    times: int | None = 1
    after: int = 0
    chance_ppm: int = ALWAYS_PPM
    first_us: int | None = None
    until_us: int | None = None


def wish_of(given: Mapping[str, Any]) -> Wish:
    """Return when a fault shall strike, by the names of its arguments; what else is given is passed over."""
    return Wish(**{name: value for name, value in given.items() if name in Wish._fields})


def kind_of(name: str) -> Kind:
    """Return the row of a kind; its name has hyphens, and may have underscores.

    Raises:
        ValueError: with the one that may have been meant.
    """
    kind = KINDS.get(name.replace("_", "-"))
    if kind is None:
        raise ValueError(f"{shown(name)} is no kind of fault; {meant(name, KINDS)}")
    return kind


def stage_of(kind: Kind, figures: Mapping[str, int | str]) -> Stage:
    """Return at what a fault is asked whether it strikes."""
    return Stage.HEARD if figures.get("way") == WAY_IN else kind.stage


def figures_of(kind: Kind, given: Mapping[str, int | str], *, as_text: bool = False) -> dict[str, int | str]:
    """Return the figures of a fault, with the defaults of those that were left out.

    Args:
        kind: its row.
        given: its figures, by their names in Python.
        as_text: whether a refusal shall call them as they are called in text.

    Raises:
        ValueError: where one is unknown, missing, out of its range, or without effect beside another.
    """
    known = {figure.name: figure for figure in kind.figures}
    for name in given:
        if name not in known:
            has = meant(name, known) if known else "it has no figures"
            raise ValueError(f"{shown(name)} is no figure of {kind.name}; {has}")
    found: dict[str, int | str] = {}
    for name, figure in known.items():
        value = given.get(name, figure.default)
        called = figure.key if as_text else name
        if figure.only and found.get(figure.only[0]) not in figure.only[1:]:
            if name in given:
                raise ValueError(
                    f"{called} is without effect unless {figure.only[0]} is {' or '.join(figure.only[1:])}"
                )
        elif value is not None:
            found[name] = _checked(f"{called} of {kind.name}", figure, value)
        elif figure.is_needed:
            raise ValueError(f"{kind.name} needs {called}: {figure.doc}")
    return found


def check_wish(kind: Kind, stage: Stage, wish: Wish) -> None:
    """Refuse what can't be asked of a kind.

    Raises:
        ValueError: with a sentence.
    """
    times = wish.times
    if times is not None and not 1 <= times <= _MOST_TIMES:
        raise ValueError(f"times is {times}: a fault strikes once or more, or until it is cleared")
    if wish.after < 0:
        raise ValueError(f"after is {wish.after}: it can't be negative")
    if not 0 < wish.chance_ppm <= ALWAYS_PPM:
        raise ValueError(f"chance_ppm is {wish.chance_ppm}: it must be 1 to {ALWAYS_PPM}")
    if wish.first_us is not None and wish.first_us < 0:
        raise ValueError(f"first_us is {wish.first_us}: pump time begins at 0")
    if wish.until_us is not None and wish.until_us <= (wish.first_us or 0):
        raise ValueError(f"until_us is {wish.until_us}: it would end before it begins")
    if wish.on is not None:
        if stage in (Stage.OPENED, Stage.HEARD):
            raise ValueError(f"{kind.name} strikes before the pump knows what is asked: leave on out")
        check_on(wish.on, greets=stage in (Stage.ANSWER, Stage.SAID))
    if kind.lasts and times not in (1, None):
        raise ValueError(f"{kind.name} lasts until it is cleared: leave times out")
    if stage is Stage.ONCE and wish.on is None:
        _check_at_once(kind, wish)


def _check_at_once(kind: Kind, wish: Wish) -> None:
    if wish.after or wish.chance_ppm != ALWAYS_PPM or (wish.times != 1 and not kind.lasts):
        raise ValueError(
            f"{kind.name} waits for nothing: times, after and chance want a request, name one by on"
        )
    if wish.until_us is not None and not kind.lasts:
        raise ValueError(f"{kind.name} is over as soon as it has happened: leave until out")
    if wish.first_us is not None and kind.name == "reboot":
        raise ValueError(
            "a reboot can't wait for an instant of the pump's time, which it ends: name a request by on"
        )


def _checked(where: str, figure: Figure, value: int | str) -> int | str:
    if figure.is_word:
        if not isinstance(value, str):
            raise ValueError(f"{where} is not a word: {figure.doc}")
        if figure.words and value not in figure.words:
            raise ValueError(f"{where} can't be {shown(value)}; {meant(value, figure.words)}")
        return value
    if type(value) is not int:
        raise ValueError(f"{where} is not a whole number: {figure.doc}")
    if not figure.least <= value <= figure.most:
        raise ValueError(f"{where} is {value}: it must be {figure.least} to {figure.most}")
    return value
