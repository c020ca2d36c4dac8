from __future__ import annotations

import asyncio
import errno
import gc
import os
from pathlib import Path

import inotify_simple
import pytest

from pumpmock.ports import presence
from pumpmock.ports.presence import Sign

WROTE, CLOSED, OPENED = Sign.WROTE, Sign.CLOSED, Sign.OPENED


def test_the_events_are_the_kernels() -> None:
    flags = inotify_simple.flags
    assert presence._SIGN_OF == {
        flags.MODIFY: WROTE,
        flags.CLOSE_WRITE: CLOSED,
        flags.CLOSE_NOWRITE: CLOSED,
        flags.OPEN: OPENED,
    }


def test_what_happens_at_a_node_is_taken_in_order_and_once(tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.touch()

    async def run() -> None:
        watch = presence.watch(str(node), lambda: None)
        assert watch is not None
        descriptor = os.open(node, os.O_RDWR)
        os.write(descriptor, b"x")
        os.close(descriptor)
        os.close(os.open(node, os.O_RDONLY))
        assert watch.take() == [OPENED, WROTE, CLOSED, OPENED, CLOSED]
        assert watch.take() == []
        watch.close()

    asyncio.run(run())


def test_more_signs_than_are_read_at_once_are_all_taken(tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.touch()
    at_once = presence._READ_SIZE // presence._EVENT.size

    async def run() -> None:
        watch = presence.watch(str(node), lambda: None)
        assert watch is not None
        for visits in (
            at_once // 2,
            at_once,
            at_once + 1,
        ):  # two signs each: one read exactly, two, and a bit more
            for _ in range(visits):
                os.close(os.open(node, os.O_RDONLY))
            assert watch.take() == [OPENED, CLOSED] * visits
        watch.close()

    asyncio.run(run())


def test_what_one_port_collects_for_another_is_told_to_the_other(tmp_path: Path) -> None:
    """Two ports of a loop share one inotify instance: whoever reads it reads for both."""

    async def run() -> None:
        mine, yours = tmp_path / "mine", tmp_path / "yours"
        mine.touch()
        yours.touch()
        told = asyncio.Event()
        watch_mine = presence.watch(str(mine), lambda: pytest.fail("what was taken is not told"))
        watch_yours = presence.watch(str(yours), told.set)
        assert watch_mine is not None
        assert watch_yours is not None
        assert len(presence._watchers) == 1
        mine.read_bytes()
        yours.read_bytes()

        assert watch_mine.take() == [OPENED, CLOSED]
        async with asyncio.timeout(30):
            await told.wait()
        assert watch_yours.take() == [OPENED, CLOSED]

        watch_mine.close()
        watch_yours.close()

    asyncio.run(run())


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_nothing_is_left_when_the_last_watch_is_closed(tmp_path: Path) -> None:
    async def run() -> None:
        before = open_descriptors()
        watches = [presence.watch(str(tmp_path), lambda: None) for _ in range(2)]
        watches = watches[:1]  # one path is one watch to the kernel
        assert open_descriptors() == before + 1
        for watch in watches:
            assert watch is not None
            watch.close()
        assert open_descriptors() == before

    asyncio.run(run())
    gc.collect()
    assert len(presence._watchers) == 0


def test_there_is_no_watch_where_the_kernel_grants_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    async def run() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(inotify_simple, "INotify", refuse)
            assert presence.watch(str(tmp_path), lambda: None) is None
        watch = presence.watch(str(tmp_path), lambda: None)  # and the limit may have gone by the next time
        assert watch is not None
        assert presence.watch(str(tmp_path / "nowhere"), lambda: None) is None
        watch.close()
        assert presence.watch(str(tmp_path / "nowhere"), lambda: None) is None
        assert len(presence._watchers) == 0

    asyncio.run(run())
