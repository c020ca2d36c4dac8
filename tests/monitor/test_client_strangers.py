"""Something that is not our pump on the port: never taken for it, and told in a sentence."""

from __future__ import annotations

import os
import threading
import tty
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.client import PumpClient
from monitor.errors import LinkError
from monitor.keys import Keyring
from monitor.ports import Line
from protocol.exchange import HostEnd
from protocol.keys import Key
from protocol.messages import Status
from protocol.timeouts import HANDSHAKE_TRIES
from protocol.vocabulary import Role
from tests.monitor.conftest import PATIENCE_MS, SERIAL_NUMBER, Clock, LivePump, S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OURS = Key(SERIAL_NUMBER, Role.TECHNICIAN, b"ours", bytes(32))


class Stranger:
    """The other end of a raw pseudo-terminal, which answers whatever it hears by `answer`."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self.heard = b""
        self._is_closed = False
        self._answer = answer
        self._end, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.url = os.ttyname(self._slave)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while data := self._read():
            self.heard += data
            reply = self._answer(data)
            if reply:
                os.write(self._end, reply)

    def _read(self) -> bytes:
        try:
            return os.read(self._end, 4_096)
        except OSError:  # the last who had the terminal open has closed it
            return b""

    def close(self) -> None:
        """Hang up. Closing twice does nothing."""
        if not self._is_closed:
            self._is_closed = True
            os.close(self._slave)
            self._thread.join()
            os.close(self._end)


@pytest.fixture
def stranger() -> Iterator[Callable[[Callable[[bytes], bytes]], Stranger]]:
    """Return a function that puts a stranger on a port."""
    met: list[Stranger] = []

    def meet(answer: Callable[[bytes], bytes]) -> Stranger:
        met.append(Stranger(answer))
        return met[-1]

    yield meet
    for each in met:
        each.close()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return a function that tells how a client is refused. The client's time is up after each reading."""
    clock = Clock()
    really_read = Line.read

    def refused(url: str, *keys: Key, answers: bool) -> str:
        def read(line: Line, _timeout_ms: float) -> bytes | None:
            data = really_read(line, PATIENCE_MS if answers else 0)
            clock.now_ns += 10 * S
            return data

        monkeypatch.setattr(Line, "read", read)
        with pytest.raises(LinkError) as caught:
            PumpClient(url, keyring=Keyring(Path("/the/keys"), keys or (OURS,), ()), now_ns=clock)
        return str(caught.value).replace(url, "PORT")

    return refused


@pytest.mark.parametrize(
    "answer",
    [
        lambda data: data,
        lambda data: data[:1],
        lambda _data: b"OK\r\n",
        lambda _data: b"\0",
        lambda _data: bytes(range(256)) * 4,
        lambda data: data.replace(b"\x01", b"\x81"),
    ],
    ids=["an echo", "half an echo", "a modem", "delimiters", "noise", "a tampered echo"],
)
def test_something_that_answers_but_is_not_the_pump_is_told_so(
    stranger: Callable[[Callable[[bytes], bytes]], Stranger],
    told: Callable[..., str],
    answer: Callable[[bytes], bytes],
) -> None:
    said = told(stranger(answer).url, answers=True)
    assert said.startswith("something answers on PORT, but it is not pump PM-00001")


def test_something_that_is_silent_is_told_so_after_each_try(
    stranger: Callable[[Callable[[bytes], bytes]], Stranger], told: Callable[..., str]
) -> None:
    silent = stranger(lambda _data: b"")
    said = told(silent.url, answers=False)
    assert said.startswith("no pump answers on PORT to the key of PM-00001: it is off")
    assert said.endswith("or its key is not in /the/keys; or its line is not at 115,200 baud, see --baud")
    silent.close()
    hello = HostEnd(OURS, bytes(16)).hello()
    assert len(silent.heard) == HANDSHAKE_TRIES * len(hello)


def test_our_own_pump_that_gets_no_further_than_its_challenge_is_no_stranger_but_on_a_slow_line(
    live: LivePump, told: Callable[..., str]
) -> None:
    live.swallow_replies(Status.code, times=HANDSHAKE_TRIES)
    said = told(live.url, *live.keyring.keys[:1], answers=True)
    assert said == (
        "the pump on PORT answers, but opens no session: too slowly for 115,200 baud (give the rate of the line, "
        "--baud 9600 say), or our key file was altered"
    )


def test_all_the_pumps_that_were_called_are_named(
    stranger: Callable[[Callable[[bytes], bytes]], Stranger], told: Callable[..., str]
) -> None:
    other = Key("PM-00002", Role.VIEWER, b"othr", bytes(32))
    said = told(stranger(lambda _data: b"").url, other, OURS, answers=False)
    assert "to the key of PM-00001, PM-00002" in said


@pytest.mark.parametrize("key_id", ["known", "unknown"])
def test_our_pump_with_another_key_does_not_even_answer(
    live: LivePump, told: Callable[..., str], key_id: str
) -> None:
    known = next(iter(live.keys))
    wrong = Key(SERIAL_NUMBER, Role.TECHNICIAN, known if key_id == "known" else b"none", b"\xee" * 32)
    assert "no pump answers on PORT" in told(live.url, wrong, answers=False)


def test_a_pump_with_another_serial_number_under_our_key_is_not_taken(
    live: LivePump, told: Callable[..., str]
) -> None:
    (real,) = (key for key in live.keys.values() if key.role is Role.TECHNICIAN)
    claimed = Key("PM-00002", real.role, real.key_id, real.secret)
    said = told(live.url, claimed, answers=True)
    assert said.startswith("something answers on PORT, but it is not pump PM-00002")


def test_a_second_client_on_the_same_port_is_told_that_it_is_in_use(live: LivePump) -> None:
    with live.connect(), pytest.raises(LinkError, match="in use by another program"):
        live.connect()
    live.connect().close()


def test_without_a_key_the_port_is_not_even_opened(live: LivePump, tmp_path: Path) -> None:
    empty = Keyring(tmp_path / "none", (), ("x.key is open to others than its owner: chmod 600 x.key",))
    with pytest.raises(LinkError, match=r"there is no key in .*none.*; x\.key is open to others"):
        live.connect(keyring=empty)
    with pytest.raises(LinkError, match="there is no key for pump PM-00002"):
        live.connect(keyring=live.keyring, serial_number="PM-00002")


@pytest.mark.parametrize(
    ("path", "said"),
    [("nothing", "there is no port"), ("file", "is not a serial port"), ("folder", "is not a serial port")],
)
def test_a_port_that_is_none_is_told_so(live: LivePump, tmp_path: Path, path: str, said: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(LinkError, match=said):
        PumpClient(str(tmp_path / path), keyring=live.keyring)


def test_nobody_listening_on_a_socket_is_told_so(live: LivePump) -> None:
    with pytest.raises(LinkError, match=r"nobody listens on socket://127\.0\.0\.1:1"):
        PumpClient("socket://127.0.0.1:1", keyring=live.keyring)
    with pytest.raises(LinkError, match="can't be opened"):
        PumpClient("nonsense://pump", keyring=live.keyring)
