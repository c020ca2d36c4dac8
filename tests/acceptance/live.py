"""A live pump on real ports in a thread of the test's own process, to be driven while a real client talks to it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import AsyncExitStack
from random import Random
from typing import TYPE_CHECKING, Any, Self, TypeVar

from protocol.keys import BENCH_KEY
from pumpmock.emulator import Emulator
from pumpmock.medium import PERFECT
from pumpmock.ports.pty import PtyPort
from pumpmock.ports.rfc2217 import Rfc2217Port
from pumpmock.ports.tcp import TcpPort
from pumpmock.wall import wall_of
from tests.pumpmock.conftest import new_memory
from tests.pumpmock.faults.stand import Quiet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pumpmock.medium import Medium

_T = TypeVar("_T")


class LivePump:
    """A pump with the bench key on a pseudo-terminal, on TCP and by RFC 2217; its time stands still."""

    def __init__(self, folder: Path, medium: Medium = PERFECT) -> None:
        self._folder = folder
        self._medium = medium
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._stack = AsyncExitStack()
        self.emulator: Emulator
        self.failures: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        self._loop.set_exception_handler(lambda _loop, context: self.failures.append(context))
        self._thread.start()
        self.urls: dict[str, str] = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        return self

    async def _open(self) -> dict[str, str]:
        self.emulator = Emulator(
            new_memory(),
            {BENCH_KEY.key_id: BENCH_KEY},
            speed=0,
            wall=wall_of(self._loop),
            random=Random(1).randbytes,  # noqa: S311 - the key is published
            save=lambda _memory: None,
            teller=Quiet(),
            firmware="1.2.3",
        )
        self.emulator.start()
        pty = PtyPort(self._folder / "pump", self.emulator.plug(self._medium))
        tcp = TcpPort("127.0.0.1", 0, self.emulator.plug(self._medium))
        rfc2217 = Rfc2217Port("127.0.0.1", 0, self.emulator.plug(self._medium))
        for name, port in (("pty", pty), ("tcp", tcp), ("rfc2217", rfc2217)):
            await port.open()
            self._stack.push_async_callback(port.close)
            self.emulator.ports.add(name, port)
        return {"pty": pty.url, "tcp": tcp.url, "rfc2217": rfc2217.url}

    def do(self, action: Callable[[Emulator], _T]) -> _T:
        """Do something to the emulator, in its thread."""

        async def act() -> _T:
            return action(self.emulator)

        return asyncio.run_coroutine_threadsafe(act(), self._loop).result()

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stack.aclose(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        assert self.failures == []
