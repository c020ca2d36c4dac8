"""The pump's own protocol, as docs/protocol.md specifies it, on one port."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from protocol.exchange import DeviceEnd, sealed
from protocol.handshake import DeviceHandshake
from protocol.messages import GetStatistics
from pumpmock.faults.answers import Held, seal
from pumpmock.faults.requests import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from protocol.fields import Message
    from protocol.handshake import BackOff
    from protocol.keys import Key
    from protocol.session import Session
    from protocol.vocabulary import Role
    from pumpmock.device import Device
    from pumpmock.emulator import Emulator


class NativeConversation:
    """One host's conversation with the pump.

    Args:
        device: the pump.
        keys: its table of keys.
        random: returns that many random bytes, for nonces and session numbers.
        opened: told the role of each session that a host opens.
        unsaved: told why the pump's state could not be stored; readings go on.
        bad_handshakes: told how many handshake frames with wrong tags came in one turn.
        back_off: that of the port, shared by all conversations on it; by default one of its own.
        emulator: whose faults strike here; None for none.
    """

    __slots__ = ("_device", "_emulator", "_end", "_held", "_opened", "_session", "_unsaved")

    def __init__(
        self,
        device: Device,
        keys: Mapping[bytes, Key],
        random: Callable[[int], bytes],
        *,
        opened: Callable[[Role], None],
        unsaved: Callable[[OSError], None],
        bad_handshakes: Callable[[int], None] = lambda _count: None,
        back_off: BackOff | None = None,
        emulator: Emulator | None = None,
    ) -> None:
        memory = device.memory
        handshake = DeviceHandshake(
            memory.serial_number, memory.store_id, memory.boot, keys, random, back_off
        )
        self._device = device
        self._unsaved = unsaved
        self._opened = opened
        self._session: int | None = None
        self._emulator = emulator
        self._held = Held()
        self._end = DeviceEnd(handshake, self._serve, self._open, bad_handshakes, device.note_refusal)

    def receive(self, data: bytes) -> bytes:
        """Take what arrived and return the answer; what it says of the pump is stored before."""
        self._device.catch_up()
        reply = self._end.receive(data, self._device.now_ms())
        if self._end.session != self._session:
            self._release()  # it has used up its counters or its time
            self._session = None
        if reply:
            try:
                self._device.persist()
            except OSError as error:
                self._unsaved(error)
        return reply

    def close(self) -> None:
        """End the session, and with it what was prepared in it: the next host begins with a handshake of its own."""
        self._release()

    def _open(self, role: Role) -> None:
        self._release()  # a host that greets anew can't commit what it had prepared before
        self._session = self._end.session
        self._held = Held()
        if self._emulator is not None and self._emulator.faults.turn is not None:
            self._emulator.faults.turn.greets = True
        self._device.begin_session(role)
        self._opened(role)

    def _release(self) -> None:
        if self._session is not None:
            self._device.end_session(self._session)

    def _serve(self, request: Message, role: Role, session: int) -> Message | None:
        emulator = self._emulator
        if emulator is None or (turn := emulator.faults.turn) is None:
            return self._answer(request, role, session)
        self._end.seal = self._seal
        return serve(turn, emulator, request, role, partial(self._answer, request, role, session))

    def _answer(self, request: Message, role: Role, session: int) -> Message:
        if isinstance(request, GetStatistics):
            return self._end.statistics(self._device.now_ms())
        return self._device.serve(request, role, session, self._end.dropped)

    def _seal(self, session: Session, message: Message) -> bytes:
        emulator = self._emulator
        if emulator is None or (turn := emulator.faults.turn) is None:
            return (
                self._held.take() + sealed(session, message) if self._held.late else sealed(session, message)
            )
        return seal(turn, session, message, self._held, self._reading)

    def _reading(self) -> Message:
        return self._device.status(self._end.dropped)
