"""The pump behind all its ports: model, memory and clock brought together, answering one request at a time.

The order of a change is persist, motor, reply; and whatever is said of the pump on a wire was in its memory before.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, cast
from zlib import crc32

from protocol.bounds import Basis, Finding, allowed
from protocol.changes import NO_COMMAND, PREPARE_TTL_MS, ChangeDesk, Present, rejected
from protocol.messages import (
    EVENTS_A_PAGE,
    MINOR_VERSION,
    MOST_COUNTED,
    Acknowledge,
    AudioPause,
    Change,
    Commit,
    Events,
    GetBench,
    GetEvents,
    GetLimits,
    GetProgram,
    Identify,
    Identity,
    Limits,
    Poll,
    Prepare,
    Program,
    Rejected,
    Resolve,
    Status,
    build,
)
from protocol.vocabulary import ChangeKind, EventKind, Log, Refusal, Role, Verdict
from pumpmock.limits import DAYS, Facts, bounds_of, hold_finding, limit_finding
from pumpmock.model.guard import OVER_A_LIMIT, day_least_nl_h
from pumpmock.notice import bench_of, no_faults
from pumpmock.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.fields import Message
    from protocol.ledger import Applied
    from pumpmock.notice import Notice
    from pumpmock.pace import Pace
    from pumpmock.snapshot import Memory

_Changing = Prepare | Commit | Resolve | Acknowledge | AudioPause
_NS_A_MS = 1_000_000
_MOST_DETAIL = 0xFF  # one byte in an entry of a log
_OFFERED = sum(1 << kind for kind in ChangeKind)
_SINGLY = 5  # refusals, and sessions, of a role that are logged one by one within a minute: an assumption


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
        notice: tells how many faults are injected now, and their names for a person.

    Attributes:
        firmware: what hosts are told.
        limits_crc: CRC-32 of the payload of Limits.
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
        notice: Notice = no_faults,
    ) -> None:
        self.memory = memory
        self.pump = memory.pump
        self.pace = pace
        self._wall_ns = wall_ns
        self._save = save
        self._model = model
        self.firmware = firmware
        self._notice = notice
        self._saved: object = None
        self._failed = 0  # tries to save in a row
        self._refused: Message | None = None
        self._audio_session: int | None = None
        self._talks: dict[tuple[EventKind, Role], Talk] = {}
        self.limits_crc = crc32(build(self._limits()))
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

    def time_us(self, wall_ns: int) -> int:
        """Return what pump time is, or will be, at a wall time that is not past."""
        return max(self.pace.pump_us_at(wall_ns), self.pump.clock.now_us)

    def catch_up(self) -> None:
        """Let pump time come to what the pace says it is by now."""
        self.pump.advance_to(self.time_us(self._wall_ns()))
        self._tell_held(self.now_ms())

    def press(self) -> None:
        """Let the patient press the button at this instant; the event log tells what came of it."""
        self.catch_up()
        self.pump.press()

    def persist(self) -> None:
        """Make the present state last, if it is not in the memory already.

        Raises:
            OSError: where it can't be written.
        """
        pump = self.pump
        now_us, guard, ledger = pump.clock.now_us, pump.guard, self.memory.ledger
        newest = pump.events.newest, pump.faults.newest
        befallen = pump.troubles, pump.battery
        mark = (now_us, newest, guard, befallen, self.memory.revision, ledger.voided)
        if mark != self._saved:
            self._store()
            self._saved = mark

    def serve(self, request: Message, role: Role, session: int, frames_bad: int) -> Message:
        """Answer a request made under a key of `role` in `session`; `frames_bad` is for the status."""
        self.pump.hear()
        if not isinstance(request, _Changing):
            answer = self._read(request, frames_bad)
        elif role < Role.TECHNICIAN:
            said = "this key reads and does not change: use a technician key"
            answer = rejected(request.code, Finding(Refusal.ROLE, 0, said), _command_of(request))
        else:
            answer = self._change(request, session, frames_bad)
        if isinstance(answer, Rejected):
            self.note_refusal(answer, role, request.change.rate_nl_h if isinstance(request, Prepare) else 0)
            # A host that heard no answer asks again, and has still asked for one thing.
            if answer.reason in OVER_A_LIMIT and request != self._refused:
                self._refused = request
                self.pump.note_refusal(Refusal(answer.reason))
        return answer

    def kind_of(self, request: Message) -> ChangeKind | None:
        """Return what kind of change a request is about; None where it is about none, or one that nobody prepared."""
        if isinstance(request, Prepare):
            return request.change.kind
        return self._desk.kind_of(request.command_id) if isinstance(request, Commit | Resolve) else None

    def note_refusal(self, answer: Rejected, role: Role, wanted_nl_h: int = 0) -> None:
        """Log that a request made under a key of `role` was refused."""
        if self._admits(EventKind.REFUSALS, role):
            self.pump.record(EventKind.REFUSED, answer.reason, wanted_nl_h, answer.bound)

    def note_bad_handshakes(self, count: int) -> None:
        """Log that so many handshake frames with a wrong tag came; whoever serves a port sums them up."""
        self.catch_up()
        self.pump.record(EventKind.BAD_HANDSHAKES, 0, count)

    def begin_session(self, role: Role) -> None:
        """Log that a session was opened."""
        self.pump.hear()
        if self._admits(EventKind.SESSION, role):
            self.pump.record(EventKind.SESSION, role, 1)

    def end_session(self, session: int) -> None:
        """Forget what was prepared in a session whose host has gone, and end its silence.

        Silence that was asked for from afar ends with the link to whoever asked (R6.4.4(2) of the Open PCA Pump
        Requirements v1.0.0).
        """
        self._desk.release(session)
        if session == self._audio_session:
            self._audio_session = None
            self.catch_up()
            if self.pump.audio_pause_s:
                self.pump.pause_audio(0)

    def finish(self) -> None:
        """Log what is still held back, whatever the time: the pump is about to end."""
        self._tell_held(None)

    def _store(self) -> None:
        """Save the memory; where that fails, and where it works again, the fault log tells of it."""
        try:
            self._save(self.memory)
        except OSError as error:
            if not self._failed:
                self.pump.record_fault(EventKind.STORE_FAILED, min(error.errno or 0, _MOST_DETAIL))
            self._failed += 1
            raise
        if self._failed:
            tries, self._failed = self._failed, 0
            self.pump.record_fault(EventKind.STORED_AGAIN, 0, tries)
            self._store()

    def _admits(self, kind: EventKind, role: Role) -> bool:
        return self._talks.setdefault((kind, role), Talk(_SINGLY)).admits(self.now_ms())

    def _tell_held(self, now_ms: int | None) -> None:
        for (kind, role), talk in self._talks.items():
            held = talk.held if now_ms is None else talk.release(now_ms)
            if held:
                self.pump.record(kind, role, held)

    def _read(self, request: Message, frames_bad: int) -> Message:
        match request:
            case Poll() | Identify():
                self.pump.interrogated()
                return self.status(frames_bad) if isinstance(request, Poll) else self._identity()
            case GetLimits():
                return self._limits()
            case GetProgram():
                return self._program(request.weekday)
            case GetBench():
                return bench_of(self._notice, self.pace)
            case GetEvents():
                log = self.pump.events if request.log is Log.EVENTS else self.pump.faults
                return Events(request.log, log.newest, log.since(request.since)[:EVENTS_A_PAGE])
        said = f"a host does not send {type(request).__name__} inside a session"
        return rejected(request.code, Finding(Refusal.UNSUPPORTED, 0, said))

    def _change(self, request: _Changing, session: int, frames_bad: int) -> Message:
        match request:
            case Prepare():
                return self._desk.prepare(request, session, self.now_ms())
            case Commit():
                return self._desk.commit(request, session, self.now_ms())
            case Resolve():
                return self._resolve(request)
            case Acknowledge():
                self.pump.acknowledge(request.alarms)
            case AudioPause():
                self.pump.pause_audio(request.seconds)
                self._audio_session = session if request.seconds else None
        return self.status(frames_bad)

    def _resolve(self, request: Resolve) -> Message:
        """Answer a Resolve; a verdict that would be forgotten with this process is not told."""
        outcome = self._desk.resolve(request)
        if outcome.verdict is Verdict.NOT_APPLIED:
            try:
                self.persist()
            except OSError as error:
                said = f"the verdict could not be stored, so there is none yet: {error.strerror or error}"
                return rejected(request.code, Finding(Refusal.NOT_STORED, 0, said), request.command_id)
        return outcome

    def status(self, frames_bad: int) -> Status:
        """Return the reading of this instant; `frames_bad` is what was dropped on the port of whoever reads it."""
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
            self.pump.audio_pause_s,
            self.pump.refusing_s,
            now.pump_time_us,
            now.clock_s,
            self.memory.boot,
            now.newest_event,
            now.least_rate_nl_h,
            now.most_rate_nl_h,
            now.step_up_percent,
            now.step_down_percent,
            self.limits_crc,
            frames_bad,
            min(self._notice()[0], MOST_COUNTED),
        )

    def _identity(self) -> Identity:
        memory = self.memory
        who = (memory.serial_number, self._model, self.firmware, MINOR_VERSION)
        return Identity(*who, memory.store_id, memory.boot, _OFFERED)

    def _program(self, weekday: int) -> Program:
        now, rate_nl_h = self.pump.sample(), self.pump.mode_rate_nl_h
        return Program(now.mode, rate_nl_h, now.mode_left_s, weekday, self.pump.program_of(weekday))

    def _limits(self) -> Limits:
        settings = self.pump.settings
        return Limits(
            **asdict(bounds_of(settings, self.pump.drug)),
            minimum_rate_nl_h=settings.minimum_rate_nl_h,
            lockout_s=settings.lockout_s,
            refusals_allowed=settings.refusals_allowed,
            refusal_window_s=settings.refusal_window_s,
            lock_s=settings.lock_s,
            prepare_ttl_ms=PREPARE_TTL_MS,
        )

    # --- what the desk asks -----------------------------------------------------------------------------------------

    def _present(self) -> Present:
        now = self.pump.sample()
        least, most = allowed(self._basis(), bounds_of(self.pump.settings, self.pump.drug))
        return Present(now.commanded_rate_nl_h, now.pump_time_us, least, most)

    def _refuse(self, change: Change) -> Finding | None:
        pump = self.pump
        return (
            hold_finding(change.kind, pump.guard, pump.clock.now_us, pump.settings)
            or limit_finding(change, self._facts(), bounds_of(pump.settings, pump.drug))
            or pump.refuse(change)
        )

    def _basis(self) -> Basis:
        pump, now = self.pump, self.pump.sample()
        least_nl_h = day_least_nl_h(pump.guard, pump.clock.now_us)
        return Basis(now.programmed_rate_nl_h, now.concentration_ug_ml, least_nl_h)

    def _facts(self) -> Facts:
        pump = self.pump
        week = tuple(pump.program_of(weekday) for weekday in range(len(DAYS)))
        return Facts(self._basis(), week, pump.guard.turned, pump.planned)

    def _apply(self, line: Applied, change: Change) -> None:
        self.memory.ahead = change
        try:
            self._store()  # the ledger has the line, the motor does not follow it yet
        except OSError:
            self.memory.ahead = None
            raise
        self.memory.follow(line)


def _command_of(request: Message) -> bytes:
    return cast("bytes", getattr(request, "command_id", NO_COMMAND))
