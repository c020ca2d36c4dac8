"""Two journals side by side: what was said and what happened, aligned, and without what no two runs have in common.

Nonces, sessions, tokens, ids, times and addresses differ even where nothing else does, so they are not looked at unless
somebody wants to see everything.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, NamedTuple

from pumpmock.commands.decode_journal import FAULT
from pumpmock.journal.entry import CAME, HEARD, SAID, WENT
from pumpmock.journal.reading import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pumpmock.journal.reading import Recorded

CONTEXT = 3  # items that are the same, before and after those that are not
_ITS_OWN = frozenset(
    {
        *("key_id", "host_nonce", "device_nonce", "session", "token", "command_id"),
        *("store_id", "boot", "pump_time_us", "clock_s", "frames_bad", "deaf_ms", "url", "number", "id"),
    }
)
_NOT_COMPARED = frozenset({CAME, WENT, "port"})  # where hosts come from is each run's own
_HOST, _LINE = "host", "line"  # sides from which a pump's own events are not seen


class Item(NamedTuple):
    """One thing that was said or happened, as far as it is compared.

    Attributes:
        number: of its entry.
        what: "-> Poll", "<- Status", "* alarm_raised".
        fields: by name, those of records and lists flattened.
    """

    number: int
    what: str
    fields: tuple[tuple[str, str], ...]

    @property
    def key(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """What has to be the same in both."""
        return self.what, self.fields

    @property
    def text(self) -> str:
        """The same for a person."""
        return "  ".join([self.what, *(f"{name}={value}" for name, value in self.fields)])


class Difference(NamedTuple):
    """Items of one journal in place of items of the other."""

    ours: Sequence[Item]
    theirs: Sequence[Item]


def sees_events(recorded: Recorded) -> bool:
    """Tell whether a journal is a pump's own; on a line nobody sees what happens inside it."""
    return recorded.header.get("side") not in {_HOST, _LINE}


def items_of(recorded: Recorded, *, events: bool, everything: bool = False) -> list[Item]:
    """Return what is compared of a journal.

    Args:
        recorded: the journal.
        events: whether a pump's own events are, and what was done to it.
        everything: whether what differs in any two runs is, too.
    """
    return [*_items(recorded, events=events, everything=everything)]


def _items(recorded: Recorded, *, events: bool, everything: bool) -> Iterator[Item]:
    for line in recorded.lines:
        if line["what"] in {HEARD, SAID}:
            arrow = "->" if line["what"] == HEARD else "<-"
            for frame in line["frames"]:
                dropped = f" DROPPED ({frame['dropped']})" if frame.get("dropped") else ""
                own = {"session": frame["session"], "counter": frame["counter"]} if everything else {}
                fields = _flat({**own, **(frame["fields"] or {})}, everything=everything)
                what = printable(f"{arrow} {frame['name'] or '(no frame)'}{dropped}")
                yield Item(line["n"], what, tuple(fields))
        elif (events or line["what"] == FAULT) and (everything or line["what"] not in _NOT_COMPARED):
            yield Item(
                line["n"],
                printable(f"* {line['what']}"),
                tuple(_flat(line.get("fields", {}), everything=everything)),
            )


def _flat(fields: dict[str, Any], before: str = "", *, everything: bool) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        if name in _ITS_OWN and not everything:
            continue
        yield from _leaves(f"{before}{name}", value, everything=everything)


def _leaves(path: str, value: Any, *, everything: bool) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - a JSON value
    if isinstance(value, dict):
        yield from _flat(value, f"{path}.", everything=everything)
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from _leaves(f"{path}[{place}]", one, everything=everything)
    else:
        yield printable(path), printable(str(value))


def differences(ours: Sequence[Item], theirs: Sequence[Item]) -> Iterator[tuple[Sequence[Item], Difference]]:
    """Return each difference, with the items before it that are the same, oldest first."""
    start = _common(ours, theirs)
    end = _common(ours[start:][::-1], theirs[start:][::-1])
    inner = (
        [item.key for item in ours[start : len(ours) - end]],
        [item.key for item in theirs[start : len(theirs) - end]],
    )
    same: Sequence[Item] = ours[:start]
    for tag, i, j, k, m in SequenceMatcher(None, *inner).get_opcodes():
        if tag == "equal":
            same = ours[start + i : start + j]
        else:
            yield same, Difference(ours[start + i : start + j], theirs[start + k : start + m])
            same = ()


def _common(ours: Sequence[Item], theirs: Sequence[Item]) -> int:
    """Return how many items at the beginning are the same."""
    count = 0
    for one, other in zip(ours, theirs, strict=False):
        if one.key != other.key:
            break
        count += 1
    return count


def told(difference: Difference) -> Iterator[str]:
    """Return the lines that tell a difference: of one of a kind in place of one, just the fields that differ."""
    ours, theirs = difference
    names = [item.what for item in ours], [item.what for item in theirs]
    for tag, i, j, k, m in SequenceMatcher(None, *names).get_opcodes():
        if tag == "equal":
            for one, other in zip(ours[i:j], theirs[k:m], strict=True):
                yield from _changed(one, other)
        else:
            yield from (f"- {item.text}" for item in ours[i:j])
            yield from (f"+ {item.text}" for item in theirs[k:m])


def _changed(one: Item, other: Item) -> Iterator[str]:
    before, after = dict(one.fields), dict(other.fields)
    changed = [
        f"{name}={before.get(name, 'nothing')} / {after.get(name, 'nothing')}"
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    ]
    yield f"~ {'  '.join([one.what, *changed])}" if changed else f"  {one.text}"
