"""The pump behind all its ports: model, memory and clock brought together, answering one request at a time.

The order of a change is persist, motor, reply; and whatever is said of the pump on a wire was in its memory before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from zlib import crc32

from protocol.bounds import Basis, Bounds, Finding, allowed, hard_finding
from protocol.changes import NO_COMMAND, PREPARE_TTL_MS, ChangeDesk, Present, rejected
from protocol.messages import (
    EVENTS_A_PAGE,
    MINOR_VERSION,
    Acknowledge,
    Change,
    ChangeKind,
    Commit,
    EventKind,
    Events,
    GetEvents,
    GetLimits,
    GetProgram,
    Identify,
    Identity,
    Limits,
    Poll,
    Prepare,
    Program,
    Refusal,
    Rejected,
    Resolve,
    Role,
    Status,
    build,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message
    from protocol.ledger import Applied
    from pumpmock.pace import Pace
    from pumpmock.snapshot import Memory

_Changing = Prepare | Commit | Resolve | Acknowledge
_NS_A_MS = 1_000_000
_OFFERED = sum(1 << kind for kind in ChangeKind)


class Device:
    """A pump that hosts can talk to.

    Args:
        memory: the pump and what survives with it.
        pace: how pump time follows wall time.
        wall_ns: the monotonic wall clock.
        random: returns that many random bytes, for tokens.
        save: makes the memory last; OSError where it can't.
        model: model name, as hosts see it.
        firmware: firmware version, as hosts see it.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        pace: Pace,
        wall_ns: Callable[[], int],
        random: Callable[[int], bytes],
        save: Callable[[Memory], None],
        model: str,
        firmware: str,
    ) -> None:
        self.memory = memory
        self.pump = memory.pump
        self.pace = pace
        self._wall_ns = wall_ns
        self._save = save
        self._model = model
        self._firmware = firmware
        self._saved: object = None
        self._limits_crc = crc32(build(self._limits()))
        self._desk = ChangeDesk(
            memory.ledger,
            random,
            present=self._present,
            refuse=self._refuse,
            foresee=self.pump.foresee,
            apply=self._apply,
        )

    def now_ms(self) -> int:
        """Return monotonic wall time, which the conversation's time-outs run in."""
        return self._wall_ns() // _NS_A_MS

    def catch_up(self) -> None:
        """Let pump time come to what the pace says it is by now."""
        self.pump.advance_to(max(self.pace.pump_us_at(self._wall_ns()), self.pump.clock.now_us))

    def persist(self) -> None:
        """Make the present state last, if it is not in the memory already.

        Raises:
            OSError: where it can't be written.
        """
        pump = self.pump
        mark = (pump.clock.now_us, pump.events.newest, self.memory.revision, self.memory.ledger.voided)
        if mark != self._saved:
            self._save(self.memory)
            self._saved = mark

    def serve(self, request: Message, role: Role, session: int, frames_bad: int) -> Message:
        """Answer a request made under a key of `role` in `session`; `frames_bad` is for the status."""
        if not isinstance(request, _Changing):
            answer = self._read(request, frames_bad)
        elif role < Role.TECHNICIAN:
            said = "this key reads and does not change: use a technician key"
            answer = rejected(request.code, Finding(Refusal.ROLE, 0, said), _command_of(request))
        else:
            answer = self._change(request, session, frames_bad)
        if isinstance(answer, Rejected):
            wanted = request.change.rate_nl_h if isinstance(request, Prepare) else 0
            self.pump.record(EventKind.REFUSED, answer.reason, wanted, answer.bound)
        return answer

    def end_session(self, session: int) -> None:
        """Forget what was prepared in a session whose host has gone."""
        self._desk.release(session)

    def _read(self, request: Message, frames_bad: int) -> Message:
        match request:
            case Poll():
                return self._status(frames_bad)
            case Identify():
                return self._identity()
            case GetLimits():
                return self._limits()
            case GetProgram():
                return self._program(request.weekday)
            case GetEvents():
                events = self.pump.events
                return Events(events.newest, events.since(request.since)[:EVENTS_A_PAGE])
        said = f"a host does not send {type(request).__name__} inside a session"
        return rejected(request.code, Finding(Refusal.UNSUPPORTED, 0, said))

    def _change(self, request: _Changing, session: int, frames_bad: int) -> Message:
        match request:
            case Prepare():
                return self._desk.prepare(request, session, self.now_ms())
            case Commit():
                return self._desk.commit(request, session, self.now_ms())
            case Resolve():
                return self._desk.resolve(request)
            case Acknowledge():
                self.pump.acknowledge(request.alarms)
                return self._status(frames_bad)

    def _status(self, frames_bad: int) -> Status:
        now = self.pump.sample()
        # By place: this is the answer to every poll, and keywords cost half as much again.
        return Status(
            now.state,
            now.mode,
            self.memory.revision,
            now.commanded_rate_nl_h,
            now.measured_rate_nl_h,
            now.programmed_rate_nl_h,
            now.mode_left_s,
            now.concentration_ug_ml,
            now.reservoir_nl,
            now.sensed_nl,
            now.sensed_band_nl,
            now.capacity_nl,
            now.low_reservoir_nl,
            now.residual_nl,
            now.delivered_nl,
            now.battery_percent,
            now.battery_mv,
            now.service_days,
            now.alarms,
            now.acknowledged,
            0,
            0,
            now.pump_time_us,
            now.clock_s,
            self.memory.boot,
            now.newest_event,
            now.least_rate_nl_h,
            now.most_rate_nl_h,
            now.step_up_percent,
            now.step_down_percent,
            self._limits_crc,
            frames_bad,
        )

    def _identity(self) -> Identity:
        memory = self.memory
        who = (memory.serial_number, self._model, self._firmware, MINOR_VERSION)
        return Identity(*who, memory.store_id, memory.boot, _OFFERED)

    def _program(self, weekday: int) -> Program:
        now, rate_nl_h = self.pump.sample(), self.pump.mode_rate_nl_h
        return Program(now.mode, rate_nl_h, now.mode_left_s, weekday, self.pump.program_of(weekday))

    def _limits(self) -> Limits:
        bounds = self._bounds()
        return Limits(
            least_rate_nl_h=bounds.least_rate_nl_h,
            most_rate_nl_h=bounds.most_rate_nl_h,
            minimum_rate_nl_h=self.pump.settings.minimum_rate_nl_h,
            step_up_percent=bounds.step_up_percent,
            step_down_percent=bounds.step_down_percent,
            day_up_percent=bounds.day_up_percent,
            least_dose_ug_day=bounds.least_dose_ug_day,
            most_dose_ug_day=bounds.most_dose_ug_day,
            most_bolus_nl=bounds.most_bolus_nl,
            most_day_nl=bounds.most_day_nl,
            lockout_s=0,
            refusals_allowed=0,
            refusal_window_s=0,
            lock_s=0,
            prepare_ttl_ms=PREPARE_TTL_MS,
        )

    def _bounds(self) -> Bounds:
        settings = self.pump.settings
        return Bounds(
            settings.least_rate_nl_h,
            settings.most_rate_nl_h,
            settings.step_up_percent,
            settings.step_down_percent,
        )

    # --- what the desk asks -----------------------------------------------------------------------------------------

    def _present(self) -> Present:
        now = self.pump.sample()
        least, most = allowed(Basis(now.programmed_rate_nl_h), self._bounds())
        return Present(now.commanded_rate_nl_h, now.pump_time_us, least, most)

    def _refuse(self, change: Change) -> Finding | None:
        if change.kind is ChangeKind.RATE:
            basis = Basis(self.pump.sample().programmed_rate_nl_h)
            finding = hard_finding(basis, change.rate_nl_h, self._bounds())
            if finding is not None:
                return finding
        return self.pump.refuse(change)

    def _apply(self, line: Applied, change: Change) -> None:
        self.memory.ahead = change
        try:
            self._save(self.memory)  # the ledger has the line, the motor does not follow it yet
        except OSError:
            self.memory.ahead = None
            raise
        self.memory.follow(line)


def _command_of(request: Message) -> bytes:
    return cast("bytes", getattr(request, "command_id", NO_COMMAND))
