"""What a line makes of the URLs for which pyserial has no descriptor: `rfc2217://`, and any handler's of somebody else."""

from __future__ import annotations

import socket
import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
import serial
from serial.serialutil import SerialBase

from monitor.errors import LinkError
from monitor.ports import Line

if TYPE_CHECKING:
    from collections.abc import Iterator


class Scripted(SerialBase):
    """A port without a descriptor: each read is answered by the next line of a script, b"" being a time-out."""

    script: list[bytes | Exception]
    timeouts: list[float | None]
    write_timeouts: list[float | None]

    def open(self) -> None:
        self.is_open = True
        self._arrived = b""
        Scripted.write_timeouts.append(self.write_timeout)
        Scripted.timeouts.append(self.timeout)

    def _reconfigure_port(self) -> None:
        Scripted.timeouts.append(self.timeout)

    @property
    def in_waiting(self) -> int:
        return len(self._arrived)

    def read(self, size: int = 1, /) -> bytes:
        if size and not self._arrived:
            step = Scripted.script.pop(0)
            if isinstance(step, Exception):
                raise step
            self._arrived = step
        data, self._arrived = self._arrived[:size], self._arrived[size:]
        return data

    def write(self, data: object, /) -> int:
        raise NotImplementedError(data)


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    package, module = ModuleType("scripted_ports"), ModuleType("scripted_ports.protocol_scripted")
    module.Serial = Scripted  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, package.__name__, package)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(serial, "protocol_handler_packages", [package.__name__])
    Scripted.script, Scripted.timeouts, Scripted.write_timeouts = [], [], []
    opened = Line("scripted://any")
    yield opened
    opened.close()


def test_a_read_brings_all_that_has_arrived(line: Line) -> None:
    Scripted.script = [b"abc"]
    assert line.read(1_000) == b"abc"


def test_a_read_goes_on_for_its_time_and_then_brings_nothing(line: Line) -> None:
    Scripted.script = [b""] * 20 + [b"later"]
    assert line.read(1_000) is None
    assert Scripted.script == [b"later"]
    assert line.read(1) == b"later"


def test_a_read_of_no_time_waits_for_nothing_and_misses_nothing(line: Line) -> None:
    assert line.read(0) is None
    line._serial._arrived = b"abc"
    assert line.read(0) == b"abc"


def test_no_read_changes_the_ports_settings_as_that_would_negotiate_the_whole_line_anew(line: Line) -> None:
    Scripted.script = [b"a", b"", b"b"]
    before = list(Scripted.timeouts)
    line.read(1_000)
    line.read(30)
    assert Scripted.timeouts == before


def test_a_port_that_has_gone_is_told_as_gone(line: Line) -> None:
    Scripted.script = [serial.SerialException("connection failed (reader thread died)")]
    with pytest.raises(LinkError, match="scripted://any has gone: unplugged, or its other end has ended"):
        line.read(1_000)


def test_where_nobody_listens_is_told_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
    with pytest.raises(
        LinkError, match=f"nobody listens on rfc2217://127.0.0.1:{number}: is the emulator running"
    ):
        Line(f"rfc2217://127.0.0.1:{number}")


def test_a_plain_tcp_port_that_was_taken_for_one_of_rfc_2217_is_told_by_its_right_name() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    where = f"127.0.0.1:{listener.getsockname()[1]}"

    def be_silent() -> None:
        with listener, listener.accept()[0] as host:
            while host.recv(1_000):
                pass

    silent = threading.Thread(target=be_silent)
    silent.start()
    with pytest.raises(LinkError) as refusal:
        Line(f"rfc2217://{where}?timeout=0.2")
    silent.join()
    assert str(refusal.value) == (
        f"rfc2217://{where}?timeout=0.2 answers, but not by RFC 2217: if it is a plain TCP port, "
        f"name it socket://{where}"
    )
