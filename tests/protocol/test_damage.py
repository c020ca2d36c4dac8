"""Every frame type on the wire, damaged in every small way: nothing that was changed may be accepted."""

from __future__ import annotations

import itertools
import random
import zlib
from typing import TYPE_CHECKING

import pytest

from protocol import frame as frame_module
from protocol.frame import Decoder
from tests.protocol.helpers import every_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.session import Session

FRAMES = every_frame()
PAIRS_A_TYPE = 20_000


class Ear:
    """A receiver that hears each variant afresh, and then the intact frame, so that a damaged end meets a beginning."""

    def __init__(self, wire: bytes, session: Session) -> None:
        self._wire = wire
        self._session = session
        self._signed = {found.signed for found in Decoder().feed(wire)}

    def accepts_changed(self, data: bytes) -> bool:
        """Tell whether something is accepted that nobody sent."""
        for found in Decoder().feed(data + self._wire):
            self._session.heard = 0
            if self._session.open(found) is None and found.signed not in self._signed:
                return True
        return False


def flipped(wire: bytes, *bits: int) -> bytes:
    changed = bytearray(wire)
    for bit in bits:
        changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def byte_damages(wire: bytes) -> Iterator[bytes]:
    for at in range(len(wire)):
        yield wire[:at] + wire[at + 1 :]
        yield wire[:at] + wire[at : at + 1] + wire[at:]
        yield wire[:at] + wire[at : at + 2][::-1] + wire[at + 2 :]
        yield wire[:at]
        yield wire[:at] + b"\0"
        yield wire[at:]
        yield wire[:at] + wire
        for inserted in (0x00, 0x01, 0x02, 0x7F, 0xFF):
            yield wire[:at] + bytes([inserted]) + wire[at:]


@pytest.mark.parametrize("name", FRAMES)
def test_an_intact_frame_is_accepted(name: str) -> None:
    wire, session = FRAMES[name]
    (found,) = Decoder().feed(wire)
    session.heard = 0
    assert session.open(found) is None


@pytest.mark.parametrize("name", FRAMES)
def test_no_flip_of_one_bit_is_accepted(name: str) -> None:
    wire, session = FRAMES[name]
    ear = Ear(wire, session)
    assert not [bit for bit in range(len(wire) * 8) if ear.accepts_changed(flipped(wire, bit))]


@pytest.mark.parametrize("name", FRAMES)
def test_no_flip_of_two_bits_is_accepted(name: str) -> None:
    wire, session = FRAMES[name]
    ear = Ear(wire, session)
    pairs = list(itertools.combinations(range(len(wire) * 8), 2))
    sampled = random.Random(name).sample(pairs, min(PAIRS_A_TYPE, len(pairs)))  # noqa: S311 - a sample, not a secret
    assert not [pair for pair in sampled if ear.accepts_changed(flipped(wire, *pair))]


@pytest.mark.parametrize("name", FRAMES)
def test_no_lost_doubled_inserted_or_swapped_byte_is_accepted_as_another_frame(name: str) -> None:
    wire, session = FRAMES[name]
    ear = Ear(wire, session)
    assert not [data for data in byte_damages(wire) if ear.accepts_changed(data)]


@pytest.mark.parametrize("name", FRAMES)
def test_after_any_damage_of_a_byte_the_very_next_frame_is_found(name: str) -> None:
    wire, _ = FRAMES[name]
    signed = Decoder().feed(wire)[0].signed
    for data in byte_damages(wire):
        decoder = Decoder()
        decoder.feed(data)
        assert [found.signed for found in decoder.feed(wire)][-1:] == [signed]


def test_the_campaign_would_notice_a_receiver_that_checks_neither_sum_nor_tag(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wire, session = FRAMES["Status"]
    ear = Ear(wire, session)
    monkeypatch.setattr(frame_module, "zlib", _NoSum)
    monkeypatch.setattr("protocol.session.hmac.compare_digest", lambda _one, _other: True)
    accepted = [bit for bit in range(len(wire) * 8) if ear.accepts_changed(flipped(wire, bit))]
    assert len(accepted) > 500


class _Equal(int):
    """A sum that equals any other."""

    __hash__ = int.__hash__

    def __eq__(self, _other: object) -> bool:
        return True

    def __ne__(self, _other: object) -> bool:
        return False


class _NoSum:
    @staticmethod
    def crc32(data: bytes) -> int:
        return _Equal(zlib.crc32(data))
