"""A pump on a real pseudo-terminal, served by a thread of the test's own process, with a seam to spoil its conversation.

Nothing here waits for a clock: the client's clock stands still until a test moves it. A reply that the seam swallows is
made up for by a delimiter, which means nothing but wakes the client, and by moving the client's clock past its time-out.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from monitor import changing
from monitor.client import PumpClient
from monitor.keys import Keyring, find_keys
from protocol import timeouts
from protocol.frame import FROM_DEVICE, Decoder
from protocol.ledger import Ledger
from protocol.messages import NEVER_S, Status
from protocol.vocabulary import EventKind, Mode, Role, State
from pumpmock.device import Device
from pumpmock.dialects.native import NativeConversation
from pumpmock.keyring import ensure_keys
from pumpmock.model.pump import Pump
from pumpmock.notice import no_faults
from pumpmock.pace import Pace
from pumpmock.ports.pty import PtyPort
from pumpmock.snapshot import Memory
from tests.settings import usual_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from protocol.alarms import Alarm
    from protocol.fields import Message
    from protocol.messages import EventRecord

_T = TypeVar("_T")

SERIAL_NUMBER = "PM-00001"
STORE_ID = b"store-01"
RATE_NL_H = 20_833
MS = 1_000_000
S = 1_000 * MS
DELIMITER = b"\0"
PATIENCE_MS = 60_000  # only reached by a test that fails

STATUS = Status(
    state=State.RUNNING,
    mode=Mode.PROGRAM,
    revision=4,
    commanded_rate_nl_h=20_000,
    measured_rate_nl_h=20_000,
    programmed_rate_nl_h=20_000,
    mode_left_s=NEVER_S,
    concentration_ug_ml=0,
    reservoir_nl=12_000_000,
    sensed_nl=11_900_000,
    sensed_band_nl=500_000,
    capacity_nl=20_000_000,
    low_reservoir_nl=2_000_000,
    residual_nl=1_400_000,
    delivered_nl=8_000_000,
    battery_percent=84,
    battery_mv=3_020,
    service_days=2_180,
    alarms=0,
    acknowledged=0,
    audio_pause_s=0,
    refusing_s=0,
    pump_time_us=930_000_000,
    clock_s=1_767_225_600,  # Thu 1 Jan 2026
    boot=2,
    newest_event=0,
    least_rate_nl_h=2_000,
    most_rate_nl_h=1_000_000,
    step_up_percent=0,
    step_down_percent=0,
    limits_crc=0,
    frames_bad=0,
    bench_faults=0,
)


def bits(*alarms: Alarm) -> int:
    return sum(1 << alarm for alarm in alarms)


def counting_random(start: int = 1) -> Callable[[int], bytes]:
    """Return a source of bytes that never gives the same twice, and gives the same in every run."""
    numbers = itertools.count(start)
    return lambda size: next(numbers).to_bytes(4, "little").ljust(size, b"\xc3")[:size]


class Clock:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self, now_ns: int = 1_000 * S) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        return self.now_ns


def codes_in(data: bytes) -> list[int]:
    """Return the type codes of the frames in `data`."""
    return [frame.type for frame in Decoder().feed(data)]


def new_device(
    store_id: bytes,
    wall_ns: Clock,
    random: Callable[[int], bytes],
    *,
    concentration_ug_ml: int = 0,
    age_us: int = 0,
    notice: Callable[[], tuple[int, str]] = no_faults,
    **settings: int,
) -> Device:
    """Return a pump without a past but for its age, filled with 18 mL, at 0.5 mL/day."""
    usual = {"epoch_s": 1_767_225_600, **settings}
    pump = Pump(
        usual_settings(**usual),
        fill_nl=18_000_000,
        rate_nl_h=RATE_NL_H,
        concentration_ug_ml=concentration_ug_ml,
    )
    pump.advance(age_us)
    return Device(
        Memory(SERIAL_NUMBER, store_id, 1, 0, Ledger(), pump),
        pace=Pace(1_000, wall_ns(), 0),
        wall_ns=wall_ns,
        random=random,
        save=lambda _memory: None,
        model="bench",
        firmware="1.2.3",
        notice=notice,
    )


class LivePump:
    """A pump that a client can open by `url`.

    Attributes:
        clock: the client's clock.
        pump_clock: the pump's wall clock.
        spoil: called in the pump's thread with each request's bytes and a function that answers them.
        notice: how many faults are injected into the pump, and their names.
        revealed: the role of each session that was opened.
    """

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.pump_clock = Clock(5 * S)
        self.spoil: Callable[[bytes, Callable[[bytes], bytes]], bytes] = lambda data, answer: answer(data)
        self.random = counting_random()
        self.notice = (0, "")
        self.keys_folder = folder / "keys"
        self.keys = ensure_keys(self.keys_folder, SERIAL_NUMBER, self.random)
        self.renew(STORE_ID)
        self.port = PtyPort(folder / "pump0", lambda _peer, _send: _Seam(self))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pump")
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.port.open(), self._loop).result()

    @property
    def url(self) -> str:
        return self.port.url

    @property
    def keyring(self) -> Keyring:
        return find_keys(self.keys_folder)

    def renew(self, store_id: bytes, **settings: int) -> None:
        """Put a pump without a past in the place of this one; for a conversation that begins after it."""
        self.device = new_device(
            store_id, self.pump_clock, self.random, notice=lambda: self.notice, **settings
        )
        self.memory = self.device.memory

    def call(self, work: Callable[[], _T]) -> _T:
        """Have something done in the pump's thread, between two requests."""

        async def done() -> _T:
            return work()

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result()

    def connect(self, role: Role = Role.TECHNICIAN, **options: Any) -> PumpClient:  # noqa: ANN401 - of the client
        """Return a client whose clock is the test's."""
        keys = tuple(key for key in self.keyring.keys if key.role is role)
        keyring = Keyring(self.keys_folder, keys, ())
        return PumpClient(self.url, **({"keyring": keyring, "now_ns": self.clock} | options))

    @property
    def log(self) -> tuple[EventRecord, ...]:
        """What the pump has logged, but for the sessions that its hosts opened."""
        entries = self.call(lambda: self.memory.pump.events.since(0))
        return tuple(entry for entry in entries if entry.kind != EventKind.SESSION)

    @property
    def rate_nl_h(self) -> int:
        """The rate at which the motor turns."""
        return self.call(lambda: self.memory.pump.sample().measured_rate_nl_h)

    def lie(self, kind: type[Message], answer: Callable[[Any, Any], Message]) -> None:
        """Have what the pump would answer to requests of this kind go through `answer`."""
        honest = self.device.serve

        def serve(request: Message, role: Role, session: int, frames_bad: int) -> Message:
            said = honest(request, role, session, frames_bad)
            return answer(request, said) if isinstance(request, kind) else said

        self.call(lambda: setattr(self.device, "serve", serve))

    def answer(self, kind: type[Message], answer: Callable[[Any], Message]) -> None:
        """Have requests of this kind answered by `answer`, and not looked at by the pump."""
        honest = self.device.serve

        def serve(request: Message, *rest: Any) -> Message:  # noqa: ANN401 - of the pump
            return answer(request) if isinstance(request, kind) else honest(request, *rest)

        self.call(lambda: setattr(self.device, "serve", serve))

    def swallow(self) -> bytes:
        """Return what stands for no answer: the client wakes and finds that its time is up."""
        self.clock.now_ns += 10 * S
        return DELIMITER

    def swallow_replies(self, *codes: int, times: int = 1) -> None:
        """Lose the next replies of these types, after the pump did what it was asked."""
        left = [times]

        def spoil(data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
            reply = answer(data)
            if left[0] and set(codes_in(reply)) & set(codes):
                left[0] -= 1
                return self.swallow()
            return reply

        self.spoil = spoil

    def swallow_requests(self, *codes: int, times: int = 1) -> None:
        """Lose the next requests of these types before the pump sees them."""
        left = [times]

        def spoil(data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
            if left[0] and set(codes_in(data)) & set(codes):
                left[0] -= 1
                return self.swallow()
            return answer(data)

        self.spoil = spoil

    def on_request(self, code: int, act: Callable[[], None], *, serve_first: bool) -> None:
        """Do something once when a request of this type is there, before or after the pump serves it; lose the reply."""
        assert not code & FROM_DEVICE
        pending = [True]

        def spoil(data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
            if not pending[0] or code not in codes_in(data):
                return answer(data)
            pending[0] = False
            if serve_first:
                answer(data)
            act()
            return self.swallow()

        self.spoil = spoil

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.port.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class _Seam:
    """A conversation with the pump through the test's hands."""

    def __init__(self, live: LivePump) -> None:
        self._live = live
        self._conversation = NativeConversation(
            live.device, live.keys, live.random, opened=lambda _role: None, unsaved=lambda _error: None
        )

    def receive(self, data: bytes) -> bytes:
        return self._live.spoil(data, self._conversation.receive)

    def close(self) -> None:
        self._conversation.close()


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LivePump]:
    # A machine that is busy with something else is no reason to give up: time-outs come from the test's clock.
    monkeypatch.setattr(changing, "_PAUSE_BETWEEN_TRIES_S", 0)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    pump = LivePump(tmp_path)
    yield pump
    pump.close()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a client with a real clock wait as long as it takes."""
    monkeypatch.setattr(timeouts, "HANDSHAKE_TIMEOUT_MS", PATIENCE_MS)
    monkeypatch.setattr(timeouts, "REPLY_TIMEOUT_MS", PATIENCE_MS)
