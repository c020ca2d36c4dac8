from __future__ import annotations

import os
import resource
import termios
import threading
import tty
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.errors import LinkError
from monitor.ports import Line

if TYPE_CHECKING:
    from collections.abc import Iterator

MORE_THAN_FITS = bytes(range(256)) * 160  # of which a pseudo-terminal holds a half
QUICK = 4_000_000  # bits a second: what is not read is given up after the time that its bytes take


@pytest.fixture
def ends() -> Iterator[tuple[int, Line]]:
    """Give the far end of a pseudo-terminal, and a line opened on its near end."""
    far, near = os.openpty()
    tty.setraw(near)
    line = Line(os.ttyname(near), QUICK)
    yield far, line
    line.close()
    os.close(near)
    os.close(far)


def test_what_finds_no_room_is_written_once_there_is_some(ends: tuple[int, Line]) -> None:
    far, line = ends
    arrived = bytearray()

    def read_all() -> None:
        while len(arrived) < len(MORE_THAN_FITS):
            arrived.extend(os.read(far, 4_096))

    reader = threading.Thread(target=read_all, daemon=True)
    reader.start()
    line.write(MORE_THAN_FITS)
    reader.join()
    assert arrived == MORE_THAN_FITS


def test_a_line_of_one_that_has_a_thousand_others_is_read_and_written_like_any(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From 1,024 up `select` raises, and pyserial's own read with it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4_096)), hard))
    others = [os.open(os.devnull, os.O_RDONLY) for _ in range(1_024)]
    far, near = os.openpty()
    tty.setraw(near)
    line = Line(os.ttyname(near), QUICK)
    try:
        os.write(far, b"from the pump")
        assert line.read(1_000) == b"from the pump"
        monkeypatch.setattr("monitor.ports._WRITE_TIMEOUT_MS", 10)
        with pytest.raises(LinkError, match="its other end does not read"):
            line.write(MORE_THAN_FITS)
    finally:
        line.close()
        for descriptor in (far, near, *others):
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("baud", "speed"), [(300, termios.B300), (1_200, termios.B1200), (115_200, termios.B115200)]
)
def test_a_port_is_set_to_the_rate_that_was_said(baud: int, speed: int) -> None:
    far, near = os.openpty()
    line = Line(os.ttyname(near), baud)
    try:
        assert termios.tcgetattr(near)[4:6] == [speed, speed]
    finally:
        line.close()
        os.close(far)
        os.close(near)


def test_an_end_that_does_not_read_is_named_as_the_reason(ends: tuple[int, Line]) -> None:
    _, line = ends
    with pytest.raises(LinkError, match="its other end does not read"):
        line.write(MORE_THAN_FITS)


def test_a_closed_line_writes_nothing_to_whatever_has_its_descriptor_now(ends: tuple[int, Line]) -> None:
    _, line = ends
    line.close()
    outlet, inlet = os.pipe()
    stolen = [os.dup(inlet) for _ in range(8)]  # one of them has the number that the line had
    try:
        with pytest.raises(LinkError):
            line.write(b"meant for a pump")
        os.set_blocking(outlet, False)
        with pytest.raises(BlockingIOError):
            os.read(outlet, 1)
    finally:
        for descriptor in (outlet, inlet, *stolen):
            os.close(descriptor)


def test_a_detached_line_is_one_descriptor_beyond_those_that_select_knows_and_still_shuts_others_out(
    ends: tuple[int, Line],
) -> None:
    far, line = ends
    before = len(list(Path("/dev/fd").iterdir()))
    descriptor = line.detach()
    assert descriptor is not None
    try:
        assert len(list(Path("/dev/fd").iterdir())) < before
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert descriptor >= 1_024 or soft <= 1_024
        os.write(descriptor, b"there")
        assert os.read(far, 16) == b"there"
        os.write(far, b"and back")
        assert os.read(descriptor, 16) == b"and back"
        with pytest.raises(LinkError, match="is in use by another program"):
            Line(line.url)
    finally:
        os.close(descriptor)
    Line(line.url).close()
