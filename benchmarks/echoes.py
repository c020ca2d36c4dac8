"""Pseudo-terminals that echo, all of them in one bare asyncio loop: the least that a process with many ports can cost.

Run as a program: opens as many as its argument says, prints their names as a line of JSON, and echoes until it is ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
import tty

_DESCRIPTORS_EACH, _DESCRIPTORS_BESIDE = 2, 100
_READ_SIZE = 4_096


async def echo(count: int) -> None:
    """Echo on `count` of them until SIGTERM."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    names = []
    for _ in range(count):
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        names.append(os.ttyname(slave))
        loop.add_reader(master, lambda fd=master: os.write(fd, os.read(fd, _READ_SIZE)))
    print(json.dumps(names), flush=True)
    await ended.wait()


if __name__ == "__main__":
    wanted = int(sys.argv[1])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted * _DESCRIPTORS_EACH + _DESCRIPTORS_BESIDE, hard))
    asyncio.run(echo(wanted))
