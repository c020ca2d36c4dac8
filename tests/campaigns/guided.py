"""Inputs by mutation, led by coverage: what takes a way through the code that none took before is mutated further."""

from __future__ import annotations

import copy
import itertools
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import protocol
import pumpmock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random
    from types import FrameType

_PACKAGES = tuple(str(Path(package.__file__ or "").parent) for package in (protocol, pumpmock))
_EDGY_BYTES = (0x00, 0x01, 0x02, 0x7F, 0x80, 0xFE, 0xFF)
_JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**32, 2**64, 10**30, 0.5, 1e300, float("nan"), float("-inf")),
    *("", "0", "\0", "\ud800", "a1", "PM-00001", "x" * 300, [], [[]], {}, {"format": 1}),
)
_MOST_STACKED = 4  # mutations on top of one another


class TooLongError(Exception):
    """An input keeps the code busy for longer than any input should."""


class Tracer:
    """Follows the steps from line to line in our packages while something runs.

    Attributes:
        seen: every step that was ever taken.
        most: how many lines the longest run took.
    """

    def __init__(self, most_lines: int) -> None:
        self.seen: set[tuple[str, int, int]] = set()
        self.most = 0
        self._lines = 0
        self._most_lines = most_lines

    def leads_further(self, do: Callable[[], object]) -> bool:
        """Run something, and tell whether it took a step that was not taken before.

        Raises:
            TooLongError: where it takes more lines than it may.
        """
        steps: set[tuple[str, int, int]] = set()
        self._lines = 0
        before = sys.gettrace()
        sys.settrace(self._follower(steps))
        try:
            do()
        finally:
            sys.settrace(before)
            further = not steps <= self.seen
            self.seen |= steps
            self.most = max(self.most, self._lines)
        return further

    def _follower(self, steps: set[tuple[str, int, int]]) -> Callable[[FrameType, str, Any], Any]:
        last: dict[FrameType, int] = {}

        def in_frame(frame: FrameType, event: str, _argument: Any) -> Any:  # noqa: ANN401 - as sys.settrace declares it
            if event == "line":
                self._lines += 1
                if self._lines > self._most_lines:
                    raise TooLongError(f"more than {self._most_lines} lines")
                steps.add((frame.f_code.co_filename, last.get(frame, 0), frame.f_lineno))
                last[frame] = frame.f_lineno
            elif event == "return":
                last.pop(frame, None)
            return in_frame

        def on_call(frame: FrameType, _event: str, _argument: Any) -> Any:  # noqa: ANN401 - as above
            return in_frame if frame.f_code.co_filename.startswith(_PACKAGES) else None

        return on_call


def explore(
    check: Callable[[bytes], None],
    corpus: list[bytes],
    mutate: Callable[[bytes, list[bytes], Random], bytes],
    *,
    count: int,
    chance: Random,
    tracer: Tracer,
) -> Iterator[tuple[bytes, Exception]]:
    """Run a check on the corpus and then on `count` mutations of it, and yield each input that it fails on.

    `corpus` grows by every input that led further.
    """
    mutations = (mutate(chance.choice(corpus), corpus, chance) for _ in range(count))
    for tried in itertools.chain([*corpus], mutations):
        try:
            further = tracer.leads_further(partial(check, tried))
        except Exception as error:  # noqa: BLE001 - any exception at all is what is looked for
            yield tried, error
        else:
            if further and tried not in corpus:
                corpus.append(tried)


def mutate_bytes(data: bytes, corpus: list[bytes], chance: Random) -> bytes:
    """Return bytes with some small changes, or with a part of another input."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, _MOST_STACKED)):
        at = chance.randrange(len(changed) + 1)
        end = min(len(changed), at + chance.choice((1, 1, 2, 4, 8, 30)))
        kind = chance.randrange(6)
        if kind == 0:
            del changed[at:end]
        elif kind == 1:
            changed[at:at] = changed[at:end]
        elif kind == 2:
            other = chance.choice(corpus)
            start = chance.randrange(len(other) + 1)
            changed[at:end] = other[start : start + chance.randrange(40)]
        elif kind == 3:
            changed[at:at] = bytes([chance.choice(_EDGY_BYTES)])
        elif at < len(changed):
            changed[at] = chance.choice((changed[at] ^ 1 << chance.randrange(8), *_EDGY_BYTES))
    return bytes(changed)


def mutate_json(data: bytes, corpus: list[bytes], chance: Random) -> bytes:
    """Return JSON with something else in some place, or its text changed as bytes."""
    if chance.random() < 1 / 3:
        return mutate_bytes(data, corpus, chance)
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return mutate_bytes(data, corpus, chance)
    for _ in range(chance.randint(1, 2)):
        tree = _with_junk(tree, chance)
    return json.dumps(tree).encode()


def _with_junk(tree: Any, chance: Random) -> Any:  # noqa: ANN401 - whatever JSON holds
    holders = [one for one in _holders(tree) if one]
    if not holders:
        return copy.deepcopy(chance.choice(_JUNK))
    holder = chance.choice((holders[0], chance.choice(holders)))
    key = chance.choice(list(holder) if isinstance(holder, dict) else list(range(len(holder))))
    kind = chance.randrange(4)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder[key], int):
        holder[key] += chance.choice((-1, 1, 2**16, -(2**31)))
    elif kind == 2 and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    else:
        holder[key] = copy.deepcopy(chance.choice(_JUNK))
    return tree


def _holders(tree: Any) -> Iterator[Any]:  # noqa: ANN401 - whatever JSON holds
    if isinstance(tree, dict | list):
        yield tree
        for inside in tree.values() if isinstance(tree, dict) else tree:
            yield from _holders(inside)
