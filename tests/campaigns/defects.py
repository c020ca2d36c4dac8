"""What is broken on purpose in a control. Each is a context in which the product has one fault."""

from __future__ import annotations

import zlib
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

from protocol.frame import Decoder, Frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

_crc32 = zlib.crc32
_feed = Decoder.feed


class _Equal(int):
    """A sum that equals any other."""

    __hash__ = int.__hash__

    def __eq__(self, _other: object) -> bool:
        return True

    def __ne__(self, _other: object) -> bool:
        return False


def no_sums() -> AbstractContextManager[object]:
    """Take every CRC-32 for right."""
    return patch("zlib.crc32", lambda data: _Equal(_crc32(data)))


def no_tags() -> AbstractContextManager[object]:
    """Take every tag for right."""
    return patch("hmac.compare_digest", lambda _right, _given: True)


@contextmanager
def neither_sums_nor_tags() -> Iterator[None]:
    """Take every frame whose layout is right."""
    with ExitStack() as stack:
        stack.enter_context(no_sums())
        stack.enter_context(no_tags())
        yield


def slow_to_recover() -> AbstractContextManager[object]:
    """Lose the first intact frame after a damaged one."""

    def feed(decoder: Decoder, data: bytes) -> list[Frame]:
        before = decoder.dropped
        found = _feed(decoder, data)
        return found[:-1] if decoder.dropped > before else found

    return patch.object(Decoder, "feed", feed)
