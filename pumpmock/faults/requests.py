"""Faults of a request that was accepted: it is not executed, refused, or cut in two by a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.bounds import Finding
from protocol.changes import NO_COMMAND, rejected
from protocol.vocabulary import Refusal
from pumpmock.faults.asked import GREETING, labels_of
from pumpmock.faults.kinds import Stage
from pumpmock.faults.pump import restart
from pumpmock.snapshot import copied

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message
    from protocol.vocabulary import Role
    from pumpmock.emulator import Emulator
    from pumpmock.faults.turn import Turn
    from pumpmock.snapshot import Memory

_GREETED = frozenset({GREETING})


def serve(
    turn: Turn, emulator: Emulator, request: Message, role: Role, execute: Callable[[], Message]
) -> Message | None:
    """Return the answer to a request after every fault that is due has had its say; None for no answer.

    Args:
        turn: what is going on.
        emulator: the pump that was asked.
        request: what was asked.
        role: of the key that it was asked with.
        execute: does what is asked, and returns the answer.
    """
    if turn.greets:
        turn.greets = False
        turn.ask(_GREETED)
        return execute()
    labels = labels_of(request, emulator.device.kind_of(request))
    for watcher in turn.faults.watchers:
        watcher.asked(request, labels)
    turn.ask(labels)
    answer = _struck(turn, emulator, request, role, execute)
    if answer is not None:
        for watcher in turn.faults.watchers:
            watcher.answered(answer)
    return answer


def _struck(
    turn: Turn, emulator: Emulator, request: Message, role: Role, execute: Callable[[], Message]
) -> Message | None:
    """Return what becomes of a request once the faults that are due have struck."""
    for fault in turn.faults.due(Stage.ONCE, turn.asked, turn.peer):
        turn.faults.befall(fault, turn.peer)
    if turn.is_silent:  # it went down as it heard the request
        return None
    for fault in turn.faults.due(Stage.REQUEST, turn.asked, turn.peer):
        match fault.kind.name:
            case "busy":
                return _refused(emulator, request, role, Refusal.BUSY)
            case "refuse":
                return _refused(emulator, request, role, Refusal[fault.word("code")])
            case "half":
                _cut_in_two(emulator, fault.word("at"), execute)
        return None
    return execute()


def _refused(emulator: Emulator, request: Message, role: Role, reason: Refusal) -> Message:
    said = "a fault that was asked for on this bench"
    answer = rejected(request.code, Finding(reason, 0, said), getattr(request, "command_id", NO_COMMAND))
    emulator.device.note_refusal(answer, role)
    return answer


def _cut_in_two(emulator: Emulator, at: str, execute: Callable[[], Message]) -> None:
    """Let the pump start anew in the middle of a request, with the memory that it had at that moment."""
    memory: Memory | None = None
    if at == "heard":
        memory = copied(emulator.device.memory)
    else:
        with emulator.keeping() as kept:
            execute()
        if at == "stored" and kept:
            memory = kept[0]
    restart(emulator, memory or copied(emulator.device.memory))
