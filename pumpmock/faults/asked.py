"""By which names a request can be meant: its own, and for what it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.frame import FROM_DEVICE
from protocol.messages import MESSAGES, Commit, Confirm, Hello, Prepare, Resolve
from protocol.strict_toml import meant
from protocol.vocabulary import ChangeKind

if TYPE_CHECKING:
    from protocol.fields import Message

GREETING = Confirm.__name__
_CHANGING = (Prepare, Commit, Resolve)
REQUESTS = tuple(
    kind.__name__
    for code, kind in MESSAGES.items()
    if not code & FROM_DEVICE and kind not in (Hello, Confirm)
)


def labels_of(request: Message, changes: ChangeKind | None) -> frozenset[str]:
    """Return the names of a request that was accepted: "Poll"; or "Commit", "Commit:BOLUS" and "BOLUS".

    Args:
        request: the message.
        changes: what kind of change it is about, where it is about one.
    """
    name = type(request).__name__
    if changes is None:
        return frozenset((name,))
    whole = f"{name}:{changes.name}"
    return frozenset((name, whole, changes.name) if isinstance(request, Commit) else (name, whole))


def check_on(on: str, *, greets: bool) -> str:
    """Return the name of a request if it is one.

    Args:
        on: "Commit", "Commit:BOLUS", or "BOLUS" for the Commit of one; "Confirm" for what opens a session.
        greets: whether that one can be meant, too.

    Raises:
        ValueError: with what may have been meant.
    """
    name, colon, change = on.partition(":")
    changes = tuple(kind.name for kind in ChangeKind)
    changing = tuple(kind.__name__ for kind in _CHANGING)
    if colon and name in changing and change in changes:
        return on
    if not colon and name == GREETING and not greets:
        raise ValueError(f'on = "{on}" is not possible here: a session is open before this could strike')
    known = (*REQUESTS, GREETING, *changes)
    if not colon and name in known:
        return on
    if colon and name in changing:
        raise ValueError(f'"{change}" is no kind of change; {meant(change, changes)}')
    if colon and name in known:
        raise ValueError(f'on = "{on}": {name} is not about a change; {", ".join(changing)} are')
    raise ValueError(f'on = "{on}" is not a request of a host, nor a kind of change; {meant(on, known)}')
