"""The emulator as the benchmarks meet it: in a thread of this process, and as a program of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rig import RigError

from protocol.keys import KEY_ID_SIZE, KEY_SIZE, Key
from protocol.vocabulary import Role
from pumpmock.device import Device
from pumpmock.dialects.native import NativeConversation
from pumpmock.options import Options, new_memory
from pumpmock.pace import REAL_SPEED, Pace
from pumpmock.ports.pty import PtyPort
from pumpmock.profile_file import USUAL, shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pumpmock.ports import Conversation

_SERIAL_NUMBER = "PM-00001"
_PATIENCE_S = 20  # only reached where something is broken
_ROOT = Path(__file__).resolve().parents[1]


def new_key() -> Key:
    """Return a technician's key for the pump of these benchmarks."""
    return Key(_SERIAL_NUMBER, Role.TECHNICIAN, os.urandom(KEY_ID_SIZE), os.urandom(KEY_SIZE))


def new_device() -> Device:
    """Return a pump as `pumpmock serve` starts it, at real speed, that keeps nothing on disk."""
    profile = shipped(USUAL)
    options = Options(
        serial_number=_SERIAL_NUMBER,
        profile=profile,
        fill_nl=18_000_000,
        low_reservoir_nl=profile.settings.low_reservoir_nl,
        rate_nl_h=20_833,
        battery_percent=100,
        concentration_ug_ml=500,
        rate_error_ppm=0,
        drugs=None,
        drug=None,
        limits=None,
        speed=REAL_SPEED,
        seed=1,
        link=None,
        tcp=None,
        state=None,
        keys=Path(),
    )
    return Device(
        new_memory(options, int(time.time()), os.urandom),
        pace=Pace(REAL_SPEED, time.monotonic_ns(), 0),
        wall_ns=time.monotonic_ns,
        random=os.urandom,
        save=lambda _memory: None,
        model="pumpmock bench",
        firmware="0",
    )


def conversation(device: Device, key: Key) -> NativeConversation:
    """Return a conversation with a pump that has this one key."""
    return NativeConversation(
        device, {key.key_id: key}, os.urandom, opened=lambda _role: None, unsaved=lambda _error: None
    )


@contextmanager
def emulator_thread(key: Key, converse: Callable[[], Conversation] | None = None) -> Iterator[str]:
    """Serve a pump on a pty from a thread of this process, as a test suite does; gives the port's path.

    Args:
        key: the pump's.
        converse: begins a conversation; by default with a pump of its own.
    """
    with tempfile.TemporaryDirectory(prefix="pumpmock-bench-") as folder:
        ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        link = Path(folder, "pump0")
        if converse is None:
            converse = partial(conversation, new_device(), key)
        thread = threading.Thread(target=_serve_thread, args=(link, converse, ready), daemon=True)
        thread.start()
        loop, ended = ready.result(_PATIENCE_S)
        try:
            yield str(link)
        finally:
            loop.call_soon_threadsafe(ended.set)
            thread.join(_PATIENCE_S)


def _serve_thread(
    link: Path,
    converse: Callable[[], Conversation],
    ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]],
) -> None:
    async def serve() -> None:
        ended = asyncio.Event()
        port = PtyPort(link, lambda _peer, _send: converse())
        await port.open()
        try:
            ready.set_result((asyncio.get_running_loop(), ended))
            await ended.wait()
        finally:
            await port.close()

    try:
        asyncio.run(serve())
    except Exception as error:
        if ready.done():
            raise
        ready.set_exception(error)  # whoever waits for the port is told why there is none


@contextmanager
def emulator_process() -> Iterator[tuple[str, str]]:
    """Run `pumpmock serve` on a pty; gives the port's path and the folder of its keys.

    Raises:
        RigError: it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="pumpmock-bench-") as folder:
        link, keys = str(Path(folder, "pump0")), str(Path(folder, "keys"))
        command = [sys.executable, "-m", "pumpmock", "serve", "--pty", link, "--keys", keys, "--json"]
        # A session of its own, so that a Ctrl-C ends it once, from here, after whoever talks to it.
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, cwd=_ROOT, start_new_session=True
        )
        try:
            first = process.stdout.readline() if process.stdout else ""
            if not first:
                raise RigError("pumpmock serve did not start")
            yield json.loads(first)["ports"]["pty"], keys
        finally:
            end(process)


def end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """End a child as its user would, and by force where that is not enough."""
    process.terminate()
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
