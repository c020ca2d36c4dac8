"""What something costs, without a clock: bytes that it holds, and lines of Python that it runs."""

from __future__ import annotations

import gc
import sys
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_NOT_HELD = (type, ModuleType, FunctionType)


def held_bytes(thing: object) -> int:
    """Return how many bytes the byte strings have that an object holds, directly or in what it holds."""
    seen = {id(thing)}
    waiting = [thing]
    total = 0
    while waiting:
        one = waiting.pop()
        if isinstance(one, bytes | bytearray):
            total += len(one)
            continue
        for inside in gc.get_referents(one):
            if id(inside) not in seen and not isinstance(inside, _NOT_HELD):
                seen.add(id(inside))
                waiting.append(inside)
    return total


def lines_run(do: Callable[[], object]) -> int:
    """Return how many lines of Python `do` runs through, in all that it calls."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:  # noqa: ANN401 - as sys.settrace declares it
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        do()
    finally:
        sys.settrace(before)
    return count
