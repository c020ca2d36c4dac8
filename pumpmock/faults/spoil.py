"""Faults of bytes that change what arrives; when it arrives is `transit`'s."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.faults.fault import Fault

_BITS = 8


def _drop(_fault: Fault, _data: bytes) -> bytes:
    return b""


def _flip(fault: Fault, data: bytes) -> bytes:
    """Invert bits, each at another place, as many as there are at the most."""
    spoiled = bytearray(data)
    bits = len(data) * _BITS
    for place in fault.stream.sample(range(bits), min(fault.number("bits"), bits)):
        spoiled[place // _BITS] ^= 1 << place % _BITS
    return bytes(spoiled)


def _noise(fault: Fault, data: bytes) -> bytes:
    at = fault.stream.randint(0, len(data))
    return data[:at] + fault.stream.randbytes(fault.number("size")) + data[at:]


def _duplicate(_fault: Fault, data: bytes) -> bytes:
    return data + data


def _truncate(fault: Fault, data: bytes) -> bytes:
    keep = fault.figures.get("keep")
    return data[: fault.stream.randrange(len(data)) if keep is None else fault.number("keep")]


# By kind: returns what arrives of bytes that were sent together; there is at least one.
SPOIL: dict[str, Callable[[Fault, bytes], bytes]] = {
    "drop": _drop,
    "flip": _flip,
    "noise": _noise,
    "duplicate": _duplicate,
    "truncate": _truncate,
}
