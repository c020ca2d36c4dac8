"""`python -m tests.campaigns.forked_pumps [DEFECT]`: serve pumps, one after the other, and kill each when told to.

Each is a process of its own that runs `pumpmock serve`, forked from this one so that a thousand of them need not each
import the program first. Who is killed, and when, comes in as lines of JSON; what the pumps print goes out, and a line with
"killed" or "ended" when one is gone. The kill comes from here and not from whoever talks to the pump: from its point of
view at any instant.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import sys
import time
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, NoReturn
from unittest import mock

from pumpmock.cli import main as pumpmock
from pumpmock.device import Device
from pumpmock.dialects.native import NativeConversation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from protocol.ledger import Applied
    from protocol.messages import Change

_LATE = ("email.parser", "inotify_simple")  # which the program imports only when it serves
_PEACE_S = 600.0  # longer than any answer has to wait for the kill, on any machine
_US_A_S = 1_000_000


@contextmanager
def the_pump_answers_before_it_stores() -> Iterator[None]:
    """Store what was answered when nobody has asked anything for a while: sure to be too late for a kill."""
    persist, receive = Device.persist, NativeConversation.receive
    waiting: list[asyncio.TimerHandle] = []

    def received(conversation: NativeConversation, data: bytes) -> bytes:
        with mock.patch.object(Device, "persist"):
            reply = receive(conversation, data)
        while waiting:
            waiting.pop().cancel()
        waiting.append(asyncio.get_running_loop().call_later(_PEACE_S, persist, conversation._device))
        return reply

    def apply(device: Device, line: Applied, change: Change) -> None:
        device.memory.ahead = change
        device.memory.follow(line)

    with (
        mock.patch.object(NativeConversation, "receive", received),
        mock.patch.object(Device, "_apply", apply),
    ):
        yield


DEFECTS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "": nullcontext,
    "answers before it stores": the_pump_answers_before_it_stores,
}


def serve(words: list[str], defect: str) -> int:
    """Fork a pump and return its process id."""
    process = os.fork()
    if not process:
        _be_a_pump(words, defect)
    return process


def _be_a_pump(words: list[str], defect: str) -> NoReturn:
    code: object = None
    try:
        with DEFECTS[defect]():
            pumpmock(["serve", *words])
    except SystemExit as end:
        code = end.code
    finally:
        _say(ended=code)
        os._exit(0)


def kill(process: int, after_us: int) -> None:
    """Kill a pump after so many microseconds."""
    time.sleep(after_us / _US_A_S)
    os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    _say(killed=os.WIFSIGNALED(status))


def _say(**event: object) -> None:
    # On a line of its own, whatever a pump was about to print when it was killed.
    os.write(sys.stdout.fileno(), f"\n{json.dumps(event)}\n".encode())


if __name__ == "__main__":
    for name in _LATE:
        importlib.import_module(name)
    process = 0
    for line in sys.stdin:
        order = json.loads(line)
        if "serve" in order:
            process = serve(order["serve"], " ".join(sys.argv[1:]))
        else:
            kill(process, order["kill_after_us"])
            process = 0
    if process:
        kill(process, 0)
