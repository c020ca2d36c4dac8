"""How long a host waits, and how often it reads: a part that is fixed, and the time that the bytes take on its line.

Time-outs are data here; whoever owns a clock keeps them. Sizes are those of the frames, the line's rate is passed in.
docs/decisions/0048-slow-lines.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.fields import specs
from protocol.frame import LEAST_WIRE, MOST_WIRE
from protocol.messages import Challenge, Confirm, Hello, Poll, Status

if TYPE_CHECKING:
    from protocol.fields import Message

HANDSHAKE_TIMEOUT_MS = 500  # beside the time of its bytes: an emulator may be starting
HANDSHAKE_TRIES = 2
REPLY_TIMEOUT_MS = 1_000  # beside the time of its bytes
READ_TRIES = 2  # for what changes nothing: identify, poll, limits, events, prepare, resolve, acknowledge
RESOLVE_TRIES = 5  # the verdict is worth waiting for
BITS_A_BYTE = 10  # a start bit, eight of data, a stop bit: 8N1
_MS_A_S = 1_000


def line_ms(size: int, baud: int) -> int:
    """Return how long so many bytes take at a rate in bits a second, in milliseconds, rounded up."""
    return -(-size * BITS_A_BYTE * _MS_A_S // baud)


def wire_size(kind: type[Message]) -> int:
    """Return the bytes on the wire of a frame whose message has fields of fixed sizes alone."""
    return LEAST_WIRE + sum(spec.size for spec in specs(kind).values())


def handshake_timeout_ms(baud: int, hellos: int = 1) -> int:
    """Return how long a host waits from its Hello to the Status that opens the session.

    Args:
        baud: of the line, bits a second.
        hellos: how many leave together, one a key; one of them is answered.
    """
    size = hellos * wire_size(Hello) + wire_size(Challenge) + wire_size(Confirm) + wire_size(Status)
    return HANDSHAKE_TIMEOUT_MS + line_ms(size, baud)


def reply_timeout_ms(baud: int, size: int) -> int:
    """Return how long a host waits for the answer to a request of `size` bytes on the wire: it may be the longest frame."""
    return REPLY_TIMEOUT_MS + line_ms(size + MOST_WIRE, baud)


def reading_period_ms(wished_ms: int, baud: int) -> int:
    """Return how often a reading can be asked for: as often as is wished, and as the line allows.

    Poll and Status take four fifths of the line's time at the most: the rest is for the log, and for whoever changes something.
    """
    return max(wished_ms, line_ms((wire_size(Poll) + wire_size(Status)) * 5, baud * 4))
