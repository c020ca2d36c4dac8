"""What a check is, what it may need, and how it says that something is not so."""

from __future__ import annotations

from enum import Flag, auto
from typing import TYPE_CHECKING, NamedTuple

from protocol.messages import Rejected
from pumpmock.conform.told import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message
    from protocol.vocabulary import Refusal
    from pumpmock.conform.rig import Rig


class Need(Flag):
    """What a check needs beside a device and a key that reads. None of these: it only reads."""

    READS = 0
    VIEWER = auto()
    GUARDED = auto()
    CHANGES = auto()
    SLOW = auto()
    HANGS_UP = auto()
    SECOND_HOST = auto()


# Why a check is skipped that needs it, with what mends it.
WANTING: dict[Need, str] = {
    Need.VIEWER: "needs a viewer key: --key FILE once more",
    Need.GUARDED: "needs a viewer key (--key FILE once more), or --allow-changes with a technician key",
    Need.CHANGES: "changes the device: needs --allow-changes and a technician key",
    Need.SLOW: "takes long: --slow",
    Need.HANGS_UP: "over this line a device can't see that its host has gone",
    Need.SECOND_HOST: "needs a second connection: a socket:// port",
}


class Check(NamedTuple):
    """One thing that must be true.

    Attributes:
        section: the heading in docs/protocol.md that says so.
        name: what must be true.
        run: tries it; raises `FailedError` where it is not so, and `SkippedError` where it can't be tried on this device.
        needs: what it takes.
    """

    section: str
    name: str
    run: Callable[[Rig], None]
    needs: Need = Need.READS


class FailedError(Exception):
    """It is not so.

    Args:
        expected: what the page demands.
        got: what the device did.
    """

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(f"expected {expected}; got {got}")
        self.expected = expected
        self.got = got


class SkippedError(Exception):
    """It can't be tried on this device as it is now; the message says why, and what would mend it."""


def demand(found: object, wanted: object, what: str) -> None:
    """Fail where two values differ.

    Raises:
        FailedError: with both.
    """
    if found != wanted:
        raise FailedError(f"{what} {shown(wanted)}", shown(found))


def ensure(*, so: bool, expected: str, got: object) -> None:
    """Fail where a condition does not hold.

    Raises:
        FailedError: with what was expected, and `got`.
    """
    if not so:
        raise FailedError(expected, shown(got))


def judged(
    answer: Message, code: int, reasons: tuple[Refusal, ...], *, command_id: bytes, bound: int | None = None
) -> Rejected:
    """Return the answer to a request of this type, which has to be a refusal for one of these reasons.

    Raises:
        FailedError: where it is not, or names another type, command id or bound.
    """
    wanted = " or ".join(reason.name for reason in reasons)
    if not isinstance(answer, Rejected):
        raise FailedError(f"Rejected {wanted}", shown(answer))
    ensure(so=answer.reason in reasons, expected=f"Rejected {wanted}", got=answer)
    demand(answer.request, code, "Rejected.request")
    demand(answer.command_id, command_id, "Rejected.command_id")
    if bound is not None:
        demand(answer.bound, bound, f"bound of {wanted}:")
    return answer
