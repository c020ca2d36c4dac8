"""Reading plain JSON values that may be damaged: each reader names the key at fault, none guesses or converts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = (1 << 64) - 1  # no figure of a pump needs more than eight bytes


def require(holds: bool, key: str, said: str) -> None:  # noqa: FBT001 - reads as an assertion does
    """Refuse what does not hold.

    Raises:
        ValueError: with the sentence "`key` `said`".
    """
    if not holds:
        raise ValueError(f"{key} {said}")


def members(value: object, key: str, names: Sequence[str]) -> dict[str, object]:
    """Return a dict that has exactly the keys `names`; `key` is where it was found, "" at the top.

    Raises:
        ValueError: naming a key that is missing or unknown.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{key or 'the state'} is not an object")  # noqa: TRY004 - damaged data, not a slip in a call
    where = f"{key}." if key else ""
    for name in names:
        require(name in value, f"{where}{name}", "is missing")
    for name in value:
        require(name in names, f"{where}{name}", "is not a key of this version")
    return value


def items(value: object, key: str) -> list[object]:
    """Return a list.

    Raises:
        ValueError: naming `key`.
    """
    require(isinstance(value, list), key, "is not a list")
    return cast("list[object]", value)


def figure(value: object, key: str, least: int = 0, most: int = MOST) -> int:
    """Return an integer from `least` to `most`; a float or a boolean is none, whatever its value.

    Raises:
        ValueError: naming `key`.
    """
    if type(value) is not int:
        raise ValueError(f"{key} is not an integer")
    require(least <= value <= most, key, f"is {value}: it must be {least} to {most}")
    return value


def figures(value: object, key: str, names: Sequence[str], signed: Sequence[str] = ()) -> dict[str, int]:
    """Return a dict of exactly the integers `names`, none negative but those in `signed`.

    Raises:
        ValueError: naming the key at fault.
    """
    found = members(value, key, names)
    where = f"{key}." if key else ""
    return {name: figure(found[name], f"{where}{name}", -MOST if name in signed else 0) for name in names}
