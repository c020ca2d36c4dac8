"""A host made of pyserial and `protocol` alone, as a stranger would write one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

import serial

from protocol.exchange import HostEnd
from protocol.messages import Poll, Status

if TYPE_CHECKING:
    from protocol.fields import Message
    from protocol.keys import Key

_TIMEOUT_S = 10.0


class Host:
    """A conversation with the pump at a URL, opened with a key."""

    def __init__(self, url: str, key: Key) -> None:
        self.port = serial.serial_for_url(url, timeout=_TIMEOUT_S)
        self.end = HostEnd(key, os.urandom(16))
        self.port.write(self.end.hello())
        while not self.end.is_open:
            self.port.write(self.end.receive(self._hear())[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # pyserial leaves a socket open whose other end has gone.
        socket = getattr(self.port, "_socket", None)
        self.port.close()
        if socket is not None:
            socket.close()

    def _hear(self) -> bytes:
        data = self.port.read(max(1, self.port.in_waiting))
        if not data:
            raise TimeoutError("the pump does not answer")
        return data

    def send(self, request: Message) -> None:
        self.port.write(self.end.ask(request)[0])

    def ask(self, request: Message) -> Message:
        self.send(request)
        while True:
            answers, _ = self.end.receive(self._hear())
            if answers:
                return answers[0].message

    def poll(self) -> Status:
        answer = self.ask(Poll())
        assert isinstance(answer, Status)
        return answer
