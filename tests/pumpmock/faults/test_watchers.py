"""Whoever watches hears of each request before a fault can strike it, and of its answer whether it arrives or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.messages import Poll, Status
from pumpmock.ports.memory import MemoryPort
from tests.pumpmock.stand import Host, Stand

if TYPE_CHECKING:
    from protocol.fields import Message


class Watcher:
    def __init__(self, stand: Stand) -> None:
        self.course: list[str] = []
        self.fault = ""
        self._stand = stand
        stand.emulator.faults.watchers.append(self)

    def asked(self, request: Message, labels: frozenset[str]) -> None:
        assert type(request).__name__ in labels
        self.course.append(f"asked {type(request).__name__}")
        if self.fault:
            self._stand.emulator.faults.add(self.fault)

    def answered(self, answer: Message) -> None:
        self.course.append(f"answered {type(answer).__name__}")


def test_requests_and_answers_are_heard_of_and_greetings_are_not() -> None:
    stand = Stand()
    watcher = Watcher(stand)
    host = Host(MemoryPort(stand.emulator.plug()))
    assert watcher.course == []
    host.poll()

    assert watcher.course == [f"asked {Poll.__name__}", f"answered {Status.__name__}"]


def test_a_fault_that_is_asked_for_then_strikes_that_very_request() -> None:
    stand = Stand()
    watcher = Watcher(stand)
    host = Host(MemoryPort(stand.emulator.plug()))
    watcher.fault = "lose-reply"
    assert host.poll() is None
    watcher.fault = "lose-request"
    assert host.poll() is None
    watcher.fault = ""
    assert host.poll() is not None

    assert watcher.course == [
        *("asked Poll", "answered Status"),  # executed, and its answer lost
        "asked Poll",  # not executed
        *("asked Poll", "answered Status"),
    ]


def test_nobody_is_told_after_he_has_stopped_watching() -> None:
    stand = Stand()
    watcher = Watcher(stand)
    host = Host(MemoryPort(stand.emulator.plug()))
    stand.emulator.faults.watchers.remove(watcher)
    host.poll()

    assert watcher.course == []
