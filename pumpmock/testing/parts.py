"""What a test holds of a live pump beside the pump itself: its clock, its wall time, its journal.

Every call is handed over to the pumps' thread, and is over when it returns.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from protocol.strict_toml import meant, shown
from pumpmock.faults import KINDS
from pumpmock.pace import parse_speed
from pumpmock.testing.sightings import Sighting, Wanted
from pumpmock.testing.spans import Span, pump_span_us, span_us
from pumpmock.testing.text import journal_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.faults import Active
    from pumpmock.journal.entry import Entry
    from pumpmock.journal.frames import Frame
    from pumpmock.testing.running import Running
    from pumpmock.testing.thread import PumpThread

_T = TypeVar("_T")
_NS_A_US = 1_000


class PumpClock:
    """Pump time: it stands still unless the pump was asked for a speed, so that a test is exact."""

    def __init__(self, running: Running, thread: PumpThread) -> None:
        self._running = running
        self._thread = thread

    @property
    def now_us(self) -> int:
        """Pump time in us."""

        def now() -> int:
            device = self._running.emulator.device
            device.catch_up()
            return device.pump.clock.now_us

        return self._thread.call(now)

    def advance(self, span: Span | int) -> None:
        """Let pump time pass at once, with all that is due in it, once what hosts have written is answered.

        Args:
            span: "5 min", "8 h", "30 days", a `timedelta`, or whole microseconds.
        """
        self._thread.run(self._running.advance(pump_span_us(span)))

    def speed(self, factor: float | str) -> None:
        """Let pump time run this much faster than wall time; 1 is real time, 0 stands still."""
        thousandths = parse_speed(str(factor))
        self._thread.call(lambda: self._running.emulator.set_speed(thousandths))

    def freeze(self) -> None:
        """Let pump time stand still."""
        self.speed(0)


class PumpWall:
    """Wall time as the pump sees it: 15 s of a prepared change, 24 h of a session, the seconds of a back-off."""

    def __init__(self, running: Running, thread: PumpThread) -> None:
        self._running = running
        self._thread = thread

    def advance(self, span: Span) -> None:
        """Let wall time jump for the pump, with all that is due in it, once what hosts have written is answered.

        Its hosts see the real one. Pump time goes with it at its speed; a pump that stands still stands still.
        """
        self._thread.run(self._running.settle())
        self._thread.call(lambda: self._running.wall.jump(span_us(span) * _NS_A_US))


class PumpFaults:
    """What is to go wrong: `pump.faults.lose_reply(on="Commit")`, and so for each kind that `pumpmock faults` lists.

    Each takes what `add` takes but the kind, and returns its number.
    """

    def __init__(self, running: Running, thread: PumpThread) -> None:
        self._running = running
        self._thread = thread

    def add(self, kind: str, *, on: str | None = None, times: int | None = 1, **more: Any) -> int:  # noqa: ANN401 - figures of a kind
        """Let something go wrong from now on, once what hosts have written is answered; return its number.

        Args:
            kind: a name of `pumpmock.faults.KINDS`.
            on: which request it waits for; None for any.
            times: how often it strikes; None until cleared.
            more: `after`, `chance_ppm`, `first_us`, `until_us`, and the kind's own figures.

        Raises:
            ValueError: where there is no such kind or figure, or they do not go together; nothing is added then.
        """
        self._thread.run(self._running.settle())
        return self._thread.call(
            lambda: self._running.emulator.faults.add(kind, on=on, times=times, **more),
        )

    def clear(self, number: int | None = None) -> int:
        """Take one back, or all, and return how many that were."""
        return self._thread.call(lambda: self._running.emulator.faults.clear(number))

    @property
    def active(self) -> tuple[Active, ...]:
        """All that may strike yet, or last, oldest first."""
        return self._thread.call(lambda: self._running.emulator.faults.active)

    def __getattr__(self, kind: str) -> Callable[..., int]:
        name = kind.replace("_", "-")
        if name not in KINDS:
            raise AttributeError(f"{shown(kind)} is no kind of fault; {meant(name, KINDS)}")
        return partial(self.add, name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name.replace("-", "_") for name in KINDS)]


class PumpJournal:
    """What happened to a pump: frames both ways, its own events, and what was done to it."""

    def __init__(self, running: Running, thread: PumpThread) -> None:
        self._running = running
        self._thread = thread

    @property
    def requests(self) -> list[Frame]:
        """What hosts asked in their sessions, and the pump took, oldest first; `name`, `message` and `peer` tell of each."""
        return self._of(lambda: self._running.emulator.journal.requests)

    @property
    def answers(self) -> list[Frame]:
        """What the pump answered, oldest first."""
        return self._of(lambda: self._running.emulator.journal.answers)

    @property
    def frames(self) -> list[Frame]:
        """All frames, the handshakes' and those that were dropped with them; `why` tells why one was."""
        return self._of(self._running.emulator.journal.frames)

    @property
    def entries(self) -> list[Entry]:
        """All entries, bytes as they came and went."""
        return self._of(lambda: list(self._running.emulator.journal.entries))

    @property
    def events(self) -> list[Entry]:
        """What happened beside the bytes: `what` and `fields` tell of each."""
        return [entry for entry in self.entries if not entry.data]

    def seen(self, name: str, **fields: Any) -> list[Sighting]:  # noqa: ANN401 - any field's value
        """Return each message or event of this name with these fields, oldest first.

        Raises:
            ValueError: for a name or a field that nothing has.
        """
        wanted = Wanted(name, fields)
        return self._of(lambda: wanted.seen(self._running.emulator.journal))

    def count(self, name: str, **fields: Any) -> int:  # noqa: ANN401 - as above
        """Return how many there are of these."""
        return len(self.seen(name, **fields))

    def text(self, newest: int | None = None) -> str:
        """Return the newest so many lines for a person; None for all."""
        return self._of(lambda: journal_text(self._running.emulator.journal, newest))

    def lines(self) -> list[dict[str, Any]]:
        """Return each entry as JSON values."""
        return self._of(lambda: list(self._running.emulator.journal.lines()))

    def _of(self, look: Callable[[], _T]) -> _T:
        return self._thread.call(look)
