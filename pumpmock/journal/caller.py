"""A host of a few lines: opens a session on a serial line, asks, and hears what comes, with every byte noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.exchange import HostEnd
from protocol.handshake import NONCE_SIZE
from protocol.timeouts import HANDSHAKE_TRIES, handshake_timeout_ms, reply_timeout_ms
from pumpmock.journal.entry import HEARD, SAID
from pumpmock.ports.base import PortError

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.exchange import Answer
    from protocol.fields import Message
    from protocol.keys import Key
    from pumpmock.journal.serial_end import SerialEnd

_NS_A_MS = 1_000_000


class Caller:
    """A host on a line.

    Args:
        line: to the pump.
        key: the pairing key.
        random: returns that many random bytes.
        now_ns: the monotonic wall clock.
        passed: told the direction of bytes, as a journal has it, and the bytes.
    """

    def __init__(
        self,
        line: SerialEnd,
        key: Key,
        random: Callable[[int], bytes],
        now_ns: Callable[[], int],
        passed: Callable[[str, bytes], None],
    ) -> None:
        self._line = line
        self._key = key
        self._random = random
        self._now_ns = now_ns
        self._passed = passed
        self._end: HostEnd

    def greet(self) -> list[Message]:
        """Open a session, and return what the pump says of itself then.

        Raises:
            PortError: where nobody with this key answers.
        """
        for _ in range(HANDSHAKE_TRIES):
            self._end = HostEnd(self._key, self._random(NONCE_SIZE))
            self._send(self._end.hello())
            answers = self._await(lambda _answer: self._end.is_open, handshake_timeout_ms(self._line.baud))
            if self._end.is_open:
                return [answer.message for answer in answers]
        said = f"nobody answers on {self._line.url} who has the key {self._key.key_id.hex()}"
        raise PortError(f"{said}, or the line is not at {self._line.baud:,} baud, see --baud")

    def ask(self, request: Message) -> Message | None:
        """Return the answer to a request; None where none came in time.

        Raises:
            PortError: where the line is gone.
        """
        data, counter = self._end.ask(request)
        self._send(data)
        answers = self._await(
            lambda answer: answer.ack == counter, reply_timeout_ms(self._line.baud, len(data))
        )
        return next((answer.message for answer in answers if answer.ack == counter), None)

    def _send(self, data: bytes) -> None:
        self._passed(HEARD, data)
        self._line.write(data)

    def _await(self, is_last: Callable[[Answer], bool], within_ms: int) -> list[Answer]:
        """Return what was answered until the last one, or until time is up."""
        found: list[Answer] = []
        until_ns = self._now_ns() + within_ms * _NS_A_MS
        while self._now_ns() < until_ns:
            data = self._line.read()
            if not data:
                continue
            self._passed(SAID, data)
            answers, to_send = self._end.receive(data)
            if to_send:
                self._send(to_send)
            found += answers
            if any(is_last(answer) for answer in answers):
                break
        return found
